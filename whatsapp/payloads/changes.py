"""Read what a system message says of a person's new number or user id."""

from dataclasses import dataclass

from whatsapp.payloads.cleaning import dict_of, text_of
from whatsapp.payloads.units import InboundMessage, Json, Sender

IDENTITY_MAX = 150
_KINDS = frozenset({"user_changed_number", "customer_changed_number", "user_changed_user_id"})


@dataclass(frozen=True, slots=True)
class IdentityChange:
    """One person's names until a moment and since then, "" for those that Meta left out."""

    before: Sender
    after: Sender


def identity_change(message: InboundMessage) -> IdentityChange | None:
    """Return the change that a system message is about; None for every other message.

    Takes the old spellings, too: ``customer_changed_number`` with ``new_wa_id`` and ``customer``.
    Source: developers.facebook.com/docs/whatsapp/cloud-api/webhooks, read 2026-11.
    """
    system = dict_of(message.content)
    if message.type != "system" or system.get("type") not in _KINDS:
        return None
    sender = message.sender
    after = Sender(
        wa_id=_name(system, "wa_id").removeprefix("+") or _name(system, "new_wa_id"),
        user_id=_name(system, "user_id"),
        parent_user_id=_name(system, "parent_user_id"),
        profile_name="",
    )
    user_id = _name(system, "previous_user_id") or sender.user_id
    before = Sender(
        wa_id=sender.wa_id or _name(system, "customer"),
        # Seen: the new id beside the old number.
        user_id="" if user_id == after.user_id else user_id,
        parent_user_id="",
        profile_name="",
    )
    if not after.wa_id and not after.user_id:
        return None
    return IdentityChange(before, after)


def previous_names(message: Json) -> tuple[str, str]:
    """Return number and user id of a system message that names its sender in its object alone."""
    system = dict_of(message.get("system"))
    number = text_of(system.get("customer"), IDENTITY_MAX + 1)
    user_id = system.get("previous_user_id") or system.get("user_id")
    return number, text_of(user_id, IDENTITY_MAX + 1)


def _name(system: Json, key: str) -> str:
    value = text_of(system.get(key), IDENTITY_MAX + 1).strip()
    return value if len(value) <= IDENTITY_MAX else ""
