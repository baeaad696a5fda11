"""Every type that is sent: queued, kept for list and thread, and handed to Meta as it wants it."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from conversations.models import Message
from conversations.services import composing, delivery, outbound, retrying
from tenants import context
from tenants.errors import ForbiddenError, NotFoundError
from tests.conversations.sending import conversation_with, message_in
from tests.conversations.test_delivery import accept
from tests.whatsapp import raw_meta
from tests.whatsapp.test_limits import GOOD, buttons
from whatsapp import limits

# Reactions need a message, files an upload: each has tests of its own.
APART = {"reaction", *limits.MEDIA}
SENT = {name: good for name, good in GOOD.items() if good[0] not in APART}
TEXTS = {
    "location": "Loja",
    "contacts": "Ana Lima",
    "buttons": "Confirma?",
    "cta_url": "Veja",
}


@pytest.fixture
def conversation(acme, phones):
    with context.tenant(acme.schema_name):
        yield conversation_with("5511988887777", phone=phones["acme"], opened_at=timezone.now())


@pytest.fixture
def asked(conversation):
    """What the customer wrote."""
    return message_in(conversation, status="RECEIVED", wamid="wamid.ASKED", text="Qual?")


@pytest.fixture
def send(actor, conversation):
    def act(kind="text", content=None, **changes):
        values = {
            "actor": actor("ana@acme.test"),
            "conversation": conversation,
            "kind": kind,
            "content": {"body": "Oi"} if content is None else content,
            "client_id": uuid4(),
            "now": timezone.now(),
            **changes,
        }
        return outbound.send_message(**values)

    return act


@pytest.mark.parametrize("name", SENT)
def test_each_type_is_queued_as_it_will_go(send, conversation, name):
    kind, content = SENT[name]

    message = send(kind, content)

    message.refresh_from_db()
    assert (message.type, message.status) == (kind.upper(), "PENDING")
    assert message.content == content
    assert message.text == TEXTS.get(name, message.text)
    conversation.refresh_from_db()
    assert conversation.last_message == message


def test_what_meta_would_refuse_is_told_by_its_place_and_not_queued(send):
    with pytest.raises(composing.InvalidMessageError) as refusal:
        send("interactive", buttons("x" * 21, "ok", "ok"))

    places = [(path, code) for path, _sentence, code in refusal.value.context["errors"]]
    way = ("interactive", "action", "buttons")
    assert places == [((*way, 0, "reply", "title"), "max_length")]
    assert "21" in str(refusal.value)
    assert not Message.objects.exists()


@pytest.mark.parametrize("kind", ["telegram", "system", ""])
def test_a_type_that_is_not_sent_is_refused(send, kind):
    with pytest.raises(composing.InvalidMessageError):
        send(kind, {"body": "x"})


def test_a_reply_quotes_its_message(send, asked):
    message = send(reply_to=asked)

    message.refresh_from_db()
    assert message.extras == {"context": {"id": "wamid.ASKED"}}


def test_a_message_of_another_conversation_cannot_be_quoted(send, conversation):
    other = conversation_with("5521977776666", phone=conversation.phone, opened_at=timezone.now())
    foreign = message_in(other, status="RECEIVED", wamid="wamid.OTHER")

    with pytest.raises(composing.ReplyTargetError):
        send(reply_to=foreign)


def test_what_whatsapp_has_not_named_cannot_be_quoted(send, conversation):
    with pytest.raises(composing.ReplyTargetError):
        send(reply_to=message_in(conversation))


def test_a_client_id_of_another_type_or_quote_is_refused(send, asked):
    client_id = uuid4()
    first = send(client_id=client_id)

    assert send(client_id=client_id) == first
    with pytest.raises(outbound.ClientIdReusedError):
        send(client_id=client_id, reply_to=asked)
    with pytest.raises(outbound.ClientIdReusedError):
        send("location", {"latitude": 1, "longitude": 2}, client_id=client_id)


@pytest.mark.parametrize("name", ["text", "location", "buttons"])
def test_no_type_leaves_after_the_window(send, name):
    with pytest.raises(outbound.WindowClosedError):
        send(*SENT[name], now=timezone.now() + timedelta(days=1))


def test_a_viewer_sends_nothing(send, actor):
    with pytest.raises(ForbiddenError):
        send(actor=actor("vera@acme.test"))


def test_an_actor_of_another_tenant_sends_nothing(send, actor):
    with pytest.raises(NotFoundError):
        send(actor=actor("ana@globex.test"))


def test_checking_queues_nothing(actor, conversation, asked):
    draft = outbound.check_message(
        actor=actor("ana@acme.test"),
        conversation=conversation,
        kind="interactive",
        content=buttons("Sim"),
        now=timezone.now(),
        reply_to=asked,
    )

    assert (draft.type, draft.pk) == ("INTERACTIVE", None)
    assert list(Message.objects.all()) == [asked]


def test_a_second_attempt_quotes_the_same(send, asked, actor):
    first = send(reply_to=asked)
    Message.objects.filter(pk=first.pk).update(status="FAILED", error_code=130403)
    first.refresh_from_db()

    second = retrying.send_again(
        actor=actor("ana@acme.test"), message=first, client_id=uuid4(), now=timezone.now()
    )

    assert second.extras == {"context": {"id": "wamid.ASKED"}}


@pytest.fixture
def meta(settings):
    with raw_meta.serving(accept) as server:
        settings.GRAPH_API_URL = server.url
        yield server


@pytest.mark.django_db(transaction=True)
def test_meta_gets_the_object_of_the_type_and_what_is_quoted(meta, send, asked):
    message = send("interactive", buttons("Sim", "Não"), reply_to=asked)

    delivery.drain(phone_id=message.phone_id)

    (request,) = meta.requests
    assert request.body["type"] == "interactive"
    assert request.body["interactive"] == buttons("Sim", "Não")
    assert request.body["context"] == {"message_id": "wamid.ASKED"}
    message.refresh_from_db()
    assert message.status == "ACCEPTED"
