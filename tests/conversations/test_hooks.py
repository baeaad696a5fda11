"""Webhooks of a tenant's own: what is told, to whom, once, signed, and again until it arrives."""

import json
import re
import time
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from django.utils import timezone

from conversations import rules
from conversations.models import (
    Conversation,
    HookDelivery,
    HookEndpoint,
    HookEvent,
    HookRelay,
    Message,
)
from conversations.services import inbound
from conversations.services.hooks import delivering, endpoints, relaying, signing
from tenants import context
from tenants.errors import ForbiddenError
from tenants.feed import live
from tenants.feed.live import Draft
from tenants.feed.models import Change, Counter
from tenants.models import ApiKey, AuditEvent, Mail
from tests.api import Queries, key_of
from tests.conversations.events import NOON, body, change, contact, deliver, status, text
from tests.conversations.hooking import endpoint_at, verified, webhook_ids
from tests.conversations.sending import conversation_with, message_in
from tests.faults import victims
from tests.tenants.receiving import receiving, silence

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def receiver(settings):
    settings.EGRESS_LOOPBACK = True
    with receiving() as made:
        yield made


@pytest.fixture
def admin(actor):
    return actor("admin@acme.test")


@pytest.fixture
def place(acme):
    with context.tenant(acme.schema_name):
        yield acme


@pytest.fixture
def take(meta_app, phones):
    def take(*bodies: bytes) -> None:
        deliver(meta_app, *bodies)
        inbound.process_deliveries()

    return take


def came(wamid: str, **more) -> bytes:
    return body(change("acme", messages=[text(wamid, **more)], contacts=[contact()]))


def went(wamid: str, word: str, **more) -> bytes:
    return body(change("acme", statuses=[status(wamid, word, **more)]))


def told() -> list[tuple[str, str]]:
    return list(HookDelivery.objects.order_by("pk").values_list("event__kind", "event__key"))


def tell(endpoint: HookEndpoint) -> int:
    return delivering.deliver(endpoint_id=endpoint.pk)


def let_it_be_due(**more) -> None:
    """Let the time pass until everything may be tried again."""
    past = timezone.now() - timedelta(seconds=1)
    HookEndpoint.objects.update(rest_until=None)
    HookDelivery.objects.filter(state="PENDING").update(due_at=past, **more)


# --- What is told


def test_a_customer_s_message_is_told_once_as_the_api_has_it(take, place, admin, receiver):
    endpoint, secret = endpoint_at(admin, receiver, "message.received")
    context.leave()
    take(came("wamid.1", body="Olá"), came("wamid.1", body="Olá"))

    with context.tenant(place.schema_name):
        relaying.relay()
        relaying.relay()
        assert tell(endpoint) == 1
        message = Message.objects.get()

    (got,) = receiver.got
    document = verified(got, secret)
    assert document["type"] == "message.received"
    assert document["tenant"] == str(place.pk)
    assert document["data"]["message"]["id"] == message.pk
    assert document["data"]["message"]["text"] == {"body": "Olá"}
    assert document["data"]["contact"]["wa_id"] == "5511988887777"
    assert datetime.fromisoformat(document["timestamp"]).tzinfo is not None


def test_each_status_of_ours_is_told_once_and_what_goes_on_here_is_not(
    take, place, admin, phones, receiver
):
    endpoint_at(admin, receiver, "message.status")
    sent = message_in(
        conversation_with("5511988887777", phone=phones["acme"], opened_at=timezone.now()),
        status="SENDING",
    )
    live.publish(Draft(Change.Kind.STATUS, sent.conversation_id, sent.pk))
    relaying.relay()
    assert told() == []
    Message.objects.update(wamid="wamid.out", status="ACCEPTED", rank=rules.RANKS["ACCEPTED"])
    context.leave()

    for word in ("sent", "delivered", "delivered", "sent", "read"):
        take(went("wamid.out", word))
        with context.tenant(place.schema_name):
            relaying.relay()
    # It was delivered earlier than we thought: a change, and nothing new to tell.
    take(went("wamid.out", "delivered", at=NOON - 60))

    with context.tenant(place.schema_name):
        assert Change.objects.filter(kind="STATUS").count() == 5
        relaying.relay()
        keys = [key for _, key in told()]
    assert keys == [f"message.status:{sent.pk}:{word}" for word in ("SENT", "DELIVERED", "READ")]


def test_whoever_comes_late_is_told_the_last_word(take, place, admin, phones, receiver):
    endpoint, secret = endpoint_at(admin, receiver, "message.status")
    message_in(
        conversation_with("5511988887777", phone=phones["acme"], opened_at=timezone.now()),
        status="SENT",
        rank=rules.RANKS["SENT"],
        wamid="wamid.out",
    )
    context.leave()
    take(went("wamid.out", "delivered"), went("wamid.out", "read"))

    with context.tenant(place.schema_name):
        relaying.relay()
        tell(endpoint)

    (got,) = receiver.got
    assert verified(got, secret)["data"]["message"]["status"] == "READ"


def test_only_what_is_wanted_is_told_and_nothing_from_before(take, place, admin, receiver):
    context.leave()
    take(came("wamid.before"))
    with context.tenant(place.schema_name):
        endpoint_at(admin, receiver, "message.received", path="/a")
        endpoint_at(admin, receiver, "broadcast.updated", path="/b")
        relaying.relay()
        assert told() == []
    take(came("wamid.after"))

    with context.tenant(place.schema_name):
        relaying.relay()
        assert [kind for kind, _ in told()] == ["message.received"]
        assert HookDelivery.objects.get().endpoint.url.endswith("/a")


def test_other_tenants_are_told_nothing(take, place, globex, actor, receiver):
    context.leave()
    with context.tenant(globex.schema_name):
        endpoint_at(actor("admin@globex.test"), receiver)
    take(came("wamid.1"))

    with context.tenant(globex.schema_name):
        relaying.relay()
        assert told() == []
    with context.tenant(place.schema_name):
        relaying.relay()
        assert told() == []


def test_conversations_and_other_changes_are_told(place, admin, phones, receiver):
    endpoint, secret = endpoint_at(admin, receiver)
    one = message_in(
        conversation_with("5511988887777", phone=phones["acme"], opened_at=timezone.now())
    )
    live.publish(
        Draft(Change.Kind.CONVERSATION, one.conversation_id),
        Draft(Change.Kind.MESSAGE, one.conversation_id, one.pk),
        Draft(Change.Kind.CONVERSATION, one.conversation_id),
    )
    relaying.relay()

    assert tell(endpoint) == 2
    found = {json.loads(got.body)["type"]: verified(got, secret) for got in receiver.got}
    assert found["conversation.updated"]["data"]["conversation"]["id"] == one.conversation_id
    assert found["message.updated"]["data"]["message"]["id"] == one.pk


@pytest.mark.parametrize("kind", [Change.Kind.STATUS, Change.Kind.CONVERSATION])
def test_what_programs_sent_costs_no_look_up_each(place, admin, people, phones, receiver, kind):
    endpoint_at(admin, receiver, "message.status", "conversation.updated")
    context.leave()
    secret = key_of(people["admin@acme.test"], place, "messages:write")
    with context.platform():
        key = ApiKey.objects.get(prefix=secret.split("_")[1])
    number = count(1)

    def cost(messages: int) -> int:
        with context.tenant(place.schema_name):
            for _ in range(messages):
                wa_id = f"55119888877{next(number):02}"
                talk = conversation_with(wa_id, phone=phones["acme"], opened_at=timezone.now())
                sent = message_in(talk, status="SENT", api_key=key)
                Conversation.objects.filter(pk=talk.pk).update(last_message=sent)
                live.publish(Draft(kind, talk.pk, sent.pk if kind == Change.Kind.STATUS else None))
            with Queries() as asked:
                relaying.relay()
        return len(asked)

    assert cost(1) == cost(5)


def test_nobody_who_follows_costs_no_statement_and_no_nudge(
    take, place, admin, phones, receiver, monkeypatch
):
    nudges = []
    monkeypatch.setattr("tenants.feed.following.wake", lambda: nudges.append(1))
    one = conversation_with("5511988887777", phone=phones["acme"], opened_at=timezone.now())
    with Queries() as before:
        live.publish(Draft(Change.Kind.CONVERSATION, one.pk))
    endpoint, _ = endpoint_at(admin, receiver)
    assert nudges == []

    with Queries() as after:
        live.publish(Draft(Change.Kind.CONVERSATION, one.pk))

    assert nudges == [1]
    assert len(before) == len(after) == 1
    endpoints.change(actor=admin, endpoint=endpoint, is_enabled=False)
    context.leave()
    take(came("wamid.1"))
    assert nudges == [1]


# --- Signatures


def test_the_signature_is_that_of_the_standard():
    """The vector of the specification's own libraries."""
    made = signing.headers(
        webhook_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        at=datetime.fromtimestamp(1614265330, tz=UTC),
        body=b'{"test": 2432232314}',
        secrets=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )

    assert made["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert made["webhook-timestamp"] == "1614265330"


def test_two_secrets_sign_for_a_day_after_a_rotation(place, admin, receiver):
    endpoint, old = endpoint_at(admin, receiver)
    new = endpoints.rotate(actor=admin, endpoint=endpoint, now=timezone.now())
    endpoints.test(actor=admin, endpoint=endpoint, now=timezone.now())
    tell(endpoint)
    HookEndpoint.objects.update(previous_until=timezone.now())
    endpoints.test(actor=admin, endpoint=endpoint, now=timezone.now())
    tell(endpoint)

    first, second = receiver.got
    assert verified(first, old) == verified(first, new)
    verified(second, new)
    with pytest.raises(AssertionError):
        verified(second, old)


def test_no_secret_stands_open_anywhere(place, admin, receiver):
    endpoint, secret = endpoint_at(admin, receiver)
    endpoint.refresh_from_db()

    assert secret.startswith("whsec_")
    assert secret not in endpoint.secret_sealed
    with context.platform():
        notes = AuditEvent.objects.filter(action__startswith="webhook.")
        assert secret not in str(list(notes.values()))
        assert receiver.url not in str(list(notes.values()))


# --- Once more


def test_an_event_of_a_worker_that_died_comes_again_under_its_id(place, admin, receiver):
    endpoint, secret = endpoint_at(admin, receiver)
    endpoints.test(actor=admin, endpoint=endpoint, now=timezone.now())

    victims.run(victims.TELL, place.schema_name, endpoint.pk, crash_at="hooks.claimed")
    assert receiver.got == []
    assert tell(endpoint) == 0, "somebody may be at it still"
    let_it_be_due(lease_until=timezone.now())
    victims.run(victims.TELL, place.schema_name, endpoint.pk, crash_at="hooks.sent")
    assert HookDelivery.objects.get().state == "PENDING"
    let_it_be_due(lease_until=timezone.now())
    assert tell(endpoint) == 1

    first, second = receiver.got
    assert webhook_ids(receiver)[0] == webhook_ids(receiver)[1]
    assert verified(first, secret) == verified(second, secret)
    assert HookDelivery.objects.get().state == "DONE"
    assert tell(endpoint) == 0


def test_two_workers_do_not_take_the_same_one(place, admin, receiver):
    endpoint, _ = endpoint_at(admin, receiver)
    endpoints.test(actor=admin, endpoint=endpoint, now=timezone.now())

    first = delivering._claim(endpoint.pk, timezone.now())
    second = delivering._claim(endpoint.pk, timezone.now())

    assert first is not None
    assert second is None


def test_an_answer_after_the_lease_changes_nothing(place, admin, receiver):
    endpoint, _ = endpoint_at(admin, receiver)
    endpoints.test(actor=admin, endpoint=endpoint, now=timezone.now())
    late = delivering._claim(endpoint.pk, timezone.now())
    let_it_be_due(lease_until=timezone.now())
    assert tell(endpoint) == 1

    delivering._settle(late, delivering._Outcome(500), timezone.now())

    row = HookDelivery.objects.get()
    assert (row.state, row.status_code) == ("DONE", 200)


def test_what_fails_is_tried_on_the_schedule_and_then_given_up(place, admin, receiver):
    receiver.status, receiver.body = 500, b"\x00oops"
    endpoint, _ = endpoint_at(admin, receiver)
    endpoints.test(actor=admin, endpoint=endpoint, now=timezone.now())

    for attempt, seconds in enumerate([*delivering.SCHEDULE[1:], None], start=1):
        began = timezone.now()
        assert tell(endpoint) == 1
        row = HookDelivery.objects.get()
        assert (row.attempts, row.status_code, row.answer) == (attempt, 500, "\ufffdoops")
        if seconds is not None:
            waits = (row.due_at - began).total_seconds()
            assert seconds <= waits <= seconds * 1.1 + 5
            assert tell(endpoint) == 0
            let_it_be_due()
    assert row.state == "DEAD"
    assert len(set(webhook_ids(receiver))) == 1
    assert len(receiver.got) == len(delivering.SCHEDULE) == 10


def test_a_receiver_may_ask_for_more_time(place, admin, receiver):
    receiver.status, receiver.headers = 503, {"Retry-After": "600"}
    endpoint, _ = endpoint_at(admin, receiver)
    endpoints.test(actor=admin, endpoint=endpoint, now=timezone.now())
    began = timezone.now()
    tell(endpoint)

    assert (HookDelivery.objects.get().due_at - began).total_seconds() >= 600


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("", 0),
        ("7", 7),
        ("-3", 0),
        ("9" * 50, 0),
        ("soon", 0),
        ("Tue, 10 Nov 2026 12:01:00 GMT", 60),
    ],
)
def test_what_retry_after_means(asked, seconds):
    noon = datetime(2026, 11, 10, 12, tzinfo=UTC)

    assert delivering._asked(asked, noon) == seconds


def test_a_redirect_is_no_arrival(place, admin, receiver):
    receiver.status, receiver.headers = 302, {"Location": "https://elsewhere.example/"}
    endpoint, _ = endpoint_at(admin, receiver)
    endpoints.test(actor=admin, endpoint=endpoint, now=timezone.now())
    tell(endpoint)

    row = HookDelivery.objects.get()
    assert (row.state, row.status_code) == ("PENDING", 302)


def test_an_address_that_leads_inside_by_now_gets_nothing(place, admin, receiver, settings):
    endpoint, _ = endpoint_at(admin, receiver)
    endpoints.test(actor=admin, endpoint=endpoint, now=timezone.now())
    settings.EGRESS_LOOPBACK = False
    tell(endpoint)

    assert receiver.got == []
    assert HookDelivery.objects.get().error == "address_refused"


def test_410_switches_an_address_off_at_once(place, admin, receiver):
    receiver.status = 410
    endpoint, _ = endpoint_at(admin, receiver)
    endpoints.test(actor=admin, endpoint=endpoint, now=timezone.now())
    tell(endpoint)
    endpoint.refresh_from_db()

    assert (endpoint.is_enabled, endpoint.disabled_reason) == (False, "GONE")
    assert not Counter.objects.get().is_followed
    with context.platform():
        note = AuditEvent.objects.get(action="webhook.switched_off")
        assert (note.tenant_id, note.changes) == (place.pk, {"reason": "GONE"})


def test_five_days_of_failure_switch_an_address_off_and_a_success_ends_them(
    place, admin, receiver, settings
):
    settings.MAIL_IS_SET_UP = True
    receiver.status = 500
    endpoint, _ = endpoint_at(admin, receiver)
    endpoints.test(actor=admin, endpoint=endpoint, now=timezone.now())
    tell(endpoint)
    HookEndpoint.objects.update(failing_since=timezone.now() - timedelta(days=4))
    receiver.status = 200
    let_it_be_due()
    tell(endpoint)
    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.failing_since) == (0, None)

    receiver.status = 500
    endpoints.test(actor=admin, endpoint=endpoint, now=timezone.now())
    tell(endpoint)
    HookEndpoint.objects.update(failing_since=timezone.now() - timedelta(days=5))
    let_it_be_due()
    tell(endpoint)
    endpoint.refresh_from_db()
    assert (endpoint.is_enabled, endpoint.disabled_reason) == (False, "FAILING")
    with context.platform():
        letter = Mail.objects.get()
        assert (letter.to, letter.tenant_id) == ("admin@acme.test", place.pk)
        assert "a webhook was switched off" in letter.subject

    let_it_be_due()
    assert tell(endpoint) == 0
    receiver.status = 200
    endpoints.change(actor=admin, endpoint=endpoint, is_enabled=True)
    assert tell(endpoint) == 1, "what waited goes on"


def test_a_failing_address_rests_whatever_else_waits_for_it(place, admin, receiver):
    receiver.status = 500
    endpoint, _ = endpoint_at(admin, receiver)
    endpoints.test(actor=admin, endpoint=endpoint, now=timezone.now())
    tell(endpoint)
    HookDelivery.objects.update(due_at=timezone.now())
    assert tell(endpoint) == 0

    receiver.status = 200
    endpoints.test(actor=admin, endpoint=endpoint, now=timezone.now())
    assert tell(endpoint) == 2, "somebody waits for a test"


def test_events_may_come_in_any_order(take, place, admin, receiver):
    endpoint, secret = endpoint_at(admin, receiver, "message.received")
    context.leave()
    take(*(came(f"wamid.{n}", body=str(n)) for n in range(5)))
    with context.tenant(place.schema_name):
        relaying.relay()
        receiver.status = 500
        for _ in range(2):
            tell(endpoint)
            HookEndpoint.objects.update(rest_until=None)
        receiver.status = 200
        receiver.got.clear()
        let_it_be_due()
        tell(endpoint)
        found = {verified(got, secret)["data"]["message"]["text"]["body"] for got in receiver.got}
        assert found == {str(n) for n in range(5)}
        assert not HookDelivery.objects.exclude(state="DONE").exists()


# --- Nobody holds anybody up


def test_an_address_that_hangs_keeps_nobody_but_itself_waiting(place, admin, receiver):
    with silence() as port:
        hanging, _ = endpoints.create(
            actor=admin, url=f"http://127.0.0.1:{port}/", events=["message.received"]
        )
        endpoint, _ = endpoint_at(admin, receiver)
        for one in (hanging, endpoint):
            endpoints.test(actor=admin, endpoint=one, now=timezone.now())

        until = time.monotonic() + 10
        delivering.begin(endpoint_id=hanging.pk)
        delivering.begin(endpoint_id=endpoint.pk)

        while not receiver.got and time.monotonic() < until:
            time.sleep(0.02)
        assert len(receiver.got) == 1
        assert time.monotonic() < until, "nobody waited for the one that hangs"
    assert delivering._hands.rest(20)


def test_the_sweeper_finds_what_no_nudge_reached(take, place, admin, receiver):
    endpoint, _ = endpoint_at(admin, receiver, "message.received")
    context.leave()
    take(came("wamid.1"))

    with context.tenant(place.schema_name):
        assert delivering.sweep(alone=False) == [], "nudged"
        HookDelivery.objects.update(due_at=timezone.now() - timedelta(minutes=1))
        assert delivering.sweep(alone=False) == [endpoint.pk]
        HookDelivery.objects.update(due_at=timezone.now())
        assert delivering.sweep(alone=True) == [endpoint.pk]
        HookEndpoint.objects.update(is_enabled=False)
        assert delivering.sweep(alone=True) == []


def test_a_suspended_tenant_is_told_nothing(place, admin, receiver):
    endpoint, _ = endpoint_at(admin, receiver)
    endpoints.test(actor=admin, endpoint=endpoint, now=timezone.now())
    with context.platform():
        type(place).objects.filter(pk=place.pk).update(status="SUSPENDED")

    assert tell(endpoint) == 0
    assert receiver.got == []


def test_what_is_old_is_forgotten_with_its_bodies(place, admin, receiver):
    endpoint, _ = endpoint_at(admin, receiver)
    for _ in range(2):
        endpoints.test(actor=admin, endpoint=endpoint, now=timezone.now())
    old = HookEvent.objects.first()
    HookEvent.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=31))

    delivering.forget(now=timezone.now())

    assert HookEvent.objects.count() == HookDelivery.objects.count() == 1
    assert HookRelay.objects.count() == 1


# --- Acts


@pytest.mark.parametrize("email", ["ana@acme.test", "vera@acme.test"])
def test_admins_only(place, actor, email, receiver):
    with pytest.raises(ForbiddenError):
        endpoint_at(actor(email), receiver)


def test_ten_addresses_are_enough(place, admin, receiver):
    for _ in range(endpoints.ENDPOINTS_MAX):
        endpoint_at(admin, receiver)

    with pytest.raises(endpoints.TooManyEndpointsError):
        endpoint_at(admin, receiver)


def test_replays(place, admin, receiver):
    receiver.status = 500
    endpoint, _ = endpoint_at(admin, receiver)
    for _ in range(3):
        endpoints.test(actor=admin, endpoint=endpoint, now=timezone.now())
    first = HookDelivery.objects.order_by("pk").first()
    with pytest.raises(endpoints.StillWaitsError):
        endpoints.replay(actor=admin, delivery=first, now=timezone.now())
    HookDelivery.objects.update(state="DEAD", attempts=10)
    receiver.status = 200

    endpoints.replay(actor=admin, delivery=first, now=timezone.now())
    assert tell(endpoint) == 1
    assert webhook_ids(receiver) == [first.event.webhook_id]
    hour_ago = timezone.now() - timedelta(hours=1)
    count = endpoints.replay_failed(
        actor=admin, endpoint=endpoint, since=hour_ago, now=timezone.now()
    )
    assert count == 2
    assert tell(endpoint) == 2
    assert not HookDelivery.objects.exclude(state="DONE").exists()


def test_what_is_removed_is_forgotten(place, admin, receiver):
    endpoint, _ = endpoint_at(admin, receiver)
    endpoints.test(actor=admin, endpoint=endpoint, now=timezone.now())

    endpoints.remove(actor=admin, endpoint=endpoint)

    assert not HookEvent.objects.exists()
    assert not Counter.objects.get().is_followed


def test_the_documentation_s_example_verifies_what_we_send(place, admin, receiver):
    text = (victims.ROOT / "docs/webhooks.md").read_text()
    (block,) = re.findall(r"```python\n(.+?)```", text, re.DOTALL)
    known: dict = {}
    exec(block, known)  # noqa: S102 - the document's own words
    endpoint, old = endpoint_at(admin, receiver)
    new = endpoints.rotate(actor=admin, endpoint=endpoint, now=timezone.now())
    endpoints.test(actor=admin, endpoint=endpoint, now=timezone.now())
    tell(endpoint)

    (got,) = receiver.got
    headers = {name.lower(): value for name, value in got.headers.items()}
    verify = known["verify"]
    assert verify(old, headers, got.body) and verify(new, headers, got.body)
    assert not verify(new, headers, got.body + b" ")
    assert not verify(signing.new_secret(), headers, got.body)
    assert not verify(new, {**headers, "webhook-id": "msg_other"}, got.body)
    early = str(int(headers["webhook-timestamp"]) - 301)
    assert not verify(new, {**headers, "webhook-timestamp": early}, got.body)
