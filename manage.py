#!/usr/bin/env python3
"""The command line. An old Python can parse this file, so that it gets a sentence from us."""

import importlib
import os
import sys
import types

OLDEST_PYTHON = (3, 11)


def main() -> None:
    """Run one management command on the shared schema; a command enters tenants by itself."""
    if sys.version_info < OLDEST_PYTHON:
        here = ".".join(map(str, sys.version_info[:2]))
        sys.exit(f"Balcão needs Python 3.11 or newer; this is Python {here}.")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if sys.argv[1:2] == ["demo"]:  # makes the environment that the settings are read from
        sys.exit(_load("config.demo.command").main(sys.argv[2:]))
    _set_up()
    with _load("tenants.context").platform():
        _load("django.core.management").execute_from_command_line(sys.argv)


def _set_up() -> None:
    """Load the apps before anything touches the connection, whose backend imports their models."""
    django = _load("django")
    try:
        django.setup()
    except _load("django.core.exceptions").ImproperlyConfigured as error:
        sys.exit(f"The settings are not complete: {error}. See .env.example, or try `make demo`.")


def _load(name: str) -> types.ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name in ("django", "psycopg", "redis"):
            sys.exit(f"{error.name} is not installed here: use `make`, or .venv/bin/python.")
        raise


if __name__ == "__main__":
    main()
