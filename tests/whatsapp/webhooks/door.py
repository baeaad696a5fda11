"""The webhook door in this process, on the tests' PostgreSQL, driven message by message."""

import asyncio
import hashlib
import hmac
import threading
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.db import connection

from config import ingest
from tests.conftest import APP_SECRET
from whatsapp.webhooks.ingest import IngestApp

PATH = "/webhook/whatsapp/"
PATIENCE_SECONDS = 30.0


def sign(body: bytes, secret: str = APP_SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def database_url() -> str:
    """The tests' own database, in libpq's words."""
    return ingest.conninfo(connection.settings_dict)


@dataclass
class Answer:
    """What the app said; no status means that it said nothing."""

    status: int | None = None
    body: bytes = b""
    headers: dict[bytes, bytes] = field(default_factory=dict)
    messages_read: int = 0


class Door:
    """An event loop in a thread of its own, so that tests stay plain functions."""

    def __init__(
        self, nudge: Callable[[], object] = lambda: None, *, database: str | None = None
    ) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self.app = IngestApp(
            database_url=database or database_url(), open_secret=ingest.open_secret, nudge=nudge
        )

    def __enter__(self) -> "Door":
        return self

    def __exit__(self, *error: object) -> None:
        self.start(self.app.close()).result(PATIENCE_SECONDS)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(PATIENCE_SECONDS)
        self.loop.close()

    def start(self, coroutine: Coroutine[Any, Any, Any]) -> Future[Any]:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    def get(self, path: str = PATH, **fields: str) -> Answer:
        query = urlencode({name.replace("hub_", "hub."): value for name, value in fields.items()})
        return self.get_raw(query.encode(), path)

    def get_raw(self, query: bytes, path: str = PATH) -> Answer:
        return self.ask("GET", path, query=query).result(PATIENCE_SECONDS)

    def post(self, body: bytes, path: str = PATH, **options: Any) -> Answer:
        return self.begin_post(body, path, **options).result(PATIENCE_SECONDS)

    def begin_post(
        self,
        body: bytes,
        path: str = PATH,
        *,
        secret: str = APP_SECRET,
        headers: Iterable[tuple[bytes, bytes]] | None = None,
    ) -> Future[Answer]:
        """Start a POST, signed unless ``headers`` are given."""
        if headers is None:
            headers = [(b"x-hub-signature-256", sign(body, secret).encode())]
        messages = [{"type": "http.request", "body": body}]
        return self.ask("POST", path, headers=headers, messages=messages)

    def ask(
        self,
        method: str,
        path: str = PATH,
        *,
        query: bytes = b"",
        headers: Iterable[tuple[bytes, bytes]] = (),
        messages: Iterable[dict[str, Any]] = ({"type": "http.request"},),
    ) -> Future[Answer]:
        """Send a request whose body comes in ``messages``; then the sender is silent."""
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query,
            "headers": list(headers),
        }
        return self.start(_run(self.app, scope, iter(messages)))


async def _run(app: IngestApp, scope: dict[str, Any], messages: Any) -> Answer:
    answer = Answer()

    async def receive() -> dict[str, Any]:
        message = next(messages, None)
        if message is None:
            await asyncio.Event().wait()
        answer.messages_read += 1
        return message

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = dict(message["headers"])
        else:
            answer.body += message.get("body", b"")

    await app(scope, receive, send)
    return answer
