import pytest

from conversations.models import Conversation
from conversations.services import reading
from tenants import context
from tenants.feed.models import Change
from tests.conversations.sending import conversation_with, message_in


@pytest.fixture
def conversation(acme, phones, noon):
    with context.tenant(acme.schema_name):
        yield conversation_with("5511988887777", phone=phones["acme"], opened_at=noon)


@pytest.fixture
def three(conversation, noon):
    """Two messages of the customer and, between them, an answer."""
    messages = [
        message_in(conversation, status=status, timestamp=noon)
        for status in ("RECEIVED", "READ", "RECEIVED")
    ]
    Conversation.objects.update(unread_count=2)
    return messages


def state(conversation):
    conversation.refresh_from_db()
    return conversation.unread_count, conversation.read_up_to_id


def test_reading_counts_what_came_after(actor, conversation, three):
    ana = actor("ana@acme.test")

    assert reading.mark_read(actor=ana, conversation=conversation, up_to_id=three[1].pk)
    assert state(conversation) == (1, three[1].pk)
    assert reading.mark_read(actor=ana, conversation=conversation, up_to_id=three[2].pk)
    assert state(conversation) == (0, three[2].pk)
    assert [change.kind for change in Change.objects.all()] == ["CONVERSATION", "CONVERSATION"]


def test_reading_the_same_again_changes_and_publishes_nothing(actor, conversation, three):
    ana = actor("ana@acme.test")
    reading.mark_read(actor=ana, conversation=conversation, up_to_id=three[2].pk)

    assert not reading.mark_read(actor=ana, conversation=conversation, up_to_id=three[2].pk)
    assert not reading.mark_read(actor=ana, conversation=conversation, up_to_id=three[0].pk)
    assert state(conversation) == (0, three[2].pk)
    assert Change.objects.count() == 1


def test_an_answer_alone_moves_the_mark_silently(actor, conversation, three):
    ana = actor("ana@acme.test")
    reading.mark_read(actor=ana, conversation=conversation, up_to_id=three[0].pk)

    assert not reading.mark_read(actor=ana, conversation=conversation, up_to_id=three[1].pk)
    assert state(conversation) == (1, three[1].pk)


def test_an_id_from_the_future_hides_nothing_that_is_to_come(actor, conversation, three, noon):
    reading.mark_read(actor=actor("ana@acme.test"), conversation=conversation, up_to_id=10**15)

    assert state(conversation) == (0, three[2].pk)
    assert message_in(conversation, status="RECEIVED", timestamp=noon).pk > three[2].pk


def test_another_conversations_message_is_no_mark(actor, conversation, three, noon):
    other = conversation_with("5511988886666", phone=conversation.phone, opened_at=noon)
    theirs = message_in(other, status="RECEIVED", timestamp=noon)

    reading.mark_read(actor=actor("ana@acme.test"), conversation=conversation, up_to_id=theirs.pk)

    assert state(conversation) == (0, three[2].pk)


def test_a_viewer_reads_without_a_trace(actor, conversation, three):
    vera = actor("vera@acme.test")

    assert not reading.mark_read(actor=vera, conversation=conversation, up_to_id=three[2].pk)
    assert state(conversation) == (2, 0)
