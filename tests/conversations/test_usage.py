"""What counts as a tenant's use: rows really inserted, each once, and what left or waits to."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from conversations.models import Message
from conversations.services import cancelling, claims, inbound, outbound, retrying
from conversations.services.broadcasts import control, feeding
from tenants import context
from tenants.feed.models import UsageDay
from tenants.models import Membership
from tests.conversations import lists
from tests.conversations.events import body, change, deliver, text
from tests.conversations.sending import conversation_with

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def place(acme):
    with context.tenant(acme.schema_name):
        yield acme


@pytest.fixture
def ana(actor, place):
    return actor("ana@acme.test")


@pytest.fixture
def conversation(phones, place):
    opened_at = timezone.now() - timedelta(hours=1)
    return conversation_with("5511988887777", phone=phones["acme"], opened_at=opened_at)


@pytest.fixture
def send(ana, conversation):
    def text(**changes):
        values = {"actor": ana, "conversation": conversation, "text": "Olá!"}
        return outbound.send_text(
            **{**values, "client_id": uuid4(), "now": timezone.now(), **changes}
        )

    return text


def used():
    """Return what was received and sent, over all days."""
    days = list(UsageDay.objects.values_list("received", "sent"))
    return sum(received for received, _ in days), sum(sent for _, sent in days)


# --- What comes in ----------------------------------------------------------------------------
@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one after the other"])
def test_a_message_counts_once_however_often_it_comes(place, meta_app, phones, together):
    raw = body(change("acme", messages=[text("wamid.1"), text("wamid.2")]))
    bodies = [raw, body(change("acme", messages=[text("wamid.2")])), raw]

    for batch in [bodies] if together else [[one] for one in bodies]:
        deliver(meta_app, *batch)
        inbound.process_deliveries()

    assert used() == (2, 0)


def test_each_tenant_has_its_own(place, globex, meta_app, phones):
    mine = [text("wamid.1"), text("wamid.2")]
    deliver(meta_app, body(change("acme", messages=mine), change("globex", messages=mine[:1])))

    inbound.process_deliveries()

    assert used() == (2, 0)
    with context.tenant(globex.schema_name):
        assert used() == (1, 0)


def test_what_the_business_wrote_in_its_own_app_is_neither(place, meta_app, phones):
    echo = {**text("wamid.1", wa_id="551140001001"), "to": "5511988887777"}
    told = {**change("acme", message_echoes=[echo]), "field": "smb_message_echoes"}
    deliver(meta_app, body(told))

    inbound.process_deliveries()

    assert Message.objects.get().direction == "OUTBOUND"
    assert used() == (0, 0)


# --- What goes out ----------------------------------------------------------------------------
def test_a_reply_counts_when_it_is_queued_and_a_double_click_once(send):
    client_id = uuid4()

    send(client_id=client_id)
    send(client_id=client_id)
    send()

    assert used() == (0, 2)


def test_what_was_refused_counts_nothing(send):
    with pytest.raises(outbound.WindowClosedError):
        send(now=timezone.now() + timedelta(days=2))

    assert used() == (0, 0)


def test_what_is_taken_back_before_it_leaves_counts_no_longer(ana, send):
    message = send()
    send()

    cancelling.cancel(actor=ana, message=message)
    cancelling.cancel(actor=ana, message=message)

    assert used() == (0, 1)


def test_what_fails_before_it_leaves_counts_no_longer_and_again_when_sent_again(
    ana, send, conversation
):
    message = send()
    role_of(ana, "VIEWER")

    claims.take(phone_id=conversation.phone_id, limit=5)

    message.refresh_from_db()
    assert (message.status, used()) == ("FAILED", (0, 0))
    role_of(ana, "OPERATOR")
    retrying.send_again(actor=ana, message=message, client_id=uuid4(), now=timezone.now())
    assert used() == (0, 1)


def role_of(ana, role):
    with context.platform():
        Membership.objects.filter(user=ana.user).update(role=role)


def test_replies_side_by_side_all_count(acme, send, phones):
    opened_at = timezone.now() - timedelta(hours=1)
    talks = [
        conversation_with(f"55119777766{n:02}", phone=phones["acme"], opened_at=opened_at)
        for n in range(12)
    ]

    def queue(talk):
        try:
            with context.tenant(acme.schema_name):
                send(conversation=talk)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(queue, talks))

    assert used() == (0, 12)


def test_a_broadcast_counts_what_it_hands_over_and_what_a_pause_takes_back(ana, phones):
    made = lists.broadcast_to(lists.numbers(3), phone=phones["acme"], author=ana.user)
    broadcast = control.start(actor=ana, broadcast=made, now=timezone.now())
    feeding.run(now=timezone.now())
    assert used() == (0, 3)

    control.pause(actor=ana, broadcast=broadcast, now=timezone.now())
    assert used() == (0, 0)

    control.resume(actor=ana, broadcast=broadcast, now=timezone.now())
    feeding.run(now=timezone.now())
    assert used() == (0, 3)
