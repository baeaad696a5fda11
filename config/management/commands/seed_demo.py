from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.demo.seed import run


class Command(BaseCommand):
    """Fill an installation with the demo's companies; `manage.py demo` calls it at every start."""

    help = "Furnish acme and globex with people and conversations. Refused without BALCAO_DEMO."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.BALCAO_DEMO or not settings.BALCAO_DEMO_DIR:
            raise CommandError(
                "Demo data and demo passwords are for the demo only: run `make demo`, which sets"
                " BALCAO_DEMO and BALCAO_DEMO_DIR."
            )
        try:
            run.furnish(Path(settings.BALCAO_DEMO_DIR), self.stdout.write)
        except run.SeedError as error:
            raise CommandError(str(error)) from error
