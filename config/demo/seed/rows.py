"""Turn written talks into rows, as if the messages had come and gone in the last days.

Straight to the models and in bulk, past the services: those live in the present (they would send,
nudge and number each change), while this makes a past. It keeps their rules instead: ranks, unread
counts, the last message, the window, and one identity a person.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from config.demo.seed.kinds import content_of, text_of
from config.demo.seed.talk import Line, Talk
from conversations import rules
from conversations.models import Contact, ContactIdentity, Conversation, Mark, Message, StatusEvent
from tenants.models import User
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
ERRORS = {131026: "Message undeliverable", 131047: "Re-engagement message"}


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part on the business's side."""

    phone: Phone
    operator: User
    admin: User


def write(talks: Sequence[Talk], *, cast: Cast, now: datetime) -> None:
    """Write a tenant's conversations into its schema (the current one), which has none yet."""
    conversations = _conversations(talks, cast.phone)
    pairs = list(zip(talks, conversations, strict=True))
    messages = sorted(
        (message for talk, place in pairs for message in _messages(talk, place, cast, now)),
        key=lambda message: message.timestamp,
    )
    Message.objects.bulk_create(messages)  # in their order in time: ids say what came after what
    StatusEvent.objects.bulk_create(event for message in messages for event in _events(message))
    Mark.objects.bulk_create(_reactions(pairs, messages))
    for talk, conversation in pairs:
        own = [message for message in messages if message.conversation_id == conversation.pk]
        _settle(conversation, own, unread=talk.unread)
    Conversation.objects.bulk_update(
        conversations,
        ["last_message", "last_message_at", "unread_count", "read_up_to_id", "window_opened_at"],
    )


def _conversations(talks: Sequence[Talk], phone: Phone) -> list[Conversation]:
    contacts = Contact.objects.bulk_create(
        Contact(name=talk.saved_as, profile_name=talk.name) for talk in talks
    )
    ContactIdentity.objects.bulk_create(
        ContactIdentity(
            contact=contact,
            kind=ContactIdentity.Kind.WA_ID,
            value=talk.wa_id,
            match_key=rules.match_key(talk.wa_id),
        )
        for talk, contact in zip(talks, contacts, strict=True)
    )
    status = Conversation.Status
    return Conversation.objects.bulk_create(
        Conversation(
            phone=phone, contact=contact, status=status.CLOSED if talk.is_closed else status.OPEN
        )
        for talk, contact in zip(talks, contacts, strict=True)
    )


def _messages(talk: Talk, conversation: Conversation, cast: Cast, now: datetime) -> list[Message]:
    lines = list(talk.lines())
    answered = max(number for number, line in enumerate(lines) if line.is_inbound)
    when = now - timedelta(seconds=talk.ago_seconds)
    messages = []
    for number in reversed(range(len(lines))):
        line = lines[number]
        message = _message(line, conversation, cast, when)
        if not line.is_inbound:
            tick = Status(talk.tick) if number > answered else Status.READ
            is_last = number == len(lines) - 1
            _tick(message, tick if is_last else BEFORE.get(tick, tick), talk.error_code)
        messages.append(message)
        when -= timedelta(seconds=line.after_seconds)
    return messages


def _message(line: Line, conversation: Conversation, cast: Cast, when: datetime) -> Message:
    by_admin = conversation.pk % 4 == 0
    author = None if line.is_inbound else (cast.admin if by_admin else cast.operator)
    return Message(
        phone=cast.phone,
        conversation=conversation,
        wamid=f"wamid.HBgN{uuid.uuid4().hex.upper()}",
        direction=Message.Direction.INBOUND if line.is_inbound else Message.Direction.OUTBOUND,
        type=Message.Type(line.kind),
        text=text_of(line.kind, line.text),
        content=content_of(line.kind, line.text),
        status=Status.RECEIVED,
        rank=rules.RANKS[Status.RECEIVED],
        timestamp=when,
        author=author,
        client_id=None if line.is_inbound else uuid.uuid4(),
        attempts=0 if line.is_inbound else 1,
    )


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


def _reactions(
    pairs: Sequence[tuple[Talk, Conversation]], messages: Sequence[Message]
) -> list[Mark]:
    last = {one.conversation_id: one for one in messages if one.is_outbound}
    return [
        Mark(
            phone=last[conversation.pk].phone,
            wamid=f"wamid.HBgN{uuid.uuid4().hex.upper()}",
            target_wamid=last[conversation.pk].wamid or "",
            kind=Mark.Kind.REACTION,
            by_business=False,
            emoji=talk.reaction,
            provider_at=last[conversation.pk].timestamp + timedelta(seconds=70),
        )
        for talk, conversation in pairs
        if talk.reaction
    ]


def _settle(conversation: Conversation, messages: Sequence[Message], *, unread: int) -> None:
    """Keep on the conversation what the list shows. ``messages`` are in their order in time."""
    inbound = [message for message in messages if message.direction == Message.Direction.INBOUND]
    read = inbound[: len(inbound) - unread]
    conversation.last_message = messages[-1]
    conversation.last_message_at = messages[-1].timestamp
    conversation.unread_count = unread
    conversation.read_up_to_id = read[-1].pk if read else 0
    conversation.window_opened_at = inbound[-1].timestamp
