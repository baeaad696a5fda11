"""What customers see of being read: when the policy says so, once, by a task, and best effort."""

from uuid import uuid4

import pytest
from django.utils import timezone

from conversations import tasks
from conversations.models import Conversation
from conversations.services import marking, outbound, reading
from tenants import context, queue
from tests.conversations.sending import conversation_with, message_in
from tests.whatsapp import raw_meta
from whatsapp.models import Phone

MARK = "conversations.tasks.mark_read"


@pytest.fixture
def meta(settings):
    answer = {"success": True}
    with raw_meta.serving(lambda to, _: raw_meta.answer(to, answer)) as server:
        settings.GRAPH_API_URL = server.url
        yield server


@pytest.fixture
def conversation(acme, phones):
    with context.tenant(acme.schema_name):
        yield conversation_with("5511988887777", phone=phones["acme"], opened_at=timezone.now())


@pytest.fixture
def asked(conversation):
    return [
        message_in(conversation, status="RECEIVED", wamid=f"wamid.{n}", timestamp=timezone.now())
        for n in (1, 2)
    ]


@pytest.fixture
def nudges(monkeypatch):
    sent = []
    monkeypatch.setattr(queue, "enqueue", lambda path, **kwargs: sent.append((path, kwargs)))
    return sent


def policy(name):
    Phone.objects.update(read_policy=name)


def tell(conversation, message, *, typing=False):
    tasks.marking.tell(conversation_id=conversation.pk, up_to_id=message.pk, typing=typing)


def open_it(actor, conversation, message):
    reading.mark_read(actor=actor("ana@acme.test"), conversation=conversation, up_to_id=message.pk)


def reply(actor, conversation):
    conversation.refresh_from_db()
    outbound.send_text(
        actor=actor("ana@acme.test"),
        conversation=conversation,
        text="Oi",
        client_id=uuid4(),
        now=timezone.now(),
    )


@pytest.mark.parametrize(
    ("name", "on_open", "on_reply"),
    [("ON_OPEN", 1, 0), ("ON_REPLY", 0, 1), ("NEVER", 0, 0)],
)
def test_the_policy_says_when_customers_learn_of_it(
    actor, conversation, asked, nudges, name, on_open, on_reply
):
    policy(name)

    open_it(actor, conversation, asked[1])
    opened = [kwargs for path, kwargs in nudges if path == MARK]
    reply(actor, conversation)
    replied = [kwargs for path, kwargs in nudges if path == MARK][len(opened) :]

    assert (len(opened), len(replied)) == (on_open, on_reply)
    for kwargs in opened:
        up_to = {"conversation_id": conversation.pk, "up_to_id": asked[1].pk}
        assert kwargs == {**up_to, "typing": False}


def test_a_viewer_opens_without_a_trace(actor, conversation, asked, nudges):
    reading.mark_read(
        actor=actor("vera@acme.test"), conversation=conversation, up_to_id=asked[1].pk
    )

    assert nudges == []


@pytest.mark.django_db(transaction=True)
def test_the_newest_message_is_marked_once_however_often_it_is_asked(meta, conversation, asked):
    tell(conversation, asked[1])
    tell(conversation, asked[1])
    tell(conversation, asked[0])

    (request,) = meta.requests
    assert request.line.startswith(f"POST /v25.0/{conversation.phone.phone_number_id}/messages")
    assert request.body == {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": "wamid.2",
    }
    assert Conversation.objects.get().told_read_id == asked[1].pk


@pytest.mark.django_db(transaction=True)
def test_typing_is_shown_also_when_all_is_read(meta, conversation, asked):
    tell(conversation, asked[1])
    tell(conversation, asked[1], typing=True)

    assert meta.requests[1].body["typing_indicator"] == {"type": "text"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("change", [{"read_policy": "NEVER"}, {"status": "INACTIVE"}])
def test_nothing_is_told_once_the_number_forbids_it(meta, conversation, asked, change):
    Phone.objects.update(**change)

    tell(conversation, asked[1], typing=True)

    assert meta.requests == []


@pytest.mark.django_db(transaction=True)
def test_a_conversation_that_is_not_there_is_no_error(meta, conversation):
    marking.tell(conversation_id=10**9, up_to_id=1, typing=False)
    marking.tell(conversation_id=conversation.pk, up_to_id=10**9, typing=False)

    assert meta.requests == []


@pytest.mark.django_db(transaction=True)
def test_what_fails_is_counted_and_not_tried_again(settings, conversation, asked):
    refused = raw_meta.refused(131009, "Message id is not valid.")
    with raw_meta.serving(
        lambda to, _: raw_meta.answer(to, refused, status="400 Bad Request")
    ) as server:
        settings.GRAPH_API_URL = server.url
        tell(conversation, asked[1])
        tell(conversation, asked[1])
        assert len(server.requests) == 1

    assert Phone.objects.get().read_marks_failed == 1


# --- the page tells that somebody writes ------------------------------------------------------


@pytest.fixture
def ana(page):
    return page("ana@acme.test")


def test_writing_nudges_the_mark_with_typing(ana, conversation, asked, acme, nudges):
    with context.tenant(acme.schema_name):
        Conversation.objects.update(read_up_to_id=asked[1].pk)

    response = ana.post(f"/inbox/{conversation.pk}/writing")

    assert response.status_code == 204
    assert [(path, kwargs["typing"]) for path, kwargs in nudges] == [(MARK, True)]


def test_writing_shows_nothing_where_reading_is_hidden(ana, conversation, asked, acme, nudges):
    with context.tenant(acme.schema_name):
        Conversation.objects.update(read_up_to_id=asked[1].pk)
        policy("NEVER")

    assert ana.post(f"/inbox/{conversation.pk}/writing").status_code == 204
    assert nudges == []


def test_a_viewer_does_not_write(page, conversation, nudges):
    assert page("vera@acme.test").post(f"/inbox/{conversation.pk}/writing").status_code == 403
    assert nudges == []


def test_nobody_writes_into_another_tenant(ana, globex, phones, conversation, nudges):
    with context.tenant(globex.schema_name):
        for n in range(3):
            foreign = conversation_with(
                f"5521{n}", phone=phones["globex"], opened_at=timezone.now()
            )

    assert ana.post(f"/inbox/{foreign.pk}/writing").status_code == 404
    assert nudges == []


def test_writing_is_a_post(ana, conversation):
    assert ana.get(f"/inbox/{conversation.pk}/writing").status_code == 405
