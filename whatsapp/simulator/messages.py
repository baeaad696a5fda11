"""POST /{phone_number_id}/messages: sends, read marks, and the faults that a knob asks for."""

import asyncio
import contextlib
from dataclasses import replace
from typing import Any

from whatsapp.simulator import (
    enclosures,
    errors,
    faults,
    fillings,
    health,
    template_sends,
    validation,
)
from whatsapp.simulator.asgi import DroppedError, Response
from whatsapp.simulator.calls import Answer, Call
from whatsapp.simulator.chats import Message, Person
from whatsapp.simulator.errors import GraphError
from whatsapp.simulator.validation import Outgoing
from whatsapp.simulator.webhooks import Webhook

_FIRST_WEBHOOK_SECONDS = 5.0


async def post(call: Call) -> Answer | Response:
    """Accept a message, or mark one as read. Raises: GraphError, DroppedError."""
    body = call.body()
    if "status" in body:
        return _mark_read(call, body)
    return await _send(call, _outgoing(call, body))


async def post_marketing(call: Call) -> Answer | Response:
    """POST /{phone_number_id}/marketing_messages: marketing templates and nothing else."""
    outgoing = _outgoing(call, call.body())
    if outgoing.category != "MARKETING":
        raise GraphError(131055)
    return await _send(call, outgoing)


def _outgoing(call: Call, body: dict[str, Any]) -> Outgoing:
    phone, world = call.this_phone(), call.engine.world
    outgoing = validation.outgoing(body, phone)
    health.check_send(call.this_number(), world.wabas[phone.waba_id], kind=outgoing.type)
    if outgoing.type == "template":
        outgoing = _filled(call, outgoing)
    enclosures.check(world, phone, outgoing.type, outgoing.content[outgoing.type])
    return outgoing


def _filled(call: Call, outgoing: Outgoing) -> Outgoing:
    content, phone, world = outgoing.content["template"], call.this_phone(), call.engine.world
    template = template_sends.check(world.templates, phone.waba_id, content)
    if template.category == "AUTHENTICATION" and not outgoing.digits:
        raise GraphError(131062)
    filled = fillings.fill(template, content)
    text = str(filled.get("body", {}).get("text") or outgoing.text)
    return replace(outgoing, category=template.category, filled=filled, text=text)


async def _send(call: Call, outgoing: Outgoing) -> Answer | Response:
    phone, world = call.this_phone(), call.engine.world
    refusal = world.take_refusal()
    if refusal.isdecimal():
        raise errors.refusal(int(refusal))
    if refusal == "html_500":
        return faults.html(500)
    if refusal == "drop":
        raise DroppedError
    message, person, first = call.engine.accept(phone, outgoing)
    await _tried(first)
    if refusal == "html_502":
        return faults.html(502)
    if refusal == "no_id":
        return Answer({"messaging_product": "whatsapp"}, note="accepted without its id")
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
    if outgoing.user_id:
        contact["user_id"] = person.user_id(call.this_phone().waba_id)
    sent = {"id": message.wamid}
    if call.engine.world.settings.message_status:
        sent["message_status"] = call.engine.world.settings.message_status
    return {"messaging_product": "whatsapp", "contacts": [contact], "messages": [sent]}
