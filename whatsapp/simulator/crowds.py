"""Many events in one POST: of several accounts, numbers and fields, up to Meta's limits."""

from typing import Any

from whatsapp.simulator import events
from whatsapp.simulator.chats import Person
from whatsapp.simulator.config import Phone
from whatsapp.simulator.engine import Engine
from whatsapp.simulator.events import Update
from whatsapp.simulator.wishes import WishError

Json = dict[str, Any]
MOST = 1000
#: Meta's largest body, and what a message of a full body has in text.
BODY_BYTES = 3 * 1024 * 1024
_TEXT = 4000
_SPARE = 8 * 1024


def batch(engine: Engine, phone: Phone, person: Person, data: Json) -> None:
    """`count` events of all numbers and customers: messages, and with `mixed` other fields too."""
    count = data.get("count", 100)
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MOST:
        raise WishError(f"count: a whole number from 1 to {MOST} is needed.")
    mixed = data.get("mixed", True) is True
    phones = list(engine.world.phones.values())
    people = list(engine.world.people.values()) or [person]
    updates: list[Update] = []
    for at in range(count):
        where, who = phones[at % len(phones)], people[at // len(phones) % len(people)]
        if mixed and at % 5 == 4:
            updates.append(_other(engine, where, who, at))
        else:
            updates += _written(engine, where, who, f"Lote {at + 1}")
    if engine.world.settings.shuffle:
        engine.world.ids.random.shuffle(updates)
    engine.sender.submit_together(updates)


def big_body(engine: Engine, phone: Phone, person: Person, data: Json) -> None:
    """As many long messages as one body of 3 MB holds."""
    updates: list[Update] = []
    size = 0
    while size < BODY_BYTES - _SPARE:
        written = _written(engine, phone, person, "x" * _TEXT)
        if not written:
            return
        updates += written
        size += len(events.encode(written[0].unit)) + 1
    engine.sender.submit_together(updates)


def _written(engine: Engine, phone: Phone, person: Person, text: str) -> list[Update]:
    """Let the person write; no event comes of it where the business blocks them."""
    _message, update = engine.written(phone, person, {"type": "text", "text": {"body": text}})
    return [] if update is None else [update]


def _other(engine: Engine, phone: Phone, person: Person, at: int) -> Update:
    now = engine.world.now()
    if at % 2:
        unit = {
            "id": engine.world.ids.wamid(person.wa_id, inbound=False),
            "status": "delivered",
            "timestamp": str(int(now)),
            "recipient_id": person.wa_id,
        }
        return events.other(phone, "messages", unit, kind="statuses")
    state = {
        "type": "contact",
        "action": "add",
        "contact": {"full_name": person.name, "phone_number": person.wa_id},
        "metadata": {"timestamp": str(int(now))},
    }
    return events.other(phone, "smb_app_state_sync", state, kind="state_sync")
