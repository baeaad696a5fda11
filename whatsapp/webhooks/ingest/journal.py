"""Store deliveries: what comes in together is committed together, and only then answered.

There is no timer: while one batch is being committed, the next one gathers.
"""

import asyncio
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from tenants.crashing import crash_point
from whatsapp.webhooks.ingest import notices
from whatsapp.webhooks.ingest.session import (
    TIMEOUT_SECONDS,
    RefusedError,
    Session,
    UnavailableError,
)

SESSIONS = 2
MAX_BATCH_ROWS = 200
MAX_BATCH_BYTES = 16 * 1024 * 1024
MAX_WAITING_BYTES = 128 * 1024 * 1024

_INSERT = """
INSERT INTO public.webhooks_webhookdelivery (app_id, body, sha256, phone_number_id_hint)
SELECT app_id, body, sha256(body), hint
FROM unnest(%b::bigint[], %b::bytea[], %b::text[]) AS delivery (app_id, body, hint)
"""
_HINT = re.compile(rb'"phone_number_id"\s*:\s*"([0-9]{1,40})"')
_HINT_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class _Entry:
    app_id: int
    body: bytes
    hint: str
    stored: asyncio.Future[None]


class Journal:
    """Group commit over a few sessions of its own."""

    def __init__(self, database_url: str, *, on_stored: Callable[[], None]) -> None:
        self._sessions = [Session(database_url) for _ in range(SESSIONS)]
        self._idle = list(self._sessions)
        self._writers: set[asyncio.Task[None]] = set()
        self._waiting: deque[_Entry] = deque()
        self._waiting_bytes = 0
        self._on_stored = on_stored

    async def store(self, *, app_id: int, body: bytes, hint: str = "") -> None:
        """Return when the body is committed. Raises: UnavailableError, after 5 s at the latest.

        After the error it may still be committed; Meta then brings it again, as a repeat.
        """
        if self._waiting_bytes + len(body) > MAX_WAITING_BYTES:
            notices.warn("deliveries refused", "too many wait to be stored")
            raise UnavailableError
        loop = asyncio.get_running_loop()
        stored: asyncio.Future[None] = loop.create_future()
        self._waiting.append(_Entry(app_id, body, hint, stored))
        self._waiting_bytes += len(body)
        if self._idle:
            self._start(self._idle.pop())
        expiry = loop.call_later(TIMEOUT_SECONDS, _expire, stored)
        try:
            await stored
        finally:
            expiry.cancel()

    async def close(self) -> None:
        """Let what waits be written, then end the sessions."""
        if self._writers:
            await asyncio.wait(self._writers)
        for session in self._sessions:
            await session.close()

    def _start(self, session: Session) -> None:
        writer = asyncio.create_task(self._write_all(session))
        self._writers.add(writer)
        writer.add_done_callback(self._writers.discard)

    async def _write_all(self, session: Session) -> None:
        try:
            while batch := self._next_batch():
                await self._write(session, batch)
        finally:
            self._idle.append(session)

    def _next_batch(self) -> list[_Entry]:
        batch: list[_Entry] = []
        size = 0
        while self._waiting and len(batch) < MAX_BATCH_ROWS and size < MAX_BATCH_BYTES:
            entry = self._waiting.popleft()
            self._waiting_bytes -= len(entry.body)
            if not entry.stored.done():  # else its time ran out, and Meta was told so
                batch.append(entry)
                size += len(entry.body)
        return batch

    async def _write(self, session: Session, batch: list[_Entry]) -> None:
        try:
            crash_point("ingest.before_insert")
            await session.execute(_INSERT, _columns(batch))
        except RefusedError as error:
            await self._write_apart(session, batch, error)
        except UnavailableError as error:
            notices.warn("deliveries answered 503", error)
            _settle(batch, error)
        else:
            crash_point("ingest.after_commit")
            _settle(batch)
            self._on_stored()

    async def _write_apart(
        self, session: Session, batch: list[_Entry], error: RefusedError
    ) -> None:
        """Keep one bad row (its app was deleted a moment ago) from taking the others with it."""
        if len(batch) == 1:
            notices.warn("a delivery answered 503", error)
            _settle(batch, UnavailableError(str(error)))
            return
        for entry in batch:
            await self._write(session, [entry])


def _columns(batch: list[_Entry]) -> tuple[list[int], list[bytes], list[str]]:
    return (
        [entry.app_id for entry in batch],
        [entry.body for entry in batch],
        [entry.hint for entry in batch],
    )


def hint(body: bytes) -> str:
    """Return the first phone_number_id that a bounded search finds: for fairness, never routing."""
    found = _HINT.search(body, 0, _HINT_BYTES)
    return found[1].decode() if found else ""


def _settle(batch: list[_Entry], error: UnavailableError | None = None) -> None:
    for entry in batch:
        if entry.stored.done():
            continue
        if error is None:
            entry.stored.set_result(None)
        else:
            entry.stored.set_exception(error)


def _expire(stored: asyncio.Future[None]) -> None:
    if not stored.done():
        stored.set_exception(UnavailableError("time-out"))
