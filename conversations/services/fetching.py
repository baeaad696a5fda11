"""Fetch the files of messages, and tell the pages that show them. Waits for Meta: tasks only."""

import logging
import threading
import time
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from conversations.models import Message
from tenants import context, queue
from tenants.feed import live
from tenants.feed.live import Draft
from tenants.feed.models import Change
from tenants.models import Tenant
from whatsapp.models import MediaFile
from whatsapp.services import downloads

logger = logging.getLogger(__name__)

TASK_SECONDS = 20.0
# What is due for so long was reached by no nudge: the sweeper fetches it itself, for a short while.
OVERDUE = timedelta(seconds=8)
SWEEP_SECONDS = 3.0
# Slow downloads must leave a process threads for everything else.
_slots = threading.BoundedSemaphore(3)


def fetch(*, seconds: float = TASK_SECONDS) -> None:
    """Fetch the current tenant's files that are due, for so many seconds at most.

    Several may run at once; safe to repeat and to kill at any point. What is left after the time is
    nudged again; where too many threads are at it already, the sweeper comes by.
    """
    if not _slots.acquire(blocking=False):
        return
    try:
        more = _fetch(until=time.monotonic() + seconds)
    finally:
        _slots.release()
    if more:
        queue.enqueue("conversations.tasks.fetch_media")


def sweep() -> None:
    """Take care of files that no nudge reached; inside the tenant's context."""
    now = timezone.now()
    due = MediaFile.objects.filter(state=MediaFile.State.PENDING, due_at__lte=now)
    oldest = due.order_by("due_at").values_list("due_at", flat=True).first()
    if oldest is None:
        return
    if now - oldest < OVERDUE:
        queue.enqueue("conversations.tasks.fetch_media")
    else:
        # Beside the sweeper: Meta's silence must not hold up its other duties, nor its end.
        schema = context.current_schema()
        threading.Thread(target=_beside, args=(schema,), name="files", daemon=True).start()


def _beside(schema: str) -> None:
    try:
        with context.tenant(schema):
            fetch(seconds=SWEEP_SECONDS)
    except Exception:
        # The border of the thread: the rows stay due, and the sweeper comes by again.
        logger.exception("fetching files of %s failed", schema)
    finally:
        context.leave()
        connection.close()


def _fetch(*, until: float) -> bool:
    """Fetch one after the other; tell whether time was up first."""
    tenant = Tenant.objects.get(schema_name=context.current_schema())
    while time.monotonic() < until:
        file = downloads.claim(now=timezone.now())
        if file is None:
            return False
        _settle(downloads.fetch(file, tenant=tenant, now=timezone.now()), tenant)
    return True


@transaction.atomic(durable=True)
def _settle(outcome: downloads.Outcome, tenant: Tenant) -> None:
    if not downloads.settle(outcome, tenant=tenant) or not outcome.is_visible:
        return
    rows = Message.objects.filter(media=outcome.file).values_list("conversation_id", "pk")
    drafts = [Draft(Change.Kind.MESSAGE, conversation, pk) for conversation, pk in sorted(rows)]
    if drafts:
        live.publish(*drafts)
