"""Everything that the simulated platform lets happen is taken in, and nothing breaks on it."""

import json

import pytest

from conversations.models import Message
from conversations.services import inbound
from tenants import context
from tests.conftest import PHONES
from tests.conversations.events import deliver
from tests.flows.test_reply import MARIA, simulator, until, webhooks
from whatsapp.simulator.happenings import ACTS
from whatsapp.webhooks.models import ParkedUnit

__all__ = ["simulator", "webhooks"]
MORE = {"number_change": {"to": "+55 11 97777-0001"}, "batch": {"count": 60}}


def take_in(simulator, webhooks, meta_app):
    until(lambda: not simulator.webhooks()["totals"]["pending"])
    for body in webhooks.bodies():
        deliver(meta_app, json.dumps(body).encode())
    inbound.process_deliveries()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", [what for what in ACTS if what != "big_body"])
def test_what_happens_is_taken_in(simulator, webhooks, phones, meta_app, acme, what):
    wish = {"phone_number_id": PHONES["acme"][0], "sender": MARIA}
    simulator.inbound(text="Oi", **wish)
    if what in {"echo_edit", "echo_revoke"}:
        simulator.happen("echo", **wish)

    simulator.happen(what, **wish, **MORE.get(what, {}))
    simulator.inbound(text="Ainda aí?", **wish)
    take_in(simulator, webhooks, meta_app)

    with context.platform():
        assert not ParkedUnit.objects.filter(reason="QUARANTINED").exists()
    with context.tenant(acme.schema_name):
        texts = list(Message.objects.values_list("text", flat=True))
    assert {"Oi", "Ainda aí?"} <= set(texts)
