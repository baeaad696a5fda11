"""Queue another attempt of a message; nothing here calls Meta."""

from datetime import datetime
from uuid import UUID

from conversations.models import Message
from conversations.rules import Lane
from conversations.services import enclosing, outbound
from tenants.permissions import Actor


def send_again(
    *,
    actor: Actor,
    message: Message,
    client_id: UUID,
    now: datetime,
    lane: Lane = Lane.REPLY,
) -> Message:
    """Queue a new attempt of a message that failed or was never confirmed; the old row stays.

    Only the newest attempt may be repeated, so that two operators cannot both do it; the same
    ``client_id`` again returns the first result. Locks the conversation's row.

    Raises: ForbiddenError, SendAgainError, WindowClosedError, PhoneInactiveError,
    ClientIdReusedError, usage.QuotaReachedError.
    """
    outbound.check_place(actor=actor)
    draft = Message(
        type=message.type,
        text=message.text,
        content=enclosing.again(message),
        extras=message.extras,
        media_id=message.media_id,
        client_id=client_id,
        retry_of_id=message.retry_of_id or message.pk,
        lane=lane,
    )
    return outbound.queue_draft(
        actor=actor, conversation_id=message.conversation_id, draft=draft, now=now
    )
