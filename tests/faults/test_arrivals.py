"""Events that come again, at once, in any order and in floods: the same rows, once each."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise, product

import pytest
from django.db.models import Sum
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conversations.models import Conversation, Message, StatusEvent
from conversations.services import inbound, orphans, sessions
from tenants import context
from tests.conftest import PHONES
from tests.conversations.events import NOON, body, change, deliver, fates, status, text
from tests.conversations.sending import conversation_with, message_in
from tests.faults import victims
from tests.faults.invariants import assert_invariants
from tests.whatsapp.webhooks.door import Door
from whatsapp.webhooks.models import WebhookDelivery
from whatsapp.webhooks.services import deliveries, retention

pytestmark = pytest.mark.django_db(transaction=True)
QUICK = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
SAME = 1000
WORKERS = 4


def duplicates() -> int:
    with context.platform():
        return WebhookDelivery.objects.aggregate(n=Sum("units_duplicate"))["n"]


def test_the_same_body_a_thousand_times_at_once_is_one_message(acme, meta_app, phones):
    one = body(change(messages=[text("wamid.1")]))

    with Door() as door, ThreadPoolExecutor(16) as senders:
        answers = list(senders.map(lambda _: door.post(one).status, range(SAME)))
    with ThreadPoolExecutor(WORKERS) as pool:
        for job in [pool.submit(inbound.process_deliveries) for _ in range(WORKERS)]:
            job.result()
    inbound.process_deliveries()

    assert answers == [200] * SAME
    assert duplicates() == SAME - 1
    assert_invariants(acknowledged={"acme": ["wamid.1"]})


def test_the_same_events_in_every_batching_are_one_message_each(acme, meta_app, phones):
    wamids = [f"wamid.{number}" for number in range(6)]
    batchings = list(product([False, True], repeat=len(wamids) - 1))

    for cuts in batchings:
        places = [0, *(n + 1 for n, is_cut in enumerate(cuts) if is_cut), len(wamids)]
        parts = [wamids[first:last] for first, last in pairwise(places)]
        deliver(meta_app, *(body(change(messages=[text(one) for one in part])) for part in parts))
        inbound.process_deliveries(limit=3)

    assert duplicates() == len(wamids) * (len(batchings) - 1)
    assert_invariants(acknowledged={"acme": wamids})


class Example:
    """Names of its own for each example: what earlier ones left is in nobody's way."""

    numbers = count(1)

    def __init__(self) -> None:
        self.wa_id = f"5511{next(self.numbers):09}"
        self.wamids = [f"wamid.{self.wa_id}.{n}" for n in range(4)]
        self.out = f"wamid.{self.wa_id}.out"


@QUICK
@given(order=st.permutations(range(8)), cut=st.integers(1, 8))
def test_any_order_ends_in_the_same_thread_and_the_same_status(acme, meta_app, phones, order, cut):
    """Four messages of a customer and four statuses of ours, in bodies cut anywhere."""
    one = Example()
    events = [
        {"messages": [text(wamid, wa_id=one.wa_id, at=NOON + n)]}
        for n, wamid in enumerate(one.wamids)
    ]
    events += [
        {"statuses": [status(one.out, word, at=NOON + 10 + n)]}
        for n, word in enumerate(["sent", "delivered", "delivered", "read"])
    ]
    changes = [change(**events[place]) for place in order]

    for part in (changes[:cut], changes[cut:]):
        if part:
            deliver(meta_app, body(*part))
            inbound.process_deliveries()
    with context.tenant(acme.schema_name):  # and only now the answer to the call names it
        opened_at = timezone.now()
        talk = conversation_with(f"9{one.wa_id}", phone=phones["acme"], opened_at=opened_at)
        ours = message_in(talk, status="ACCEPTED", wamid=one.out)
        orphans.match()
        ours.refresh_from_db()
        thread = Conversation.objects.get(messages__wamid=one.wamids[0])
        shown = thread.messages.order_by("timestamp", "pk").values_list("wamid", flat=True)

        assert (ours.status, ours.rank) == ("READ", 50)
        assert ours.delivered_at == datetime.fromtimestamp(NOON + 11, UTC)
        assert list(shown) == one.wamids
        assert thread.last_message.wamid == one.wamids[-1]
        came = Message.objects.filter(direction="INBOUND")
        assert_invariants(acknowledged={"acme": list(came.values_list("wamid", flat=True))})


def test_a_status_of_nobody_s_message_stops_none_of_the_others(acme, meta_app, phones):
    with context.tenant(acme.schema_name):
        opened_at = timezone.now()
        talk = conversation_with("5511988887777", phone=phones["acme"], opened_at=opened_at)
        ours = [message_in(talk, status="ACCEPTED", wamid=f"wamid.{n}") for n in range(4)]
    reports = [status(f"wamid.{n}", "delivered") for n in range(4)]
    reports.insert(2, status("wamid.of.another.system", "delivered"))

    (made,) = deliver(meta_app, body(change(statuses=reports)))
    inbound.process_deliveries()

    assert fates(made) == (5, 5, 0, 0, 0)
    with context.tenant(acme.schema_name):
        assert {one.status for one in Message.objects.filter(pk__in=[m.pk for m in ours])} == {
            "DELIVERED"
        }
        assert StatusEvent.objects.get(message=None).wamid == "wamid.of.another.system"
    assert_invariants(acknowledged={})


def test_a_body_of_sixty_days_ago_is_known_again(acme, meta_app, phones):
    one = body(change(messages=[text("wamid.1")]))
    deliver(meta_app, one)
    inbound.process_deliveries()
    with context.platform():
        past = timezone.now() - timedelta(days=60)
        WebhookDelivery.objects.update(received_at=past)
    retention.purge(before=timezone.now() - timedelta(days=7))

    with Door() as door:
        assert door.post(one).status == 200
    inbound.process_deliveries()

    assert duplicates() == 1
    assert_invariants(acknowledged={"acme": ["wamid.1"]})


TIMES = {
    "tomorrow": NOON + 10**8,
    "1970": 1,
    "negative": -NOON,
    "huge": 10**30,
    "a word": "abc",
    "nothing": "",
}


@pytest.mark.parametrize("odd", TIMES.values(), ids=TIMES)
def test_a_time_that_cannot_be_is_the_time_of_the_arrival(acme, meta_app, phones, odd):
    at = int(timezone.now().timestamp()) - 60
    wamids = ["wamid.1", "wamid.2", "wamid.3"]
    for wamid, moment in zip(wamids, [at, odd, at + 3600], strict=True):
        deliver(meta_app, body(change(messages=[text(wamid, at=moment)])))
        inbound.process_deliveries()

    with context.platform():
        arrived_at = WebhookDelivery.objects.order_by("pk")[1].received_at
    with context.tenant(acme.schema_name):
        shown = Message.objects.order_by("timestamp", "pk")
        assert list(shown.values_list("wamid", flat=True)) == wamids
        assert abs(shown[1].timestamp - arrived_at) < timedelta(seconds=1)
    assert_invariants(acknowledged={"acme": wamids})


# What reads the clock of this machine in a process reads another one.
SKEWED = """
from datetime import timedelta
from django.utils import timezone
real = timezone.now
timezone.now = lambda: real() + timedelta(hours={hours})
"""


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_wrong_clock_of_ours_neither_loses_nor_doubles(acme, meta_app, phones, hours):
    """Leases and times of arrival are PostgreSQL's: a sender's clock counts for neither."""
    skew = SKEWED.format(hours=hours)
    with context.tenant(acme.schema_name):
        opened_at = timezone.now() - timedelta(hours=2)
        talk = conversation_with("5511988886666", phone=phones["acme"], opened_at=opened_at)
        message_in(talk)
    deliver(meta_app, body(change(messages=[text("wamid.1")])))

    victims.run(skew + victims.WORK)
    victims.run(skew + victims.SEND, acme.schema_name, phones["acme"].pk, crash_at="send.claimed")

    with context.tenant(acme.schema_name):
        ours = Message.objects.get(direction="OUTBOUND")
        assert ours.status == "SENDING"
        assert timedelta(seconds=20) < ours.lease_until - timezone.now() <= timedelta(seconds=60)
        Message.objects.filter(pk=ours.pk).update(status="UNCONFIRMED", lease_until=None)
    assert_invariants(acknowledged={"acme": ["wamid.1"]})


# --- Floods -----------------------------------------------------------------------------------


def store(app, tenant: str, wamids: list[str]) -> None:
    """Store a delivery for each message, as the door does: with the number's hint."""
    hint = PHONES[tenant][0]
    raws = [body(change(tenant, messages=[text(wamid)])) for wamid in wamids]
    with context.platform():
        WebhookDelivery.objects.bulk_create(
            WebhookDelivery(
                app=app, body=raw, sha256=hashlib.sha256(raw).digest(), phone_number_id_hint=hint
            )
            for raw in raws
        )


def stored(tenant) -> int:
    with context.tenant(tenant.schema_name):
        return Message.objects.count()


def test_a_body_of_5_000_messages_keeps_no_other_waiting(acme, globex, meta_app, phones):
    """While one worker has it in its hands, the next one takes what came behind it."""
    wamids = [f"wamid.{number}" for number in range(5000)]
    many = [text(one, wa_id=f"55119{n % 700:08}") for n, one in enumerate(wamids)]
    (made,) = deliver(meta_app, body(change(messages=many)))
    store(meta_app, "globex", ["wamid.quiet"])
    busy = sessions.fresh()
    held = deliveries.claim(busy.claims, busy.work, limit=1)
    assert [one.id for one in held.deliveries] == [made.pk]

    assert inbound.process_deliveries() == 1

    assert (stored(acme), stored(globex)) == (0, 1)
    deliveries.forget(busy.work, [held.note_id])
    busy.close()
    inbound.process_deliveries()
    assert fates(made) == (5000, 5000, 0, 0, 0)
    assert_invariants(acknowledged={"acme": wamids, "globex": ["wamid.quiet"]})


def test_a_flood_of_one_tenant_costs_the_others_a_few_turns(acme, globex, meta_app, phones):
    """A hundred times as much of one, all of it older: counted in batches, not in seconds."""
    flood = [f"wamid.flood.{number}" for number in range(1000)]
    quiet = [f"wamid.quiet.{number}" for number in range(10)]
    store(meta_app, "acme", flood)
    store(meta_app, "globex", quiet)
    opened = sessions.fresh()
    worker = inbound.Worker(opened, limit=20)

    turns = 0
    while stored(globex) < len(quiet):
        assert worker.round() == 20
        turns += 1
    opened.close()

    assert turns <= 4  # without its own turns it would be the last of 51
    inbound.process_deliveries()
    assert_invariants(acknowledged={"acme": flood, "globex": quiet})
