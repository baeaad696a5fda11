"""Forget what is kept for a time only."""

import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError
from django.db.models import Exists, OuterRef, ProtectedError

from conversations.models import Broadcast, Message
from conversations.services import orphans
from conversations.services.hooks import delivering
from tenants import throttling
from tenants.feed.models import Change
from tenants.models import Tenant
from tenants.services import idempotency, invitations, mail, sessions
from whatsapp.models import MediaFile
from whatsapp.services import files, jobs, reach
from whatsapp.webhooks.services import retention as deliveries

CHANGES_KEPT_FOR = timedelta(days=7)
# An upload that nobody sent; one that was sent belongs to its messages.
UPLOADS_KEPT_FOR = timedelta(days=30)
# What the installation looked at by itself; what people asked for stays.
JOBS_KEPT_FOR = timedelta(days=30)
PAGE = 5000


def purge_platform(*, now: datetime, stopping: Callable[[], bool]) -> None:
    """Delete old deliveries, refused sign-ins, sessions that ended, old letters and invitations."""
    days = timedelta(days=settings.WEBHOOK_RETENTION_DAYS)
    deliveries.purge(before=now - days, stopping=stopping)
    hash_days = timedelta(days=settings.WEBHOOK_HASH_RETENTION_DAYS)
    deliveries.forget_hashes(before=(now - hash_days).date(), stopping=stopping)
    throttling.purge(now=now)
    sessions.purge(now=now)
    mail.purge(now=now)
    invitations.purge(now=now)


def purge_tenant(*, tenant: Tenant, now: datetime) -> None:
    """Delete the tenant's old changes, answers, statuses of unknown messages, uploads and jobs.

    And whom it wrote to a day ago. In the tenant's context.
    """
    _purge_changes(before=now - CHANGES_KEPT_FOR)
    _purge_uploads(tenant, before=now - UPLOADS_KEPT_FOR)
    idempotency.purge(now=now)
    orphans.forget()
    jobs.forget(before=now - JOBS_KEPT_FOR)
    reach.forget(now=now)
    delivering.forget(now=now)


def _purge_changes(*, before: datetime) -> None:
    """Delete by number from the oldest on: numbers and times grow together."""
    while True:
        page = list(Change.objects.order_by("seq").values_list("seq", "at")[:PAGE])
        old = [seq for seq, at in page if at < before]
        if old:
            Change.objects.filter(seq__lte=old[-1]).delete()
        if not old or len(old) < PAGE:
            return


def _purge_uploads(tenant: Tenant, *, before: datetime) -> None:
    """Delete uploads that no message brings, nor a broadcast that may still begin or go on.

    The row first, so that none is without its bytes.
    """
    sent = Message.objects.filter(media=OuterRef("pk"))
    ended = (Broadcast.Status.FINISHED, Broadcast.Status.CANCELLED)
    wanted = Broadcast.objects.filter(media=OuterRef("pk")).exclude(status__in=ended)
    unsent = MediaFile.objects.filter(
        ~Exists(sent), ~Exists(wanted), phone=None, created_at__lt=before
    )
    for file in unsent[:PAGE]:
        # Rival: somebody who sends it just now; the message's constraint refuses one of the two.
        with contextlib.suppress(ProtectedError, IntegrityError):
            file.delete()
            files.remove(tenant_id=tenant.pk, key=file.key)
