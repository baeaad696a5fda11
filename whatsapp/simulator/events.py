"""The bodies of webhooks, byte by byte as Meta writes and signs them."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from whatsapp.simulator import errors, ids
from whatsapp.simulator.chats import Chat, Message, Status
from whatsapp.simulator.config import Phone
from whatsapp.simulator.settings import Settings


@dataclass(frozen=True, slots=True)
class Update:
    """One event before it is put into a POST.

    ``unit`` is one item of ``value[kind]``; without a ``kind`` it is the rest of the value itself.
    """

    waba_id: str
    phone_number_id: str
    metadata: dict[str, Any]
    kind: str
    unit: dict[str, Any]
    contact: dict[str, Any] | None
    lane: str
    summary: str
    message: Message | None = None
    field: str = "messages"

    @property
    def wamid(self) -> str:
        """The message that this is about."""
        return str(self.unit.get("id", ""))


def inbound(chat: Chat, message: Message, settings: Settings) -> Update:
    """Return the event for what the customer wrote."""
    unit: dict[str, Any] = {} if chat.person.hides_number else {"from": chat.person.wa_id}
    unit |= {
        "id": message.wamid,
        "timestamp": str(int(message.at)),
        **message.content,
    }
    if _has_user_id(chat, settings):
        unit.setdefault("from_user_id", _user_id(chat))
    if settings.parent_user_ids:
        unit.setdefault("from_parent_user_id", _parent_user_id(chat))
    return _update(chat, message, kind="messages", unit=unit, settings=settings)


def status(
    chat: Chat, message: Message, status: Status, settings: Settings, *, with_pricing: bool
) -> Update:
    """Return the event for a state that a message reached."""
    unit: dict[str, Any] = {
        "id": message.wamid,
        "status": status.name,
        "timestamp": str(int(status.at)),
    }
    if not chat.person.hides_number:
        unit["recipient_id"] = chat.person.wa_id
    if _has_user_id(chat, settings):
        unit["recipient_user_id"] = _user_id(chat)
    if settings.parent_user_ids:
        unit["parent_recipient_user_id"] = _parent_user_id(chat)
    if message.opaque:
        unit["biz_opaque_callback_data"] = message.opaque
    if status.name == "failed":
        unit["errors"] = [errors.webhook_error(status.code)]
    elif with_pricing:
        unit["pricing"] = _pricing(message)
    return _update(chat, message, kind="statuses", unit=unit, settings=settings)


def other(phone: Phone, field: str, value: dict[str, Any], *, kind: str = "") -> Update:
    """Return an event that is no message: ``value`` is its own, or one item of ``kind``."""
    return Update(
        waba_id=phone.waba_id,
        phone_number_id=phone.phone_number_id,
        metadata=_metadata(phone),
        kind=kind,
        unit=value,
        contact=None,
        lane=f"{phone.phone_number_id}:{field}",
        summary=field,
        field=field,
    )


def payload(updates: Sequence[Update]) -> dict[str, Any]:
    """Return one POST's document: an entry for each WABA, a change for each number and field."""
    entries: dict[str, list[dict[str, Any]]] = {}
    open_changes: dict[tuple[str, str, str, str], dict[str, Any]] = {}
    for update in updates:
        key = (update.waba_id, update.phone_number_id, update.field, update.kind)
        value = open_changes.get(key) if update.kind else None
        if value is None:
            value = open_changes[key] = {
                "messaging_product": "whatsapp",
                "metadata": update.metadata,
            }
            entries.setdefault(update.waba_id, []).append({"value": value, "field": update.field})
        if update.contact is not None and update.contact not in value.get("contacts", []):
            value.setdefault("contacts", []).append(update.contact)
        if update.kind:
            value.setdefault(update.kind, []).append(update.unit)
        else:
            value.update(update.unit)
    entry = [{"id": waba_id, "changes": changes} for waba_id, changes in entries.items()]
    return {"object": "whatsapp_business_account", "entry": entry}


def encode(document: Any, *, escape_slashes: bool = False) -> bytes:
    r"""Return the bytes that are signed and sent: compact, non-ASCII as ``\uXXXX``."""
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=True)
    return (text.replace("/", "\\/") if escape_slashes else text).encode("ascii")


def signature(app_secret: str, body: bytes) -> str:
    """Return the value of X-Hub-Signature-256."""
    return "sha256=" + hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()


def _update(
    chat: Chat, message: Message, *, kind: str, unit: dict[str, Any], settings: Settings
) -> Update:
    phone = chat.phone
    return Update(
        waba_id=phone.waba_id,
        phone_number_id=phone.phone_number_id,
        metadata=_metadata(phone),
        kind=kind,
        unit=unit,
        contact=None if settings.leave_out_contacts else _contact(chat, unit, settings),
        lane=chat.lane,
        summary=str(unit.get("status") or unit.get("type") or kind),
        message=message,
    )


def _metadata(phone: Phone) -> dict[str, Any]:
    return {"display_phone_number": phone.digits, "phone_number_id": phone.phone_number_id}


def _contact(chat: Chat, unit: dict[str, Any], settings: Settings) -> dict[str, Any] | None:
    """A failed status and a system message come without ``contacts``."""
    if unit.get("status") == "failed" or unit.get("type") == "system":
        return None
    person = chat.person
    profile = {"name": person.name}
    if person.username and unit.get("status") != "sent":
        profile["username"] = person.username
    contact: dict[str, Any] = {"profile": profile}
    if not person.hides_number:
        contact["wa_id"] = person.wa_id
    if _has_user_id(chat, settings):
        contact["user_id"] = _user_id(chat)
    if settings.parent_user_ids:
        contact["parent_user_id"] = _parent_user_id(chat)
    return contact


def _has_user_id(chat: Chat, settings: Settings) -> bool:
    return settings.user_ids or chat.person.hides_number


def _pricing(message: Message) -> dict[str, Any]:
    if message.type == "template":
        return {
            "billable": True,
            "pricing_model": "PMP",
            "category": "marketing",
            "type": "regular",
        }
    return {
        "billable": False,
        "pricing_model": "PMP",
        "category": "service",
        "type": "free_customer_service",
    }


def _user_id(chat: Chat) -> str:
    return chat.person.user_id(chat.phone.waba_id)


def _parent_user_id(chat: Chat) -> str:
    return ids.parent_user_id(chat.phone.waba_id, chat.person.wa_id)
