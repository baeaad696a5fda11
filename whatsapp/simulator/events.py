"""The bodies of webhooks, byte by byte as Meta writes and signs them."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from whatsapp.simulator import errors, ids
from whatsapp.simulator.world import Chat, Message, Status


@dataclass(frozen=True, slots=True)
class Update:
    """One event before it is put into a POST. ``unit`` is one item of ``value[kind]``."""

    waba_id: str
    phone_number_id: str
    metadata: dict[str, Any]
    kind: str  # "messages" or "statuses"
    unit: dict[str, Any]
    contact: dict[str, Any] | None
    lane: str
    summary: str
    message: Message

    @property
    def wamid(self) -> str:
        """The message that this is about."""
        return str(self.unit["id"])


def inbound(chat: Chat, message: Message, *, user_ids: bool) -> Update:
    """Return the event for what the customer wrote."""
    unit = {
        "from": chat.person.wa_id,
        "id": message.wamid,
        "timestamp": str(int(message.at)),
        **message.content,
    }
    if user_ids:
        unit.setdefault("from_user_id", _user_id(chat))
    return _update(chat, message, kind="messages", unit=unit, user_ids=user_ids)


def status(
    chat: Chat, message: Message, status: Status, *, with_pricing: bool, user_ids: bool
) -> Update:
    """Return the event for a state that a message reached."""
    unit: dict[str, Any] = {
        "id": message.wamid,
        "status": status.name,
        "timestamp": str(int(status.at)),
        "recipient_id": chat.person.wa_id,
    }
    if user_ids:
        unit["recipient_user_id"] = _user_id(chat)
    if message.opaque:
        unit["biz_opaque_callback_data"] = message.opaque
    if status.name == "failed":
        unit["errors"] = [errors.webhook_error(status.code)]
    elif with_pricing:
        unit["pricing"] = _pricing(message)
    return _update(chat, message, kind="statuses", unit=unit, user_ids=user_ids)


def payload(updates: Sequence[Update]) -> dict[str, Any]:
    """Return one POST's document: an entry for each WABA, a change for each number and kind."""
    entries: dict[str, list[dict[str, Any]]] = {}
    open_changes: dict[tuple[str, str, str], dict[str, Any]] = {}
    for update in updates:
        key = (update.waba_id, update.phone_number_id, update.kind)
        value = open_changes.get(key)
        if value is None:
            value = open_changes[key] = {
                "messaging_product": "whatsapp",
                "metadata": update.metadata,
            }
            entries.setdefault(update.waba_id, []).append({"value": value, "field": "messages"})
        if update.contact is not None and update.contact not in value.get("contacts", []):
            value.setdefault("contacts", []).append(update.contact)
        value.setdefault(update.kind, []).append(update.unit)
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
    chat: Chat, message: Message, *, kind: str, unit: dict[str, Any], user_ids: bool
) -> Update:
    phone = chat.phone
    return Update(
        waba_id=phone.waba_id,
        phone_number_id=phone.phone_number_id,
        metadata={
            "display_phone_number": phone.digits,
            "phone_number_id": phone.phone_number_id,
        },
        kind=kind,
        unit=unit,
        contact=_contact(chat, unit, user_ids=user_ids),
        lane=chat.lane,
        summary=str(unit.get("status") or unit.get("type") or kind),
        message=message,
    )


def _contact(chat: Chat, unit: dict[str, Any], *, user_ids: bool) -> dict[str, Any] | None:
    """A failed status and a system message come without ``contacts``."""
    if unit.get("status") == "failed" or unit.get("type") == "system":
        return None
    contact = {"profile": {"name": chat.person.name}, "wa_id": chat.person.wa_id}
    return {**contact, "user_id": _user_id(chat)} if user_ids else contact


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
    return ids.user_id(chat.phone.waba_id, chat.person.wa_id)
