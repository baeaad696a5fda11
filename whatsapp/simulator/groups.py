"""A group that the business and the customer are in: its messages and its events."""

from collections.abc import Callable
from typing import Any

from whatsapp.simulator import events
from whatsapp.simulator.chats import Person
from whatsapp.simulator.config import Phone
from whatsapp.simulator.engine import Engine

Json = dict[str, Any]
Act = Callable[[Engine, Phone, Person, Json], None]
GROUP_ID = "Y2FwaV9ncm91cDoxNzA1NTU1MDEzOToxMjAzNjM0MDQ2OTQyMzM4MjAZD"


def message(engine: Engine, phone: Phone, person: Person, data: Json) -> None:
    """The person writes in the group: no part of their own chat, and no window opens."""
    who = _who(phone, person)
    unit = {
        "from": person.wa_id,
        "from_user_id": who["user_id"],
        "group_id": str(data.get("group_id") or GROUP_ID),
        "id": engine.world.ids.wamid(person.wa_id, inbound=True),
        "timestamp": str(int(engine.world.now())),
        "type": "text",
        "text": {"body": str(data.get("text") or "Oi, pessoal!")},
    }
    contact = {"profile": {"name": person.name}, **who}
    value = {"contacts": [contact], "messages": [unit]}
    engine.sender.submit(events.other(phone, "messages", value))


def lifecycle(kind: str) -> Act:
    """Return the act by which the group comes to be, or ends."""

    def act(engine: Engine, phone: Phone, person: Person, data: Json) -> None:
        more = {"subject": "Clientes", "description": "", "invite_link": "https://chat.example/1"}
        _tell(engine, phone, "group_lifecycle_update", kind, data, more)

    return act


def participants(kind: str) -> Act:
    """Return the act by which the person joins, or goes."""

    def act(engine: Engine, phone: Phone, person: Person, data: Json) -> None:
        key = "added_participants" if kind == "group_add_participants" else "removed_participants"
        one = {"input": person.wa_id, **_who(phone, person)}
        _tell(engine, phone, "group_participants_update", kind, data, {key: [one]})

    return act


def settings(engine: Engine, phone: Phone, person: Person, data: Json) -> None:
    """The group gets another subject."""
    more = {"subject": {"text": str(data.get("subject") or "Novidades"), "update_successful": True}}
    _tell(engine, phone, "group_settings_update", "group_settings_update", data, more)


def status(engine: Engine, phone: Phone, person: Person, data: Json) -> None:
    """Meta suspends the group."""
    _tell(engine, phone, "group_status_update", "group_suspend", data, {})


def ticks(engine: Engine, phone: Phone, person: Person, data: Json) -> None:
    """What the business sent to the group arrives: the ticks of two people come together."""
    wamid = engine.world.ids.wamid(person.wa_id, inbound=False)
    statuses = [
        {
            "id": wamid,
            "status": "delivered",
            "timestamp": str(int(engine.world.now())),
            "recipient_id": str(data.get("group_id") or GROUP_ID),
            "recipient_type": "group",
            "recipient_participant_id": participant,
        }
        for participant in (person.wa_id, "5511900000077")
    ]
    engine.sender.submit(events.other(phone, "messages", {"statuses": statuses}))


def _tell(engine: Engine, phone: Phone, field: str, kind: str, data: Json, more: Json) -> None:
    unit = {
        "timestamp": str(int(engine.world.now())),
        "group_id": str(data.get("group_id") or GROUP_ID),
        "type": kind,
        "request_id": engine.world.ids.fbtrace_id(),
        **more,
    }
    engine.sender.submit(events.other(phone, field, unit, kind="groups"))


def _who(phone: Phone, person: Person) -> dict[str, str]:
    return {"wa_id": person.wa_id, "user_id": person.user_id(phone.waba_id)}
