"""Queue what waits for Meta. Nothing here calls Meta: ``working`` does, in a task."""

import json
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from tenants import context, queue, secrets
from tenants.errors import DomainError
from tenants.models import Tenant, User
from whatsapp.models import Job, Phone


class NumberAwayError(DomainError):
    code = "number_away"
    http_status = 409
    message = _("This number is not connected any more.")


def check_connected(*, phone: Phone) -> None:
    """Refuse what needs a number's token once the number was let go. Raises: NumberAwayError."""
    if phone.status != Phone.Status.ACTIVE:
        raise NumberAwayError


def start(
    *,
    author: User | None,
    kind: str,
    subject: str,
    arguments: dict[str, Any] | None = None,
    secret: dict[str, str] | None = None,
    single: bool = False,
    urgent: bool = False,
) -> Job:
    """Queue a job; an ``urgent`` one waits behind no other kind of work.

    ``secret`` is what only the job may read (tokens, PINs): sealed, and wiped when the job ends.
    Of a ``single`` kind one job a subject waits at most, and is returned instead of a second one.
    """
    try:
        with transaction.atomic():
            job = Job.objects.create(
                author=author,
                kind=kind,
                subject=subject,
                arguments=arguments or {},
                secret_sealed=_sealed(secret) if secret else "",
                is_single=single,
            )
    except IntegrityError as error:
        if "job_one_waits" not in str(error):
            raise
        waiting = Job.objects.filter(
            kind=kind, subject=subject, is_single=True, state=Job.State.QUEUED
        ).first()
        if waiting is None:  # it has just begun, and may have read past what is new
            return start(
                author=author,
                kind=kind,
                subject=subject,
                arguments=arguments,
                secret=secret,
                single=single,
            )
        job = waiting
    if urgent:
        queue.enqueue("whatsapp.tasks.run_urgent_job", job_id=job.pk)
    else:
        queue.enqueue("whatsapp.tasks.run_job", job_id=job.pk)
    return job


def keep_secret(job: Job, secret: dict[str, str]) -> None:
    """Let a running job go on with another secret, should this run of it break off."""
    job.secret_sealed = _sealed(secret)
    job.save(update_fields=["secret_sealed"])


def forget(*, before: datetime) -> None:
    """Delete jobs that nobody asked for and that a newer one of the same kind has outdated."""
    newer = Job.objects.filter(
        kind=OuterRef("kind"), subject=OuterRef("subject"), pk__gt=OuterRef("pk")
    )
    Job.objects.filter(Exists(newer), author=None, finished_at__lt=before).delete()


def opened(job: Job, *, tenant: Tenant) -> str:
    """Open a job's secret, as JSON; "" when it has none. Raises: secrets.SealBrokenError."""
    if not job.secret_sealed:
        return ""
    return secrets.open(
        job.secret_sealed, tenant=str(tenant.pk), table="whatsapp_job", column="secret"
    )


def _sealed(secret: dict[str, str]) -> str:
    tenant_id = Tenant.objects.values_list("pk", flat=True).get(
        schema_name=context.current_schema()
    )
    return secrets.seal(
        json.dumps(secret), tenant=str(tenant_id), table="whatsapp_job", column="secret"
    )
