"""Read what customers chose in WhatsApp itself about being written to."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from whatsapp.payloads.cleaning import dict_of, moment_or_none, text_of
from whatsapp.payloads.units import AccountEvent, Sender

FIELD = "user_preferences"
MARKETING = "marketing_messages"
VALUES = frozenset({"stop", "resume", "signup"})
IDENTITY_MAX = 150
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Preference:
    """One choice about marketing."""

    sender: Sender
    value: str  # one of VALUES
    at: datetime


def preferences_of(event: AccountEvent) -> list[Preference]:
    """Return what an event says about marketing; nothing for other events. Never raises.

    Source: developers.facebook.com/docs/whatsapp/cloud-api/webhooks, read 2026-11.
    """
    return list(_read(event)) if event.field == FIELD else []


def _read(event: AccountEvent) -> Iterator[Preference]:
    choices = event.value.get(FIELD)
    contacts = event.value.get("contacts")
    for choice in choices if isinstance(choices, list) else [choices]:
        item = dict_of(choice)
        value = text_of(item.get("value")).lower()
        # An event does not say when it came, so any later time has to be believed.
        at = moment_or_none(item.get("timestamp"), event.time or _LATEST) or event.time
        sender = _sender(item, contacts)
        about_marketing = text_of(item.get("category"), 80) in {MARKETING, ""}
        if value in VALUES and about_marketing and at is not None and sender is not None:
            yield Preference(sender, value, at)


def _sender(item: dict[str, Any], contacts: Any) -> Sender | None:
    wa_id, user_id = _name(item, "wa_id").removeprefix("+"), _name(item, "user_id")
    for contact in contacts if isinstance(contacts, list) else []:
        card = dict_of(contact)
        its_wa_id, its_user_id = _name(card, "wa_id").removeprefix("+"), _name(card, "user_id")
        if (wa_id and its_wa_id == wa_id) or (user_id and its_user_id == user_id):
            wa_id, user_id = wa_id or its_wa_id, user_id or its_user_id
            break
    return Sender(wa_id, user_id, "", "") if wa_id or user_id else None


def _name(item: dict[str, Any], key: str) -> str:
    value = text_of(item.get(key), IDENTITY_MAX + 1).strip()
    return value if len(value) <= IDENTITY_MAX else ""
