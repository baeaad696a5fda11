"""Join messages and statuses with the people that they name."""

import re
from typing import Any

from whatsapp.payloads.changes import previous_names
from whatsapp.payloads.cleaning import dict_of, text_of
from whatsapp.payloads.units import Json, Sender

NAME_MAX = 200
IDENTITY_MAX = 150
# Portfolio-scoped user id: country, perhaps ENT, letters and digits.
_USER_ID = re.compile(r"[A-Z]{2}\.(ENT\.)?[0-9A-Za-z]{1,128}")
# Of whom a status is about; the first is that of Meta's syntax, the others of its examples.
_PARENTS = ("parent_recipient_user_id", "parent_user_id", "recipient_parent_user_id")


def contacts_of(value: Any) -> dict[str, Json]:
    """Index the contacts by every id that a message may name them by; places say nothing."""
    found: dict[str, Json] = {}
    for contact in value if isinstance(value, list) else [value]:
        if isinstance(contact, dict):
            for key in ("wa_id", "user_id"):
                name = text_of(contact.get(key), IDENTITY_MAX)
                if name:
                    found.setdefault(name, contact)
    return found


def turned(echo: Json) -> Json:
    """Return an echo's names as if the customer had written it."""
    names = {"from": "to", "from_user_id": "to_user_id", "from_parent_user_id": "to_parent_user_id"}
    return {name: echo.get(other) for name, other in names.items()}


def sender_of(message: Json, contacts: dict[str, Json]) -> Sender | None:
    """Join a message with its contact; None when nobody is named."""
    wa_id, user_id = _text(message.get("from")), _text(message.get("from_user_id"))
    if not wa_id and not user_id and message.get("type") == "system":
        wa_id, user_id = previous_names(message)
    sender = _joined(wa_id, user_id, message.get("from_parent_user_id"), contacts)
    return sender if sender.wa_id or sender.user_id else None


def recipient_of(status: Json, contacts: dict[str, Json]) -> Sender:
    """Return whom a status is about, as far as it says; the parent under every name seen."""
    parent = next(filter(None, (status.get(name) for name in _PARENTS)), None)
    wa_id, user_id = _text(status.get("recipient_id")), _text(status.get("recipient_user_id"))
    return _joined(wa_id, user_id, parent, contacts)


def _joined(wa_id: str, user_id: str, parent: Any, contacts: dict[str, Json]) -> Sender:
    contact = contacts.get(wa_id) or contacts.get(user_id) or {}
    wa_id = wa_id or _text(contact.get("wa_id"))
    user_id = user_id or _text(contact.get("user_id"))
    if _USER_ID.fullmatch(wa_id):  # seen: the user id where the number belongs
        user_id, wa_id = user_id or wa_id, ""
    profile = dict_of(contact.get("profile"))
    name = text_of(profile.get("name")) or text_of(profile.get("username"))
    return Sender(
        wa_id=_identity(wa_id).removeprefix("+"),
        user_id=_identity(user_id),
        parent_user_id=_identity(_text(parent or contact.get("parent_user_id"))),
        profile_name=name.strip()[:NAME_MAX],
    )


def _text(value: Any) -> str:
    return text_of(value, IDENTITY_MAX + 1)


def _identity(value: str) -> str:
    """An id that is too long to be one is none: cut, it could be somebody else's."""
    return value.strip() if len(value) <= IDENTITY_MAX else ""
