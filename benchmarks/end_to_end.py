"""From Meta's POST to a message that pages can read: `python -m benchmarks.end_to_end --seconds 8`.

Starts PostgreSQL, Valkey, the door under uvicorn and one Celery worker by itself. Latency counts
from the time a request was due until the commit of its message, whose time PostgreSQL notes: nobody
watches, as a session that looks every millisecond costs more than what it looks at. Then one
process works on a backlog. A naive Django view that stores the raw body is measured beside it.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable

import psycopg
from psycopg import sql

from benchmarks import bodies, ingest, load, machine, report, stage
from benchmarks.load import Outcome
from benchmarks.stage import Process, Stage

RATES = (200, 1000, 2000)
GATE_RATE, GATE_MS = 1000, 40.0
BACKLOG = 20_000
BACKLOG_GATE = 5000.0
WARM_UP = 1000
WAIT_SECONDS = 30.0
CELERY = (
    "-m celery -A config worker -P threads -c 8 -Q urgent,webhooks,send,bulk,media,hooks,default"
)
OPTIONS = "-l WARNING --without-gossip --without-mingle --without-heartbeat"
HEADINGS = (
    *("offered", "rows/s", "p50 ms", "p99 ms", "p99.9 ms", "missing", "ack p99 ms"),
    *("door us", "worker us", "PostgreSQL us", "generator", "late p99 ms"),
)


def main() -> int:
    """Measure, print, and return 1 if a promise was not kept."""
    options = _options()
    gates = report.Gates()
    with stage.installation() as on:
        print(machine.describe(on.folder, on.database_url), end="\n\n", flush=True)
        gate = _latencies(on, options.seconds)
        naive = _naive(on, options.seconds)
        print(f"naive view under granian, raw body only, at {GATE_RATE:,}/s: {naive}", end="\n\n")
        rate = _backlog(on, options.backlog)
    gates.below(f"p99 of POST to row at {GATE_RATE:,}/s in ms", gate, GATE_MS)
    gates.below("microseconds a message of a backlog", 1e6 / rate, 1e6 / BACKLOG_GATE)
    return 1 if gates.failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0, help="for each figure (8)")
    parser.add_argument("--backlog", type=int, default=BACKLOG, help=f"deliveries ({BACKLOG:,})")
    return parser.parse_args()


def _latencies(on: Stage, seconds: float) -> float:
    """Offer each rate to the same processes; return the p99 at the gate's rate."""
    table, gate, start = report.Table(HEADINGS), float("nan"), WARM_UP
    with on.uvicorn() as door, on.process("worker", *CELERY.split(), *OPTIONS.split()) as worker:
        _warm_up(on, door)
        for rate in RATES:
            count = int(rate * seconds * 1.3) + 100
            requests = _requests(on, count, start)
            p99 = _measure(on, door, worker, requests, start, rate, seconds, table)
            gate = p99 if rate == GATE_RATE else gate
            start += count
    print(table, end="\n\n", flush=True)
    return gate


def _requests(on: Stage, count: int, start: int) -> list[bytes]:
    numbers = list(on.numbers.values())
    return bodies.text_requests(count, secret=on.app_secret, numbers=numbers, start=start)


def _warm_up(on: Stage, door: Process) -> None:
    """Let everybody open sessions and make plans; and the tables have rows, like anybody's."""
    load.open_loop(door.port, _requests(on, WARM_UP, 0), rate=200, seconds=3)
    _until(lambda: _undone(on) == 0)
    with psycopg.connect(on.database_url, autocommit=True) as connection:
        connection.execute("ANALYZE")
        connection.execute("CHECKPOINT")


def _measure(
    on: Stage,
    door: Process,
    worker: Process,
    requests: list[bytes],
    start: int,
    rate: int,
    seconds: float,
    table: report.Table,
) -> float:
    costs = [door.cpu_seconds, worker.cpu_seconds, lambda: stage.cpu_seconds(on.postgres)]
    before = [cost() for cost in costs]
    outcome = load.open_loop(door.port, requests, rate=rate, seconds=seconds)
    _until(lambda: _undone(on) == 0)
    spent = [cost() - was for cost, was in zip(costs, before, strict=True)]
    delays, missing = _delays(outcome, _committed(on), start)
    p50, p99, p999 = (load.percentile(delays, percent) for percent in (50, 99, 99.9))
    table.add(
        *(f"{rate:,}/s", len(delays) / outcome.seconds, p50, p99, p999, missing, outcome.p(99)),
        *(report.cpu_us(cpu, outcome) for cpu in spent),
        *(f"{outcome.generator_cpu:.0%}", outcome.late_p99_ms),
    )
    print(f"{rate:,}/s: p99 {p99:.1f} ms", file=sys.stderr)
    return p99


def _delays(outcome: Outcome, committed: dict[str, float], start: int) -> tuple[list[float], int]:
    """Return the milliseconds from due to committed, sorted, and how many rows never appeared."""
    pairs = [(due, committed.get(bodies.wamid(start + n))) for n, due in enumerate(outcome.due_at)]
    delays = sorted((commit - due) * 1000 for due, commit in pairs if commit is not None)
    return delays, len(pairs) - len(delays)


def _committed(on: Stage) -> dict[str, float]:
    """Return the epoch time at which each message was committed, by wamid."""
    found: dict[str, float] = {}
    with psycopg.connect(on.database_url) as connection:
        for name in on.numbers:
            table = sql.Identifier(f"t_{name}", "conversations_message")
            query = sql.SQL(
                "SELECT wamid, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 FROM {}"
            )
            found.update(connection.execute(query.format(table)).fetchall())
    return found


def _undone(on: Stage) -> int:
    with psycopg.connect(on.database_url) as connection:
        query = "SELECT count(*) FROM webhooks_webhookdelivery WHERE state = 'NEW'"
        row = connection.execute(query).fetchone()
    return row[0] if row else 0


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)


def _naive(on: Stage, seconds: float) -> str:
    on.env["NAIVE_SECRET"] = on.app_secret
    on.run("-m", "benchmarks.naive")
    requests = _requests(on, int(GATE_RATE * seconds * 1.3) + 100, 0)
    with ingest.granian(on) as process:
        stage.warm_up(process, requests[:WARM_UP])
        outcome = load.open_loop(process.port, requests, rate=GATE_RATE, seconds=seconds)
    return f"p50 {outcome.p(50):.1f} ms, p99 {outcome.p(99):.1f} ms, {outcome.rate:,.0f}/s"


def _backlog(on: Stage, count: int) -> float:
    """Let one process work on a backlog; print and return messages a second."""
    requests = _requests(on, count, 10_000_000)
    raws = [request.partition(b"\r\n\r\n")[2] for request in requests]
    with psycopg.connect(on.database_url, autocommit=True) as connection:
        query = """
            INSERT INTO webhooks_webhookdelivery (app_id, body, sha256)
            SELECT (SELECT id FROM webhooks_metaapp), body, sha256(body)
            FROM unnest(%s::bytea[]) AS body
        """
        connection.execute(query, (raws,))
    before = stage.cpu_seconds(on.postgres)
    took = json.loads(on.run("-m", "benchmarks.drain"))
    postgres = stage.cpu_seconds(on.postgres) - before
    if took["count"] != count or _undone(on):
        sys.exit(f"{took['count']} of {count} deliveries were worked on")
    rate = count / took["seconds"]
    print(
        f"backlog of {count:,} in one process: {rate:,.0f} messages/s,"
        f" CPU {took['cpu'] / count * 1e6:.0f} us + PostgreSQL {postgres / count * 1e6:.0f} us\n"
    )
    return rate


if __name__ == "__main__":
    sys.exit(main())
