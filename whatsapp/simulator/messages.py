"""POST /{phone_number_id}/messages: sends, read marks, and the faults that a knob asks for."""

import asyncio
import contextlib

from whatsapp.simulator import enclosures, errors, faults, health, ids, templates, validation
from whatsapp.simulator.asgi import DroppedError, Response
from whatsapp.simulator.calls import Answer, Call
from whatsapp.simulator.errors import GraphError
from whatsapp.simulator.validation import Outgoing
from whatsapp.simulator.webhooks import Webhook
from whatsapp.simulator.world import Message, Person

_FIRST_WEBHOOK_SECONDS = 5.0


async def post(call: Call) -> Answer | Response:
    """Accept a message, or mark one as read. Raises: GraphError, DroppedError."""
    body = call.body()
    if "status" in body:
        return _mark_read(call, body)
    phone, world = call.this_phone(), call.engine.world
    outgoing = validation.outgoing(body, phone)
    health.check_send(call.this_number(), world.wabas[phone.waba_id], kind=outgoing.type)
    if outgoing.type == "template":
        templates.check_send(world.templates, phone.waba_id, outgoing.content["template"])
    enclosures.check(world, phone, outgoing.type, outgoing.content[outgoing.type])
    refusal = world.take_refusal()
    if refusal.isdecimal():
        raise errors.refusal(int(refusal))
    if refusal == "html_500":
        return faults.html()
    if refusal == "drop":
        raise DroppedError
    message, person, first = call.engine.accept(phone, outgoing)
    await _tried(first)
    if refusal:
        await _lose_the_answer(refusal, seconds=world.settings.timeout_seconds)
    return Answer(
        _accepted(call, outgoing, message, person),
        note=f"{message.type}: {message.text[:80]}",
    )


def _mark_read(call: Call, body: dict[str, object]) -> Answer:
    validation.check_product(body)
    wamid = body.get("message_id")
    if body["status"] != "read" or not isinstance(wamid, str) or not wamid.startswith("wamid."):
        raise GraphError(131009, details="Message id or status is not valid.")
    indicator = body.get("typing_indicator")
    if indicator is not None and indicator != {"type": "text"}:
        raise GraphError(100, message="(#100) Param typing_indicator['type'] must be one of {TEXT}")
    # An id from before a restart is unknown here, though not to Meta: it is taken as well.
    call.engine.world.mark_read(call.this_phone(), wamid, typing=indicator is not None)
    return Answer({"success": True}, note="typing" if indicator else "read")


async def _tried(webhook: Webhook | None) -> None:
    """Let the status overtake the answer, when a knob wants it so."""
    if webhook is not None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FIRST_WEBHOOK_SECONDS):
                await webhook.tried.wait()


async def _lose_the_answer(refusal: str, *, seconds: float) -> None:
    if refusal == "timeout":
        await asyncio.sleep(seconds)
    raise DroppedError


def _accepted(
    call: Call, outgoing: Outgoing, message: Message, person: Person
) -> dict[str, object]:
    contact = {"input": outgoing.entered}
    if outgoing.digits:
        contact["wa_id"] = person.wa_id
    else:
        contact["user_id"] = ids.user_id(call.this_phone().waba_id, person.wa_id)
    return {
        "messaging_product": "whatsapp",
        "contacts": [contact],
        "messages": [{"id": message.wamid}],
    }
