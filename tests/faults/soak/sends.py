"""Part two: many sends through a Cloud API that refuses, errs, stalls and cuts all the time."""

import itertools
import random
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.utils import timezone

from conversations.models import Conversation, Message
from conversations.rules import Lane
from tenants import context, queue
from tenants.models import Tenant
from tests.faults.soak.traffic import Traffic
from whatsapp.models import Phone
from whatsapp.simulator.server import Simulator

EVERY_SECONDS = 0.1
TIMES = (1, 4)
# Accepted without a word of it; not accepted; half said; refused for now.
FAULTS = ("timeout", "reset", "html_502", "no_id", "drop", "html_500", "131000", "131016")


def queue_up(traffic: Traffic, count: int) -> int:
    """Queue so many texts, the numbers in turn and return how many."""
    chats, queued = traffic.chats(), 0
    for subdomain in sorted({number.subdomain for number in traffic.numbers}):
        own = [chat for chat in chats if chat.number.subdomain == subdomain]
        with context.platform():
            tenant = Tenant.objects.get(subdomain=subdomain)
        with context.tenant(tenant.schema_name):
            queued += _queue_up(traffic, own, count * len(own) // len(chats))
    return queued


def _queue_up(traffic: Traffic, chats: list, count: int) -> int:
    talks = {
        f"{phone_number_id}/{wa_id}": talk
        for phone_number_id, wa_id, talk in Conversation.objects.filter(
            contact__identities__kind="WA_ID"
        ).values_list("phone__phone_number_id", "contact__identities__value", "pk")
    }
    phones = dict(Phone.objects.values_list("phone_number_id", "pk"))
    rows = []
    for place, chat in zip(range(count), itertools.cycle(chats), strict=False):
        text = chat.text("out", 10**6 + place)
        traffic.asked[text] = chat
        traffic.promised.add(text)
        number = chat.number.phone_number_id
        rows.append(_row(talks[f"{number}/{chat.wa_id}"], phones[number], text))
    Message.objects.bulk_create(rows, 1000)
    for phone_id in phones.values():
        queue.enqueue("conversations.tasks.drain_outbox", phone_id=phone_id)
    return len(rows)


def _row(conversation_id: int, phone_id: int, text: str) -> Message:
    return Message(
        phone_id=phone_id,
        conversation_id=conversation_id,
        direction="OUTBOUND",
        type="TEXT",
        text=text,
        content={"body": text},
        status="PENDING",
        lane=Lane.API,
        timestamp=timezone.now() + timedelta(seconds=1),
        client_id=uuid.uuid4(),
    )


@contextmanager
def faulty(simulator: Simulator) -> Iterator[dict[str, int]]:
    """Have a few sends meet a fault every few moments; counts how often each was wished for."""
    wished: dict[str, int] = dict.fromkeys(FAULTS, 0)
    over = threading.Event()

    def turn() -> None:
        while not over.wait(EVERY_SECONDS):
            fault, times = random.choice(FAULTS), random.randint(*TIMES)
            simulator.change(refuse=fault, refuse_times=times)
            wished[fault] += 1

    thread = threading.Thread(target=turn, daemon=True)
    thread.start()
    try:
        yield wished
    finally:
        over.set()
        thread.join()
        simulator.change(refuse="", refuse_times=0)
