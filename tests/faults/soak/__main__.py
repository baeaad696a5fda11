"""`python -m tests.faults.soak`: kills, flushes and restarts under load, then faulty sends."""

import argparse
import sys
import time

from config.demo import ports
from tests.faults.soak import ground


def main() -> int:
    """Run, print, and return 1 if a promise was broken."""
    options = _options()
    port = ports.free()
    with ground.prepared(simulator_port=port) as (folder, services):
        import django  # noqa: PLC0415 - not before the services have addresses

        django.setup()
        from tests.faults.soak import run  # noqa: PLC0415

        began = time.monotonic()
        good = run.run(folder, services, port, options)
        print(f"took {time.monotonic() - began:,.0f} s", flush=True)
        if not good:
            raise SystemExit(1)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=__doc__)
    parser.add_argument("--kills", type=int, default=1000, help="of processes (1,000)")
    parser.add_argument("--redis", type=int, default=50, help="kills and flushes of Valkey (50)")
    parser.add_argument("--postgres", type=int, default=20, help="immediate restarts (20)")
    parser.add_argument("--seconds", type=float, default=840, help="that all this takes (840)")
    parser.add_argument("--sends", type=int, default=10_000, help="through a faulty Cloud API")
    parser.add_argument("--rate", type=float, default=12, help="messages a second, each way (12)")
    parser.add_argument("--hurry", action="store_true", help="let waits pass at once at the end")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
