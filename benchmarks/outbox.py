"""Fill a tenant's outbox, for `benchmarks.sending`: `python -m benchmarks.outbox COMMAND ...`.

`fill NUMBERS MESSAGES LANE`: so many messages on each of so many numbers, to a customer each.
`plan PER_SECOND`: what the plan allows, 0: no limit. `reply`: queue one as an operator does.
`broadcast ROWS`: start a broadcast to so many new customers.
`naive`: send what is queued as a task a message would. Prints JSON.
"""

import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import django

django.setup()

import requests  # noqa: E402 - the baseline's; models want a set-up Django
from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from conversations.models import (  # noqa: E402
    Broadcast,
    Contact,
    ContactIdentity,
    Conversation,
    Message,
)
from conversations.services import outbound, statuses  # noqa: E402
from conversations.services.broadcasts import control  # noqa: E402
from tenants import context, permissions, queue, secrets  # noqa: E402
from tenants.models import Plan, Tenant  # noqa: E402
from whatsapp.models import MessageTemplate, Phone  # noqa: E402

# As ``intake`` writes them.
_ROWS = """
    INSERT INTO conversations_broadcastrecipient
        (broadcast_id, position, address, kind, value, match_key, state)
    SELECT %s, place, '+' || number, 'WA_ID', number, number, 'READY'
    FROM generate_series(1, %s) AS place, CAST(5531000000000 + place AS text) AS number
"""
NAIVE_THREADS = 8  # a worker of as many threads


def main(command: str, *values: str) -> None:
    with context.platform():
        tenant = Tenant.objects.get(subdomain="acme")
    with context.tenant(tenant.schema_name):
        commands: dict[str, Callable[..., Any]] = {
            "fill": fill,
            "plan": plan,
            "reply": reply,
            "naive": naive,
            "broadcast": broadcast,
        }
        answer = commands[command](tenant, *map(int, values))
    sys.stdout.write(json.dumps(answer))


def fill(tenant: Tenant, numbers: int, messages: int, lane: int) -> list[str]:
    """Replace the outbox; return the numbers, whose drains are nudged."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE conversations_message, conversations_conversation CASCADE")
    chosen = [_number(tenant, place) for place in range(numbers)]
    for phone in chosen:
        _fill(phone, messages, lane)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE conversations_message")
        cursor.execute("ANALYZE conversations_conversation")
    for phone in chosen:
        queue.enqueue("conversations.tasks.drain_outbox", phone_id=phone.pk)
    return [phone.phone_number_id for phone in chosen]


def _number(tenant: Tenant, place: int) -> Phone:
    if place == 0:
        return Phone.objects.order_by("pk")[0]
    sealed = secrets.seal(
        "token", tenant=str(tenant.pk), table="whatsapp_phone", column="access_token"
    )
    made, _new = Phone.objects.get_or_create(
        phone_number_id=f"77{place:013}",
        defaults={"waba_id": "102290129340398", "access_token_sealed": sealed, "name": str(place)},
    )
    return made


def _fill(phone: Phone, messages: int, lane: int) -> None:
    now = timezone.now()
    contacts = Contact.objects.bulk_create([Contact() for _ in range(messages)], 2000)
    ContactIdentity.objects.bulk_create(
        [
            ContactIdentity(contact=one, kind="WA_ID", value=key, match_key=key)
            for one in contacts
            for key in [f"5511{one.pk:09}"]
        ],
        2000,
    )
    talks = Conversation.objects.bulk_create(
        [Conversation(phone=phone, contact=one, window_opened_at=now) for one in contacts], 2000
    )
    Message.objects.bulk_create([_message(phone, one, lane) for one in talks], 2000)


def _message(phone: Phone, talk: Conversation, lane: int) -> Message:
    return Message(
        phone=phone,
        conversation=talk,
        direction="OUTBOUND",
        type="TEXT",
        text="Olá",
        content={"body": "Olá"},
        status="PENDING",
        lane=lane,
        timestamp=timezone.now(),
        client_id=uuid4(),
    )


def plan(tenant: Tenant, per_second: int) -> int:
    """Set what the plan allows a second."""
    with context.platform():
        Plan.objects.filter(pk=tenant.plan_id).update(messages_per_second=per_second or None)
    return per_second


def reply(tenant: Tenant) -> tuple[float, str]:
    """Queue a reply to somebody who has nothing queued; return when, and the word it goes with."""
    phone = Phone.objects.order_by("pk")[0]
    talk = Conversation.objects.create(
        phone=phone, contact=Contact.objects.create(), window_opened_at=timezone.now()
    )
    key = f"5521{talk.pk:09}"
    ContactIdentity.objects.create(contact=talk.contact, kind="WA_ID", value=key, match_key=key)
    began = time.time()
    message = outbound.send_text(
        actor=permissions.system_actor(tenant),
        conversation=talk,
        text="Oi",
        client_id=uuid4(),
        now=timezone.now() + timedelta(seconds=1),
    )
    word = statuses.callback_data(
        tenant_id=tenant.pk, phone_number_id=phone.phone_number_id, message_id=message.pk
    )
    return began, word


def broadcast(tenant: Tenant, rows: int) -> int:
    """Start a broadcast to so many people whom nobody wrote to before; return its key."""
    phone, now = Phone.objects.order_by("pk")[0], timezone.now()
    template = MessageTemplate.objects.create(
        waba_id=phone.waba_id,
        name="novidade",
        language="pt_BR",
        category="UTILITY",
        status="APPROVED",
        components=[{"type": "BODY", "text": "Temos uma novidade."}],
        **dict.fromkeys(("status_at", "quality_at", "category_at", "synced_at"), now),
    )
    made = Broadcast.objects.create(
        name="Novidade", phone=phone, template=template, status="DRAFT", total=rows
    )
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, (made.pk, rows))
        cursor.execute("ANALYZE conversations_broadcastrecipient")
    control.start(actor=permissions.system_actor(tenant), broadcast=made, now=now)
    return made.pk


def naive(tenant: Tenant) -> dict[str, float]:
    """Send everything as one would first: a task a message, with a session of its own."""
    ids = list(Message.objects.filter(status="PENDING").values_list("pk", flat=True))
    began = time.monotonic(), time.process_time()
    with ThreadPoolExecutor(NAIVE_THREADS) as pool:
        list(pool.map(lambda pk: _naive(tenant.schema_name, pk), ids))
    wall, cpu = time.monotonic() - began[0], time.process_time() - began[1]
    return {"count": len(ids), "seconds": wall, "cpu": cpu}


def _naive(schema: str, pk: int) -> None:
    try:
        with context.tenant(schema):
            message = Message.objects.select_related("phone", "conversation__contact").get(pk=pk)
            identity = message.conversation.contact.identities.first()
            answer = requests.post(
                f"{settings.GRAPH_API_URL}/v25.0/{message.phone.phone_number_id}/messages",
                json={
                    "messaging_product": "whatsapp",
                    "to": identity.value if identity else "",
                    "type": "text",
                    "text": message.content,
                    "biz_opaque_callback_data": str(pk),
                },
                timeout=20,
            )
            message.wamid, message.status = answer.json()["messages"][0]["id"], "ACCEPTED"
            message.save()
    finally:
        connection.close()  # as the worker's library does after each task


if __name__ == "__main__":
    main(*sys.argv[1:])
