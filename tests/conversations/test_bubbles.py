"""Every type of message as a bubble, a list preview and an object of the API."""

import json
from pathlib import Path

import pytest

from conversations.models import Message
from conversations.serializers.reading import MessageSerializer
from conversations.services import inbound
from conversations.templatetags.bubbles import preview
from tenants import context
from tests.conversations.events import body, change, contact, deliver, text
from tests.conversations.inboxes import tags_of

pytestmark = pytest.mark.django_db(transaction=True)
FILES = Path(__file__).parent.parent / "payloads"
EVIL = '<img src=x onerror=alert(1)>"'


@pytest.fixture
def thread(acme, meta_app, phones, page):
    """Take bodies in and return the thread's page and its messages."""

    def thread(*bodies: bytes) -> tuple[str, list[Message]]:
        deliver(meta_app, *bodies)
        inbound.process_deliveries()
        with context.tenant(acme.schema_name):
            messages = list(Message.objects.order_by("pk"))
        browser = page("ana@acme.test")
        response = browser.get(f"/inbox/{messages[-1].conversation_id}/")
        assert response.status_code == 200
        return response.content.decode(), messages

    return thread


def one(kind, content, wamid="wamid.1", at=0, **more) -> bytes:
    message = {**text(wamid, at=1_794_312_000 + at), "type": kind, kind: content, **more}
    if kind != "text":
        del message["text"]
    return body(change(messages=[message], contacts=[contact()]))


SHOWN = {
    "image": (["Photo"], None),
    "video": (["Video", "Look how it arrived"], "Look how it arrived"),
    "sticker": (["Sticker"], "Sticker"),
    "location_with_url": (
        ["Philz Coffee", "101 Forest Ave", "query=37.440000%2C-122.160000", "facebook.com/philz"],
        "Philz Coffee",
    ),
    "location_without_a_name": (["Location", "Open the map"], "Location"),
    "contacts_whole": (
        ["Barbara J. Johnson", "Social Tsunami", "+1 (415) 555-0829", "bjohnson@acme.test"],
        "Barbara J. Johnson",
    ),
    "contacts": (["Barbara J. Johnson", "Joe"], "Barbara J. Johnson, Joe"),
    "contacts_without_phone": (["Joe", "Without a phone number"], "Joe"),
    "interactive_button_reply": (["Chose", "Change"], "Change"),
    "interactive_list_reply": (["Chose", "Next Day to 2 Days"], "Priority Mail Express"),
    "interactive_flow_reply": (["Form filled in", "screen_0_name", "Ana Lima"], "Form filled in"),
    "interactive_flow_reply_no_object": (["Form filled in", "done"], "done"),
    "interactive_flow_reply_broken": (["Form filled in", "{not json"], "{not json"),
    "interactive_call_permission": (["Allows calls"], None),
    "button": (["Chose", "Unsubscribe", "that is not here"], "Unsubscribe"),
    "order": (["Order", "di9ozbzfi4", "30.00 USD", "60.00 USD"], "Love these!"),
    "order_of_texts": (["SKU-2", "71.00 BRL"], "Order: 2 items"),
    "system_number_changed": (["The customer writes from a new number"], None),
    "system_identity_changed": (["The customer has a new security code"], None),
    "request_welcome": (["opened the chat for the first time"], None),
    "unsupported": (["Poll", "does not hand this over"], "Not shown here: Poll"),
    "unknown_type": (["hologram"], "Not shown here: hologram"),
    "text_reply_from_ad": (["Came from an advertisement", "Answers a message"], None),
    "text_about_a_product": (["About the product di9ozbzfi4"], None),
    "image_from_a_post": (["Came from a post", "New stock"], None),
    "text_forwarded": (["Forwarded many times"], None),
    "image_too_big": (["Media file size too big"], "Photo"),
    "voice": (["Voice message"], "Voice message"),
    "document": (["order&amp;invoice.pdf", "As promised"], "As promised"),
}


@pytest.mark.parametrize("name", SHOWN)
def test_a_documented_message_is_shown_in_full_and_in_one_line(thread, name):
    html, (message,) = thread((FILES / f"{name}.json").read_bytes())

    words, line = SHOWN[name]
    for word in words:
        assert word in html, word
    assert line is None or preview(message) == line
    assert preview(message)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("text", {"body": EVIL}),
        ("image", {"id": "1", "caption": EVIL, "mime_type": EVIL}),
        ("document", {"id": "1", "filename": EVIL, "caption": EVIL}),
        ("location", {"latitude": 1, "longitude": 2, "name": EVIL, "address": EVIL, "url": EVIL}),
        ("contacts", [{"name": {"formatted_name": EVIL}, "phones": [{"phone": EVIL}]}]),
        ("button", {"text": EVIL}),
        ("interactive", {"list_reply": {"id": EVIL, "title": EVIL, "description": EVIL}}),
        ("interactive", {"nfm_reply": {"response_json": json.dumps({EVIL: EVIL})}}),
        ("order", {"text": EVIL, "product_items": [{"product_retailer_id": EVIL}]}),
        ("system", {"type": "x", "body": EVIL}),
        ("unsupported", {"type": EVIL}),
        (EVIL, {}),
    ],
    ids=lambda value: value if isinstance(value, str) and value != EVIL else "",
)
def test_what_strangers_write_is_never_markup(thread, kind, content):
    html, _ = thread(one(kind, content))

    assert "onerror" in html  # as text
    assert not [tag for tag, attributes in tags_of(html) if "onerror" in attributes]


@pytest.mark.parametrize("address", ["javascript:alert(1)", "ftp://x.test/", "//x.test", "http://"])
def test_only_web_addresses_become_links(thread, address):
    place = {"latitude": "-23.5", "longitude": "-46.6", "url": address}
    cards = [{"urls": [{"url": address}]}]
    html, _ = thread(
        one("location", place), one("contacts", cards, wamid="wamid.2"), _from_ad(address)
    )

    links = [attributes for tag, attributes in tags_of(html) if tag == "a" and "rel" in attributes]
    assert [link["href"].partition("?")[0] for link in links] == [
        "https://www.google.com/maps/search/"
    ]
    assert all(link["rel"] == "noopener noreferrer nofollow" for link in links)


def _from_ad(address: str) -> bytes:
    return one("text", {"body": "x"}, wamid="wamid.3", referral={"source_url": address})


@pytest.mark.parametrize("place", [{"latitude": 91, "longitude": 0}, {"latitude": "NaN"}, "x", {}])
def test_a_place_without_true_numbers_has_no_map(thread, place):
    html, (message,) = thread(one("location", place))

    assert "maps" not in html
    assert preview(message) == "Location"


def test_an_answer_shows_what_it_answers_and_leads_there(thread):
    html, messages = thread(
        one("text", {"body": "The question"}),
        one("text", {"body": "Yes"}, wamid="wamid.2", at=9, context={"id": "wamid.1"}),
    )

    quotes = [a for tag, a in tags_of(html) if a.get("data-jump")]
    assert [quote["data-jump"] for quote in quotes] == [f"message-{messages[0].pk}"]
    assert html.count("The question") >= 2
    assert "that is not here" not in html


def test_the_part_of_the_thread_that_a_quote_leads_to_has_its_message(thread, page):
    html, messages = thread(
        one("text", {"body": "The question"}),
        one("text", {"body": "Yes"}, wamid="wamid.2", at=9, context={"id": "wamid.1"}),
    )
    (quote,) = [a for _, a in tags_of(html) if a.get("data-jump")]

    response = page("ana@acme.test").get(quote["href"])

    assert f'id="message-{messages[0].pk}"' in response.content.decode()
    assert f'id="message-{messages[1].pk}"' not in response.content.decode()


def test_another_persons_message_is_never_quoted(thread):
    other = text("wamid.o", wa_id="5511900000001", body="A secret")
    html, _ = thread(
        body(change(messages=[other])),
        one("text", {"body": "?"}, wamid="wamid.2", at=9, context={"id": "wamid.o"}),
    )

    assert "that is not here" in html
    stream = html.partition('class="stream"')[2]
    assert "A secret" not in stream


def test_the_api_gives_the_same_content(thread, acme):
    _, (message,) = thread((FILES / "text_reply_from_ad.json").read_bytes())

    with context.tenant(acme.schema_name):
        shown = MessageSerializer(message).data

    assert shown["context"]["wamid"] == "wamid.HBgLMTY1MDU1NTEyMzQVAgARGBI0"
    assert shown["context"]["is_forwarded"] is False
    assert shown["referral"]["url"] == "https://fb.me/3cr4Wqqkv"
    assert shown["referral"]["headline"] == "Chat with us"
