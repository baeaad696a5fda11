"""The Graph API's front: token, object, edge; errors in Meta's envelope; a log of the calls."""

import asyncio
import re
from collections.abc import Awaitable, Callable

from whatsapp.simulator import accounts, media, messages, template_edges
from whatsapp.simulator.asgi import DroppedError, Request, Response, json_response
from whatsapp.simulator.calls import Answer, Call
from whatsapp.simulator.config import Phone
from whatsapp.simulator.engine import Engine
from whatsapp.simulator.errors import GraphError, missing_object

_FILES = ["whatsapp_business", "attachments"]
_VERSION = re.compile(r"v\d{1,3}\.\d{1,2}")
Edge = Callable[[Call], Awaitable[Answer | Response]]

#: By kind of object, method and what follows the object's id.
EDGES: dict[tuple[str, str, str], Edge] = {
    ("phone", "GET", ""): accounts.read_phone,
    ("phone", "POST", ""): accounts.write_phone,
    ("phone", "POST", "messages"): messages.post,
    ("phone", "POST", "media"): media.upload,
    ("media", "GET", ""): media.describe,
    ("media", "DELETE", ""): media.delete,
    ("waba", "GET", ""): accounts.read_waba,
    ("waba", "GET", "phone_numbers"): accounts.list_phones,
    ("waba", "GET", "subscribed_apps"): accounts.read_subscriptions,
    ("waba", "POST", "subscribed_apps"): accounts.subscribe,
    ("waba", "DELETE", "subscribed_apps"): accounts.unsubscribe,
    ("waba", "GET", "message_templates"): template_edges.list_templates,
    ("waba", "POST", "message_templates"): template_edges.create,
    ("waba", "DELETE", "message_templates"): template_edges.delete,
    ("template", "POST", ""): template_edges.edit,
}


class Graph:
    """Answers everything that is neither the page nor its endpoints."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._world = engine.world

    async def respond(self, request: Request) -> Response:
        """Answer a Graph call. Raises: DroppedError, when a fault resets the connection."""
        if self._world.settings.latency_seconds:
            await asyncio.sleep(self._world.settings.latency_seconds)
        try:
            answer = await self._answer(request)
        except GraphError as error:
            self._log(request, error.http, error.message)
            return self._refusal(error)
        except DroppedError:
            self._log(request, 0, "connection reset")
            raise
        if isinstance(answer, Response):
            self._log(request, answer.status, "not JSON")
            return answer
        self._log(request, 200, answer.note)
        return json_response(answer.data)

    async def _answer(self, request: Request) -> Answer | Response:
        parts = [part for part in request.path.split("/") if part]
        if parts and _VERSION.fullmatch(parts[0]):
            parts = parts[1:]
        token = _token(request)
        if parts == ["debug_token"] and request.method == "GET":
            self._check_token(token)
            return await accounts.debug_token(Call(self._engine, request, token))
        if parts == _FILES and request.method == "GET":
            return media.fetch(Call(self._engine, request, token, phones=self._phones(token)))
        self._check_token(token)
        object_id = parts[0] if parts else ""
        kind, call = self._object(object_id, request, token)
        edge = EDGES.get((kind, request.method, "/".join(parts[1:])))
        if edge is None:
            raise GraphError(2500, message=f"Unknown path components: /{'/'.join(parts[1:])}")
        return await edge(call)

    def _check_token(self, token: str) -> None:
        config = self._world.config
        known = {phone.token for phone in config.phones}
        if token not in known | {f"{config.app_id}|{config.app_secret}"}:
            text = "Invalid OAuth access token - Cannot parse access token"
            if not token:
                text = "An access token is required to request this resource."
            raise GraphError(190, message=text, subcode=0)

    def _object(self, object_id: str, request: Request, token: str) -> tuple[str, Call]:
        """Find the object among those of the token's accounts: no other exists for the caller."""
        phones = self._phones(token)
        wabas = {phone.waba_id for phone in phones}
        for phone in phones:
            if phone.phone_number_id == object_id:
                return "phone", Call(self._engine, request, token, phone=phone, phones=phones)
        if object_id in wabas:
            own = tuple(phone for phone in phones if phone.waba_id == object_id)
            waba = self._world.wabas[object_id]
            return "waba", Call(self._engine, request, token, waba=waba, phones=own)
        file = self._world.media.find(object_id, now=self._world.now())
        if file and file.phone_number_id in {phone.phone_number_id for phone in phones}:
            return "media", Call(self._engine, request, token, media=file, phones=phones)
        template = self._world.templates.by_id({p.waba_id for p in phones}, object_id)
        if template is not None:
            call = Call(self._engine, request, token, template=template, phones=phones)
            return "template", call
        raise missing_object(object_id, request.method)

    def _phones(self, token: str) -> tuple[Phone, ...]:
        """Return the numbers of all accounts that the token has a number of."""
        wabas = {p.waba_id for p in self._world.phones.values() if p.token == token}
        return tuple(p for p in self._world.phones.values() if p.waba_id in wabas)

    def _refusal(self, error: GraphError) -> Response:
        headers = {}
        if error.http == 401:
            headers["www-authenticate"] = 'OAuth "Facebook Platform" "invalid_token"'
        body = error.body(self._world.ids.fbtrace_id())
        return json_response(body, status=error.http, headers=headers)

    def _log(self, request: Request, status: int, note: str) -> None:
        self._world.log_request(method=request.method, path=request.path, status=status, note=note)


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() in {"bearer", "oauth"}:
        return token.strip()
    return request.query.get("access_token", "")
