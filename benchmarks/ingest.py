"""How fast webhooks are made durable and acknowledged: `python -m benchmarks.ingest --seconds 4`.

Starts PostgreSQL, Valkey and each server by itself, one server at a time, on this machine; nothing
works on what comes in meanwhile. For comparison it also serves a naive Django view, in two ways.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial

import psycopg
from psycopg import sql

from benchmarks import bodies, load, machine, report, stage
from benchmarks.load import Outcome
from benchmarks.stage import Process, Stage
from config.demo import ports

GATE_MS = 20.0
REQUESTS = 20_000
WARM_UP_REQUESTS = 500
DELIVERIES = "webhooks_webhookdelivery"
NAIVE = "benchmark_naive"
HEADINGS = (
    *("server", "load", "acks/s", "p50 ms", "p99 ms", "p99.9 ms", "bad"),
    *("CPU us/ack", "+ PostgreSQL", "PSS MiB", "generator", "late p99 ms"),
)
Load = Callable[[Process, list[bytes]], Outcome]


@dataclass(frozen=True, slots=True)
class Server:
    """One way to serve a webhook, and the table that its rows go to."""

    name: str
    table: str
    start: Callable[[Stage], AbstractContextManager[Process]]


@contextmanager
def granian(on: Stage) -> Iterator[Process]:
    """The naive view as well as Django can do it: WSGI, a few threads, connections kept."""
    port = ports.free()
    options = "--interface wsgi --workers 1 --blocking-threads 8 --no-ws --log-level error"
    command = ("-m", "granian", "benchmarks.naive:wsgi", "--port", str(port), *options.split())
    # Under daphne each request has a thread of its own, and a kept connection would be a leak.
    on.env["NAIVE_CONN_MAX_AGE"] = "600"
    try:
        with on.process("granian", *command, port=port) as process:
            yield process
    finally:
        del on.env["NAIVE_CONN_MAX_AGE"]


SERVERS = (
    Server("uvicorn config.ingest", DELIVERIES, lambda on: on.uvicorn()),
    Server("daphne config.asgi", DELIVERIES, lambda on: on.daphne()),
    Server("naive view, granian", NAIVE, granian),
    Server("naive view, daphne", NAIVE, lambda on: on.daphne("benchmarks.naive:asgi")),
)


def main() -> int:
    """Measure, print, and return 1 if a promise was not kept."""
    options = _options()
    table, gates = report.Table(HEADINGS), report.Gates()
    outcomes: dict[tuple[str, str], Outcome] = {}
    with stage.installation() as on:
        print(machine.describe(on.folder, on.database_url), end="\n\n", flush=True)
        on.env["NAIVE_SECRET"] = on.app_secret
        on.run("-m", "benchmarks.naive")
        requests = bodies.text_requests(
            REQUESTS, secret=on.app_secret, numbers=list(on.numbers.values())
        )
        for server in SERVERS:
            if options.only in server.name:
                for name, outcome in _measure(on, server, requests, options.seconds, table):
                    outcomes[server.name, name] = outcome
    print(table, end="\n\n")
    _compare(outcomes)
    known = outcomes.get(("uvicorn config.ingest", "1,000/s"))
    if known:
        gates.below("uvicorn, p99 of the ack at 1,000/s in ms", known.p(99), GATE_MS)
    return 1 if gates.failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="for each figure (4)")
    parser.add_argument("--only", default="", help="servers whose name has this in it")
    return parser.parse_args()


def _loads(seconds: float) -> dict[str, Load]:
    return {
        "32 connections": partial(_closed, connections=32, seconds=seconds),
        "256 connections": partial(_closed, connections=256, seconds=seconds),
        "1,000/s": partial(_open, rate=1000, seconds=seconds),
        "2,000/s": partial(_open, rate=2000, seconds=seconds),
    }


def _closed(process: Process, requests: list[bytes], **how: float) -> Outcome:
    return load.closed_loop(process.port, requests, **how)  # type: ignore[arg-type]


def _open(process: Process, requests: list[bytes], **how: float) -> Outcome:
    return load.open_loop(process.port, requests, **how)


def _measure(
    on: Stage, server: Server, requests: list[bytes], seconds: float, table: report.Table
) -> Iterator[tuple[str, Outcome]]:
    for name, run in _loads(seconds).items():
        # A fresh process each time: what one load left waiting must not burden the next.
        with server.start(on) as process:
            stage.warm_up(process, requests[:WARM_UP_REQUESTS])
            _empty(on, server.table)
            cpu, postgres_cpu = process.cpu_seconds(), stage.cpu_seconds(on.postgres)
            outcome = run(process, requests)
            cpu = process.cpu_seconds() - cpu
            postgres_cpu = stage.cpu_seconds(on.postgres) - postgres_cpu
            table.add(
                *(server.name, name, outcome.rate, outcome.p(50), outcome.p(99), outcome.p(99.9)),
                *(outcome.bad, report.cpu_us(cpu, outcome), report.cpu_us(postgres_cpu, outcome)),
                *(process.pss_mib(), f"{outcome.generator_cpu:.0%}", outcome.late_p99_ms),
            )
        _check(on, server, outcome)
        print(f"{server.name}, {name}: {outcome.rate:,.0f} acks/s", file=sys.stderr)
        yield name, outcome


def _empty(on: Stage, table: str) -> None:
    with psycopg.connect(on.database_url, autocommit=True) as connection:
        connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.Identifier(table)))
        connection.execute("CHECKPOINT")


def _check(on: Stage, server: Server, outcome: Outcome) -> None:
    """Make sure that an acknowledged delivery is a row, or the figures are worth nothing."""
    with psycopg.connect(on.database_url) as connection:
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(server.table))
        row = connection.execute(query).fetchone()
    if row is None or row[0] < outcome.good:
        sys.exit(f"{server.name}: {outcome.good} acknowledged, and {row} stored")


def _compare(outcomes: dict[tuple[str, str], Outcome]) -> None:
    for name in (server.name for server in SERVERS if server.table == NAIVE):
        for ours in (server.name for server in SERVERS if server.table != NAIVE):
            pair = [outcomes.get((one, "32 connections")) for one in (ours, name)]
            if pair[0] and pair[1]:
                print(f"{ours} : {name} = {report.ratio(pair[0].rate, pair[1].rate)} acks/s")


if __name__ == "__main__":
    sys.exit(main())
