"""Taking events in: what becomes of each unit, and that nothing becomes of it twice."""

import pytest

from conversations.models import Contact, ContactIdentity, Conversation, Message
from conversations.services import inbound
from tenants import context
from tenants.feed.models import Change
from tests.conversations.events import NOON, body, change, contact, deliver, text

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_text_message_makes_contact_conversation_message_and_change(acme, meta_app, phones):
    deliver(meta_app, body(change(contacts=[contact()], messages=[text("wamid.1", body="Olá 😀")])))

    assert inbound.process_deliveries() == 1

    with context.tenant(acme.schema_name):
        message = Message.objects.get()
        assert (message.wamid, message.text, message.type) == ("wamid.1", "Olá 😀", "TEXT")
        assert (message.direction, message.status, message.rank) == ("INBOUND", "RECEIVED", 0)
        assert message.content == {"body": "Olá 😀"}
        assert message.extras is None
        assert message.timestamp.timestamp() == NOON
        conversation = Conversation.objects.get()
        assert conversation.unread_count == 1
        assert conversation.last_message_id == message.pk
        assert conversation.last_message_at == conversation.window_opened_at == message.timestamp
        assert Contact.objects.get().profile_name == "Ana"
        assert ContactIdentity.objects.get().value == "5511988887777"
        change_row = Change.objects.get()
        assert (change_row.seq, change_row.kind, change_row.message_id) == (1, "MESSAGE", message.pk)
