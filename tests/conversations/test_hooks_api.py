"""Webhooks by the API: what admins may do, what is shown, and what is refused."""

import json
import socket
from datetime import timedelta

import pytest
from django.utils import timezone

from conversations.models import HookDelivery, HookEndpoint
from conversations.services.hooks import delivering
from tenants import context
from tests.api import Api, api_of, check_problem
from tests.conversations.hooking import verified
from tests.tenants.receiving import receiving

pytestmark = pytest.mark.django_db


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
def place(acme) -> str:
    return f"/api/v1/tenant/{acme.pk}/webhooks-out"


@pytest.fixture
def boss(people) -> Api:
    return api_of(people["admin@acme.test"])


NEW = {"url": "https://hooks.example.com/in?key=geheim", "events": ["message.status"]}


def test_an_address_is_made_read_changed_and_removed(boss, place):
    made = boss.post(f"{place}/", {**NEW, "description": "ERP"})
    assert made.status_code == 201
    known = made.json()
    assert known.pop("secret").startswith("whsec_")
    assert known["url"] == "https://hooks.example.com/in?…"
    assert known["events"] == ["message.status"]

    one = f"{place}/{known['id']}/"
    assert boss.get(one).json() == known
    assert boss.get(f"{place}/").json()["results"] == [known]
    changes = {"events": ["broadcast.updated", "message.received"], "is_enabled": False}
    changed = boss.send("PATCH", one, dump(changes), "application/json").json()
    assert changed["events"] == ["message.received", "broadcast.updated"]
    assert (changed["is_enabled"], changed["disabled_reason"]) == (False, "PERSON")
    assert "geheim" not in str(changed)
    check_problem(boss.post(f"{one}test"), 409, "endpoint_disabled")
    assert boss.send("DELETE", one).status_code == 204
    check_problem(boss.get(one), 404, "not_found")


def dump(value) -> bytes:

    return json.dumps(value).encode()


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"url": "https://127.0.0.1/"}, "address_refused"),
        ({"url": "https://[::ffff:7f00:1]/"}, "address_refused"),
        ({"url": "https://169.254.169.254/latest"}, "address_refused"),
        ({"url": "http://hooks.example.com/"}, "address_refused"),
        ({"url": "https://hooks.example.com:8443/"}, "address_refused"),
        ({"url": "https://user:pw@hooks.example.com/"}, "address_refused"),
        ({"url": "https://hooks.example.com\\@127.0.0.1/"}, "address_refused"),
        ({"url": "https://nobody.invalid/"}, "address_unknown"),
        ({"url": "x" * 2001}, "invalid"),
        ({"url": 7}, "invalid"),
        ({"events": []}, "invalid"),
        ({"events": ["message.received", "everything"]}, "invalid"),
        ({"events": "message.received"}, "invalid"),
        ({"secret": "mine"}, "invalid"),
    ],
)
def test_what_is_refused(boss, place, acme, given, code):
    check_problem(boss.post(f"{place}/", {**NEW, **given}), 400, code)
    with context.tenant(acme.schema_name):
        assert not HookEndpoint.objects.exists()


@pytest.mark.parametrize("given", [{"since": "yesterday"}, {}, {"until": 1}])
def test_a_replay_needs_a_moment(boss, place, given):
    made = boss.post(f"{place}/", NEW).json()

    check_problem(boss.post(f"{place}/{made['id']}/replay", given), 400, "invalid")


@pytest.mark.parametrize("who", ["ana@acme.test", "vera@acme.test"])
def test_nobody_but_admins(people, place, boss, who):
    made = boss.post(f"{place}/", NEW).json()
    other = api_of(people[who])

    for path in ("/", f"/{made['id']}/", f"/{made['id']}/deliveries"):
        check_problem(other.get(f"{place}{path}"), 403, "forbidden")
    for path in ("/", f"/{made['id']}/test", f"/{made['id']}/rotate-secret"):
        check_problem(other.post(f"{place}{path}", NEW), 403, "forbidden")


def test_other_tenants_find_nothing(people, globex, place, boss):
    made = boss.post(f"{place}/", NEW).json()
    other = api_of(people["admin@globex.test"])
    theirs = f"/api/v1/tenant/{globex.pk}/webhooks-out/{made['id']}"

    check_problem(other.get(f"{theirs}/"), 404, "not_found")
    check_problem(other.send("DELETE", f"{theirs}/"), 404, "not_found")
    for path in ("test", "rotate-secret", "deliveries/1/replay"):
        check_problem(other.post(f"{theirs}/{path}"), 404, "not_found")
    since = {"since": "2026-11-10T00:00:00Z"}
    check_problem(other.post(f"{theirs}/replay", since), 404, "not_found")


def test_a_test_is_sent_logged_and_replayed(boss, place, acme, receiver):
    made = boss.post(f"{place}/", {**NEW, "url": receiver.url}).json()
    one = f"{place}/{made['id']}"
    queued = boss.post(f"{one}/test")
    assert queued.status_code == 202
    check_problem(boss.post(f"{one}/deliveries/{queued.json()['id']}/replay"), 409, "still_waits")
    receiver.status, receiver.body = 400, b"<b>no</b>"
    deliver_of(acme, made["id"])

    (row,) = boss.get(f"{one}/deliveries?state=PENDING").json()["results"]
    assert (row["type"], row["status_code"], row["answer"]) == ("webhook.test", 400, "<b>no</b>")
    assert row["next_attempt_at"] is not None
    with context.tenant(acme.schema_name):
        HookDelivery.objects.update(state="DEAD")
    hour_ago = (timezone.now() - timedelta(hours=1)).isoformat()
    assert boss.post(f"{one}/replay", {"since": hour_ago}).json() == {"count": 1}
    receiver.status = 200
    deliver_of(acme, made["id"])

    (row,) = boss.get(f"{one}/deliveries").json()["results"]
    assert (row["state"], row["status_code"], row["next_attempt_at"]) == ("DONE", 200, None)
    assert verified(receiver.got[-1], made["secret"])["data"] == {"test": True}
    assert boss.post(f"{one}/deliveries/{row['id']}/replay").json()["state"] == "PENDING"
    check_problem(boss.post(f"{one}/deliveries/999/replay"), 404, "not_found")


def deliver_of(tenant, endpoint_id: int) -> None:
    with context.tenant(tenant.schema_name):
        HookEndpoint.objects.update(rest_until=None)
        assert delivering.deliver(endpoint_id=endpoint_id) == 1


@pytest.mark.parametrize("act", ["test", "replay"])
def test_what_is_repeated_is_done_once(boss, place, acme, act):
    one = f"{place}/{boss.post(f'{place}/', NEW).json()['id']}/"
    path = f"{one}test"
    if act == "replay":
        delivery = boss.post(path).json()["id"]
        with context.tenant(acme.schema_name):
            HookDelivery.objects.update(state="DEAD")
        path = f"{one}deliveries/{delivery}/replay"

    first, again = (boss.post(path, Idempotency_Key="k1") for _ in range(2))

    assert first.status_code == again.status_code == 202
    assert first.json() == again.json()
    assert again["Idempotent-Replayed"] == "true"
    with context.tenant(acme.schema_name):
        assert HookDelivery.objects.count() == 1


def test_a_new_secret_is_shown_once(boss, place):
    made = boss.post(f"{place}/", NEW).json()

    rotated = boss.post(f"{place}/{made['id']}/rotate-secret")

    assert rotated.status_code == 201
    assert rotated.json()["secret"] not in {made["secret"], ""}
    shown = boss.get(f"{place}/{made['id']}/")
    assert shown.json()["previous_secret_until"] is not None
    assert "whsec_" not in shown.content.decode()
