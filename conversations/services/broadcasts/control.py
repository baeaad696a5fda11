"""Start, pause, resume and cancel a broadcast, and write again to whom it failed for."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from conversations import broadcasts
from conversations.models import Broadcast, BroadcastRecipient, Message
from conversations.services import outbound, starting
from conversations.services.broadcasts import progress
from conversations.services.outbound import PhoneInactiveError
from conversations.services.template_sending import TemplateNotApprovedError
from tenants import audit, queue
from tenants.errors import DomainError, NotFoundError
from tenants.feed import usage
from tenants.permissions import Actor, Permission
from whatsapp import errors
from whatsapp.models import NumberFact, Phone

Status = Broadcast.Status
TASK = "conversations.tasks.run_broadcasts"

# What waits in the outbox was given to nobody: its rows go back to the list. A message that a rival
# is just claiming is waited for, and left alone if it was claimed. An attempt that is taken back
# leaves the one before it.
_LOCK_QUEUED = """
    SELECT id, created_at FROM conversations_message
    WHERE broadcast_id = %s AND status IN ('PENDING', 'HELD')
    ORDER BY id FOR UPDATE
"""
_BACK_ON_THE_LIST = """
    UPDATE conversations_broadcastrecipient AS recipient SET state = 'READY', message_id = (
        SELECT max(before.id) FROM conversations_message AS before
        WHERE before.id < message.id
            AND (before.id = message.retry_of_id OR before.retry_of_id = message.retry_of_id)
    )
    FROM conversations_message AS message
    WHERE message.id = ANY (%s::bigint[]) AND recipient.message_id = message.id
"""
_RETRY = """
    UPDATE conversations_broadcastrecipient AS recipient SET state = 'READY'
    FROM conversations_message AS message
    WHERE recipient.broadcast_id = %s AND recipient.state = 'QUEUED'
        AND message.id = recipient.message_id AND message.status = 'FAILED'
        AND COALESCE(message.error_code, 0) <> ALL (%s::int[])
"""


class BroadcastStateError(DomainError):
    code = "broadcast_state"
    http_status = 409
    message = _("The broadcast is in another state by now: look at it again.")


class NobodyLeftError(DomainError):
    code = "nobody_left"
    http_status = 409
    message = _("There is nobody on the list whom this broadcast could write to.")


@transaction.atomic
def start(*, actor: Actor, broadcast: Broadcast, now: datetime) -> Broadcast:
    """Begin to write to everybody on the list.

    Raises: ForbiddenError, BroadcastStateError, NobodyLeftError, PhoneInactiveError,
    TemplateNotApprovedError.
    """
    found = _locked(actor, broadcast, {Status.DRAFT})
    if not found.recipients.filter(state=BroadcastRecipient.State.READY).exists():
        raise NobodyLeftError
    found.started_at = now
    return _run(actor, found, now, "started")


@transaction.atomic
def resume(*, actor: Actor, broadcast: Broadcast, now: datetime) -> Broadcast:
    """Go on with a paused one, judged anew from now on, on the word of whoever resumes it.

    Raises: ForbiddenError, BroadcastStateError, PhoneInactiveError, TemplateNotApprovedError.
    """
    return _run(actor, _locked(actor, broadcast, {Status.PAUSED}), now, "resumed")


@transaction.atomic
def pause(*, actor: Actor, broadcast: Broadcast, now: datetime) -> Broadcast:
    """Stop handing over, and take back what has not left. Raises: as ``resume``."""
    found = _locked(actor, broadcast, {Status.RUNNING})
    reason = Broadcast.PauseReason.PERSON
    return stop(found, Status.PAUSED, actor=actor, now=now, reason=reason)


@transaction.atomic
def cancel(*, actor: Actor, broadcast: Broadcast, now: datetime) -> Broadcast:
    """End it for good; what has not left never will. Raises: as ``resume``."""
    found = _locked(actor, broadcast, {Status.RUNNING, Status.PAUSED})
    found.finished_at = now
    return stop(found, Status.CANCELLED, actor=actor, now=now)


@transaction.atomic
def retry_failed(*, actor: Actor, broadcast: Broadcast, now: datetime) -> Broadcast:
    """Write again to those whose message failed for a reason that may be over.

    Each gets a new attempt; who wants no more of it, and whom Meta spares, is left alone.
    Raises: as ``start``.
    """
    found = _locked(actor, broadcast, {Status.FINISHED, Status.PAUSED, Status.RUNNING})
    with connection.cursor() as cursor:
        cursor.execute(_RETRY, (found.pk, sorted({*errors.beyond_help(), *broadcasts.NO_FAULT})))
        if not cursor.rowcount:
            raise NobodyLeftError
    found.finished_at = None
    return _run(actor, found, now, "retried")


def send_test(
    *, actor: Actor, broadcast: Broadcast, number: str, client_id: UUID, now: datetime
) -> Message:
    """Send the first row's message to a number of the sender's choice, as any template.

    Raises: ForbiddenError, BroadcastStateError, NobodyLeftError, and what
    ``starting.send_template`` raises.
    """
    actor.require(Permission.BROADCAST)
    if broadcast.status == Status.PREPARING:
        raise BroadcastStateError
    skipped = BroadcastRecipient.State.SKIPPED
    row = broadcast.recipients.exclude(state=skipped).order_by("position").first()
    if row is None:
        raise NobodyLeftError
    return starting.send_template(
        actor=actor,
        number=number,
        phone=broadcast.phone,
        template=broadcast.template,
        values=row.values,
        client_id=client_id,
        now=now,
    )


def stop(
    broadcast: Broadcast, status: str, *, actor: Actor, now: datetime, reason: str = ""
) -> Broadcast:
    """Take back what is queued of a locked broadcast, and leave it paused or cancelled.

    In the caller's transaction, whose last statement it is. The system's actor: by itself.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_QUEUED, (broadcast.pk,))
        queued_at = dict(cursor.fetchall())
        queued = list(queued_at)
        cursor.execute(_BACK_ON_THE_LIST, (queued,))
        cursor.execute("DELETE FROM conversations_message WHERE id = ANY (%s)", (queued,))
    broadcast.status, broadcast.pause_reason = status, reason
    broadcast.waits()
    _note(actor, broadcast, status.lower())
    with connection.cursor() as cursor:  # the last but the counter
        usage.take_back(cursor, queued_at.values())
    progress.save(broadcast, now=now)
    return broadcast


def _locked(actor: Actor, broadcast: Broadcast, states: Collection[str]) -> Broadcast:
    actor.require(Permission.BROADCAST)
    outbound.check_place(actor=actor, permission=Permission.BROADCAST)
    # Rivals: the feeder, another operator's click, and the count that may end it.
    rows = Broadcast.objects.select_related("phone", "template").select_for_update(of=("self",))
    found = rows.filter(pk=broadcast.pk).first()
    if found is None:
        raise NotFoundError
    if found.status not in states:
        raise BroadcastStateError
    return found


def _run(actor: Actor, broadcast: Broadcast, now: datetime, word: str) -> Broadcast:
    if broadcast.phone.status != Phone.Status.ACTIVE:
        raise PhoneInactiveError
    if not broadcast.template.is_sendable:
        raise TemplateNotApprovedError
    broadcast.status, broadcast.pause_reason = Status.RUNNING, ""
    broadcast.waits()
    broadcast.author, broadcast.api_key = actor.user, actor.key
    broadcast.judged_at = now
    broadcast.number_quality = number_quality(broadcast.phone)
    broadcast.template_quality = broadcast.template.quality
    _note(actor, broadcast, word)
    queue.enqueue(TASK)
    progress.save(broadcast, now=now)
    return broadcast


def number_quality(phone: Phone) -> str:
    """Return Meta's grade of a number, empty where it gave none. One query."""
    facts = NumberFact.objects.filter(phone=phone, matter="quality")
    return facts.values_list("word", flat=True).first() or ""


def _note(actor: Actor, broadcast: Broadcast, word: str) -> None:
    audit.record(
        actor=actor.user,
        action=f"broadcast.{word}",
        target=broadcast,
        tenant=actor.tenant,
        changes={"reason": broadcast.pause_reason} if broadcast.pause_reason else None,
    )
