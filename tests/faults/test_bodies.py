"""Text that breaks programs, in every place that takes text: kept, cleaned or refused, no 500."""

import json
from urllib.parse import quote

import pytest

from conversations.models import Contact, Message
from conversations.services import inbound
from tenants import context
from tests.api import api_of
from tests.conftest import PHONES
from tests.conversations.events import body, change, contact, text, unaccounted
from tests.conversations.sending import conversation_with
from tests.faults.invariants import assert_invariants
from tests.whatsapp.webhooks.door import Door

pytestmark = pytest.mark.django_db(transaction=True)
NASTY = {
    "nul": "a\x00b",
    "lone surrogate": "a\ud800b",
    "other surrogate": "\udfffa",
    "control": "a\x01\x1b[31m\x7fb",
    "emoji": "👩🏽‍👩🏽‍👧🏽" * 500,
    "bidi": "\u202egnp.exe\u2066\u2069",
    "zalgo": "z\u0300\u0301\u0302\u0303" * 300,
    "markup": "<script>alert(1)</script>{{7*7}}{% debug %}",
    "sql": "'; DROP TABLE x; -- %s %(a)s",
    "lines": "a\r\nSet-Cookie: a=b\r\n\r\nb\u2028c",
    "wildcards": "%_%\\",
    "spaces": "\u3000\u200b \t\n",
    "long": "x" * 70_000,
}
nasty = pytest.mark.parametrize("odd", NASTY.values(), ids=NASTY)


def file_of(kind: str, **more: str) -> dict[str, object]:
    return {"type": kind, kind: {"id": "9001", "mime_type": "image/png", "sha256": "x", **more}}


def everywhere(odd: str) -> bytes:
    """Return a body that says it in every field that a person or a phone fills."""
    reply = {"type": "button_reply", "button_reply": {"id": odd, "title": odd}}
    place = {"latitude": 1, "longitude": 2, "name": odd, "address": odd, "url": odd}
    parts = [
        {"text": {"body": odd}},
        file_of("image", caption=odd),
        file_of("document", caption=odd, filename=odd),
        {"type": "interactive", "interactive": reply},
        {"type": "button", "button": {"payload": odd, "text": odd}},
        {"type": "location", "location": place},
        {"type": "reaction", "reaction": {"message_id": odd, "emoji": odd}},
        {"text": {"body": "oi"}, "context": {"id": odd, "from": odd}},
        {"text": {"body": "oi"}, "referral": {"headline": odd, "source_url": odd}},
    ]
    messages = [text(f"wamid.{n}") | part for n, part in enumerate(parts)]
    return body(change(contacts=[contact(name=odd)], messages=messages))


@nasty
def test_a_webhook_that_says_it_everywhere_is_taken_in_and_can_be_looked_at(
    acme, meta_app, phones, page, odd
):
    with Door() as door:
        assert door.post(everywhere(odd)).status == 200
    inbound.process_deliveries()

    assert unaccounted() == 0
    with context.tenant(acme.schema_name):
        # A reaction to nothing is no message.
        wamids = list(Message.objects.values_list("wamid", flat=True))
        conversation_id = Message.objects.earliest("pk").conversation_id
    assert len(wamids) == 8
    ana = page("ana@acme.test")
    for path in ("/inbox/", f"/inbox/{conversation_id}/"):
        shown = ana.get(path)
        assert shown.status_code == 200
        assert b"<script>alert(1)" not in shown.content
        assert "Set-Cookie: a=b" not in str(shown.headers)
    assert_invariants(acknowledged={"acme": wamids})


@pytest.fixture
def conversation(acme, phones, noon):
    with context.tenant(acme.schema_name):
        return conversation_with("5511988887777", phone=phones["acme"], opened_at=noon)


@nasty
def test_a_page_that_is_asked_with_it_answers(acme, page, conversation, odd):
    ana = page("ana@acme.test")
    word = quote(odd.encode("utf-8", "surrogatepass"))[:6000]
    statuses = [
        ana.get(f"/inbox/?q={word}").status_code,
        ana.get(f"/inbox/{word}/").status_code,
        ana.get(f"/inbox/changes?after={word}").status_code,
        ana.get(f"/inbox/{conversation.pk}/?before={word}").status_code,
        ana.get("/inbox/", headers={"Accept-Language": word, "HX-Request": word}).status_code,
        ana.get("/inbox/", headers={"X-Request-ID": word}).status_code,
    ]
    for field, place in (("name", "contact"), ("text", "reply"), ("client_id", "reply")):
        path, form = f"/inbox/{conversation.pk}/{place}", "application/x-www-form-urlencoded"
        answer = ana.post(path, f"{field}={word}", content_type=form)
        assert answer.status_code != 404
        statuses.append(answer.status_code)
    ana.cookies["sessionid"] = word
    statuses.append(ana.get("/inbox/").status_code)

    assert max(statuses) < 500
    assert_invariants(acknowledged={})


@nasty
def test_the_api_that_is_given_it_keeps_or_refuses_it(acme, people, conversation, odd):
    ana = api_of(people["ana@acme.test"])
    base = f"/api/v1/tenant/{acme.pk}"
    word = quote(odd.encode("utf-8", "surrogatepass"))[:6000]
    statuses = [
        ana.get(f"{base}/conversations/?q={word}").status_code,
        ana.get(f"{base}/conversations/?cursor={word}").status_code,
        ana.get(f"{base}/{word}/").status_code,
        ana.get(f"{base}/conversations/", X_Request_ID=word).status_code,
        ana.get(f"{base}/conversations/", Authorization=f"Bearer {word}").status_code,
    ]
    named = {"name": odd}
    said = {"conversation": conversation.pk, "type": "text", "text": {"body": odd}}
    key = {"Idempotency_Key": word[:200]}
    for method, place, document, more in [
        ("PATCH", f"{base}/contacts/{conversation.contact_id}/", named, {}),
        ("POST", f"{base}/messages/send", said, {}),
        ("POST", f"{base}/messages/send", said | {"type": odd, odd: odd}, {}),
        ("POST", f"{base}/messages/send", said | {"text": {"body": "oi"}}, key),
        ("POST", "/api/v1/auth/login", {"email": odd, "password": odd}, {}),
    ]:
        raw = json.dumps(document).encode()
        answer = ana.send(method, place, raw, "application/json", **more)
        assert answer.status_code != 404
        statuses.append(answer.status_code)

    assert max(statuses) < 500
    with context.tenant(acme.schema_name):
        assert "\x00" not in Contact.objects.get().name
    assert_invariants(acknowledged={})


def test_a_body_of_200_000_keys_and_one_that_is_zipped_stop_nobody(acme, meta_app, phones):
    many = json.dumps({f"k{number}": 1 for number in range(200_000)}).encode()
    good = body(change(messages=[text("wamid.1")]), waba_id=PHONES["acme"][1])

    with Door() as door:
        assert [door.post(one).status for one in (many, b"\x1f\x8b\x08\x00" * 9, good)] == [200] * 3
    inbound.process_deliveries()

    assert_invariants(acknowledged={"acme": ["wamid.1"]})
