"""How fast events are taken in, and how fair: `python -m benchmarks.processing`.

Starts PostgreSQL and Valkey by itself. One process works on a backlog of two tenants, then on one
that has fifty tenants in every batch, beside a worker that takes one event a time by the ORM. Then
one number floods, and the others' messages are timed until they are done with.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import psycopg

from benchmarks import bodies, machine, report, stage
from benchmarks.bodies import Number
from benchmarks.stage import Stage

BACKLOG, NAIVE, TENANTS = 20_000, 2_000, 50
GATE, MIXED_GATE = 3600.0, 1800.0
FLOOD_GATE_SECONDS = 2.0
# The others' share of a flood: one message in a hundred, while it is worked on.
PORTION, PORTIONS, PAUSE_SECONDS = 10, 20, 0.2
WARM_UP_START, TWO_START, MIXED_START, NAIVE_START, FLOOD_START = range(10**6, 6 * 10**6, 10**6)
_STORE = """
    INSERT INTO webhooks_webhookdelivery (app_id, body, sha256, phone_number_id_hint)
    SELECT (SELECT id FROM webhooks_metaapp), body, sha256(body),
        substring(convert_from(body, 'UTF8') FROM '"phone_number_id":"([0-9]+)"')
    FROM unnest(%s::bytea[]) AS body
"""
_LAG = """
    SELECT count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY lag),
        percentile_cont(0.95) WITHIN GROUP (ORDER BY lag)
    FROM (
        SELECT extract(epoch FROM processed_at - received_at)::float8 AS lag
        FROM webhooks_webhookdelivery WHERE id > %s AND phone_number_id_hint <> %s
    ) AS others
"""


@dataclass(frozen=True, slots=True)
class Took:
    """What a backlog cost."""

    rate: float
    cpu_us: float
    postgres_us: float
    pss_mib: float


def main() -> int:
    """Measure, print, and return 1 if a promise was not kept."""
    options = _options()
    gates = report.Gates()
    with stage.installation(tenants=TENANTS) as on:
        print(machine.describe(on.folder, on.database_url), end="\n\n", flush=True)
        numbers = list(on.numbers.values())
        naive = _naive(on, numbers[:2])
        _warm_up(on, numbers)
        two = _backlog(on, numbers[:2], options.backlog, TWO_START)
        mixed = _backlog(on, numbers, options.backlog, MIXED_START)
        _show(naive=naive, two=two, mixed=mixed)
        p95 = _flood(on, numbers, options.backlog)
    gates.below("microseconds a message of a backlog", 1e6 / two.rate, 1e6 / GATE)
    gates.below(f"the same with {TENANTS} tenants a batch", 1e6 / mixed.rate, 1e6 / MIXED_GATE)
    gates.below("p95 seconds of the others during a flood", p95, FLOOD_GATE_SECONDS)
    return 1 if gates.failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backlog", type=int, default=BACKLOG, help=f"deliveries ({BACKLOG:,})")
    return parser.parse_args()


def _bodies(on: Stage, numbers: Sequence[Number], count: int, start: int) -> list[bytes]:
    requests = bodies.text_requests(count, secret=on.app_secret, numbers=numbers, start=start)
    return [request.partition(b"\r\n\r\n")[2] for request in requests]


def _store(on: Stage, raws: list[bytes], statement: str = _STORE) -> None:
    with psycopg.connect(on.database_url, autocommit=True) as connection:
        connection.execute(statement, (raws,))


def _warm_up(on: Stage, numbers: Sequence[Number]) -> None:
    """Let every tenant have rows and statistics, like anybody's."""
    _store(on, _bodies(on, numbers, 100 * len(numbers), WARM_UP_START))
    on.run("-m", "benchmarks.drain")
    with psycopg.connect(on.database_url, autocommit=True) as connection:
        connection.execute("ANALYZE")
        connection.execute("CHECKPOINT")


def _backlog(on: Stage, numbers: Sequence[Number], count: int, start: int) -> Took:
    _store(on, _bodies(on, numbers, count, start))
    return _drain(on, count, "-m", "benchmarks.drain")


def _drain(on: Stage, count: int, *command: str) -> Took:
    before = stage.cpu_seconds(on.postgres)
    took = json.loads(on.run(*command))
    postgres = stage.cpu_seconds(on.postgres) - before
    if took["count"] != count:
        sys.exit(f"{took['count']} of {count} deliveries were worked on")
    each = 1e6 / count
    return Took(count / took["seconds"], took["cpu"] * each, postgres * each, took["pss"])


def _naive(on: Stage, numbers: Sequence[Number]) -> Took:
    on.run("-m", "benchmarks.naive_worker", "make")
    statement = (
        "INSERT INTO naive_event (body, done) SELECT body, false FROM unnest(%s::bytea[]) body"
    )
    _store(on, _bodies(on, numbers, NAIVE, NAIVE_START), statement)
    return _drain(on, NAIVE, "-m", "benchmarks.naive_worker", "drain")


def _show(*, naive: Took, two: Took, mixed: Took) -> None:
    headings = ("one process", "messages/s", "ratio", "CPU us", "PostgreSQL us", "PSS MiB")
    table = report.Table(headings)
    rows = {"one event a time by the ORM": naive, "2 tenants": two, f"{TENANTS} tenants": mixed}
    for name, took in rows.items():
        ratio = report.ratio(took.rate, naive.rate)
        table.add(name, took.rate, ratio, took.cpu_us, took.postgres_us, took.pss_mib)
    print(table, end="\n\n", flush=True)


def _flood(on: Stage, numbers: Sequence[Number], count: int) -> float:
    """Have one number flood, and the others write meanwhile; return their p95 lag in seconds."""
    loud, others = numbers[0], numbers[1:]
    with (
        psycopg.connect(on.database_url, autocommit=True) as connection,
        ThreadPoolExecutor(1) as run,
    ):
        (last,) = (
            connection.execute("SELECT max(id) FROM webhooks_webhookdelivery").fetchone() or ()
        )
        _store(on, _bodies(on, [loud], count, FLOOD_START))
        draining = run.submit(on.run, "-m", "benchmarks.drain")
        query = (
            "SELECT EXISTS (SELECT FROM webhooks_webhookdelivery WHERE id > %s AND state = 'DONE')"
        )
        while not connection.execute(query, (last,)).fetchone()[0]:  # type: ignore[index]
            time.sleep(0.01)
        for portion in range(PORTIONS):
            if draining.done():
                break
            start = FLOOD_START + count + portion * PORTION
            _store(on, _bodies(on, others, PORTION, start))
            time.sleep(PAUSE_SECONDS)
        draining.result()
        on.run("-m", "benchmarks.drain")  # what came as it ended
        found = connection.execute(_LAG, (last, loud.phone_number_id)).fetchone()
    seen, p50, p95 = found or (0, float("nan"), float("nan"))
    print(f"behind a flood of {count:,}: {seen} of others, lag p50 {p50:.2f} s, p95 {p95:.2f} s\n")
    return float(p95)


if __name__ == "__main__":
    sys.exit(main())
