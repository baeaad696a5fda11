"""Number what a tenant's pages may have drawn, and hint at it: no text enters the channel layer."""

import asyncio
import json
import logging
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import uuid4

from channels.layers import get_channel_layer
from django.db import connection, transaction

from tenants import context
from tenants.db import arrays
from tenants.feed import background, following

logger = logging.getLogger(__name__)

# How long a hint may take before it is given up.
HINT_SECONDS = 1.0
# Hints within this time of one another reach a page as one.
TOGETHER_SECONDS = 0.1
# How often the hub listens for its own echo, and how long it waits for it.
ECHO_SECONDS = 5.0
# Pages of a crowd spread their fetches, so that a hint is no stampede.
CROWD = 10
SPREAD_MS = 3
SPREAD_MAX_MS = 2000

# One statement, so that two writers queue at the row, numbers stay dense and each has its change.
_NUMBER = """
    WITH taken AS (
        INSERT INTO feed_counter AS counter (id, value) VALUES (1, %(count)s)
        ON CONFLICT (id) DO UPDATE SET value = counter.value + %(count)s
        RETURNING value, is_followed
    ), kept AS (
        INSERT INTO feed_change (seq, kind, conversation_id, message_id, broadcast_id, subject_id)
        SELECT taken.value - %(count)s + draft.place, draft.kind, draft.conversation_id,
            draft.message_id, draft.broadcast_id, draft.subject_id
        FROM taken, unnest(%(kinds)s::text[], %(conversations)s::bigint[], %(messages)s::bigint[],
            %(broadcasts)s::bigint[], %(subjects)s::bigint[]) WITH ORDINALITY
            AS draft (kind, conversation_id, message_id, broadcast_id, subject_id, place)
    )
    SELECT value, is_followed FROM taken
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """A change that waits for its number."""

    kind: str
    conversation_id: int | None = None
    message_id: int | None = None
    broadcast_id: int | None = None
    subject_id: int | None = None  # a contact, template or number


class Cursor(Protocol):
    """Django's cursor or psycopg's own."""

    def execute(self, query: Any, params: Any = None) -> Any: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> Any: ...


def publish(*drafts: Draft) -> int:
    """Number the changes, keep them and hint at them after the commit; return the last number.

    Takes the tenant's counter: must be the last statement before the commit, in the outermost
    service only. Any other order lets two writers deadlock.
    """
    schema = context.current_schema()
    with connection.cursor() as cursor:
        take(cursor, drafts)
        last, is_followed = cursor.fetchone()
    transaction.on_commit(lambda: hint(schema, last))
    if is_followed:
        following.wake()
    return int(last)


def take(cursor: Cursor, drafts: Sequence[Draft]) -> None:
    """Do the same on a session of the caller's own, who hints after the commit.

    Leaves the number, and whether somebody follows, to be fetched from the cursor; also then.
    """
    params = {
        "count": len(drafts),
        "kinds": arrays.texts(draft.kind for draft in drafts),
        "conversations": arrays.numbers(draft.conversation_id for draft in drafts),
        "messages": arrays.numbers(draft.message_id for draft in drafts),
        "broadcasts": arrays.numbers(draft.broadcast_id for draft in drafts),
        "subjects": arrays.numbers(draft.subject_id for draft in drafts),
    }
    cursor.execute(_NUMBER, params)


def group(schema: str) -> str:
    """Name the group of one tenant's pages; made here only, never from what a client says."""
    return f"{schema}.inbox"


def hint(schema: str, seq: int) -> None:
    """Tell a tenant's open pages that number ``seq`` exists. Never raises: pages also poll."""
    begin_hint(schema, seq).result()


def begin_hint(schema: str, seq: int) -> Future[None]:
    """Do the same without waiting for Redis; what is returned never has an error."""
    return asyncio.run_coroutine_threadsafe(_send(schema, seq), background.loop())


async def _send(schema: str, seq: int) -> None:
    message = {"type": "hint", "schema": schema, "seq": seq}
    try:
        layer: Any = get_channel_layer()
        # A Redis that takes connections and never answers must not hold anybody up.
        async with asyncio.timeout(HINT_SECONDS):
            await layer.group_send(group(schema), message)
    except Exception:
        logger.warning("hint %s to %s lost: the channel layer does not answer", seq, schema)


class Socket(Protocol):
    """A page's end in this process."""

    def offer(self, frame: str) -> None:
        """Take the newest frame; one that was not sent yet is replaced by it. Never blocks."""


@dataclass(slots=True, eq=False)
class _Room:
    """One tenant's sockets in this process."""

    sockets: set[Socket] = field(default_factory=set)
    seq: int | None = None
    flushing: asyncio.Task[None] | None = None


class Hub:
    """Fan one tenant's hints out to its pages, with one subscription a process and tenant.

    A hint is encoded once, and hints that follow each other closely are delivered as one. The hub
    listens for its own echo: while Redis is away the pages are told to poll, and to check when it
    is back. Belongs to one event loop.
    """

    def __init__(self) -> None:
        self._rooms: dict[str, _Room] = {}
        self._subscribed: set[str] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._alive = False
        self._channel = ""
        self._lock = asyncio.Lock()  # joining and leaving start and stop the tasks
        self._wake = asyncio.Event()
        self._echoed = asyncio.Event()

    async def join(self, schema: str, socket: Socket) -> None:
        """Let a socket have the tenant's hints; its page is told to check once they flow."""
        async with self._lock:
            room = self._rooms.setdefault(schema, _Room())
            room.sockets.add(socket)
            if not self._tasks:
                self._start()
        if self._alive and schema in self._subscribed:
            socket.offer(self._frame(room, seq=None))
        self._wake.set()

    async def leave(self, schema: str, socket: Socket) -> None:
        """Forget a socket; with the last one the subscriptions go, too."""
        async with self._lock:
            room = self._rooms[schema]
            room.sockets.discard(socket)
            if not room.sockets:
                del self._rooms[schema]
                if room.flushing is not None:
                    room.flushing.cancel()
            if not self._rooms:
                await self._stop()
        self._wake.set()

    def _start(self) -> None:
        self._channel = f"hub.{uuid4().hex}"
        self._wake, self._echoed = asyncio.Event(), asyncio.Event()
        # The reader first: a layer knows a channel from the moment that somebody receives on it.
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._keep())]

    async def _stop(self) -> None:
        tasks, self._tasks = self._tasks, []
        self._alive = False
        for task in tasks:
            task.cancel()
        with suppress(Exception):  # Redis may be away: then there is nothing to leave either
            async with asyncio.timeout(ECHO_SECONDS):  # whoever joins next waits for our lock
                await asyncio.gather(*tasks, return_exceptions=True)
                await self._subscribe()
        self._subscribed.clear()

    async def _read(self) -> None:
        layer: Any = get_channel_layer()
        while True:
            try:
                message = await layer.receive(self._channel)
                self._take(message)
            except Exception:
                logger.warning("a hint could not be read")
                await asyncio.sleep(1)

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "echo":
            self._echoed.set()
            return
        room = self._rooms.get(message["schema"])
        if room is None:
            return
        room.seq = max(room.seq or 0, message["seq"])
        if room.flushing is None:
            room.flushing = asyncio.create_task(self._flush(room))

    async def _flush(self, room: _Room) -> None:
        """Deliver the first hint at once, and what comes close behind it together."""
        told = None
        while told != room.seq:
            told = room.seq
            self._deliver(room, told)
            await asyncio.sleep(TOGETHER_SECONDS)
        room.flushing = None

    async def _keep(self) -> None:
        """Follow the rooms with subscriptions, and find out whether hints still come through."""
        while True:
            joined = await self._hear()
            alive = joined is not None
            for schema, room in self._rooms.items():
                if alive != self._alive or schema in (joined or ()):
                    self._deliver(room, None, alive=alive)
            self._alive = alive
            # Not wait_for: when cancelled at the moment of waking it would go on (Python 3.11).
            with suppress(TimeoutError):
                async with asyncio.timeout(ECHO_SECONDS):
                    await self._wake.wait()
            self._wake.clear()

    async def _hear(self) -> set[str] | None:
        """Return the schemas that were subscribed to just now, or None while Redis is away."""
        layer: Any = get_channel_layer()
        try:
            async with asyncio.timeout(ECHO_SECONDS):
                joined = await self._subscribe()
                self._echoed.clear()
                await layer.group_send(self._channel, {"type": "echo"})
                await self._echoed.wait()
        except Exception:
            if self._alive:
                logger.warning("live updates pause: the channel layer does not answer")
            return None
        return joined

    async def _subscribe(self) -> set[str]:
        layer: Any = get_channel_layer()
        wanted = {*self._rooms, self._channel} if self._tasks else set()
        joined, left = wanted - self._subscribed, self._subscribed - wanted
        for name in joined:
            await layer.group_add(self._group(name), self._channel)
            self._subscribed.add(name)
        for name in left:
            await layer.group_discard(self._group(name), self._channel)
            self._subscribed.discard(name)
        return joined

    def _group(self, name: str) -> str:
        return name if name == self._channel else group(name)

    def _deliver(self, room: _Room, seq: int | None, *, alive: bool = True) -> None:
        frame = self._frame(room, seq=seq, alive=alive)
        for socket in tuple(room.sockets):
            socket.offer(frame)

    def _frame(self, room: _Room, *, seq: int | None, alive: bool = True) -> str:
        """Encode the number (null: check), whether hints flow, and how long to spread."""
        crowd = len(room.sockets)
        spread = min(SPREAD_MAX_MS, crowd * SPREAD_MS) if crowd > CROWD else 0
        return json.dumps({"seq": seq, "live": alive, "spread": spread})


hub = Hub()
