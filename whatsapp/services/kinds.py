"""The kinds of jobs: each is registered from the module that knows how it is done."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NoReturn

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from tenants import secrets
from tenants.models import Tenant
from whatsapp.client import CloudApiClient
from whatsapp.errors import TokenError
from whatsapp.findings import Grade
from whatsapp.models import Job, Phone
from whatsapp.services import health, jobs, numbers

# Whoever runs a job is taken for dead so long after its last sign of life.
LEASE = timedelta(seconds=120)
# Stored in English, translated when shown.
STOPPED = _("It stopped at a step: see there what to do.")


class NoTokenError(Exception):
    """There is no number, or none with a token that works."""


class StepFailedError(Exception):
    """A job cannot go on: ``sentence`` (English, in the catalog) says why."""

    def __init__(self, sentence: str, *, code: int | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code


@dataclass(slots=True)
class Work:
    """One run of a job, and what it may need."""

    job: Job
    tenant: Tenant
    phone: Phone | None = None  # whose stored token is in use

    def account(self, waba_id: str) -> CloudApiClient:
        """Return a client with the token of any number of an account. Raises: NoTokenError."""
        phones = Phone.objects.filter(waba_id=waba_id, status=Phone.Status.ACTIVE)
        for phone in phones.exclude(health=Phone.Health.AUTH_ERROR).order_by("pk"):
            client = self._stored(phone)
            if client is not None:
                return client
        raise NoTokenError

    def number(self, phone_id: int) -> CloudApiClient:
        """Return a client with one number's token, also where Meta refused that one lately.

        Raises: NoTokenError.
        """
        phone = Phone.objects.filter(pk=phone_id, status=Phone.Status.ACTIVE).first()
        client = None if phone is None else self._stored(phone)
        if client is None:
            raise NoTokenError
        return client

    def client(self, access_token: str) -> CloudApiClient:
        """Return a client with a token that is not stored (yet). Raises: TokenError."""
        self.phone = None
        return CloudApiClient(settings.GRAPH_API_URL, settings.GRAPH_API_VERSION, access_token)

    @property
    def secrets(self) -> dict[str, str]:
        """What ``jobs.start`` sealed; empty once the job ended. Raises: secrets.SealBrokenError."""
        opened: dict[str, str] = json.loads(jobs.opened(self.job, tenant=self.tenant) or "{}")
        return opened

    def begin(self, step: str) -> None:
        """Show that a step began, and stay alive."""
        self._tell(step, Grade.RUNNING, "", {})

    def found(self, step: str, grade: Grade, code: str = "", **values: Any) -> None:
        """Show how a step ended; ``code`` is a finding's, ``values`` fill its sentence."""
        self._tell(step, grade, code, values)

    def fail(self, step: str, code: str, **values: Any) -> NoReturn:
        """End the job at a step. Raises: StepFailedError."""
        self.found(step, Grade.PROBLEM, code, **values)
        raise StepFailedError(STOPPED)

    def progress(self, *, done: int, total: int | None) -> None:
        """Show how far it is, and stay alive."""
        job = self.job
        job.done, job.total = done, total if total is not None else job.total
        self._save("done", "total")

    def _tell(self, step: str, grade: Grade, code: str, values: dict[str, Any]) -> None:
        row = {"step": step, "state": grade.value, "code": code, "values": values}
        steps = self.job.steps
        places = [place for place, known in enumerate(steps) if known["step"] == step]
        if places:
            steps[places[0]] = row
        else:
            steps.append(row)
        self._save("steps")

    def _save(self, *columns: str) -> None:
        self.job.lease_until = timezone.now() + LEASE
        self.job.save(update_fields=[*columns, "lease_until"])

    def _stored(self, phone: Phone) -> CloudApiClient | None:
        try:
            client = self.client(numbers.opened_token(tenant=self.tenant, phone=phone))
        except (secrets.SealBrokenError, TokenError):
            self.refuse_token(phone)
            return None
        self.phone = phone
        return client

    def refuse_token(self, phone: Phone) -> None:
        """Mark a number whose token Meta refused, unless it has another one by now."""
        with transaction.atomic():
            health.token_refused(
                tenant=self.tenant, phone_id=phone.pk, sealed=phone.access_token_sealed
            )


@dataclass(frozen=True, slots=True)
class JobKind:
    """How one kind is done. A job may be run twice, so every kind must bear that.

    ``doubted`` is for what must not be asked of Meta twice: it is called when nobody knows whether
    Meta did it, and the job fails; without it the job is tried again. ``failed`` is called in the
    transaction in which a job fails for good; it may take the change counter. ``outdated_by`` names
    the kinds whose newer jobs about the same make this one pointless: what had to wait must not
    undo what was asked for since.
    """

    name: str
    run: Callable[[Work], None]
    doubted: Callable[[Work], None] | None = None
    failed: Callable[[Job], None] | None = None
    outdated_by: Sequence[str] = ()


_KINDS: dict[str, JobKind] = {}


def register(*kinds: JobKind) -> None:
    """Make kinds known; once, when the module that knows them is imported."""
    _KINDS.update({kind.name: kind for kind in kinds})


def of(name: str) -> JobKind:
    """Return a kind by its name. Raises: KeyError."""
    return _KINDS[name]
