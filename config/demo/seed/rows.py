"""Turn written talks into rows, as if the messages had come and gone in the last days.

Straight to the models and in bulk, past the services: those live in the present (they would send,
nudge and number each change), while this makes a past. It keeps their rules instead: ranks, unread
counts, the last message, the window, consent, and one identity a person.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from config.demo.seed import kinds, marks, media, people
from config.demo.seed.talk import Line, Talk
from conversations import rules
from conversations.models import Conversation, Mark, Message, StatusEvent
from conversations.templatetags import bubbles
from tenants.feed import usage
from tenants.models import Tenant, User
from whatsapp import payloads
from whatsapp.models import Phone

Status = Message.Status
# What each status says that happened before, in order, and how many seconds after the sending.
STEPS = {"accepted_at": 1, "sent_at": 2, "delivered_at": 4, "read_at": 50, "played_at": 65}
REACHED = {
    Status.ACCEPTED: 1,
    Status.SENT: 2,
    Status.DELIVERED: 3,
    Status.READ: 4,
    Status.PLAYED: 5,
}
# How far the messages before the last one came, where the last one is an exception.
BEFORE = {
    Status.FAILED: Status.DELIVERED,
    Status.UNCONFIRMED: Status.DELIVERED,
    Status.ACCEPTED: Status.DELIVERED,
    Status.PLAYED: Status.READ,
}
ERRORS = {
    130472: "User's number is part of an experiment",
    131026: "Message undeliverable",
    131047: "Re-engagement message",
    131049: "This message was not delivered to maintain healthy ecosystem engagement",
    131050: "User has stopped marketing messages",
    131053: "Media upload error",
}
# What opens the 24-hour window: everything that a customer does, but not what WhatsApp tells.
_NO_WINDOW = Message.Type.SYSTEM

Told = list[tuple[Line, Message]]  # a talk's lines with their messages, oldest first


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part on the business's side."""

    tenant: Tenant
    phone: Phone
    operator: User
    admin: User


def write(talks: Sequence[Talk], *, cast: Cast, now: datetime) -> None:
    """Write a tenant's conversations into its schema (the current one), which has none yet."""
    conversations = people.conversations(talks, cast.phone)
    told = [
        _messages(talk, place, cast, now) for talk, place in zip(talks, conversations, strict=True)
    ]
    everything = sorted(
        (pair for pairs in told for pair in pairs), key=lambda pair: pair[1].timestamp
    )
    media.store(everything, cast.tenant.pk)
    messages = [message for _line, message in everything]
    Message.objects.bulk_create(messages)  # in their order in time: ids say what came after what
    _count(messages)
    StatusEvent.objects.bulk_create(event for message in messages for event in _events(message))
    Mark.objects.bulk_create(mark for pair in everything for mark in marks.of(*pair))
    people.consent(messages)
    people.neighbours(cast.phone)
    for talk, conversation, pairs in zip(talks, conversations, told, strict=True):
        _settle(conversation, [message for _line, message in pairs], unread=talk.unread)
        people.move(talk, pairs)
    Conversation.objects.bulk_update(
        conversations,
        ["last_message", "last_message_at", "unread_count", "read_up_to_id", "window_opened_at"],
    )


def _count(messages: Sequence[Message]) -> None:
    received = sum(not message.is_outbound for message in messages)
    sent = sum(message.is_outbound and not bubbles.is_from_app(message) for message in messages)
    with connection.cursor() as cursor:
        usage.count(cursor, received=received, sent=sent)


def _messages(talk: Talk, conversation: Conversation, cast: Cast, now: datetime) -> Told:
    lines = list(talk.lines())
    answered = max(number for number, line in enumerate(lines) if line.is_inbound)
    when = now - timedelta(seconds=talk.ago_seconds)
    told: Told = []
    for number in reversed(range(len(lines))):
        line = lines[number]
        message = _message(line, conversation, cast, when)
        if not line.is_inbound:
            tick = Status(talk.tick) if number > answered else Status.READ
            is_last = number == len(lines) - 1
            reached = tick if is_last else BEFORE.get(tick, tick)
            code = int(line.notes.get("failed", 0)) or talk.error_code
            _tick(message, Status.FAILED if "failed" in line.notes else reached, code)
        told.append((line, message))
        when -= timedelta(seconds=line.after_seconds)
    told.reverse()
    _quote(told)
    return told


def _message(line: Line, conversation: Conversation, cast: Cast, when: datetime) -> Message:
    type_ = line.kind.upper() if line.kind.upper() in Message.Type else Message.Type.UNSUPPORTED
    extras = kinds.extras_of(line)
    if line.kind.upper() not in Message.Type:
        extras["type"] = line.kind
    is_ours = not line.is_inbound and "app" not in line.notes
    if "app" in line.notes:
        extras["field"] = payloads.ECHOES
    writer = cast.admin if conversation.pk % 4 == 0 else cast.operator
    return Message(
        phone=cast.phone,
        conversation=conversation,
        wamid=f"wamid.HBgN{uuid.uuid4().hex.upper()}",
        direction=Message.Direction.INBOUND if line.is_inbound else Message.Direction.OUTBOUND,
        type=type_,
        text=line.notes.get("was", kinds.text_of(line)),
        content=kinds.content_of(line),
        extras=extras or None,
        status=Status.RECEIVED,
        rank=rules.RANKS[Status.RECEIVED],
        timestamp=when,
        author=writer if is_ours else None,
        client_id=uuid.uuid4() if is_ours else None,
        attempts=int(is_ours),
    )


def _quote(told: Told) -> None:
    """Lead messages to those that they answer."""
    for number, (line, message) in enumerate(told):
        if "quotes" in line.notes:
            _line, quoted = told[number - int(line.notes["quotes"])]
            context = {"id": quoted.wamid, "from": ""}
            message.extras = {**(message.extras or {}), "context": context}


def _tick(message: Message, status: Message.Status, error_code: int | None) -> None:
    message.status, message.rank = status, rules.RANKS[status]
    for name, seconds in list(STEPS.items())[: REACHED.get(status, 0)]:
        setattr(message, name, message.timestamp + timedelta(seconds=seconds))
    if status == Status.UNCONFIRMED:
        message.wamid = None  # nobody told us: the answer to the call never came
    if status == Status.FAILED and error_code is not None:
        message.accepted_at = message.timestamp + timedelta(seconds=1)
        message.failed_at = message.timestamp + timedelta(seconds=3)
        message.error_code, message.error_detail = error_code, ERRORS[error_code]


def _events(message: Message) -> list[StatusEvent]:
    """Return the statuses that Meta told for a message's times."""
    told = {
        "SENT": message.sent_at,
        "DELIVERED": message.delivered_at,
        "READ": message.read_at,
        "PLAYED": message.played_at,
        "FAILED": message.failed_at,
    }
    return [
        StatusEvent(
            phone=message.phone,
            wamid=message.wamid or "",
            status=status,
            provider_at=at,
            message=message,
            claimed_message_id=message.pk,
            errors=[{"code": message.error_code, "title": message.error_detail}]
            if status == "FAILED"
            else None,
        )
        for status, at in told.items()
        if at is not None
    ]


def _settle(conversation: Conversation, messages: Sequence[Message], *, unread: int) -> None:
    """Keep on the conversation what the list shows. ``messages`` are in their order in time."""
    inbound = [message for message in messages if message.direction == Message.Direction.INBOUND]
    read = inbound[: len(inbound) - unread]
    opening = [message.timestamp for message in inbound if message.type != _NO_WINDOW]
    conversation.last_message = messages[-1]
    conversation.last_message_at = messages[-1].timestamp
    conversation.unread_count = unread
    conversation.read_up_to_id = read[-1].pk if read else 0
    conversation.window_opened_at = opening[-1] if opening else None
