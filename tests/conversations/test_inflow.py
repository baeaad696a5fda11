"""Programs wait when too much waits to leave a number; people and broadcasts do not."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from conversations.models import Message
from conversations.rules import Lane
from conversations.services import inflow, outbound
from tenants import context
from tests.api import api_of, check_problem
from tests.conversations.sending import conversation_with, message_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _room_for_three(monkeypatch):
    monkeypatch.setattr(inflow, "WAITING_MAX", 3)
    monkeypatch.setattr(inflow, "_looks", {})


@pytest.fixture
def conversation(acme, phones):
    with context.tenant(acme.schema_name):
        return conversation_with(
            "5511987654321", phone=phones["acme"], opened_at=timezone.now() - timedelta(hours=1)
        )


@pytest.fixture
def send(people, acme, conversation):
    ana = api_of(people["ana@acme.test"])
    body = {"conversation": conversation.pk, "type": "text", "text": {"body": "Oi"}}
    return lambda: ana.post(f"/api/v1/tenant/{acme.pk}/messages/send", body)


def test_a_flood_is_refused_before_the_outbox_fills(send, acme):
    answers = [send() for _ in range(5)]

    assert [one.status_code for one in answers] == [202, 202, 202, 429, 429]
    check_problem(answers[3], 429, "outbox_full")
    assert answers[3]["Retry-After"] == str(inflow.RETRY_SECONDS)
    with context.tenant(acme.schema_name):
        assert Message.objects.count() == 3


def test_it_goes_on_when_they_have_left(send, acme, monkeypatch):
    monkeypatch.setattr(inflow, "LOOK_SECONDS", 0.0)
    assert [send().status_code for _ in range(4)] == [202, 202, 202, 429]
    with context.tenant(acme.schema_name):
        Message.objects.update(status="SENT")

    assert send().status_code == 202


def test_what_is_held_for_a_dead_token_waits_too(send, acme, phones):
    with context.tenant(acme.schema_name):
        type(phones["acme"]).objects.update(health="AUTH_ERROR")

    assert [send().status_code for _ in range(4)] == [202, 202, 202, 429]
    with context.tenant(acme.schema_name):
        assert set(Message.objects.values_list("status", flat=True)) == {"HELD"}


def test_people_and_other_numbers_do_not_wait(send, acme, actor, conversation, phones):
    with context.tenant(acme.schema_name):
        for _ in range(3):
            message_in(conversation, lane=Lane.API)
        for _ in range(5):
            message_in(conversation, lane=Lane.BULK)
    assert send().status_code == 429

    with context.tenant(acme.schema_name):
        outbound.send_text(
            actor=actor("ana@acme.test"),
            conversation=conversation,
            text="Oi",
            client_id=uuid4(),
            now=timezone.now(),
        )
        other = phones["acme"]
        other.pk, other.phone_number_id = None, "106540352242999"
        other.save()
        inflow.check(Message(lane=Lane.API), other.pk)
