"""Forget what is kept for a time only."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings

from conversations.services import idempotency, orphans
from tenants import throttling
from tenants.feed.models import Change
from tenants.services import sessions
from whatsapp.webhooks.services import retention as deliveries

CHANGES_KEPT_FOR = timedelta(days=7)
PAGE = 5000


def purge_platform(*, now: datetime, stopping: Callable[[], bool]) -> None:
    """Delete old deliveries, refused sign-ins and sessions of API clients that ended."""
    days = timedelta(days=settings.WEBHOOK_RETENTION_DAYS)
    deliveries.purge(before=now - days, stopping=stopping)
    throttling.purge(now=now)
    sessions.purge(now=now)


def purge_tenant(*, now: datetime) -> None:
    """Delete the current tenant's old changes, stored answers and statuses of unknown messages."""
    _purge_changes(before=now - CHANGES_KEPT_FOR)
    idempotency.purge(now=now)
    orphans.forget()


def _purge_changes(*, before: datetime) -> None:
    """Delete by number from the oldest on: numbers and times grow together."""
    while True:
        page = list(Change.objects.order_by("seq").values_list("seq", "at")[:PAGE])
        old = [seq for seq, at in page if at < before]
        if old:
            Change.objects.filter(seq__lte=old[-1]).delete()
        if not old or len(old) < PAGE:
            return
