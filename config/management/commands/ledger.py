import json
import sys
from argparse import ArgumentTypeError
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from whatsapp.webhooks import ledger


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text} is no day: write it as 2026-11-25") from None


class Command(BaseCommand):
    """Say what became of everything that came in; exit code 1 if a unit has no fate."""

    help = "Count what came in and what became of it, as JSON. Days are UTC's, both included."

    def add_arguments(self, parser: CommandParser) -> None:
        today = datetime.now(UTC).date()
        parser.add_argument("--from", dest="first", type=day, default=today - timedelta(days=6))
        parser.add_argument("--to", dest="last", type=day, default=today)

    def handle(self, *args: Any, first: date, last: date, **options: Any) -> None:
        found = ledger.of(first=first, last=last)
        counts = {name: getattr(found, name) for name in found.__slots__}
        told = {"from": f"{first}", "to": f"{last}", **counts, "unaccounted": found.unaccounted}
        self.stdout.write(json.dumps(told))
        if found.unaccounted:
            sys.exit(1)
