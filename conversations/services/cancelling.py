"""Take back what waits to be sent, before it leaves."""

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from conversations import rules
from conversations.models import Message
from conversations.services import outbound
from tenants import queue
from tenants.errors import DomainError
from tenants.feed import live, usage
from tenants.feed.live import Draft
from tenants.feed.models import Change
from tenants.permissions import Actor

Status = Message.Status
_NAME_MAX_CHARACTERS = 120


class AlreadyLeftError(DomainError):
    code = "already_left"
    http_status = 409
    message = _("It is too late to take this message back: it is on its way, or its end is known.")


@transaction.atomic
def cancel(*, actor: Actor, message: Message) -> Message:
    """Take a message back that waits; it stays in the thread, and may be sent again.

    Twice is no error. Of this and the claim that sends it one wins, whichever comes first.
    Raises: ForbiddenError, AlreadyLeftError.
    """
    outbound.check_place(actor=actor)
    # Compare and set; the rival is the sender, who claims the same row from the same states.
    waiting = Message.objects.filter(
        pk=message.pk,
        direction=Message.Direction.OUTBOUND,
        status__in=(Status.PENDING, Status.HELD),
    )
    taken_back = waiting.update(
        status=Status.CANCELLED,
        rank=rules.RANKS["CANCELLED"],
        due_at=None,
        error_code=None,
        error_detail=str(actor.user or actor.key or "")[:_NAME_MAX_CHARACTERS],
    )
    message.refresh_from_db()
    if not taken_back:
        if message.is_cancelled:
            return message
        raise AlreadyLeftError
    # What stands behind it in its conversation may go now.
    queue.enqueue("conversations.tasks.drain_outbox", phone_id=message.phone_id)
    with connection.cursor() as cursor:
        usage.take_back(cursor, [message.created_at])
    live.publish(Draft(Change.Kind.STATUS, message.conversation_id, message.pk))
    return message
