"""kill -9 at every window on purpose: what is left behind is picked up, once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from conversations.models import Message
from conversations.services import inbound, statuses
from tenants import context
from tests.conversations.events import body, change, deliver, status, text
from tests.conversations.sending import conversation_with, message_in
from tests.faults import victims
from tests.faults.invariants import assert_invariants
from tests.faults.settling import pass_time, states, sweep
from tests.whatsapp import raw_meta
from tests.whatsapp.webhooks.door import sign
from whatsapp.webhooks.models import WebhookDelivery

pytestmark = pytest.mark.django_db(transaction=True)
WAMIDS = [f"wamid.{number}" for number in range(6)]


def call_of(request) -> str:
    return request.body["biz_opaque_callback_data"]


def accept(to, request):
    raw_meta.answer(to, raw_meta.accepted(f"wamid.of.{call_of(request)}"))


@pytest.fixture
def meta(settings):
    with raw_meta.serving(accept) as server:
        settings.GRAPH_API_URL = server.url
        yield server


@pytest.fixture
def bodies():
    """One message alone, two in a body, and three for the other tenant."""
    return [
        body(change(messages=[text(WAMIDS[0])])),
        body(change(messages=[text(WAMIDS[1]), text(WAMIDS[2])])),
        body(change("globex", messages=[text(wamid) for wamid in WAMIDS[3:]])),
    ]


EVERYTHING = {"acme": WAMIDS[:3], "globex": WAMIDS[3:]}


# --- The door ---------------------------------------------------------------------------------


def bring(one: bytes, crash_at: str = "") -> str:
    return victims.run(victims.TAKE, sign(one), give=one, crash_at=crash_at).strip()


def stored() -> int:
    with context.platform():
        return WebhookDelivery.objects.count()


def test_a_door_that_dies_before_the_insert_said_nothing(meta_app, phones, bodies):
    assert bring(bodies[0], "ingest.before_insert") == ""
    assert stored() == 0

    assert bring(bodies[0]) == "200"  # Meta comes again
    inbound.process_deliveries()

    assert_invariants(acknowledged={"acme": WAMIDS[:1]})


def test_a_door_that_dies_between_commit_and_answer_has_it_twice_and_stores_it_once(
    meta_app, phones, bodies
):
    assert bring(bodies[0], "ingest.after_commit") == ""
    assert stored() == 1

    assert bring(bodies[0]) == "200"
    inbound.process_deliveries()

    assert stored() == 2
    assert_invariants(acknowledged={"acme": WAMIDS[:1]})


def test_what_was_answered_is_there_though_the_door_died_at_once(meta_app, phones, bodies):
    assert bring(bodies[0], "ingest.after_answer") == "200"

    inbound.process_deliveries()  # as the sweeper does for what no nudge reached

    assert_invariants(acknowledged={"acme": WAMIDS[:1]})


# --- The worker -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "place",
    [
        "worker.claimed",
        "worker.mid_apply",
        "worker.mid_apply:2",
        "worker.applied",
        "worker.applied:2",
        "worker.before_settled",
        "worker.after_settled",
    ],
)
def test_a_worker_that_dies_loses_nothing_and_doubles_nothing(meta_app, phones, bodies, place):
    deliver(meta_app, *bodies)

    victims.run(victims.WORK, crash_at=place)
    inbound.process_deliveries()

    assert_invariants(acknowledged=EVERYTHING)


def test_one_worker_after_the_other_dies_and_the_next_one_does_it(meta_app, phones, bodies):
    deliver(meta_app, *bodies)

    for place in ("worker.mid_apply", "worker.applied"):
        victims.run(victims.WORK, crash_at=place)
    inbound.process_deliveries()

    assert_invariants(acknowledged=EVERYTHING)


# --- The sender -------------------------------------------------------------------------------


@pytest.fixture
def queued(acme, phones):
    """Three messages of two conversations, the second of one behind the first."""
    with context.tenant(acme.schema_name):
        opened_at = timezone.now() - timedelta(hours=1)
        talks = [
            conversation_with(f"551198765432{n}", phone=phones["acme"], opened_at=opened_at)
            for n in range(2)
        ]
        return [message_in(talks[0]), message_in(talks[0]), message_in(talks[1])]


def send(acme, phones, crash_at=""):
    victims.run(victims.SEND, acme.schema_name, phones["acme"].pk, crash_at=crash_at)


def test_a_sender_that_dies_before_the_call_sends_nothing_twice(meta, acme, phones, queued):
    send(acme, phones, "send.claimed")
    assert meta.requests == []

    pass_time(acme, minutes=2)
    sweep(acme)
    assert states(acme) == ["UNKNOWN", "PENDING", "UNKNOWN"]
    pass_time(acme, minutes=20)
    sweep(acme)
    send(acme, phones)

    # What nobody knows the end of is left to a person; what stood behind it went.
    assert states(acme) == ["UNCONFIRMED", "ACCEPTED", "UNCONFIRMED"]
    assert_invariants(acknowledged={}, sent=[call_of(one) for one in meta.requests])


def test_a_sender_that_dies_before_it_wrote_the_answer_is_told_by_the_statuses(
    meta, acme, phones, queued, meta_app
):
    send(acme, phones, "send.answered")
    calls = [call_of(one) for one in meta.requests]
    assert len(calls) == len(set(calls)) >= 1
    pass_time(acme, minutes=2)
    sweep(acme)

    for word in ("delivered", "sent"):  # in any order
        reports = [
            status(f"wamid.of.{call}", word, biz_opaque_callback_data=call) for call in calls
        ]
        deliver(meta_app, body(change(statuses=reports)))
        inbound.process_deliveries()
    send(acme, phones)

    named = {
        statuses.claimed_message_id(
            tenant_id=acme.pk, phone_number_id=phones["acme"].phone_number_id, data=call
        )
        for call in calls
    }
    with context.tenant(acme.schema_name):
        told = Message.objects.filter(pk__in=named)
        assert set(told.values_list("status", flat=True)) == {"DELIVERED"}
    pass_time(acme, minutes=20)
    sweep(acme)
    assert_invariants(acknowledged={}, sent=[call_of(one) for one in meta.requests])
