"""The Graph API's front: token, object, edge; errors in Meta's envelope; a log of the calls."""

import asyncio
import re
from collections.abc import Awaitable, Callable

from whatsapp.simulator import (
    accounts,
    blocking,
    faults,
    media,
    messages,
    metering,
    numbers,
    oauth,
    preferences,
    profile,
    registration,
    template_edges,
    uploads,
)
from whatsapp.simulator.asgi import DroppedError, Request, Response, json_response
from whatsapp.simulator.calls import Answer, Call
from whatsapp.simulator.engine import Engine
from whatsapp.simulator.errors import RATES, GraphError, missing_object
from whatsapp.simulator.registry import MANAGEMENT, MESSAGING

_FILES = ["whatsapp_business", "attachments"]
_VERSION = re.compile(r"v\d{1,3}\.\d{1,2}")
Edge = Callable[[Call], Awaitable[Answer | Response]]

#: By kind of object, method and what follows the object's id.
EDGES: dict[tuple[str, str, str], Edge] = {
    ("phone", "GET", ""): numbers.read,
    ("phone", "POST", ""): numbers.write,
    ("phone", "POST", "register"): registration.register,
    ("phone", "POST", "deregister"): registration.deregister,
    ("phone", "POST", "request_code"): registration.request_code,
    ("phone", "POST", "verify_code"): registration.verify_code,
    ("phone", "POST", "messages"): messages.post,
    ("phone", "POST", "marketing_messages"): messages.post_marketing,
    ("phone", "POST", "media"): media.upload,
    ("phone", "GET", "settings"): preferences.read,
    ("phone", "POST", "settings"): preferences.write,
    ("phone", "GET", "whatsapp_business_profile"): profile.read,
    ("phone", "POST", "whatsapp_business_profile"): profile.write,
    ("phone", "GET", "block_users"): blocking.read,
    ("phone", "POST", "block_users"): blocking.block,
    ("phone", "DELETE", "block_users"): blocking.unblock,
    ("app", "POST", "uploads"): uploads.begin,
    ("upload", "POST", ""): uploads.send,
    ("upload", "GET", ""): uploads.read,
    ("media", "GET", ""): media.describe,
    ("media", "DELETE", ""): media.delete,
    ("waba", "GET", ""): accounts.read,
    ("waba", "GET", "phone_numbers"): numbers.list_of_account,
    ("waba", "POST", "phone_numbers"): numbers.add,
    ("waba", "GET", "subscribed_apps"): accounts.read_subscriptions,
    ("waba", "POST", "subscribed_apps"): accounts.subscribe,
    ("waba", "DELETE", "subscribed_apps"): accounts.unsubscribe,
    ("waba", "GET", "message_templates"): template_edges.list_templates,
    ("waba", "POST", "message_templates"): template_edges.create,
    ("waba", "DELETE", "message_templates"): template_edges.delete,
    ("template", "GET", ""): template_edges.read,
    ("template", "POST", ""): template_edges.edit,
}


#: What needs the permission to send and receive; everything else needs the one to manage.
_MESSAGING_EDGES = {
    ("phone", "messages"),
    ("phone", "marketing_messages"),
    ("phone", "media"),
    ("phone", "block_users"),
    ("media", ""),
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
        return json_response(answer.data, headers=answer.headers)

    async def _answer(self, request: Request) -> Answer | Response:
        parts = [part for part in request.path.split("/") if part]
        if parts and _VERSION.fullmatch(parts[0]):
            parts = parts[1:]
        token, path = _token(request), "/".join(parts)
        fault = await faults.meet(self._world.settings, parts)
        if fault is not None:
            return fault
        if path == "oauth/access_token" and request.method in {"GET", "POST"}:
            return await oauth.access_token(Call(self._engine, request, token))
        if parts == _FILES and request.method == "GET":
            phones = self._world.registry.phones_of(token)
            return media.fetch(Call(self._engine, request, token, phones=phones))
        if parts[:1] == ["pictures"] and len(parts) == 2 and request.method == "GET":
            return uploads.picture(self._world.uploads, parts[1])
        oauth.check(self._world, token, proof=request.query.get("appsecret_proof"))
        if path == "debug_token" and request.method == "GET":
            return await oauth.debug_token(Call(self._engine, request, token))
        kind, call = self._object(parts[0] if parts else "", request, token)
        rest = "/".join(parts[1:])
        edge = EDGES.get((kind, request.method, rest))
        if edge is None:
            raise GraphError(2500, message=f"Unknown path components: /{rest}")
        scope = MESSAGING if (kind, rest) in _MESSAGING_EDGES else MANAGEMENT
        if kind not in {"app", "upload"}:
            oauth.check_scope(self._world, token, scope)
        if scope == MANAGEMENT and kind not in {"app", "upload"}:
            return await metering.answer(call, edge)
        return await edge(call)

    def _object(self, object_id: str, request: Request, token: str) -> tuple[str, Call]:
        """Find the object among those of the token's accounts: no other exists for the caller."""
        phones = self._world.registry.phones_of(token)
        if object_id in self._world.registry.apps:
            return "app", Call(self._engine, request, token, phones=phones)
        if object_id.startswith(uploads.PREFIX):
            return "upload", Call(self._engine, request, token, phones=phones)
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

    def _refusal(self, error: GraphError) -> Response:
        headers = dict(error.headers)
        if error.code in RATES and self._world.settings.retry_after:
            headers["retry-after"] = str(error.retry_after_seconds or 1)
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
