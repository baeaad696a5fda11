"""Addresses that a tenant names, and what stands in what is sent to us: nothing leads inside.

How an address is read, resolved and connected to is in tests/tenants/test_egress.py; here the doors
are asked, what they keep, and what they show of it.
"""

import logging
import socket
from collections.abc import Iterator

import pytest
from django.utils import timezone

from conversations.models import HookDelivery, HookEndpoint, Message
from conversations.services import inbound
from conversations.services.hooks import delivering, endpoints
from tenants import context
from tenants.models import AuditEvent
from tests.api import Api, api_of
from tests.conversations.events import body, change, deliver, text
from tests.tenants.receiving import Receiver, receiving
from tests.tenants.test_egress import EVIL
from whatsapp.models import MediaFile

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "s3cr3t-0f-the-url"
WORDS = ["timeout", "tls", "refused", "broken", "address_refused", "address_unknown", "no_secret"]


@pytest.fixture
def receiver(settings) -> Iterator[Receiver]:
    settings.EGRESS_LOOPBACK = True
    with receiving() as made:
        yield made


@pytest.fixture
def boss(people) -> Api:
    return api_of(people["admin@acme.test"])


@pytest.fixture
def hooks(acme) -> str:
    return f"/api/v1/tenant/{acme.pk}/webhooks-out"


@pytest.fixture
def inside(acme) -> Iterator[None]:
    with context.tenant(acme.schema_name):
        yield


@pytest.fixture
def told(inside, actor):
    """Return a function that tells an address something; returns what became of it."""

    def told(url: str) -> HookDelivery:
        boss = actor("admin@acme.test")
        made, _secret = endpoints.create(actor=boss, url=url, events=["message.status"])
        endpoints.test(actor=boss, endpoint=made, now=timezone.now())
        assert delivering.deliver(endpoint_id=made.pk) == 1
        return HookDelivery.objects.get(endpoint=made)

    return told


# --- Where requests may go


def test_an_address_inside_is_refused_by_every_door(boss, hooks, page, receiver, settings):
    made = boss.post(f"{hooks}/", {"url": receiver.url, "events": ["message.status"]})
    assert made.status_code == 201
    settings.EGRESS_LOOPBACK = False
    one, admin = f"{hooks}/{made.json()['id']}/", page("admin@acme.test")

    taken = set()
    for url in [*EVIL, "https://metadata.google.internal/", "https://a.localhost/"]:
        answers = (
            boss.post(f"{hooks}/", {"url": url, "events": ["message.status"]}),
            boss.tell("PATCH", one, {"url": url}),
            admin.post("/settings/webhooks/", {"url": url, "events": "message.status"}),
        )
        if {answer.status_code for answer in answers} != {400}:
            taken.add(url)

    assert not taken
    assert boss.get(one).json()["url"] == receiver.url
    assert len(boss.get(f"{hooks}/").json()["results"]) == 1


def test_an_address_that_moved_inside_is_asked_nothing(told, receiver, settings, monkeypatch):
    told(receiver.url)
    settings.EGRESS_LOOPBACK = False
    HookEndpoint.objects.update(url="https://hooks.example/in")
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_a, **_k: [(2, 1, 6, "", ("127.0.0.1", receiver.port))]
    )
    HookDelivery.objects.update(state="PENDING", due_at=timezone.now())

    delivering.deliver(endpoint_id=HookEndpoint.objects.get().pk)

    assert HookDelivery.objects.get().error == "address_refused"
    assert len(receiver.got) == 1


def test_an_answer_that_points_inside_is_not_followed(told, receiver):
    with receiving() as inner:
        receiver.status, receiver.headers = 302, {"Location": inner.url}

        found = told(receiver.url)

    assert (found.status_code, found.state) == (302, "PENDING")
    assert inner.got == []


@pytest.mark.parametrize("kind", ["image", "video", "audio", "document", "sticker"])
def test_a_link_in_what_comes_in_is_never_fetched(kind, inside, meta_app, phones, receiver):
    link = {"link": receiver.url, "url": receiver.url, "mime_type": "image/png", "sha256": "x"}
    message = text("wamid.link")
    del message["text"]
    message |= {
        "type": kind,
        kind: link,
        "referral": {"source_url": receiver.url, "image_url": receiver.url},
    }

    deliver(meta_app, body(change("acme", messages=[message])))
    inbound.process_deliveries()

    assert Message.objects.get().wamid == "wamid.link"
    assert not MediaFile.objects.exclude(media_id="").filter(state="READY").exists()
    assert receiver.got == []


# --- What is shown of an answer, and of a secret


def test_an_answer_is_shown_as_text_and_not_all_of_it(told, receiver, boss, hooks, page):
    receiver.status = 500
    receiver.body = b"<script>alert(1)</script>\x00\xff" + b"x" * 100_000

    found = told(receiver.url)
    listed = boss.get(f"{hooks}/{found.endpoint_id}/deliveries/")
    shown = page("admin@acme.test").get(f"/settings/webhooks/{found.endpoint_id}/")

    assert len(found.answer) == delivering.ANSWER_MAX_CHARACTERS
    assert listed["Content-Type"] == "application/json"
    assert listed.json()["results"][0]["answer"] == found.answer
    assert b"<script>alert(1)" not in shown.content
    assert b"&lt;script&gt;alert(1)" in shown.content


@pytest.mark.parametrize("fault", ["nobody", "nonsense"])
def test_what_went_wrong_is_said_in_a_word_without_details(fault, told, receiver):
    if fault == "nonsense":
        banner = b"SSH-2.0-OpenSSH_9.2 inner-host\r\n"
        receiver.answering = lambda handler: handler.wfile.write(banner)
    url = receiver.url if fault != "nobody" else "http://127.0.0.1:9/"

    found = told(url)

    assert found.error in WORDS
    assert found.answer == ""


def test_a_secret_of_an_address_stands_nowhere_but_there(told, receiver, boss, hooks, page, caplog):
    receiver.status = 500
    with caplog.at_level(logging.DEBUG):
        found = told(f"{receiver.url}?key={SECRET}")
        shown = [
            page("admin@acme.test").get("/settings/webhooks/").content,
            page("admin@acme.test").get(f"/settings/webhooks/{found.endpoint_id}/").content,
            boss.get(f"{hooks}/").content,
            boss.get(f"{hooks}/{found.endpoint_id}/").content,
            boss.get(f"{hooks}/{found.endpoint_id}/deliveries/").content,
        ]
    with context.platform():
        noted = list(AuditEvent.objects.values_list("changes", flat=True))

    assert receiver.got[0].path.endswith(SECRET)
    assert all(SECRET.encode() not in one for one in shown)
    assert all(receiver.url.encode() in one for one in shown[:1])
    assert SECRET not in caplog.text
    assert SECRET not in str(noted)
