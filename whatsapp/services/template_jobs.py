"""The jobs about templates: fetch the list, create, edit, delete."""

from datetime import datetime, timedelta

from django.utils import timezone

from whatsapp.client.templates import Templates
from whatsapp.models import Job, MessageTemplate
from whatsapp.services import jobs, kinds, sampling, template_rows
from whatsapp.services.kinds import JobKind, Work

RENEW_EVERY = timedelta(minutes=2)
# Meta's times are whole seconds, and the list may lag behind its own webhooks.
_MARGIN = timedelta(seconds=2)


def renew(*, now: datetime) -> None:
    """Fetch anew where a webhook said that a template has other parts now."""
    stale = MessageTemplate.objects.filter(synced_at=None).exclude(
        status=MessageTemplate.Status.DELETED
    )
    lately = Job.objects.filter(
        kind=Job.Kind.TEMPLATES_SYNC, created_at__gt=now - RENEW_EVERY
    ).values("subject")
    for waba_id in stale.exclude(waba_id__in=lately).values_list("waba_id", flat=True).distinct():
        jobs.start(author=None, kind=Job.Kind.TEMPLATES_SYNC, subject=waba_id, single=True)


def _sync(work: Work) -> None:
    job, templates = work.job, _templates(work)
    now = timezone.now()
    read_at = now.replace(microsecond=0) - _MARGIN
    seen: set[tuple[str, str]] = set()
    for page in templates.pages():
        seen |= template_rows.store(page.templates, waba_id=job.subject, read_at=read_at, now=now)
        work.progress(done=len(seen), total=page.total)
    gone = template_rows.forget(waba_id=job.subject, seen=seen, read_at=read_at)
    job.result = {"templates": len(seen), "gone": gone}


def _create(work: Work) -> None:
    created = _templates(work).create(sampling.hand_in(work, work.job.arguments))
    work.job.result = {
        "template_id": created.template_id,
        "status": created.status,
        "category": created.category,
    }
    _sync_soon(work)


def _edit(work: Work) -> None:
    arguments = work.job.arguments
    changes = sampling.hand_in(work, arguments["changes"])
    _templates(work).edit(arguments["template_id"], changes)
    _sync_soon(work)


def _delete(work: Work) -> None:
    arguments = work.job.arguments
    _templates(work).delete(name=arguments["name"], template_id=arguments["template_id"])
    work.job.result = {"languages": arguments.get("languages", [])}
    _sync_soon(work)


def _templates(work: Work) -> Templates:
    return Templates(work.account(work.job.subject), work.job.subject)


def _sync_soon(work: Work) -> None:
    subject = work.job.subject
    jobs.start(author=None, kind=Job.Kind.TEMPLATES_SYNC, subject=subject, single=True)


kinds.register(
    JobKind(Job.Kind.TEMPLATES_SYNC, _sync),
    # Whether a template was made, the list will tell.
    JobKind(Job.Kind.TEMPLATE_CREATE, _create, doubted=_sync_soon),
    JobKind(Job.Kind.TEMPLATE_EDIT, _edit),
    JobKind(Job.Kind.TEMPLATE_DELETE, _delete),
)
