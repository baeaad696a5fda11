"""What counting requests costs each of them: `python -m benchmarks.limits`.

Starts PostgreSQL and Valkey by itself, and counts in this process: without limits, with a plan's
and an address's in Redis, and with both while Redis is gone.
"""

import argparse
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import django

from benchmarks import report
from config.demo import services

ROUNDS, WARM_UP = 20_000, 500
GATE_MILLISECONDS = 0.3
ADDRESS = "203.0.113.7"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = options.parse_args().rounds
    folder = Path(tempfile.mkdtemp(prefix="balcao-bench-"))
    running = services.start(folder, durable=False, user="the benchmark")
    try:
        os.environ.update(
            DJANGO_SETTINGS_MODULE="config.settings",
            DATABASE_URL=running.database_url,
            REDIS_URL=running.redis_url,
            SECRET_KEY=secrets.token_urlsafe(48),
            FIELD_KEYS="k1:Y2hlY2stY2hlY2stY2hlY2stY2hlY2stY2hlY2stY2g=",
            ADDRESS_REQUESTS_PER_MINUTE=str(10**9),
        )
        django.setup()
        return _measure(rounds)
    finally:
        running.stop()
        services.remove(folder)


def _measure(rounds: int) -> int:
    from tenants import buckets  # noqa: PLC0415 - models want a set-up Django
    from tenants.models import Plan, Tenant  # noqa: PLC0415
    from tenants.services import requests  # noqa: PLC0415

    limited = Tenant(name="Acme", plan=Plan(requests_per_hour=10**9))
    free = Tenant(name="Globex", plan=Plan())

    def without() -> None:
        requests.check(requests.count(tenant=free, address=None))

    def counted() -> None:
        requests.check(requests.count(tenant=limited, address=ADDRESS))

    table = report.Table(("a request, ms", "median", "99 %"))
    bare = _timed(without, rounds)
    whole = _timed(counted, rounds)
    buckets._silent_until = time.monotonic() + 3600
    alone = _timed(counted, rounds)
    for name, times in (("without limits", bare), ("Redis", whole), ("Redis gone", alone)):
        table.add(name, f"{median(times):.4f}", f"{sorted(times)[len(times) * 99 // 100]:.4f}")
    print(table)
    gates = report.Gates()
    gates.below("counting a request, ms", median(whole) - median(bare), GATE_MILLISECONDS)
    return len(gates.failed)


def _timed(act: Callable[[], None], rounds: int) -> list[float]:
    """Return how many milliseconds each round took."""
    times = []
    for _ in range(WARM_UP + rounds):
        begun = time.perf_counter()
        act()
        times.append((time.perf_counter() - begun) * 1000)
    return times[WARM_UP:]


if __name__ == "__main__":
    sys.exit(main())
