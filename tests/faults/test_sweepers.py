"""Several sweepers at once: one leads, and nothing is done twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from conversations.services.sweep import Sweeper
from tenants import context
from tests.conversations.events import body, change, deliver, text
from tests.conversations.sending import conversation_with, message_in
from tests.faults.invariants import assert_invariants
from tests.faults.settling import states
from tests.whatsapp import raw_meta
from whatsapp.webhooks.models import WebhookDelivery

pytestmark = pytest.mark.django_db(transaction=True)
SWEEPERS, ROUNDS, MESSAGES = 4, 3, 12


def rounds(sweeper: Sweeper) -> int:
    """Sweep a few times; return in how many rounds it led."""
    try:
        return sum(sweeper.round() for _ in range(ROUNDS))
    finally:
        connection.close()


def test_of_several_sweepers_one_does_everything_once(acme, globex, meta_app, phones, settings):
    wamids = [f"wamid.{number}" for number in range(MESSAGES)]
    deliver(meta_app, *(body(change(messages=[text(one)])) for one in wamids))
    past = timezone.now() - timedelta(minutes=5)
    with context.platform():
        WebhookDelivery.objects.update(received_at=past)
    with context.tenant(globex.schema_name):
        for number in range(MESSAGES):
            talk = conversation_with(f"55119{number:08}", phone=phones["globex"], opened_at=past)
            message_in(talk, due_at=past)

    def accept(to, request):
        word = request.body["biz_opaque_callback_data"]
        raw_meta.answer(to, raw_meta.accepted(f"wamid.of.{word}"))

    sweepers = [Sweeper(stopping=lambda: False) for _ in range(SWEEPERS)]
    with raw_meta.serving(accept) as meta, ThreadPoolExecutor(SWEEPERS) as pool:
        settings.GRAPH_API_URL = meta.url
        led = list(pool.map(rounds, sweepers))
        for sweeper in sweepers:
            sweeper.close()

        assert sorted(led) == [0] * (SWEEPERS - 1) + [ROUNDS]
        assert states(globex) == ["ACCEPTED"] * MESSAGES
        calls = [request.body["biz_opaque_callback_data"] for request in meta.requests]
    assert len(calls) == MESSAGES
    assert_invariants(acknowledged={"acme": wamids}, sent=calls)
