"""Answering one message: the chip above the field, and the reply that quotes."""

from uuid import uuid4

import pytest

from conversations.models import Message
from tenants import context
from tests.conversations.inboxes import add, open_with

PART = {"HX-Request": "true"}


@pytest.fixture
def conversation(acme, phones):
    with context.tenant(acme.schema_name):
        return open_with(phones["acme"])


@pytest.fixture
def asked(acme, conversation):
    with context.tenant(acme.schema_name):
        return add(conversation, "Vocês entregam <hoje>?", wamid="wamid.ASKED")


@pytest.fixture
def ana(page):
    return page("ana@acme.test")


def chip_of(conversation, message):
    return f"/inbox/{conversation.pk}/messages/{message.pk}/quote"


def replies(acme):
    with context.tenant(acme.schema_name):
        return list(Message.objects.filter(direction="OUTBOUND"))


def test_the_chip_shows_what_is_answered(ana, conversation, asked):
    html = ana.get(chip_of(conversation, asked), headers=PART).content.decode()

    assert "Vocês entregam &lt;hoje&gt;?" in html
    assert f'value="{asked.pk}"' in html and f'id="quoting-{conversation.pk}"' in html


def test_without_script_the_page_comes_back_with_the_chip(ana, conversation, asked):
    response = ana.get(chip_of(conversation, asked))

    place = f"/inbox/{conversation.pk}/?reply={asked.pk}"
    assert (response.status_code, response["Location"]) == (302, f"{place}#composer")
    html = ana.get(place).content.decode()
    assert (
        f'<input type="hidden"\n           name="reply_to"\n           value="{asked.pk}"' in html
    )


def test_a_bubble_offers_to_be_answered(ana, conversation, asked, page):
    html = ana.get(f"/inbox/{conversation.pk}/").content.decode()
    theirs = page("vera@acme.test").get(f"/inbox/{conversation.pk}/").content.decode()

    assert chip_of(conversation, asked) in html
    assert chip_of(conversation, asked) not in theirs


def test_a_reply_goes_with_its_quote_and_shows_it(ana, acme, conversation, asked):
    data = {"text": "Sim!", "client_id": uuid4(), "reply_to": asked.pk}

    response = ana.post(f"/inbox/{conversation.pk}/reply", data, headers=PART)

    (reply,) = replies(acme)
    assert reply.extras == {"context": {"id": "wamid.ASKED"}}
    assert f'data-jump="message-{asked.pk}"' in response.content.decode()


@pytest.mark.parametrize("reply_to", ["0", "x", "99999999999999999999"])
def test_a_reply_to_no_message_is_refused(ana, acme, conversation, reply_to):
    data = {"text": "Sim!", "client_id": uuid4(), "reply_to": reply_to}

    assert ana.post(f"/inbox/{conversation.pk}/reply", data).status_code == 400
    assert replies(acme) == []


def test_a_message_of_another_conversation_is_not_answered(ana, acme, conversation, phones):
    with context.tenant(acme.schema_name):
        other = open_with(phones["acme"], wa_id="5521977776666")
        foreign = add(other, "Oi", wamid="wamid.OTHER")
    data = {"text": "Sim!", "client_id": uuid4(), "reply_to": foreign.pk}

    assert ana.post(f"/inbox/{conversation.pk}/reply", data).status_code == 404
    assert ana.get(chip_of(conversation, foreign)).status_code == 404
    assert ana.get(f"/inbox/{conversation.pk}/?reply={foreign.pk}").status_code == 404
    assert replies(acme) == []


def test_a_viewer_answers_nothing(page, conversation, asked):
    assert page("vera@acme.test").get(chip_of(conversation, asked)).status_code == 403


def test_another_tenants_message_is_missing(ana, conversation, globex, phones):
    with context.tenant(globex.schema_name):
        theirs = open_with(phones["globex"])
        foreign = [add(theirs, "Oi", wamid=f"wamid.{n}") for n in range(5)][-1]

    assert ana.get(chip_of(theirs, foreign), headers=PART).status_code == 404


def test_what_whatsapp_has_not_named_cannot_be_quoted(ana, acme, conversation):
    with context.tenant(acme.schema_name):
        pending = add(conversation, "…", status="PENDING")

    assert ana.get(chip_of(conversation, pending), headers=PART).status_code == 404


@pytest.mark.parametrize(
    ("type_", "content", "words"),
    [
        (
            "INTERACTIVE",
            {
                "type": "button",
                "body": {"text": "Confirma <já>?"},
                "footer": {"text": "Até as 18h"},
                "action": {
                    "buttons": [{"type": "reply", "reply": {"id": "1", "title": "Sim & não"}}]
                },
            },
            ["Confirma &lt;já&gt;?", "Até as 18h", "Sim &amp; não"],
        ),
        (
            "LOCATION",
            {"latitude": "-23.5", "longitude": "-46.6", "name": "Loja Acme", "address": "Rua 1"},
            ["Loja Acme", "Rua 1"],
        ),
        (
            "CONTACTS",
            [{"name": {"formatted_name": "Ana Lima", "first_name": "Ana"}}],
            ["Ana Lima"],
        ),
    ],
)
def test_what_we_send_is_shown_as_the_customer_sees_it(
    ana, acme, conversation, type_, content, words
):
    with context.tenant(acme.schema_name):
        add(conversation, "", status="SENT", type=type_, content=content, wamid="wamid.OURS")

    html = ana.get(f"/inbox/{conversation.pk}/").content.decode()

    assert [word for word in words if word not in html] == []


def test_a_reaction_of_ours_is_no_bubble_unless_it_failed(ana, acme, conversation, asked):
    content = {"message_id": "wamid.ASKED", "emoji": "👍"}
    with context.tenant(acme.schema_name):
        sent = add(conversation, "👍", status="SENT", type="REACTION", content=content)
        failed = add(conversation, "👍", status="FAILED", type="REACTION", content=content)

    html = ana.get(f"/inbox/{conversation.pk}/").content.decode()

    assert f'id="message-{sent.pk}"' not in html
    assert f'id="message-{failed.pk}"' in html
