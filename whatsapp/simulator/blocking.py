"""GET, POST and DELETE /{phone_number_id}/block_users: whom a number neither hears nor reaches."""

from typing import Any

from whatsapp.simulator import paging, params, recipients
from whatsapp.simulator.asgi import Response, json_response
from whatsapp.simulator.calls import Answer, Call
from whatsapp.simulator.chats import Person
from whatsapp.simulator.errors import GraphError, webhook_error
from whatsapp.simulator.registry import Number
from whatsapp.simulator.world import World

AT_ONCE, AT_MOST = 1000, 64_000
Json = dict[str, Any]


async def read(call: Call) -> Answer:
    """The blocked people, a page at a time."""
    number, world = call.this_number(), call.engine.world
    shown, paging_of = paging.page(
        call, list(number.blocked.values()), most=world.settings.page_size
    )
    data = [{"messaging_product": "whatsapp", "wa_id": wa_id} for wa_id in shown]
    return Answer({"data": data, "paging": paging_of})


async def block(call: Call) -> Answer | Response:
    """Block people who wrote within 24 hours; the others fail, and the answer says which."""
    world, number = call.engine.world, call.this_number()
    added: list[Json] = []
    failed: list[Json] = []
    inputs = _inputs(call)
    if len(number.blocked) + len(inputs) > AT_MOST:
        raise GraphError(139101)
    for entered in inputs:
        person = _person(world, number, entered)
        if person is None or not _wrote(world, number, person):
            failed.append({"input": entered, "errors": [_error(131047)]})
            continue
        number.blocked[recipients.match_key(person.wa_id)] = person.wa_id
        added.append({"input": entered, "wa_id": person.wa_id})
    return _answer(call, "added_users", added, failed)


async def unblock(call: Call) -> Answer | Response:
    """Unblock people, also such as are not blocked. The body comes with a DELETE."""
    world, number = call.engine.world, call.this_number()
    removed: list[Json] = []
    failed: list[Json] = []
    for entered in _inputs(call):
        person = _person(world, number, entered)
        if person is None:
            failed.append({"input": entered, "errors": [_error(131026)]})
            continue
        number.blocked.pop(recipients.match_key(person.wa_id), None)
        removed.append({"input": entered, "wa_id": person.wa_id})
    return _answer(call, "removed_users", removed, failed)


def _inputs(call: Call) -> list[str]:
    """Return the numbers or user ids in the body. Raises: GraphError."""
    body = call.body()
    params.only(body, "messaging_product", "block_users")
    params.product(body)
    users = body.get("block_users")
    if users is None:
        raise params.required("block_users")
    if not isinstance(users, list) or not 1 <= len(users) <= AT_ONCE:
        raise params.wrong("block_users", f"must be a list of 1 to {AT_ONCE} items")
    return [_input(user) for user in users]


def _input(user: Any) -> str:
    if not isinstance(user, dict) or len(user) != 1 or not user.keys() & {"user", "user_id"}:
        raise params.wrong("block_users", "must hold objects with user or user_id")
    ((name, value),) = user.items()
    fits = isinstance(value, str) and (
        recipients.digits_of(value) if name == "user" else recipients.USER_ID.fullmatch(value)
    )
    if not fits:
        raise params.wrong(f"block_users['{name}']", "is not valid")
    return str(value)


def _person(world: World, number: Number, entered: str) -> Person | None:
    digits = recipients.digits_of(entered)
    if digits:
        return world.people.get(recipients.match_key(digits))
    return world.person_by_user_id(number.phone.waba_id, entered)


def _wrote(world: World, number: Number, person: Person) -> bool:
    chat = world.find_chat(number.phone.phone_number_id, person.wa_id)
    at = chat.last_wrote_at if chat else person.first_wrote_at
    return at is not None and world.now() < at + world.settings.window_seconds


def _error(code: int) -> Json:
    error = webhook_error(code)
    return {name: error[name] for name in ("message", "code", "error_data")}


def _answer(call: Call, key: str, done: list[Json], failed: list[Json]) -> Answer | Response:
    call.engine.world.touch()
    block_users: Json = {key: done}
    answer: Json = {"messaging_product": "whatsapp", "block_users": block_users}
    if not failed:
        return Answer(answer, note=f"{len(done)} users")
    block_users["failed_users"] = failed
    trouble = GraphError(
        139100, details="Some users failed; the block_users of this answer say which."
    )
    answer |= trouble.body(call.engine.world.ids.fbtrace_id())
    return json_response(answer, status=trouble.http)
