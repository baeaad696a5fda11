"""Conversations to send in, and a look at what became of the messages."""

from datetime import datetime, timedelta
from uuid import uuid4

from conversations import rules
from conversations.models import Contact, ContactIdentity, Conversation, Message
from tenants import context
from whatsapp.models import Phone


def conversation_with(
    wa_id: str, *, phone: Phone, opened_at: datetime | None, kind: str = "WA_ID"
) -> Conversation:
    """Create a contact and its conversation in the current tenant."""
    contact = Contact.objects.create(profile_name=f"Customer {wa_id}")
    ContactIdentity.objects.create(
        contact=contact, kind=kind, value=wa_id, match_key=rules.match_key(wa_id)
    )
    return Conversation.objects.create(phone=phone, contact=contact, window_opened_at=opened_at)


def message_in(conversation: Conversation, *, status: str = "PENDING", **fields) -> Message:
    """Create an outgoing text (or, by ``direction``, any message) without any service."""
    now = fields.pop("timestamp", None) or conversation.window_opened_at + timedelta(minutes=1)
    text = fields.pop("text", f"text {uuid4()}")
    values = {
        "phone": conversation.phone,
        "conversation": conversation,
        "direction": "INBOUND" if status == "RECEIVED" else "OUTBOUND",
        "type": "TEXT",
        "text": text,
        "content": {"body": text},
        "status": status,
        "rank": rules.RANKS[status],
        "timestamp": now,
        **fields,
    }
    return Message.objects.create(**values)


def reloaded(schema: str, message: Message) -> Message:
    with context.tenant(schema):
        return Message.objects.get(pk=message.pk)
