"""Work on all deliveries that are new, in this process; prints what it took as JSON."""

import json
import os
import sys
import time

import django

django.setup()

from benchmarks.stage import pss_mib  # noqa: E402 - models want a set-up Django
from conversations.services import inbound  # noqa: E402
from tenants.feed import live  # noqa: E402


def main() -> None:
    live.hint("t_acme", 0)  # what is imported at the first hint is no part of the work
    began, cpu = time.monotonic(), time.process_time()
    count = inbound.process_deliveries(seconds=600)
    wall, cpu = time.monotonic() - began, time.process_time() - cpu
    took = {"count": count, "seconds": wall, "cpu": cpu, "pss": pss_mib(os.getpid())}
    sys.stdout.write(json.dumps(took))


if __name__ == "__main__":
    main()
