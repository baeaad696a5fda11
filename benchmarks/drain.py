"""Work on all deliveries that are new, in this process; prints what it took as JSON."""

import json
import sys
import time

import django

django.setup()

from conversations.services import inbound  # noqa: E402 - models want a set-up Django
from tenants.feed import live  # noqa: E402


def main() -> None:
    live.hint("t_acme", 0)  # what is imported at the first hint is no part of the work
    began, cpu = time.monotonic(), time.process_time()
    count = inbound.process_deliveries(seconds=600)
    wall, cpu = time.monotonic() - began, time.process_time() - cpu
    sys.stdout.write(json.dumps({"count": count, "seconds": wall, "cpu": cpu}))


if __name__ == "__main__":
    main()
