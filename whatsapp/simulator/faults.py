"""The faults that a knob asks for in calls other than sends: in all, or at one edge alone."""

import asyncio

from whatsapp.simulator import errors
from whatsapp.simulator.asgi import DroppedError, Response
from whatsapp.simulator.settings import Settings

_HTML = (
    b"<!DOCTYPE html><html><head><title>Error</title></head>"
    b"<body><h1>Sorry, something went wrong.</h1></body></html>"
)


async def meet(settings: Settings, path: list[str]) -> Response | None:
    """Refuse the call to ``path`` if a knob says so; nothing is done then.

    Raises: GraphError, DroppedError.
    """
    wanted, edge = settings.refuse_calls, path[-1] if path else ""
    if not wanted or edge == "messages" or settings.refuse_edge not in {"", edge}:
        return None
    if wanted.isdecimal():
        raise errors.refusal(int(wanted))
    if wanted.startswith("html_"):
        return html(int(wanted.removeprefix("html_")))
    if wanted == "timeout":
        await asyncio.sleep(settings.timeout_seconds)
    raise DroppedError


def html(status: int) -> Response:
    """Return what no JSON parser likes."""
    return Response(_HTML, status=status, content_type="text/html; charset=utf-8")
