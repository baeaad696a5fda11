"""The pages of webhooks."""

import re
import socket

import pytest
from django.test import Client

from conversations.models import HookDelivery, HookEndpoint
from conversations.services.hooks import delivering
from tenants import context
from tests.tenants.receiving import receiving

pytestmark = pytest.mark.django_db
PAGE = "/settings/webhooks/"


@pytest.fixture(autouse=True)
def _resolver(monkeypatch):
    """Know one public name."""
    real = socket.getaddrinfo

    def look_up(host, port, *args, **kwargs):
        if host != "hooks.example.com":
            return real(host, port, *args, **kwargs)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


@pytest.fixture
def receiver(settings):
    settings.EGRESS_LOOPBACK = True
    with receiving() as made:
        yield made


@pytest.fixture
def boss(page) -> Client:
    return page("admin@acme.test")


NEW = {"url": "https://hooks.example.com/in?key=geheim", "events": ["message.received"]}


@pytest.fixture
def endpoint(boss, acme) -> HookEndpoint:
    boss.post(PAGE, NEW)
    with context.tenant(acme.schema_name):
        return HookEndpoint.objects.get()


def test_an_address_is_added_and_its_secret_shown_once(boss, acme):
    made = boss.post(PAGE, {**NEW, "description": "ERP"})
    html = made.content.decode()
    (secret,) = re.findall(r"whsec_[A-Za-z0-9+/=]+", html)
    assert "no-store" in made["Cache-Control"]

    with context.tenant(acme.schema_name):
        endpoint = HookEndpoint.objects.get()
    for place in (PAGE, f"{PAGE}{endpoint.pk}/"):
        shown = boss.get(place).content.decode()
        assert "https://hooks.example.com/in?…" in shown
        assert "geheim" not in shown and secret not in shown


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"url": "https://10.0.0.1/"}, "on the public internet"),
        ({"url": ""}, "This field is required"),
        ({"events": []}, "This field is required"),
        ({"events": ["nonsense"]}, "nonsense is not one"),
    ],
)
def test_what_is_refused_says_why(boss, acme, given, sentence):
    answer = boss.post(PAGE, {**NEW, **given})

    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    with context.tenant(acme.schema_name):
        assert not HookEndpoint.objects.exists()


def test_it_is_changed_and_keeps_its_address(boss, acme, endpoint):
    one = f"{PAGE}{endpoint.pk}/"
    answer = boss.post(one, {"events": ["message.status"], "description": "CRM"})

    assert answer.status_code == 302
    with context.tenant(acme.schema_name):
        endpoint.refresh_from_db()
    assert (endpoint.events, endpoint.description) == (["message.status"], "CRM")
    assert (endpoint.url, endpoint.is_enabled) == (NEW["url"], False)
    assert "Switched off by somebody of your team." in boss.get(one).content.decode()
    refused = boss.post(one, {**NEW, "url": "https://127.0.0.1/"})
    assert refused.status_code == 400
    assert "on the public internet" in refused.content.decode()


def test_a_test_stands_in_the_log_and_is_sent_once_more(boss, acme, receiver):
    boss.post(PAGE, {**NEW, "url": receiver.url})
    with context.tenant(acme.schema_name):
        endpoint = HookEndpoint.objects.get()
    one = f"{PAGE}{endpoint.pk}/"
    receiver.status, receiver.body = 500, b"<script>alert(1)</script>"
    assert boss.post(f"{one}test").status_code == 302
    with context.tenant(acme.schema_name):
        delivering.deliver(endpoint_id=endpoint.pk)
        delivery = HookDelivery.objects.select_related("event").get()
    html = boss.get(one).content.decode()
    assert "webhook.test" in html and "HTTP 500" in html and delivery.event.webhook_id in html
    assert "&lt;script&gt;" in html and "<script>alert" not in html
    assert "delivery-" not in boss.get(f"{one}?failed").content.decode()

    with context.tenant(acme.schema_name):
        HookDelivery.objects.update(state="DEAD")
    assert "delivery-" in boss.get(f"{one}?failed").content.decode()
    assert boss.post(f"{one}replay", {"since": "yesterday"}).status_code == 400
    assert boss.post(f"{one}replay", {"since": "2026-01-01"}).status_code == 302
    with context.tenant(acme.schema_name):
        assert HookDelivery.objects.get().state == "PENDING"
        HookDelivery.objects.update(state="DONE")
    boss.post(f"{one}deliveries/{delivery.pk}/replay")
    with context.tenant(acme.schema_name):
        assert HookDelivery.objects.get().state == "PENDING"
    refused = boss.post(f"{one}deliveries/{delivery.pk}/replay", follow=True)
    assert "still on its way" in refused.content.decode()


def test_a_new_secret_and_the_end(boss, acme, endpoint):
    one = f"{PAGE}{endpoint.pk}/"
    assert "whsec_" in boss.post(f"{one}secret").content.decode()

    assert boss.post(f"{one}remove")["Location"] == PAGE
    with context.tenant(acme.schema_name):
        assert not HookEndpoint.objects.exists()


@pytest.mark.parametrize("email", ["ana@acme.test", "vera@acme.test"])
def test_admins_only(page, endpoint, email):
    client = page(email)

    assert client.get(PAGE).status_code == 403
    assert client.get(f"{PAGE}{endpoint.pk}/").status_code == 403
    for act in ("test", "secret", "remove", "replay", "deliveries/1/replay"):
        assert client.post(f"{PAGE}{endpoint.pk}/{act}").status_code == 403


def test_other_tenants_find_nothing(page, endpoint):
    client = page("admin@globex.test")

    assert client.get(f"{PAGE}{endpoint.pk}/").status_code == 404
    for act in ("test", "secret", "remove", "replay", "deliveries/1/replay"):
        assert client.post(f"{PAGE}{endpoint.pk}/{act}").status_code == 404
