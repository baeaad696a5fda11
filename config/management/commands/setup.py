import getpass
import json
import sys
from argparse import ArgumentParser
from dataclasses import fields
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from config import installation, keys
from config.installation import Answers
from tenants.errors import DomainError

NAMES = {field.name for field in fields(Answers)}


class Command(BaseCommand):
    """Begin a real installation: the first super-admin and the platform's Meta app."""

    help = (
        "Make the first super-admin and register the platform's Meta app. Asks for what is missing;"
        " with --stdin it reads the answers as JSON instead, with the keys "
        + ", ".join(sorted(NAMES))
        + ". Secrets are never taken from the command line. Safe to run again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--stdin", action="store_true", help="read the answers as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.BALCAO_DEMO:
            raise CommandError("The demo sets itself up; setup is for a real installation.")
        found = keys.problems(secret_key=settings.SECRET_KEY, field_keys=settings.FIELD_KEYS)
        if problems := list(found):  # with DEBUG on, Balcão starts with any key
            raise CommandError("\n".join(problems))
        for warning in installation.domain_warnings():
            self.stderr.write(self.style.WARNING(warning))
        answers = self._read() if options["stdin"] else self._ask()
        if answers.email:
            _check_email(answers.email)
        try:
            done = installation.install(answers)
        except DomainError as refusal:
            raise CommandError(str(refusal)) from refusal
        for sentence in done:
            self.stdout.write(sentence)
        self._say_what_comes_next()

    def _read(self) -> Answers:
        try:
            given = json.loads(sys.stdin.read())
        except ValueError as error:
            raise CommandError(f"Standard input is not JSON: {error}") from error
        if not isinstance(given, dict) or not all(isinstance(v, str) for v in given.values()):
            raise CommandError("Standard input must be a JSON object of texts.")
        unknown = sorted(given.keys() - NAMES)
        if unknown:
            raise CommandError(f"Unknown: {', '.join(unknown)}. Known: {', '.join(sorted(NAMES))}.")
        return Answers(**given)

    def _ask(self) -> Answers:
        if not sys.stdin.isatty():
            raise CommandError("There is nobody to ask: use --stdin and give the answers as JSON.")
        given: dict[str, str] = {}
        missing = installation.missing()
        if "super-admin" in missing:
            self.stdout.write("The first super-admin:")
            given["email"] = input("  e-mail address: ").strip()
            given["name"] = input("  name: ").strip()
            given["password"] = _password()
        if "app" in missing:
            self.stdout.write("The platform's Meta app (developers.facebook.com, App settings):")
            given["app_id"] = input("  app id: ").strip()
            given["app_secret"] = getpass.getpass("  app secret (not shown): ").strip()
            given["verify_token"] = getpass.getpass("  verify token (empty: one is made): ").strip()
        return Answers(**given)

    def _say_what_comes_next(self) -> None:
        missing = installation.missing()
        if missing:
            self.stderr.write(self.style.WARNING(f"Still missing: {', '.join(sorted(missing))}."))
        self.stdout.write(
            f"Console: {settings.PUBLIC_URL}/admin/ (enrolls a phone at first sign-in)"
        )
        self.stdout.write(f"Webhook for Meta: {settings.PUBLIC_URL}/webhook/whatsapp/")


def _check_email(email: str) -> None:
    try:
        validate_email(email)
    except ValidationError as error:
        raise CommandError(f"{email} is no e-mail address.") from error


def _password() -> str:
    first = getpass.getpass("  password (not shown): ")
    if first != getpass.getpass("  once more: "):
        raise CommandError("The two are not the same; nothing was changed.")
    return first
