"""A reply on its way: queued, sent to the simulated Cloud API, and back as statuses."""

import json
import time
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from conversations.models import Message
from conversations.services import delivery, inbound, outbound
from tenants import context
from tests.conftest import APP_SECRET, PHONES, VERIFY_TOKEN
from tests.conversations.events import deliver
from tests.conversations.sending import conversation_with
from tests.whatsapp import raw_meta
from whatsapp.models import Phone
from whatsapp.simulator import Config, Simulator

MARIA = "5511987654321"


@pytest.fixture
def webhooks():
    """Where the simulator's webhooks end: they are taken in by the test, when it likes."""
    with raw_meta.serving(lambda to, _: raw_meta.answer(to, {})) as sink:
        yield sink


@pytest.fixture
def simulator(webhooks, settings):
    phone_number_id, waba_id, number = PHONES["acme"]
    config = {
        "callback_url": f"{webhooks.url}/webhook/whatsapp/",
        "app_id": "1000",
        "app_secret": APP_SECRET,
        "verify_token": VERIFY_TOKEN,
        "phones": [
            {
                "phone_number_id": phone_number_id,
                "waba_id": waba_id,
                "display_phone_number": number,
                "verified_name": "Acme",
                "token": "token-of-acme",
            }
        ],
        "customers": [{"wa_id": MARIA, "name": "Maria Souza"}],
    }
    with Simulator(Config.parse(config)).running() as running:
        running.change(sent_seconds=0, delivered_seconds=0, read_seconds=0)
        settings.GRAPH_API_URL = running.url
        yield running


@pytest.fixture
def reply(acme, phones, actor):
    """Queue a reply to Maria, in acme's schema for as long as the test runs."""
    with context.tenant(acme.schema_name):
        conversation = conversation_with(MARIA, phone=phones["acme"], opened_at=timezone.now())
        yield lambda text: outbound.send_text(
            actor=actor("ana@acme.test"),
            conversation=conversation,
            text=text,
            client_id=uuid4(),
            now=timezone.now(),
        )


def until(condition):
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def statuses_in(webhooks):
    changes = [c for body in webhooks.bodies() for e in body["entry"] for c in e["changes"]]
    return [s["status"] for change in changes for s in change["value"].get("statuses", [])]


def take_in(webhooks, meta_app):
    for body in webhooks.bodies():
        deliver(meta_app, json.dumps(body).encode())
    inbound.process_deliveries()


@pytest.mark.django_db(transaction=True)
def test_a_reply_reaches_the_phone_and_comes_back_read(simulator, webhooks, reply, meta_app):
    message = reply("Já saiu para entrega 🚚")

    delivery.drain(phone_id=message.phone_id)

    message.refresh_from_db()
    assert message.status == "ACCEPTED"
    (shown,) = simulator.messages()
    assert shown["wamid"] == message.wamid
    assert "Já saiu para entrega 🚚" in json.dumps(shown, ensure_ascii=False)

    until(lambda: "read" in statuses_in(webhooks))
    take_in(webhooks, meta_app)

    message.refresh_from_db()
    assert (message.status, message.tick) == ("READ", "read")
    assert message.sent_at and message.delivered_at and message.read_at


@pytest.mark.django_db(transaction=True)
def test_an_answer_that_was_lost_is_learnt_from_the_status(simulator, webhooks, reply, meta_app):
    simulator.change(refuse="reset", refuse_times=1)  # after the message was accepted
    first, second = reply("uma"), reply("duas")

    delivery.drain(phone_id=first.phone_id)

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == ("UNKNOWN", "PENDING")
    (shown,) = simulator.messages()

    until(lambda: "read" in statuses_in(webhooks))
    take_in(webhooks, meta_app)
    delivery.drain(phone_id=first.phone_id)

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, first.attempts, first.wamid) == ("READ", 1, shown["wamid"])
    assert second.status == "ACCEPTED"
    assert len(simulator.messages()) == 2


@pytest.mark.django_db(transaction=True)
def test_a_page_of_html_is_no_reason_to_send_it_again(simulator, reply, acme):
    simulator.change(refuse="html_500", refuse_times=1)
    message = reply("Olá")

    for _ in range(2):
        delivery.drain(phone_id=message.phone_id)
        delivery.sweep(tenant=acme)

    message.refresh_from_db()
    assert (message.status, message.attempts) == ("UNKNOWN", 1)
    assert simulator.messages() == []


@pytest.mark.django_db(transaction=True)
def test_a_reply_waits_for_a_new_token(simulator, reply, acme):
    simulator.change(refuse="190", refuse_times=1)
    message = reply("Olá")

    delivery.drain(phone_id=message.phone_id)
    message.refresh_from_db()
    assert (message.status, Phone.objects.get().health) == ("HELD", "AUTH_ERROR")

    Phone.objects.update(health="UNKNOWN")
    delivery.sweep(tenant=acme)
    delivery.drain(phone_id=message.phone_id)

    message.refresh_from_db()
    assert message.status == "ACCEPTED"
    assert Message.objects.count() == len(simulator.messages()) == 1


@pytest.mark.django_db(transaction=True)
def test_a_closed_window_is_refused_here_before_meta_could(simulator, reply):
    message = reply("tarde")
    conversation = message.conversation
    conversation.window_opened_at = timezone.now() - timedelta(hours=25)
    conversation.save(update_fields=["window_opened_at"])

    delivery.drain(phone_id=message.phone_id)

    message.refresh_from_db()
    assert (message.status, message.failure.code) == ("FAILED", 131047)
    assert simulator.messages() == []
