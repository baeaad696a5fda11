"""The demo's customers: their names, their conversations, and what they said about marketing."""

import hashlib
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from config.demo.seed.talk import Line, Talk
from conversations import rules
from conversations.models import (
    ConsentEvent,
    Contact,
    ContactIdentity,
    Conversation,
    IdentityMove,
    Message,
)
from whatsapp.models import AccountEvent, Phone

Kind, Status = ContactIdentity.Kind, Conversation.Status


def conversations(talks: Sequence[Talk], phone: Phone) -> list[Conversation]:
    """Make everybody who talks, and an empty conversation with each."""
    contacts = Contact.objects.bulk_create(
        Contact(name=talk.saved_as, profile_name=talk.name) for talk in talks
    )
    ContactIdentity.objects.bulk_create(
        ContactIdentity(
            contact=contact,
            kind=Kind.WA_ID if talk.wa_id.isdigit() else Kind.BSUID,
            value=talk.wa_id,
            match_key=rules.match_key(talk.wa_id),
        )
        for talk, contact in zip(talks, contacts, strict=True)
    )
    return Conversation.objects.bulk_create(
        Conversation(
            phone=phone, contact=contact, status=Status.CLOSED if talk.is_closed else Status.OPEN
        )
        for talk, contact in zip(talks, contacts, strict=True)
    )


def consent(messages: Iterable[Message]) -> None:
    """Note what customers said about marketing, in the order in which they said it."""
    for message in messages:
        content = message.content if isinstance(message.content, dict) else {}
        typed = message.type == Message.Type.TEXT and rules.opts_out_by_words(message.text)
        tapped = message.type == Message.Type.BUTTON and rules.opts_out_by_button(
            str(content.get("payload")), str(content.get("text"))
        )
        if message.is_outbound or not (typed or tapped):
            continue
        contact = message.conversation.contact
        ConsentEvent.objects.create(
            contact=contact,
            value=ConsentEvent.Value.STOP,
            source=ConsentEvent.Source.KEYWORD if typed else ConsentEvent.Source.BUTTON,
            provider_at=message.timestamp,
            wamid=message.wamid or "",
            key=f"message {message.phone_id} {message.wamid}",
        )
        contact.marketing_opted_out_at = message.timestamp
        contact.save(update_fields=["marketing_opted_out_at"])


def move(talk: Talk, told: Sequence[tuple[Line, Message]]) -> None:
    """Remember since when somebody writes from a new number."""
    for line, message in told:
        if line.kind == "system" and line.variant == "number":
            IdentityMove.objects.create(
                kind=Kind.WA_ID,
                match_key=rules.match_key(talk.old_wa_id),
                moved_at=message.timestamp,
                new_match_key=rules.match_key(talk.wa_id),
                new_value=talk.wa_id,
            )


def neighbours(phone: Phone) -> None:
    """Keep what was said in a group: it belongs to the number, and to no conversation."""
    message: dict[str, Any] = {
        "from": "5511999120045",
        "group_id": "Y2FwaV9ncm91cDox",
        "id": f"wamid.HBgN{uuid.uuid4().hex.upper()}",
        "timestamp": "1794312000",
        "type": "text",
        "text": {"body": "Alguém do prédio já comprou lá?"},
    }
    value = {"metadata": {"phone_number_id": phone.phone_number_id}, "messages": [message]}
    AccountEvent.objects.create(
        digest=hashlib.sha256(message["id"].encode()).digest(),
        waba_id=phone.waba_id,
        field="messages",
        value=value,
    )
