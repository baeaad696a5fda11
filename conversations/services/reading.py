"""Remember how far a conversation was read."""

from django.db import transaction
from django.db.models import Max

from conversations.models import Conversation, Message
from conversations.services import handling
from tenants import queue
from tenants.permissions import Actor, Permission
from whatsapp.models import Phone


@transaction.atomic
def mark_read(*, actor: Actor, conversation: Conversation, up_to_id: int) -> bool:
    """Mark everything up to a message as read; tell whether the unread count changed.

    Never moves back. Does nothing for those who only look on: what a viewer saw, nobody answered.
    Locks the conversation's row, and publishes only when the count changed.
    """
    if not actor.may(Permission.REPLY, Permission.HANDLE_CONVERSATIONS):
        return False
    # Rivals: inbound messages, which count themselves as unread, and another reader.
    rows = Conversation.objects.select_related("phone")
    row = rows.select_for_update(of=("self",), no_key=True).get(pk=conversation.pk)
    # The page's word is no more than a limit: an id from the future would hide what is to come.
    messages = Message.objects.filter(conversation=row)
    newest = messages.filter(pk__lte=up_to_id).aggregate(newest=Max("pk"))["newest"]
    if newest is None or newest <= row.read_up_to_id:
        return False
    before, row.read_up_to_id = row.unread_count, newest
    row.unread_count = messages.filter(
        direction=Message.Direction.INBOUND, pk__gt=row.read_up_to_id
    ).count()
    row.save(update_fields=["read_up_to_id", "unread_count"])
    changed = row.unread_count != before
    if row.phone.read_policy == Phone.ReadPolicy.ON_OPEN:
        show_read(row, up_to_id=newest)
    if changed:
        handling.publish([row.pk])
    return changed


@transaction.atomic
def mark_unread(*, actor: Actor, conversation: Conversation) -> bool:
    """Have the customer's last message wait to be read again; tell whether anything changed.

    WhatsApp is not told: what a customer saw as read stays so. Locks the conversation's row.
    Raises: ForbiddenError, MergedError.
    """
    actor.require(Permission.HANDLE_CONVERSATIONS)
    row = handling.locked(conversation)  # the rivals here: messages that come in, and a reader
    received = Message.objects.filter(conversation=row, direction=Message.Direction.INBOUND)
    newest = received.aggregate(newest=Max("pk"))["newest"]
    if newest is None or row.unread_count:
        return False
    row.read_up_to_id, row.unread_count = newest - 1, 1
    row.save(update_fields=["read_up_to_id", "unread_count"])
    handling.publish([row.pk])
    return True


def note_writing(*, actor: Actor, conversation: Conversation) -> None:
    """Show the customer that somebody writes, and what was read, unless the number hides both.

    Raises: ForbiddenError.
    """
    actor.require(Permission.REPLY)
    if conversation.phone.read_policy != Phone.ReadPolicy.NEVER and conversation.read_up_to_id:
        show_read(conversation, up_to_id=conversation.read_up_to_id, typing=True)


def show_read(conversation: Conversation, *, up_to_id: int, typing: bool = False) -> None:
    """Nudge the task that marks messages as read at WhatsApp, after the commit."""
    queue.enqueue(
        "conversations.tasks.mark_read",
        conversation_id=conversation.pk,
        up_to_id=up_to_id,
        typing=typing,
    )
