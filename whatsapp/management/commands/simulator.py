"""Run the local WhatsApp Cloud API."""

import os
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from whatsapp.simulator import Config, ConfigError, Simulator

CONFIG_VARIABLE = "BALCAO_SIMULATOR_CONFIG"


class Command(BaseCommand):
    """Serve until Ctrl-C. The file holds secrets, so only its path is ever an argument."""

    help = "Run a WhatsApp Cloud API on this machine, with a customer's phone at its address."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--config", default="", help=f"JSON file; else {CONFIG_VARIABLE}.")

    def handle(self, *args: Any, **options: Any) -> None:
        path = options["config"] or os.environ.get(CONFIG_VARIABLE, "")
        if not path:
            raise CommandError(
                _("Name the simulator's configuration by --config or %(variable)s.")
                % {"variable": CONFIG_VARIABLE}
            )
        try:
            simulator = Simulator(Config.load(path))
            simulator.serve(ready=lambda: self._say(simulator.url))
        except ConfigError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            pass

    def _say(self, url: str) -> None:
        self.stdout.write(_("The customer's phone: %(url)s/") % {"url": url})
        self.stdout.flush()
