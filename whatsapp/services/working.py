"""Run jobs. Reached from tasks and the sweeper only: everything here waits for Meta.

A job is claimed, and that committed, before Meta is called; a claim whose worker died runs out and
the job is run once more, so every kind must bear that.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from tenants import context, queue, secrets
from tenants.models import Tenant
from whatsapp.client import CloudApiClient
from whatsapp.client.templates import Templates
from whatsapp.errors import CloudApiError, MaybeSentError, NotSentError, TokenError
from whatsapp.models import Job, MessageTemplate, Phone
from whatsapp.services import health, jobs, numbers, template_rows

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=120)
ATTEMPTS_MAX = 5
WAIT_MAX = timedelta(minutes=30)
# What is due for so long was reached by no nudge: the sweeper does it itself, one a round.
OVERDUE = timedelta(seconds=15)
RENEW_EVERY = timedelta(minutes=2)
# Stored in English, translated when shown.
NO_NUMBER = _("No number of this account is connected.")
# Meta's times are whole seconds, and the list may lag behind its own webhooks.
_MARGIN = timedelta(seconds=2)


class _NoTokenError(Exception):
    """No number of the account has a token that works."""


def run(*, job_id: int) -> None:
    """Run one job of the current tenant, unless another worker has it. Safe to repeat."""
    job = _claim(job_id, timezone.now())
    if job is None:
        return
    try:
        phone, client = _access(job.subject)
    except _NoTokenError:
        _fail(job, NO_NUMBER)
        return
    try:
        _KINDS[job.kind](job, Templates(client, job.subject))
    except TokenError as error:
        _refuse_token(phone)
        _fail(job, error.detail, error.code)
    except MaybeSentError as error:
        _doubt(job, error)
    except NotSentError as error:
        _later(job, error)
    except CloudApiError as error:
        _fail(job, error.detail, error.code)
    else:
        _finish(job, state=Job.State.DONE)


def sweep() -> None:
    """Take care of what no nudge reached, and of accounts whose templates changed their parts."""
    now = timezone.now()
    _renew(now)
    for job in Job.objects.filter(_due(now)).order_by("due_at")[:10]:
        if now - job.due_at > OVERDUE:
            run(job_id=job.pk)
            return
        queue.enqueue("whatsapp.tasks.run_job", job_id=job.pk)


def _renew(now: datetime) -> None:
    """Fetch anew where a webhook said that a template has other parts now."""
    stale = MessageTemplate.objects.filter(synced_at=None).exclude(
        status=MessageTemplate.Status.DELETED
    )
    lately = Job.objects.filter(
        kind=Job.Kind.TEMPLATES_SYNC, created_at__gt=now - RENEW_EVERY
    ).values("subject")
    for waba_id in stale.exclude(waba_id__in=lately).values_list("waba_id", flat=True).distinct():
        jobs.start(author=None, kind=Job.Kind.TEMPLATES_SYNC, subject=waba_id)


def _due(now: datetime) -> Q:
    waits = Q(state=Job.State.QUEUED, due_at__lte=now)
    return waits | Q(state=Job.State.RUNNING, lease_until__lte=now)


def _claim(job_id: int, now: datetime) -> Job | None:
    # Rival: another worker with the same nudge; exactly one of them changes the row.
    claimed = Job.objects.filter(_due(now), pk=job_id).update(
        state=Job.State.RUNNING,
        lease_until=now + LEASE,
        attempts=F("attempts") + 1,
        done=0,
        total=None,
    )
    return Job.objects.get(pk=job_id) if claimed else None


def _access(waba_id: str) -> tuple[Phone, CloudApiClient]:
    """Return a number of the account and a client with its token. Raises: _NoTokenError."""
    tenant = _tenant()
    phones = Phone.objects.filter(waba_id=waba_id, status=Phone.Status.ACTIVE)
    for phone in phones.exclude(health=Phone.Health.AUTH_ERROR).order_by("pk"):
        try:
            token = numbers.opened_token(tenant=tenant, phone=phone)
            client = CloudApiClient(settings.GRAPH_API_URL, settings.GRAPH_API_VERSION, token)
        except (secrets.SealBrokenError, TokenError):
            _refuse_token(phone)
        else:
            return phone, client
    raise _NoTokenError


def _tenant() -> Tenant:
    return Tenant.objects.get(schema_name=context.current_schema())


def _refuse_token(phone: Phone) -> None:
    with transaction.atomic():
        health.token_refused(tenant=_tenant(), phone_id=phone.pk, sealed=phone.access_token_sealed)


# --- the kinds ------------------------------------------------------------------------------------
def _sync(job: Job, templates: Templates) -> None:
    now = timezone.now()
    read_at = now.replace(microsecond=0) - _MARGIN
    seen: set[tuple[str, str]] = set()
    for page in templates.pages():
        seen |= template_rows.store(page.templates, waba_id=job.subject, read_at=read_at, now=now)
        _progress(job, done=len(seen), total=page.total)
    gone = template_rows.forget(waba_id=job.subject, seen=seen, read_at=read_at)
    job.result = {"templates": len(seen), "gone": gone}


def _create(job: Job, templates: Templates) -> None:
    created = templates.create(job.arguments)
    job.result = {
        "template_id": created.template_id,
        "status": created.status,
        "category": created.category,
    }
    _sync_soon(job)


def _edit(job: Job, templates: Templates) -> None:
    templates.edit(job.arguments["template_id"], job.arguments["changes"])
    _sync_soon(job)


def _delete(job: Job, templates: Templates) -> None:
    templates.delete(name=job.arguments["name"], template_id=job.arguments["template_id"])
    _sync_soon(job)


def _sync_soon(job: Job) -> None:
    jobs.start(author=None, kind=Job.Kind.TEMPLATES_SYNC, subject=job.subject)


_KINDS: dict[str, Callable[[Job, Templates], None]] = {
    Job.Kind.TEMPLATES_SYNC: _sync,
    Job.Kind.TEMPLATE_CREATE: _create,
    Job.Kind.TEMPLATE_EDIT: _edit,
    Job.Kind.TEMPLATE_DELETE: _delete,
}


# --- how they end ---------------------------------------------------------------------------------
def _progress(job: Job, *, done: int, total: int | None) -> None:
    """Show how far it is, and stay alive."""
    job.done, job.total = done, total if total is not None else job.total
    job.lease_until = timezone.now() + LEASE
    job.save(update_fields=["done", "total", "lease_until"])


def _doubt(job: Job, error: MaybeSentError) -> None:
    """Repeat what may be repeated; whether a template was made, the list will tell."""
    if job.kind == Job.Kind.TEMPLATE_CREATE:
        _sync_soon(job)
        _fail(job, error.detail, error.code)
    else:
        _later(job, error)


def _later(job: Job, error: CloudApiError) -> None:
    """Try again in a while: limits pass."""
    if job.attempts >= ATTEMPTS_MAX:
        _fail(job, error.detail, error.code)
        return
    seconds = error.retry_after_seconds or 5.0 * 4 ** (job.attempts - 1)
    # A newer sync may be waiting by now, and one waits at most.
    rivals = Job.objects.filter(kind=job.kind, subject=job.subject, state=Job.State.QUEUED)
    if job.kind == Job.Kind.TEMPLATES_SYNC and rivals.exists():
        _fail(job, error.detail, error.code)
        return
    job.state, job.lease_until = Job.State.QUEUED, None
    job.due_at = timezone.now() + min(timedelta(seconds=seconds), WAIT_MAX)
    job.error, job.error_code = error.detail[:500], error.code
    job.save(update_fields=["state", "lease_until", "due_at", "error", "error_code"])


def _fail(job: Job, detail: str, code: int | None = None) -> None:
    logger.warning("job %s (%s) failed: code %s", job.pk, job.kind, code)
    _finish(job, state=Job.State.FAILED, error=detail[:500], error_code=code)


def _finish(job: Job, *, state: str, error: str = "", error_code: int | None = None) -> None:
    job.state, job.error, job.error_code = state, error, error_code
    job.lease_until, job.finished_at = None, timezone.now()
    job.save(update_fields=["state", "error", "error_code", "lease_until", "finished_at", "result"])
