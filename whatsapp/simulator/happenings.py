"""What else a business hears of, beside messages and statuses: each act by its name.

``happen(engine, name, phone, person, data)`` changes the world where the act does, and sends the
webhook that tells of it. ``data`` refines most acts; without it they have usual values.
"""

from collections.abc import Callable
from typing import Any

from whatsapp.simulator import crowds, errors, events, groups, ids, native_app, recipients
from whatsapp.simulator.chats import Person
from whatsapp.simulator.config import Phone
from whatsapp.simulator.engine import Engine
from whatsapp.simulator.wishes import WishError

Json = dict[str, Any]
Act = Callable[[Engine, Phone, Person, Json], None]


def happen(engine: Engine, name: str, phone: Phone, person: Person, data: Json) -> None:
    """Let the act ``name`` happen. Raises: WishError, when there is none."""
    act = ACTS.get(name)
    if act is None:
        raise WishError(f"what: one of {', '.join(ACTS)}.")
    act(engine, phone, person, data)


# --- people ---------------------------------------------------------------------------------------
def _number_change(engine: Engine, phone: Phone, person: Person, data: Json) -> None:
    """The person moves to the number `to`; every chat hears of it from the old one."""
    after = recipients.digits_of(str(data.get("to", "")))
    if not after:
        raise WishError("to: a phone number of 7 to 15 digits is needed.")
    before = person.wa_id
    if recipients.match_key(after) in engine.world.people:
        raise WishError("to: this number belongs to somebody.")
    body = f"User {person.name} changed from {before} to {after}"
    system = {
        "body": body,
        "type": "user_changed_number",
        "wa_id": after,
        "user_id": ids.user_id(phone.waba_id, after, person.renewals),
        "previous_user_id": person.user_id(phone.waba_id),
    }
    engine.write(phone, person, {"type": "system", "system": system})
    engine.world.move(person, after)


def _user_id_change(engine: Engine, phone: Phone, person: Person, data: Json) -> None:
    """The person's user id changes, with no number beside it."""
    before = person.user_id(phone.waba_id)
    person.renewals += 1
    after = person.user_id(phone.waba_id)
    system = {
        "body": f"User {person.name} changed from {before} to {after}",
        "type": "user_changed_user_id",
        "user_id": after,
        "previous_user_id": before,
    }
    engine.write(phone, person, {"type": "system", "system": system})


def _identity_change(engine: Engine, phone: Phone, person: Person, data: Json) -> None:
    person.identities += 1
    identity = {
        "acknowledged": True,
        "created_timestamp": str(int(engine.world.now())),
        "hash": person.identity_hash,
    }
    system = {"body": "User identity changed", "type": "customer_identity_changed"}
    engine.write(phone, person, {"type": "system", "system": system, "identity": identity})


def _preference(value: str) -> Act:
    def act(engine: Engine, phone: Phone, person: Person, data: Json) -> None:
        if value == "stop":
            person.stopped.add(phone.phone_number_id)
        else:
            person.stopped.discard(phone.phone_number_id)
        who: Json = {} if person.hides_number else {"wa_id": person.wa_id}
        who["user_id"] = person.user_id(phone.waba_id)
        preference = {
            **who,
            "detail": f"User requested to {value} marketing messages",
            "category": "marketing_messages",
            "value": value,
            "timestamp": int(engine.world.now()),  # a number here
        }
        contact = {"profile": {"name": person.name}, **who}
        body = {"contacts": [contact], "user_preferences": [preference]}
        engine.sender.submit(events.other(phone, "user_preferences", body))

    return act


# --- messages that are odd ------------------------------------------------------------------------
def _content(content: Json) -> Act:
    def act(engine: Engine, phone: Phone, person: Person, data: Json) -> None:
        engine.write(phone, person, {**content, **data})

    return act


def _milliseconds(engine: Engine, phone: Phone, person: Person, data: Json) -> None:
    """A message whose time is in milliseconds, as seen now and then."""
    message, update = engine.written(phone, person, {"type": "text", "text": {"body": "Oi"}})
    if update is not None:
        update.unit["timestamp"] = str(int(message.at * 1000))
        engine.sender.submit(update)


def _revoke_early(engine: Engine, phone: Phone, person: Person, data: Json) -> None:
    """A message that was deleted before it arrives: its deletion comes first."""
    wamid = engine.world.ids.wamid(person.wa_id, inbound=True)
    revoke = {"type": "revoke", "revoke": {"original_message_id": wamid}}
    engine.write(phone, person, revoke)
    late = {"id": wamid, "type": "text", "text": {"body": str(data.get("text", "Ops"))}}
    chat = engine.world.chat(phone, person)
    engine.write(phone, person, late)
    chat.messages[-1].deleted = True


def _edit_early(engine: Engine, phone: Phone, person: Person, data: Json) -> None:
    """An edit that overtakes its message."""
    wamid = engine.world.ids.wamid(person.wa_id, inbound=True)
    new = {"type": "text", "text": {"body": str(data.get("text", "Corrigido"))}}
    edit = {"original_message_id": wamid, "message": new}
    engine.write(phone, person, {"type": "edit", "edit": edit})
    old = {"id": wamid, "type": "text", "text": {"body": "Corigido"}}
    engine.write(phone, person, old)


def _value_errors(engine: Engine, phone: Phone, person: Person, data: Json) -> None:
    """Errors of the account, with neither messages nor statuses."""
    code = data.get("code", 130429)
    if not isinstance(code, int) or code not in errors.TEXTS:
        raise WishError("code: an error code of the table is needed.")
    body = {"errors": [errors.webhook_error(code)]}
    engine.sender.submit(events.other(phone, "messages", body))


def _no_object(engine: Engine, phone: Phone, person: Person, data: Json) -> None:
    """A message whose type names an object that is not there, with errors beside it."""
    wamid = engine.world.ids.wamid(person.wa_id, inbound=True)
    unit = {
        "from": person.wa_id,
        "id": wamid,
        "timestamp": str(int(engine.world.now())),
        "type": "interactive",
    }
    body = {"messages": [unit], "errors": [errors.webhook_error(131000)]}
    engine.sender.submit(events.other(phone, "messages", body))


def _stray_status(engine: Engine, phone: Phone, person: Person, data: Json) -> None:
    """A status of a message that this business never sent by us."""
    wamid = str(data.get("wamid") or engine.world.ids.wamid(person.wa_id, inbound=False))
    unit = {
        "id": wamid,
        "status": str(data.get("status", "delivered")),
        "timestamp": str(int(engine.world.now())),
        "recipient_id": person.wa_id,
    }
    engine.sender.submit(events.other(phone, "messages", unit, kind="statuses"))


def _unknown_field(engine: Engine, phone: Phone, person: Person, data: Json) -> None:
    field = str(data.get("field", "future_field"))
    engine.sender.submit(events.other(phone, field, {"future": [{"id": "1", "value": None}]}))


def _call(engine: Engine, phone: Phone, person: Person, data: Json) -> None:
    """The customer calls: that opens the window too."""
    chat = engine.world.chat(phone, person)
    chat.last_wrote_at = engine.world.now()
    call = {
        "id": engine.world.ids.wamid(person.wa_id, inbound=True).replace("wamid", "wacid"),
        "from": person.wa_id,
        "to": phone.digits,
        "event": str(data.get("event", "connect")),
        "timestamp": str(int(engine.world.now())),
        "direction": "USER_INITIATED",
    }
    engine.sender.submit(events.other(phone, "calls", call, kind="calls"))


def _test_button(engine: Engine, phone: Phone, person: Person, data: Json) -> None:
    """What the button "Test" of Meta's dashboard sends: about nobody's number."""
    unit = {
        "from": "16315551181",
        "id": "ABGGFlA5Fpa",
        "timestamp": "1504902988",
        "type": "text",
        "text": {"body": "this is a text message"},
    }
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "16505551111", "phone_number_id": "123456123"},
        "contacts": [{"profile": {"name": "test user name"}, "wa_id": "16315551181"}],
        "messages": [unit],
    }
    entry = {"id": "0", "changes": [{"field": "messages", "value": value}]}
    body = events.encode({"object": "whatsapp_business_account", "entry": [entry]})
    engine.sender.submit_raw(body, "test")


#: A NUL, half an emoji, a change of direction: Meta sends what people write.
_ODD_TEXT = "a\x00b \ud83d \u202eoi\u202c \U0001f469\u200d\U0001f469\u200d\U0001f467"
_POLL = {"errors": [errors.webhook_error(131051)], "unsupported": {"type": "poll_creation"}}
_TOO_BIG = {"errors": [errors.webhook_error(131052)]}
ACTS: dict[str, Act] = {
    "number_change": _number_change,
    "user_id_change": _user_id_change,
    "identity_change": _identity_change,
    "stop_marketing": _preference("stop"),
    "resume_marketing": _preference("resume"),
    "unsupported": _content({"type": "unsupported", **_POLL}),
    "unknown_type": _content({"type": "hologram", "hologram": {"id": "1"}}),
    "too_big": _content({"type": "image", "image": {"mime_type": "image/jpeg"}, **_TOO_BIG}),
    "request_welcome": _content({"type": "request_welcome"}),
    "no_object": _no_object,
    "odd_text": _content({"type": "text", "text": {"body": _ODD_TEXT}}),
    "milliseconds": _milliseconds,
    "edit_early": _edit_early,
    "revoke_early": _revoke_early,
    "call": _call,
    "stray_status": _stray_status,
    "value_errors": _value_errors,
    "unknown_field": _unknown_field,
    "test_button": _test_button,
    "group_message": groups.message,
    "group_create": groups.lifecycle("group_create"),
    "group_join": groups.participants("group_add_participants"),
    "group_leave": groups.participants("group_remove_participants"),
    "group_settings": groups.settings,
    "group_status": groups.status,
    "group_ticks": groups.ticks,
    "group_delete": groups.lifecycle("group_delete"),
    "echo": native_app.echo,
    "echo_edit": native_app.echo_edit,
    "echo_revoke": native_app.echo_revoke,
    "history": native_app.history,
    "history_media": native_app.history_media,
    "history_refused": native_app.history_refused,
    "contacts_added": native_app.contacts("add"),
    "contacts_removed": native_app.contacts("remove"),
    "batch": crowds.batch,
    "big_body": crowds.big_body,
}
