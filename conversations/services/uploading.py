"""Bring files to Meta, so that what encloses them can be sent. Waits for Meta: tasks only."""

import logging
import threading
import time
from datetime import timedelta

from django.db import OperationalError, connection, transaction
from django.utils import timezone
from psycopg.errors import DeadlockDetected

from conversations.models import Message
from conversations.services import outbox
from conversations.services.outbox import Move
from tenants import context, queue
from tenants.feed import usage
from tenants.models import Tenant
from whatsapp.services import upload_rows, uploads

logger = logging.getLogger(__name__)

TASK_SECONDS = 20.0
# What is due for so long was reached by no nudge: the sweeper does it itself, for a short while.
OVERDUE = timedelta(seconds=8)
SWEEP_SECONDS = 3.0
# Slow uploads must leave a process threads for everything else.
_slots = threading.BoundedSemaphore(3)
# Queued with a file that nobody is bringing to Meta (any more): its id ended while it waited.
_STRANDED = """
    SELECT DISTINCT message.media_id, message.phone_id
    FROM conversations_message AS message
    LEFT JOIN whatsapp_mediaupload AS upload
        ON upload.file_id = message.media_id AND upload.phone_id = message.phone_id
    WHERE message.status = 'PENDING' AND message.media_id IS NOT NULL
        AND (upload.id IS NULL OR upload.state = 'FAILED'
            OR upload.state = 'READY' AND upload.expires_at <= clock_timestamp())
"""


def upload(*, seconds: float = TASK_SECONDS) -> None:
    """Hand the current tenant's files over that are due, for so many seconds at most.

    Several may run at once; safe to repeat and to kill at any point. What is left after the time is
    nudged again; where too many threads are at it already, the sweeper comes by.
    """
    if not _slots.acquire(blocking=False):
        return
    try:
        more = _upload(until=time.monotonic() + seconds)
    finally:
        _slots.release()
    if more:
        queue.enqueue("conversations.tasks.upload_media")


def sweep() -> None:
    """Take care of files that no nudge reached; inside the tenant's context."""
    now = timezone.now()
    _rescue()
    oldest = uploads.due(now=now).values_list("due_at", flat=True).first()
    if oldest is None:
        return
    if now - oldest < OVERDUE:
        queue.enqueue("conversations.tasks.upload_media")
    else:
        # Beside the sweeper: Meta's silence must not hold up its other duties, nor its end.
        schema = context.current_schema()
        threading.Thread(target=_beside, args=(schema,), name="uploads", daemon=True).start()


def _rescue() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_STRANDED)
        stranded = cursor.fetchall()
    for file_id, phone_id in stranded:
        with transaction.atomic():
            # Not the margin of a new message: this one is to leave as soon as it can.
            upload_rows.want(file_id=file_id, phone_id=phone_id, now=timezone.now())


def _beside(schema: str) -> None:
    try:
        with context.tenant(schema):
            upload(seconds=SWEEP_SECONDS)
    except Exception:
        # The border of the thread: the rows stay due, and the sweeper comes by again.
        logger.exception("handing files of %s over failed", schema)
    finally:
        context.leave()
        connection.close()


def _upload(*, until: float) -> bool:
    """Hand one after the other over; tell whether time was up first."""
    tenant = Tenant.objects.get(schema_name=context.current_schema())
    while time.monotonic() < until:
        upload = uploads.claim(now=timezone.now())
        if upload is None:
            return False
        outcome = uploads.hand_over(upload, tenant=tenant, now=timezone.now())
        try:
            _settle(outcome, tenant)
        except OperationalError as error:
            if not isinstance(error.__cause__, DeadlockDetected):
                raise
            _settle(outcome, tenant)  # the rival is through by now
    return True


@transaction.atomic(durable=True)
def _settle(outcome: uploads.Outcome, tenant: Tenant) -> None:
    """Write down what became of a file; what waits for it leaves, fails or is held."""
    upload = outcome.upload
    if not uploads.settle(outcome, tenant=tenant):
        return
    if outcome.is_failed:
        waiting = Message.objects.filter(
            phone=upload.phone_id, media=upload.file_id, status=Message.Status.PENDING
        )
        rows = list(waiting.order_by("pk").values_list("pk", "attempts", "created_at"))
        with connection.cursor() as cursor:
            outbox.lock(cursor, [pk for pk, *_rest in rows])
            moves = [_failure(pk, attempts, outcome) for pk, attempts, _at in rows]
            drafts = outbox.move(cursor, moves)
            # They never left, so they do not count.
            usage.take_back(cursor, [at for _pk, _attempts, at in rows])
            outbox.publish(drafts)
    if outcome.is_ready or outcome.token_refused:
        # It sends what may leave now, and holds what waits for a new token.
        queue.enqueue("conversations.tasks.drain_outbox", phone_id=upload.phone_id)


def _failure(message_id: int, attempts: int, outcome: uploads.Outcome) -> Move:
    return Move(
        message_id,
        attempts,
        "FAILED",
        was="PENDING",
        code=outcome.changes["error_code"],
        detail=outcome.changes["error_detail"],
    )
