"""Walk every entry, every change and every item of a body.

Source: developers.facebook.com/docs/whatsapp/cloud-api/webhooks, read 2026-11.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from whatsapp.payloads import marks, senders
from whatsapp.payloads.cleaning import dict_of, load, moment, moment_or_none, text_of
from whatsapp.payloads.content_reading import text_in
from whatsapp.payloads.units import (
    ECHOES,
    AccountEvent,
    InboundMessage,
    Json,
    StatusUpdate,
    Unit,
    Unreadable,
)

# Meta sends a thousand at most; a body of nothing but commas would be millions.
UNITS_MAX = 20_000
WAMID_MAX = 200
FIELD_MAX = 80
STATUS_MAX = 20
TYPE_MAX = 80
ID_MAX = 40
# What a message carries in columns of its own.
_ENVELOPE = frozenset(
    {"from", "from_user_id", "from_parent_user_id", "id", "timestamp", "type"}
    | {"to", "to_user_id", "to_parent_user_id"}
)


@dataclass(frozen=True, slots=True)
class _Change:
    """One change of one entry, with what its units share."""

    waba_id: str
    field: str
    value: Json
    phone_number_id: str
    display_phone_number: str
    time: datetime | None
    received_at: datetime


def parse(body: bytes, *, received_at: datetime) -> list[Unit]:
    """Return a body's units in a stable order; ``unit.index`` is the place in it. Never raises.

    ``received_at`` stands in for times that are no times.
    """
    try:
        document = load(body)
    except (ValueError, RecursionError) as error:
        return [Unreadable(0, type(error).__name__)]
    entries = dict_of(document).get("entry")
    if not isinstance(entries, list):
        return [Unreadable(0, "NoEntries")]
    units: list[Unit] = []
    for entry in entries:
        for change in _changes(entry, received_at):
            if isinstance(change, _Change):
                _read(change, units)
            else:
                units.append(Unreadable(len(units), change))
            if len(units) > UNITS_MAX:
                return [*units[:UNITS_MAX], Unreadable(UNITS_MAX, "TooManyUnits")]
    return units


def _changes(entry: Any, received_at: datetime) -> Iterator[_Change | str]:
    """Yield an entry's changes, or the error for what is none."""
    if not isinstance(entry, dict):
        yield "EntryShape"
        return
    changes = entry.get("changes")
    if changes is None and ("field" in entry or "value" in entry):
        changes = [entry]  # seen: field and value one floor too high
    if not isinstance(changes, list):
        yield "ChangesShape"
        return
    waba_id = text_of(entry.get("id"), ID_MAX)
    time = moment_or_none(entry.get("time"), received_at)
    for change in changes:
        if isinstance(change, dict) and isinstance(change.get("value"), dict):
            yield _change(change, entry, waba_id=waba_id, time=time, received_at=received_at)
        else:
            yield "ChangeShape"


def _change(
    change: Json, entry: Json, *, waba_id: str, time: datetime | None, received_at: datetime
) -> _Change:
    value = change["value"]
    metadata = dict_of(value.get("metadata"))
    field = change.get("field") or value.get("field") or entry.get("field")
    number = text_of(metadata.get("phone_number_id"), ID_MAX)
    if not number and value.get("entity_type") == "PHONE_NUMBER":
        number = text_of(value.get("entity_id"), ID_MAX)
    # Partner events come with the portfolio's id in the entry, and the account's inside.
    inner = text_of(dict_of(value.get("waba_info")).get("waba_id"), ID_MAX)
    shown = metadata.get("display_phone_number") or value.get("display_phone_number")
    return _Change(
        waba_id=inner or waba_id,
        field=text_of(field, FIELD_MAX),
        value=value,
        phone_number_id=number,
        display_phone_number=text_of(shown, ID_MAX),
        time=time,
        received_at=received_at,
    )


def _read(change: _Change, units: list[Unit]) -> None:
    """Append the units of one change; every change has one at least."""
    before = len(units)
    if change.field == "messages":
        value = change.value
        contacts = senders.contacts_of(value.get("contacts"))
        for message in _items(value.get("messages")):
            units.append(_message(message, change, contacts, len(units)))
        for status in _items(value.get("statuses")):
            units.append(_status(status, change, contacts, len(units)))
        for error in _items(value.get("errors")):
            units.append(_kept(change, len(units), errors=[error]))
        if len(units) == before:
            units.append(_kept(change, before))
    elif change.field == ECHOES and (echoes := _items(change.value.get("message_echoes"))):
        contacts = senders.contacts_of(change.value.get("contacts"))
        for echo in echoes:
            units.append(_message(echo, change, contacts, len(units), is_echo=True))
    else:
        units.append(_event(change, before, change.value))


def _items(value: Any) -> list[Any]:
    """Return a list as it is; a lone object where a list belongs is a list of one."""
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def _message(
    message: Any,
    change: _Change,
    contacts: dict[str, Json],
    index: int,
    *,
    is_echo: bool = False,
) -> Unit:
    if not isinstance(message, dict):
        return _unreadable(change, index, "MessageShape")
    wamid = text_of(message.get("id"))
    if not 0 < len(wamid) <= WAMID_MAX:
        return _unreadable(change, index, "MessageId")
    kind = text_of(message.get("type"), TYPE_MAX)
    if kind in marks.KINDS and not message.get("group_id"):
        return _mark(message, change, index, is_echo=is_echo)
    sender = senders.sender_of(senders.turned(message) if is_echo else message, contacts)
    if message.get("group_id") or sender is None:
        return _kept(change, index, **_listed(message, is_echo=is_echo))
    content = message.get(kind) if kind not in _ENVELOPE else None
    return InboundMessage(
        index=index,
        waba_id=change.waba_id,
        phone_number_id=change.phone_number_id,
        wamid=wamid,
        timestamp=moment(message.get("timestamp"), change.received_at),
        type=kind,
        text=text_in(kind, content),
        content={} if content is None else content,
        extras={k: v for k, v in message.items() if k not in _ENVELOPE and k != kind},
        sender=sender,
        is_echo=is_echo,
    )


def _mark(message: Json, change: _Change, index: int, *, is_echo: bool) -> Unit:
    mark = marks.mark_of(
        message,
        index=index,
        waba_id=change.waba_id,
        phone_number_id=change.phone_number_id,
        timestamp=moment(message.get("timestamp"), change.received_at),
        is_echo=is_echo,
    )
    return mark or _kept(change, index, **_listed(message, is_echo=is_echo))


def _listed(message: Json, *, is_echo: bool) -> dict[str, list[Any]]:
    return {"message_echoes" if is_echo else "messages": [message]}


def _status(status: Any, change: _Change, contacts: dict[str, Json], index: int) -> Unit:
    if not isinstance(status, dict):
        return _unreadable(change, index, "StatusShape")
    wamid = text_of(status.get("id"))
    word = text_of(status.get("status"), STATUS_MAX)
    if not 0 < len(wamid) <= WAMID_MAX or not word:
        return _unreadable(change, index, "StatusId")
    if status.get("recipient_type") == "group":
        return _kept(change, index, statuses=[status])
    errors, pricing = status.get("errors"), status.get("pricing")
    return StatusUpdate(
        index=index,
        waba_id=change.waba_id,
        phone_number_id=change.phone_number_id,
        wamid=wamid,
        timestamp=moment(status.get("timestamp"), change.received_at),
        status=word.upper()[:STATUS_MAX],
        callback_data=text_of(status.get("biz_opaque_callback_data")),
        errors=errors if isinstance(errors, list) and errors else None,
        pricing=pricing if isinstance(pricing, dict) else None,
        recipient=senders.recipient_of(status, contacts),
    )


def _kept(change: _Change, index: int, **item: list[Any]) -> AccountEvent | Unreadable:
    """Keep one item, or the whole, as an event of its number, in the frame that it came in."""
    if not change.phone_number_id:
        # Not for every tenant of the account: somebody wrote this to one number.
        return _unreadable(change, index, "NoPhoneNumberId")
    framed = {"metadata": change.value.get("metadata"), **item} if item else change.value
    return _event(change, index, framed)


def _event(change: _Change, index: int, value: Json) -> AccountEvent:
    return AccountEvent(
        index=index,
        waba_id=change.waba_id,
        phone_number_id=change.phone_number_id,
        display_phone_number=change.display_phone_number,
        field=change.field,
        value=value,
        time=change.time,
    )


def _unreadable(change: _Change, index: int, error: str) -> Unreadable:
    return Unreadable(index, error, change.field, change.waba_id, change.phone_number_id)
