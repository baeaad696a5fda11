from datetime import timedelta

import pytest
from django.utils import timezone

from conversations.models import Message, StatusEvent
from conversations.rules import Lane
from conversations.services import delivery, reconciling
from tenants import context, queue
from tenants.feed.models import Change
from tests.conversations.sending import conversation_with, message_in
from tests.whatsapp import raw_meta
from whatsapp.models import Phone
from whatsapp.webhooks.models import WebhookDelivery


@pytest.fixture
def phone(phones, acme):
    with context.tenant(acme.schema_name):
        yield phones["acme"]


@pytest.fixture
def conversation(phone):
    return conversation_with(
        "5511988887777", phone=phone, opened_at=timezone.now() - timedelta(hours=1)
    )


@pytest.fixture
def nudges(monkeypatch):
    sent = []
    monkeypatch.setattr(queue, "enqueue", lambda path, **kwargs: sent.append((path, kwargs)))
    return sent


def unknown_for(conversation, seconds):
    """A message whose end has been unknown for so long."""
    since = timezone.now() - timedelta(seconds=seconds)
    due_at = since + timedelta(seconds=reconciling.CONFIRM_SECONDS)
    return message_in(conversation, status="UNKNOWN", due_at=due_at, attempts=1)


def another_status(phone, **ago):
    event = StatusEvent.objects.create(
        phone=phone, wamid="wamid.another", status="SENT", provider_at=timezone.now()
    )
    StatusEvent.objects.filter(pk=event.pk).update(received_at=timezone.now() - timedelta(**ago))


def state(message):
    message.refresh_from_db()
    return message.status


def test_an_unknown_end_waits_for_a_status(conversation, phone, acme):
    message = unknown_for(conversation, 80)
    another_status(phone, seconds=10)

    delivery.sweep(tenant=acme)

    assert state(message) == "UNKNOWN"
    assert not Change.objects.exists()


def test_it_is_given_up_when_other_statuses_came_since(conversation, phone, acme):
    message = unknown_for(conversation, 95)
    another_status(phone, seconds=10)

    delivery.sweep(tenant=acme)

    assert state(message) == "UNCONFIRMED"
    assert (message.rank, message.due_at) == (16, None)
    assert message.may_send_again
    assert Change.objects.get().message_id == message.pk


def test_a_message_of_a_customer_proves_as_much(conversation, phone, acme):
    message = unknown_for(conversation, 95)
    message_in(conversation, status="RECEIVED")

    delivery.sweep(tenant=acme)

    assert state(message) == "UNCONFIRMED"


def test_what_came_before_proves_nothing(conversation, phone, acme):
    message = unknown_for(conversation, 95)
    another_status(phone, seconds=100)

    delivery.sweep(tenant=acme)

    assert state(message) == "UNKNOWN"


def test_another_numbers_webhooks_prove_nothing(conversation, phone, acme):
    message = unknown_for(conversation, 95)
    other = Phone.objects.create(phone_number_id="9", waba_id="9", display_phone_number="9")
    another_status(other, seconds=10)

    delivery.sweep(tenant=acme)

    assert state(message) == "UNKNOWN"


def test_what_waits_to_be_processed_may_hold_the_status(conversation, phone, acme, meta_app):
    message = unknown_for(conversation, 95)
    another_status(phone, seconds=10)
    waiting = WebhookDelivery.objects.create(app=meta_app, body=b"{}", sha256=b"x" * 32)
    WebhookDelivery.objects.update(received_at=timezone.now() - timedelta(seconds=20))

    delivery.sweep(tenant=acme)
    assert state(message) == "UNKNOWN"

    WebhookDelivery.objects.filter(pk=waiting.pk).update(state="DONE")
    delivery.sweep(tenant=acme)
    assert state(message) == "UNCONFIRMED"


@pytest.mark.parametrize(("minutes", "end"), [(14, "UNKNOWN"), (16, "UNCONFIRMED")])
def test_without_any_webhook_it_takes_a_quarter_of_an_hour(conversation, acme, minutes, end):
    message = unknown_for(conversation, minutes * 60)

    delivery.sweep(tenant=acme)

    assert state(message) == end


def test_the_next_message_goes_once_the_one_before_is_given_up(conversation, phone, acme, settings):
    unknown_for(conversation, 95)
    behind = message_in(conversation)
    Message.objects.filter(pk=behind.pk).update(created_at=timezone.now() - timedelta(seconds=95))
    another_status(phone, seconds=10)

    with raw_meta.serving(lambda to, _: raw_meta.answer(to, raw_meta.accepted("wamid.b"))) as meta:
        settings.GRAPH_API_URL = meta.url
        delivery.sweep(tenant=acme)

    assert state(behind) == "ACCEPTED"
    assert len(meta.requests) == 1


def test_a_lease_that_ran_out_leaves_an_unknown_end(conversation, acme):
    message = message_in(
        conversation, status="SENDING", lease_until=timezone.now() - timedelta(seconds=1)
    )
    living = message_in(
        conversation, status="SENDING", lease_until=timezone.now() + timedelta(seconds=30)
    )

    delivery.sweep(tenant=acme)

    assert (state(message), message.rank, message.lease_until) == ("UNKNOWN", 15, None)
    assert message.due_at > timezone.now() + timedelta(seconds=60)
    assert state(living) == "SENDING"


@pytest.mark.parametrize(
    ("status", "health", "end"),
    [
        ("ACTIVE", "OK", "PENDING"),
        ("ACTIVE", "UNKNOWN", "PENDING"),
        ("ACTIVE", "AUTH_ERROR", "HELD"),
        ("INACTIVE", "OK", "HELD"),
    ],
)
def test_what_was_held_is_queued_when_the_number_works(conversation, acme, status, health, end):
    message = message_in(conversation, status="HELD", due_at=timezone.now() + timedelta(hours=1))
    Phone.objects.update(status=status, health=health)

    reconciling.reconcile()

    assert state(message) == end
    assert Change.objects.count() == (end == "PENDING")


def test_what_is_due_is_nudged(conversation, phone, acme, nudges):
    message_in(conversation, due_at=timezone.now() - timedelta(seconds=1))

    delivery.sweep(tenant=acme)

    assert nudges == [("conversations.tasks.drain_outbox", {"phone_id": phone.pk})]


def test_a_reply_waits_for_nothing_in_bulk_and_no_bulk_for_nothing(conversation, acme, nudges):
    later = timezone.now() + timedelta(minutes=5)
    message_in(conversation, lane=Lane.BULK, due_at=later)
    reply = message_in(conversation, due_at=timezone.now() - timedelta(seconds=1))

    delivery.sweep(tenant=acme)
    assert len(nudges) == 1

    # And the other way round: what is due in bulk stands behind a reply that is not.
    Message.objects.filter(pk=reply.pk).update(due_at=later)
    Message.objects.filter(lane=Lane.BULK).update(due_at=timezone.now() - timedelta(seconds=1))
    delivery.sweep(tenant=acme)
    assert len(nudges) == 1


@pytest.mark.parametrize("status", ["PENDING", "UNKNOWN", "SENDING"])
def test_what_waits_behind_another_is_not(conversation, acme, nudges, status):
    later = timezone.now() + timedelta(minutes=5)
    message_in(conversation, status=status, due_at=later, lease_until=later)
    message_in(conversation, due_at=timezone.now() - timedelta(seconds=1))

    delivery.sweep(tenant=acme)

    assert nudges == []


def test_what_no_nudge_reached_is_sent_without_a_broker(conversation, acme, nudges, settings):
    message = message_in(conversation)
    Message.objects.update(created_at=timezone.now() - timedelta(seconds=30))

    with raw_meta.serving(lambda to, _: raw_meta.answer(to, raw_meta.accepted("wamid.1"))) as meta:
        settings.GRAPH_API_URL = meta.url
        delivery.sweep(tenant=acme)

    assert nudges == []
    assert state(message) == "ACCEPTED"


def test_a_tenant_with_nothing_to_do_costs_no_change(conversation, acme, nudges):
    message_in(conversation, status="READ")

    delivery.sweep(tenant=acme)

    assert not Change.objects.exists()
    assert nudges == []
