"""Queue what waits for Meta. Nothing here calls Meta: ``working`` does, in a task."""

from typing import Any

from django.db import IntegrityError, transaction

from tenants import queue
from tenants.models import User
from whatsapp.models import Job


def start(
    *, author: User | None, kind: str, subject: str, arguments: dict[str, Any] | None = None
) -> Job:
    """Queue a job; a sync that waits already is returned instead of a second one."""
    try:
        with transaction.atomic():
            job = Job.objects.create(
                author=author, kind=kind, subject=subject, arguments=arguments or {}
            )
    except IntegrityError as error:
        if "job_one_sync_waits" not in str(error):
            raise
        waiting = Job.objects.filter(kind=kind, subject=subject, state=Job.State.QUEUED).first()
        if waiting is None:  # it has just begun, and may have read past what is new
            return start(author=author, kind=kind, subject=subject, arguments=arguments)
        job = waiting
    queue.enqueue("whatsapp.tasks.run_job", job_id=job.pk)
    return job
