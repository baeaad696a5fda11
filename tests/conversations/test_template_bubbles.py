"""A template in the thread is what the customer sees, from the renderer that also made the send."""

from uuid import uuid4

import pytest
from django.utils import timezone

from conversations.models import Message
from conversations.services import template_sending
from tenants import context
from tests.conversations.inboxes import add, open_with, tags_of
from tests.whatsapp.templates import template

PART = {"HX-Request": "true", "HX-Target": "template-preview"}
LINK = "https://example.com/a.bin"
BODY = {"type": "BODY", "text": "Olá {{1}}, *saiu*: https://example.com/p <b>"}
HEADERS = {
    "none": (None, {}, []),
    "words": (
        {"type": "HEADER", "format": "TEXT", "text": "Pedido {{1}}"},
        {"header.1": "A-7"},
        ["Pedido A-7"],
    ),
    "photo": ({"type": "HEADER", "format": "IMAGE"}, {"header.media": LINK}, ["#image", "Photo"]),
    "video": ({"type": "HEADER", "format": "VIDEO"}, {"header.media": LINK}, ["#video"]),
    "file": ({"type": "HEADER", "format": "DOCUMENT"}, {"header.media": LINK}, ["#file-text"]),
    "place": (
        {"type": "HEADER", "format": "LOCATION"},
        {
            "header.latitude": "-23.5",
            "header.longitude": "-46.6",
            "header.name": "Loja Centro",
            "header.address": "Rua A, 1",
        },
        ["#map-pin", "Loja Centro, Rua A, 1"],
    ),
    "product": (
        {"type": "HEADER", "format": "PRODUCT"},
        {"header.product": "SKU-7", "header.catalog": "501"},
        ["#shopping-cart", "SKU-7"],
    ),
}
BUTTONS = {
    "none": ([], {}, []),
    "answers": ([{"type": "QUICK_REPLY", "text": "Falar"}], {}, ["Falar"]),
    "link": (
        [{"type": "URL", "text": "Rastrear", "url": "https://example.com/{{1}}"}],
        {"button.0": "A-7"},
        ['href="https://example.com/A-7"', "Rastrear"],
    ),
    "call": (
        [{"type": "PHONE_NUMBER", "text": "Ligar", "phone_number": "+551140001001"}],
        {},
        ["Ligar", "+551140001001", "#phone"],
    ),
    "code": ([{"type": "COPY_CODE"}], {"button.0": "25OFF"}, ["Copy code", "25OFF"]),
    "flow": ([{"type": "FLOW", "text": "Agendar"}], {}, ["Agendar", "#list"]),
    "catalogue": ([{"type": "CATALOG", "text": "Ver tudo"}], {}, ["Ver tudo", "#shopping-cart"]),
}


@pytest.fixture
def conversation(acme, phones):
    with context.tenant(acme.schema_name):
        return open_with(phones["acme"])


@pytest.fixture
def send(acme, actor, conversation):
    def act(components, values) -> tuple[Message, int]:
        with context.tenant(acme.schema_name):
            made = template(components=components)
            message = template_sending.send_template(
                actor=actor("ana@acme.test"),
                conversation=conversation,
                template=made,
                values=values,
                client_id=uuid4(),
                now=timezone.now(),
            )
        return message, made.pk

    return act


def bubble(html: str, message: Message) -> str:
    return html.split(f'id="message-{message.pk}"')[1].split('class="bubble-foot"')[0]


@pytest.mark.parametrize("buttons", BUTTONS)
@pytest.mark.parametrize("header", HEADERS)
def test_thread_and_preview_show_the_same(page, conversation, send, header, buttons):
    head, head_values, head_words = HEADERS[header]
    defined, values, words = BUTTONS[buttons]
    components = [head, BODY, {"type": "FOOTER", "text": "Loja Acme"}] if head else [BODY]
    components += [{"type": "BUTTONS", "buttons": defined}] if defined else []
    values = {**head_values, **values, "body.1": "Ana & Bia"}
    message, template_id = send(components, values)
    browser = page("ana@acme.test")

    shown = bubble(browser.get(f"/inbox/{conversation.pk}/").content.decode(), message)
    address = f"/inbox/{conversation.pk}/templates/{template_id}"
    preview = browser.get(address, values, headers=PART).content.decode()

    body = (
        "Olá Ana &amp; Bia, <strong>saiu</strong>: "
        '<a href="https://example.com/p" target="_blank" rel="noopener noreferrer nofollow">'
        "https://example.com/p</a> &lt;b&gt;"
    )
    for html in (shown, preview):
        assert body in html
        assert [word for word in (*head_words, *words) if word not in html] == []
        assert ("Loja Acme" in html) == (head is not None)
    assert "pedido_saiu · pt_BR" in shown and "Utility" in shown


def test_a_carousel_and_an_offer_are_shown(page, conversation, send):
    card = [
        {"type": "HEADER", "format": "IMAGE"},
        {"type": "BODY", "text": "Tênis {{1}}"},
        {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Quero"}]},
    ]
    offer = {"text": "Só hoje!", "has_expiration": True}
    message, _ = send(
        [
            {"type": "LIMITED_TIME_OFFER", "limited_time_offer": offer},
            {"type": "BODY", "text": "Novidades"},
            {"type": "CAROUSEL", "cards": [{"components": card}, {"components": card}]},
        ],
        {
            "offer.ends_at": "2026-12-31T23:59-03:00",
            "card.0.header.media": LINK,
            "card.0.body.1": "azul",
            "card.1.header.media": LINK,
            "card.1.body.1": "verde",
        },
    )

    html = page("ana@acme.test").get(f"/inbox/{conversation.pk}/").content.decode()

    shown = bubble(html, message)
    for words in ("Só hoje!", "Ends 31 December 2026, 23:59", "Tênis azul", "Tênis verde"):
        assert words in shown
    assert shown.count("Quero") == 2


def test_fields_name_their_card(page, acme, conversation):
    card = [{"type": "BODY", "text": "Tênis {{1}}"}]
    carousel = {"type": "CAROUSEL", "cards": [{"components": card}, {"components": card}]}
    with context.tenant(acme.schema_name):
        made = template(components=[{"type": "BODY", "text": "Oi."}, carousel])

    address = f"/inbox/{conversation.pk}/templates/{made.pk}"
    html = page("ana@acme.test").get(address).content.decode()

    assert "Card 2: Text: 1" in html


def test_a_header_by_link_leads_there(page, conversation, send):
    message, _ = send(
        [{"type": "HEADER", "format": "IMAGE"}, BODY], {"header.media": LINK, "body.1": "x"}
    )

    html = page("ana@acme.test").get(f"/inbox/{conversation.pk}/").content.decode()

    assert f'href="{LINK}"' in bubble(html, message)


@pytest.mark.parametrize("kept", [{"buttons": [{"type": "URL", "url": "javascript:alert(1)"}]}])
def test_no_address_but_of_the_web_is_a_link(page, acme, conversation, kept):
    with context.tenant(acme.schema_name):
        message = add(conversation, "x", status="SENT", type="TEMPLATE", extras={"template": kept})

    html = page("ana@acme.test").get(f"/inbox/{conversation.pk}/").content.decode()

    assert "javascript:" not in bubble(html, message)
    assert not [tag for tag, _ in tags_of(bubble(html, message)) if tag == "a"]


def test_a_template_that_another_system_sent_is_its_words(page, acme, conversation):
    with context.tenant(acme.schema_name):
        message = add(conversation, "Olá!", status="SENT", type="TEMPLATE", content={"name": "x"})

    html = page("ana@acme.test").get(f"/inbox/{conversation.pk}/").content.decode()

    assert "Olá!" in bubble(html, message)
