"""`manage.py sweeper`: find what no nudge reached."""

import signal
from typing import Any

from django.core.management.base import BaseCommand

from conversations.services.sweep import Sweeper
from tenants import stopping


class Command(BaseCommand):
    help = "Work on what no nudge reached, and forget what is old. Any number may run: one leads."

    def handle(self, *args: Any, **options: Any) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        Sweeper(stopping=stopping.asked).run()

    def stop(self, *_: object) -> None:
        """Take a signal: the round under way ends at its next step."""
        stopping.ask()
