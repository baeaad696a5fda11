"""The ASGI application: who may ask, and which part answers."""

import logging
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from whatsapp.simulator import asgi
from whatsapp.simulator.asgi import Receive, Request, Response, Scope, Send, json_response
from whatsapp.simulator.config import is_loopback
from whatsapp.simulator.control import Control
from whatsapp.simulator.engine import Engine
from whatsapp.simulator.graph import Graph
from whatsapp.simulator.page import Page

logger = logging.getLogger(__name__)

_SECURITY_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " img-src 'self'; media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class App:
    """The whole simulator. ``reset_connection`` cuts the TCP connection of a scope."""

    def __init__(self, engine: Engine, reset_connection: Callable[[Scope], None]) -> None:
        self._engine = engine
        self._reset_connection = reset_connection
        self.control = Control(engine)
        self._graph, self._page = Graph(engine), Page()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the server's start and end."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            event = await receive()
            await send({"type": f"{event['type']}.complete"})
            if event["type"] == "lifespan.shutdown":
                return

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = await self._respond(await asgi.read_request(scope, receive))
        except asgi.DroppedError:
            self._reset_connection(scope)
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        except asgi.BodyError as error:
            response = json_response({"error": str(error)}, status=413)
        except Exception:
            logger.exception("The simulator failed")
            response = json_response({"error": "The simulator failed; see its log."}, status=500)
        await asgi.write_response(response, send)

    async def _respond(self, request: Request) -> Response:
        if not is_loopback(_host_name(request)):
            return json_response({"error": "Only this machine may ask."}, status=403)
        if not _is_page_path(request.path):
            return await self._graph.respond(request)
        response = await self._guarded(request)
        headers = {**_SECURITY_HEADERS, **response.headers}
        return Response(response.body, response.status, response.content_type, headers)

    async def _guarded(self, request: Request) -> Response:
        answer: Callable[[Request], Awaitable[Response]] = self._page.respond
        if request.path.startswith("/simulator/"):
            answer = self.control.respond
        if request.method in {"GET", "HEAD"}:
            return await answer(request)
        if request.method != "POST":
            return json_response({"error": "GET or POST."}, status=405)
        if not _is_same_origin(request):
            return json_response({"error": "Another site may not do this."}, status=403)
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return json_response({"error": "Content-Type: application/json"}, status=415)
        return await answer(request)


def _is_page_path(path: str) -> bool:
    return path in {"/", "/favicon.ico"} or path.startswith(("/simulator/", "/static/"))


def _host_name(request: Request) -> str:
    try:
        return urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        return ""


def _is_same_origin(request: Request) -> bool:
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = request.headers.get("origin")
    return origin is None or origin == f"http://{request.headers.get('host', '')}"
