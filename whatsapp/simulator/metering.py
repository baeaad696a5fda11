"""Management calls: counted, told in headers how much is used up."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from whatsapp.simulator.asgi import Response
from whatsapp.simulator.calls import Answer, Call
from whatsapp.simulator.errors import GraphError

Edge = Callable[[Call], Awaitable[Answer | Response]]


async def answer(call: Call, edge: Edge) -> Answer | Response:
    """Answer a call about an account or its numbers. Raises: GraphError."""
    headers = call.engine.limits.call(call.engine.world.settings, waba_id=_waba_id(call))
    try:
        found = await edge(call)
    except GraphError as error:
        error.headers.update(headers)
        raise
    if isinstance(found, Response):
        return replace(found, headers={**found.headers, **headers})
    return replace(found, headers={**found.headers, **headers})


def _waba_id(call: Call) -> str:
    if call.waba is not None:
        return call.waba.waba_id
    if call.template is not None:
        return call.template[0]
    return call.this_phone().waba_id
