from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection

from conversations import rules
from conversations.models import Conversation, Message
from conversations.services import composing, outbound, retrying
from tenants import context
from tenants.errors import ForbiddenError, NotFoundError
from tenants.feed.models import Change, Counter
from tenants.permissions import system_actor
from tests.conversations.sending import conversation_with, message_in


@pytest.fixture
def conversation(acme, phones, noon):
    with context.tenant(acme.schema_name):
        yield conversation_with("5511988887777", phone=phones["acme"], opened_at=noon)


@pytest.fixture
def send(actor, conversation, noon):
    def text(body="Olá!", **changes):
        values = {
            "actor": actor("ana@acme.test"),
            "conversation": conversation,
            "text": body,
            "client_id": uuid4(),
            "now": noon + timedelta(hours=1),
            **changes,
        }
        return outbound.send_text(**values)

    return text


def test_a_reply_waits_in_the_outbox_and_leads_the_list(send, conversation, people, noon):
    message = send("Olá, Ana")

    message.refresh_from_db()
    assert (message.status, message.rank, message.direction) == ("PENDING", 0, "OUTBOUND")
    assert (message.text, message.content) == ("Olá, Ana", {"body": "Olá, Ana"})
    assert (message.phone_id, message.author) == (
        conversation.phone_id,
        people["ana@acme.test"],
    )
    assert message.timestamp == noon + timedelta(hours=1)
    conversation.refresh_from_db()
    assert conversation.last_message == message
    assert conversation.last_message_at == message.timestamp


def test_a_reply_is_one_numbered_change_and_one_nudge(
    send, conversation, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks() as callbacks:
        message = send()

    change = Change.objects.get()
    assert (change.kind, change.conversation_id, change.message_id) == (
        "MESSAGE",
        conversation.pk,
        message.pk,
    )
    assert Counter.objects.get().value == change.seq == 1
    assert len(callbacks) == 2


def test_the_same_client_id_again_returns_the_first_message(send, conversation, noon):
    client_id = uuid4()
    first = send("once", client_id=client_id)

    # Also when nothing could be sent any more: the request only asks what became of it.
    again = send("once", client_id=client_id, now=noon + timedelta(days=3))

    assert again == first
    assert Message.objects.count() == 1
    assert Change.objects.count() == 1


def test_a_client_id_of_another_text_is_refused(send):
    client_id = uuid4()
    send("one", client_id=client_id)

    with pytest.raises(outbound.ClientIdReusedError):
        send("another", client_id=client_id)


def test_a_client_id_of_another_conversation_is_refused(send, conversation, noon):
    client_id = uuid4()
    send("one", client_id=client_id)
    other = conversation_with("5521977776666", phone=conversation.phone, opened_at=noon)

    with pytest.raises(outbound.ClientIdReusedError):
        send("one", client_id=client_id, conversation=other)


@pytest.mark.parametrize("text", ["", "  \n", "\x00"])
def test_nothing_is_not_sent(send, text):
    with pytest.raises(composing.EmptyTextError):
        send(text)


def test_a_text_has_4096_characters_at_most(send):
    assert send("ã" * 4096).pk

    with pytest.raises(composing.TextTooLongError):
        send("ã" * 4097)


def test_what_no_database_can_store_is_cleaned(send):
    message = send("a\x00b\ud800c 👩‍👩‍👧")

    message.refresh_from_db()
    assert message.text == message.content["body"] == "ab?c 👩‍👩‍👧"


@pytest.mark.parametrize(
    ("after", "is_open"),
    [
        (timedelta(hours=23, minutes=58, seconds=59), True),
        (timedelta(hours=23, minutes=59), False),
        (timedelta(hours=24, minutes=2), False),
    ],
)
def test_the_window_closes_a_minute_early(send, noon, after, is_open):
    if is_open:
        assert send(now=noon + after).pk
        return
    with pytest.raises(outbound.WindowClosedError):
        send(now=noon + after)
    assert not Message.objects.exists()


def test_a_customer_who_never_wrote_gets_no_free_text(send, conversation):
    Conversation.objects.update(window_opened_at=None)

    with pytest.raises(outbound.WindowClosedError):
        send()


@pytest.mark.parametrize("status", ["INACTIVE", "SUSPENDED"])
def test_a_number_that_is_switched_off_sends_nothing(send, conversation, status):
    conversation.phone.status = status
    conversation.phone.save(update_fields=["status"])

    with pytest.raises(outbound.PhoneInactiveError):
        send()


def test_a_number_that_lost_its_connection_keeps_the_reply(send, conversation):
    conversation.phone.health = "AUTH_ERROR"
    conversation.phone.save(update_fields=["health"])

    assert send().status == "HELD"


def test_a_viewer_is_refused(send, actor):
    with pytest.raises(ForbiddenError):
        send(actor=actor("vera@acme.test"))

    assert not Message.objects.exists()


def test_another_tenants_conversation_is_never_written_to(
    send, actor, acme, globex, phones, conversation, noon
):
    with context.tenant(globex.schema_name):
        theirs = conversation_with("5521977776666", phone=phones["globex"], opened_at=noon)
        # The same number in both schemas: only the place tells them apart.
        Conversation.objects.filter(pk=theirs.pk).update(id=conversation.pk)
        theirs = Conversation.objects.get()
        with pytest.raises(NotFoundError):
            send(conversation=theirs)
        assert not Message.objects.exists()
    with context.tenant(acme.schema_name):
        with pytest.raises(NotFoundError):
            send(conversation=theirs, actor=actor("ana@globex.test"))
        assert not Message.objects.exists()


def test_a_reply_never_stands_before_what_it_answers(send, conversation, noon):
    customers = message_in(
        conversation, status="RECEIVED", timestamp=noon + timedelta(hours=1, seconds=40)
    )
    Conversation.objects.update(last_message=customers, last_message_at=customers.timestamp)

    reply = send()

    assert (reply.timestamp, reply.pk) > (customers.timestamp, customers.pk)


def test_what_the_sender_has_not_seen_stops_the_reply(send, conversation, noon):
    seen = message_in(conversation, status="RECEIVED", timestamp=noon)
    message_in(conversation, status="RECEIVED", timestamp=noon)
    message_in(conversation, timestamp=noon)

    with pytest.raises(outbound.StaleThreadError) as refused:
        send(seen_message_id=seen.pk)

    assert refused.value.count == 2
    assert (refused.value.code, refused.value.http_status) == ("stale_thread", 409)
    assert "2 new messages" in str(refused.value)
    assert send(seen_message_id=seen.pk, force=True).pk
    assert Message.objects.count() == 4


def test_ones_own_quick_second_message_is_no_news(send, conversation, noon):
    seen = message_in(conversation, status="RECEIVED", timestamp=noon)
    send("one", seen_message_id=seen.pk)

    assert send("two", seen_message_id=seen.pk).pk


def test_the_system_may_send(send, acme):
    assert send(actor=system_actor(acme)).author is None


@pytest.mark.django_db(transaction=True)
def test_parallel_clicks_make_one_message(send, conversation, acme):
    client_id = uuid4()

    def click(_number):
        try:
            with context.tenant(acme.schema_name):
                return send("once", client_id=client_id).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(click, range(16)))

    assert len(set(ids)) == 1
    assert Message.objects.count() == 1
    assert Change.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_parallel_use_of_one_client_id_in_many_conversations_makes_one_message(
    send, conversation, acme, noon
):
    client_id = uuid4()
    others = [
        conversation_with(f"55119888800{n:02}", phone=conversation.phone, opened_at=noon)
        for n in range(8)
    ]

    def click(other):
        try:
            with context.tenant(acme.schema_name):
                return send("once", client_id=client_id, conversation=other).pk
        except outbound.ClientIdReusedError:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(click, others))

    assert len([pk for pk in ids if pk is not None]) == 1
    assert Message.objects.count() == 1


@pytest.fixture
def again(actor, noon):
    def attempt(message, **changes):
        values = {
            "actor": actor("ana@acme.test"),
            "message": message,
            "client_id": uuid4(),
            "now": noon + timedelta(hours=2),
            **changes,
        }
        return retrying.send_again(**values)

    return attempt


@pytest.mark.parametrize(("status", "code"), [("FAILED", 131000), ("UNCONFIRMED", None)])
def test_sending_again_is_a_new_attempt_beside_the_old(again, conversation, status, code):
    old = message_in(conversation, status=status, error_code=code, text="Olá")

    attempt = again(old)

    attempt.refresh_from_db()
    old.refresh_from_db()
    assert (attempt.status, attempt.text, attempt.retry_of) == ("PENDING", "Olá", old)
    assert attempt.content == {"body": "Olá"}
    assert (old.status, old.error_code) == (status, code)


def test_the_third_attempt_points_at_the_first(again, conversation):
    first = message_in(conversation, status="FAILED", error_code=131000)
    second = again(first)
    Message.objects.filter(pk=second.pk).update(
        status="FAILED", rank=rules.RANKS["FAILED"], error_code=2
    )

    third = again(Message.objects.get(pk=second.pk))

    assert third.retry_of == first


@pytest.mark.parametrize("status", ["PENDING", "SENDING", "UNKNOWN", "SENT", "READ", "RECEIVED"])
def test_what_did_not_fail_is_not_sent_again(again, conversation, status):
    with pytest.raises(outbound.SendAgainError):
        again(message_in(conversation, status=status))


def test_what_repetition_cannot_cure_is_not_sent_again(again, conversation):
    with pytest.raises(outbound.SendAgainError):
        again(message_in(conversation, status="FAILED", error_code=131047))


def test_two_operators_cannot_both_send_it_again(again, conversation, actor):
    old = message_in(conversation, status="UNCONFIRMED")
    again(old)

    with pytest.raises(outbound.SendAgainError):
        again(old, actor=actor("admin@acme.test"))

    assert Message.objects.count() == 2


def test_the_same_click_twice_is_one_attempt(again, conversation):
    old = message_in(conversation, status="UNCONFIRMED")
    client_id = uuid4()

    assert again(old, client_id=client_id) == again(old, client_id=client_id)


def test_sending_again_needs_an_open_window_and_a_role(again, conversation, actor, noon):
    old = message_in(conversation, status="UNCONFIRMED")

    with pytest.raises(outbound.WindowClosedError):
        again(old, now=noon + timedelta(days=2))
    with pytest.raises(ForbiddenError):
        again(old, actor=actor("vera@acme.test"))
