"""The ASGI app on the webhook paths: plain, as Django's handler costs more than all of this."""

import asyncio
import hmac
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs

from tenants.crashing import crash_point
from whatsapp import signature
from whatsapp.webhooks.ingest import journal, notices
from whatsapp.webhooks.ingest.candidates import App, Candidates, OpenSecret
from whatsapp.webhooks.ingest.journal import Journal
from whatsapp.webhooks.ingest.nudges import Nudges
from whatsapp.webhooks.ingest.session import UnavailableError

MAX_BODY_BYTES = 4 * 1024 * 1024
BODY_SECONDS = 30.0

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Header = tuple[bytes, bytes]

_PATH = re.compile(
    r"(?:/api/v1)?/webhook/whatsapp(?:/apps/(?P<app_key>[^/]+)|/(?P<phone_number_id>[^/]+))?/?"
)
_CHALLENGE = re.compile(r"[0-9]{1,64}")
_SIGNATURE = b"x-hub-signature-256"
_HANDSHAKE_FIELDS = 16


class _Answer(Exception):  # noqa: N818 - not an error: the way out with a refusal
    def __init__(self, status: int, text: str, *headers: Header) -> None:
        self.status = status
        self.text = text
        self.headers = headers


class _DisconnectedError(Exception):
    """The sender left before its body was complete."""


class IngestApp:
    """Takes events in. Opens its sessions on the first request: daphne sends no lifespan events.

    ``nudge`` is called in a thread of its own, and may raise. True: a worker was awake.
    """

    def __init__(
        self, *, database_url: str, open_secret: OpenSecret, nudge: Callable[[], bool]
    ) -> None:
        self._candidates = Candidates(database_url, open_secret)
        self._nudges = Nudges(nudge)
        self._journal = Journal(database_url, on_stored=self._nudges.wake)

    @staticmethod
    def serves(path: str) -> bool:
        """Tell whether this path belongs to Meta."""
        return _PATH.fullmatch(path) is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: tuple[Header, ...] = ()
        try:
            status, text = 200, await self._answer(scope, receive)
        except _Answer as answer:
            status, text, headers = answer.status, answer.text, answer.headers
        except UnavailableError:
            status, text = 503, "Not stored; please come again."
        except _DisconnectedError:
            return
        await respond(send, status, text, headers)
        crash_point("ingest.after_answer")

    async def close(self) -> None:
        """Write what waits and end the sessions."""
        await self._journal.close()
        await self._candidates.close()
        self._nudges.close()

    async def _answer(self, scope: Scope, receive: Receive) -> str:
        path = _PATH.fullmatch(scope["path"])
        if path is None:
            raise _Answer(404, "There is nothing here.")
        if scope["method"] == "POST":
            return await self._take(scope, receive, path)
        if scope["method"] == "GET":
            return _handshake(scope["query_string"], await self._candidates.of(**path.groupdict()))
        raise _Answer(405, "Only GET and POST.", (b"allow", b"GET, POST"))

    async def _take(self, scope: Scope, receive: Receive, path: re.Match[str]) -> str:
        headers = scope["headers"]
        _check_length(headers)
        claimed = [value for name, value in headers if name == _SIGNATURE]
        if len(claimed) != 1 or signature.parse(claimed[0]) is None:
            raise _refused()  # before the body is read
        body = await _read(receive)
        app = _signer(body, claimed[0], await self._candidates.of(**path.groupdict()))
        await self._journal.store(app_id=app.pk, body=body, hint=app.hint(journal.hint(body)))
        return "EVENT_RECEIVED"


def _handshake(query: bytes, apps: Iterable[App]) -> str:
    """Return the challenge to somebody who knows a verify token.

    Source: developers.facebook.com/docs/graph-api/webhooks/getting-started, "Verification".
    """
    try:
        fields = parse_qs(
            query.decode("latin-1"), encoding="latin-1", max_num_fields=_HANDSHAKE_FIELDS
        )
    except ValueError:
        raise _Answer(400, "Too many fields.") from None
    mode, token, challenge = (
        _only(fields.get(f"hub.{name}")) for name in ("mode", "verify_token", "challenge")
    )
    known = [app.verify_token.encode() for app in apps if app.verify_token]
    matches = [hmac.compare_digest(token.encode("latin-1"), expected) for expected in known]
    if mode != "subscribe" or not any(matches):
        raise _Answer(403, "The verify token does not match.")
    if not _CHALLENGE.fullmatch(challenge):
        raise _Answer(400, "The challenge has to be digits.")
    return challenge


def _only(values: list[str] | None) -> str:
    return values[0] if values and len(values) == 1 else ""


def _signer(body: bytes, claimed: bytes, apps: Iterable[App]) -> App:
    for app in apps:
        if signature.verify(body, claimed, app.secrets):
            return app
    raise _refused()


def _refused() -> _Answer:
    notices.warn("events refused", "no signature, or one of no app of this path")
    return _Answer(401, "The signature does not match.")


def _too_large() -> _Answer:
    # Whatever else comes on this connection is part of what we do not want to read.
    return _Answer(413, "The body is too large.", (b"connection", b"close"))


def _check_length(headers: Iterable[Header]) -> None:
    for name, value in headers:
        if name == b"content-length" and value.isdigit() and int(value) > MAX_BODY_BYTES:
            raise _too_large()


async def _read(receive: Receive) -> bytes:
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        body: bytes = message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            raise _too_large()
        return body
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _read_on(message, receive)
    except TimeoutError:
        raise _Answer(408, "The body took too long.", (b"connection", b"close")) from None


async def _read_on(message: Message, receive: Receive) -> bytes:
    body = bytearray()
    while True:
        if message["type"] != "http.request":
            raise _DisconnectedError
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            raise _too_large()
        if not message.get("more_body"):
            return bytes(body)
        message = await receive()


async def respond(send: Send, status: int, text: str, headers: Iterable[Header] = ()) -> None:
    """Answer with a plain text."""
    body = text.encode()
    always = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"x-content-type-options", b"nosniff"),
    ]
    start = {"type": "http.response.start", "status": status, "headers": [*always, *headers]}
    await send(start)
    await send({"type": "http.response.body", "body": body})
