"""Coexistence: the business uses the WhatsApp Business app beside the API."""

import base64
from collections.abc import Callable
from typing import Any

from whatsapp.simulator import errors, events, summaries
from whatsapp.simulator.chats import OUTBOUND, Chat, Message, Person, Status
from whatsapp.simulator.config import Phone
from whatsapp.simulator.engine import Engine
from whatsapp.simulator.shelf import INBOUND_SECONDS
from whatsapp.simulator.wishes import WishError

Json = dict[str, Any]
Act = Callable[[Engine, Phone, Person, Json], None]
MOST_THREADED = 20_000
_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def echo(engine: Engine, phone: Phone, person: Person, data: Json) -> None:
    """The owner answers by the app; `message` or `text` says what."""
    body = str(data.get("text") or "Respondido pelo app")
    content: Any = data.get("message") or {"type": "text", "text": {"body": body}}
    if not isinstance(content, dict) or not isinstance(content.get("type"), str):
        raise WishError("message: an object with a type is needed.")
    world = engine.world
    now, kind = world.now(), content["type"]
    message = Message(
        wamid=world.ids.wamid(person.wa_id, inbound=False),
        direction=OUTBOUND,
        phone_number_id=phone.phone_number_id,
        wa_id=person.wa_id,
        type=kind,
        text=summaries.summary(kind, content.get(kind)),
        at=now,
        content=content,
        statuses=[Status("sent", now), Status("delivered", now)],
    )
    world.chat(phone, person).messages.append(message)
    world.touch()
    _tell(engine, phone, person, message.wamid, content)


def echo_edit(engine: Engine, phone: Phone, person: Person, data: Json) -> None:
    """The owner changes what the app sent last."""
    last = _last(engine.world.chat(phone, person))
    body = str(data.get("text") or "Corrigido pelo app")
    new = {"type": "text", "text": {"body": body}}
    last.content, last.type, last.text = new, "text", body
    last.edited = True
    edit = {"original_message_id": last.wamid, "message": new}
    wamid = engine.world.ids.wamid(person.wa_id, inbound=False)
    _tell(engine, phone, person, wamid, {"type": "edit", "edit": edit})


def echo_revoke(engine: Engine, phone: Phone, person: Person, data: Json) -> None:
    """The owner deletes what the app sent last."""
    last = _last(engine.world.chat(phone, person))
    last.deleted = True
    revoke = {"original_message_id": last.wamid}
    wamid = engine.world.ids.wamid(person.wa_id, inbound=False)
    _tell(engine, phone, person, wamid, {"type": "revoke", "revoke": revoke})


def history(engine: Engine, phone: Phone, person: Person, data: Json) -> None:
    """What was written before the API came: `count` messages of the person's thread, in one."""
    count = data.get("count", 20)
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MOST_THREADED:
        raise WishError(f"count: a whole number from 1 to {MOST_THREADED} is needed.")
    now = int(engine.world.now())
    thread = {
        "id": person.wa_id,
        "messages": [
            _old(engine, phone, person, at, now - 60 * (count - at)) for at in range(count)
        ],
    }
    chunk = {
        "metadata": {"phase": data.get("phase", 0), "chunk_order": 1, "progress": 100},
        "threads": [thread],
    }
    engine.sender.submit(events.other(phone, "history", chunk, kind="history"))


def history_media(engine: Engine, phone: Phone, person: Person, data: Json) -> None:
    """The file of an old message, which stood in the history as a placeholder."""
    world = engine.world
    file = world.media.add(
        phone,
        data=_PIXEL,
        mime_type="image/png",
        name="",
        expires_at=world.now() + INBOUND_SECONDS,
    )
    image = {"id": file.id, "mime_type": file.mime_type, "sha256": file.sha256}
    unit = {
        "from": person.wa_id,
        "id": world.ids.wamid(person.wa_id, inbound=True),
        "timestamp": str(int(world.now()) - 86400),
        "type": "image",
        "image": image,
    }
    engine.sender.submit(events.other(phone, "history", unit, kind="messages"))


def history_refused(engine: Engine, phone: Phone, person: Person, data: Json) -> None:
    """The owner does not share what was written before."""
    chunk = {"errors": [errors.webhook_error(2593109)]}
    engine.sender.submit(events.other(phone, "history", chunk, kind="history"))


def contacts(action: str) -> Act:
    """Return the act by which the app's address book gains or loses the person."""

    def act(engine: Engine, phone: Phone, person: Person, data: Json) -> None:
        contact: Json = {"phone_number": person.wa_id}
        if action == "add":
            first = person.name.split(" ")[0]
            contact |= {"full_name": person.name, "first_name": first}
        unit = {
            "type": "contact",
            "action": action,
            "contact": contact,
            "metadata": {"timestamp": str(int(engine.world.now()))},
        }
        engine.sender.submit(events.other(phone, "smb_app_state_sync", unit, kind="state_sync"))

    return act


def _last(chat: Chat) -> Message:
    found = [m for m in chat.messages if m.direction == OUTBOUND and not m.deleted]
    if not found:
        raise WishError("The business has written nothing yet.")
    return found[-1]


def _old(engine: Engine, phone: Phone, person: Person, at: int, when: int) -> Json:
    ours = at % 2 == 1
    ends = {"from": phone.digits, "to": person.wa_id} if ours else {"from": person.wa_id}
    said: Json = {"type": "text", "text": {"body": f"Mensagem antiga {at + 1}"}}
    if at % 10 == 9:
        said = {"type": "media_placeholder"}
    return {
        **ends,
        "id": engine.world.ids.wamid(person.wa_id, inbound=not ours),
        "timestamp": str(when),
        **said,
        "history_context": {"status": "READ"},
    }


def _tell(engine: Engine, phone: Phone, person: Person, wamid: str, content: Json) -> None:
    unit = {
        "from": phone.digits,
        "to": person.wa_id,
        "to_user_id": person.user_id(phone.waba_id),
        "id": wamid,
        "timestamp": str(int(engine.world.now())),
        **content,
    }
    engine.sender.submit(events.other(phone, "smb_message_echoes", unit, kind="message_echoes"))
