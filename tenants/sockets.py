"""Sockets of a tenant's pages: who may open one, for how long, and how much he may send.

Plain ASGI: a socket is one coroutine, and never holds more than the newest frame for a slow reader.
"""

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib import auth
from django.contrib.sessions.models import Session
from django.db.models import Exists, QuerySet
from django.http import HttpRequest, parse_cookie
from django.utils import timezone
from django.utils.module_loading import import_string

from tenants import access, context, selectors, support
from tenants.models import Membership, SupportAccess, Tenant, User

logger = logging.getLogger(__name__)

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

RECHECK_SECONDS = 60.0
# Pages ping every 25 s, and once a minute from a tab in the background.
SILENCE_SECONDS = 90.0
SEND_SECONDS = 10.0
SOCKETS_PER_USER = 20
FRAME_MAX_CHARACTERS = 64
FRAMES_PER_CHECK = 120
PONG = json.dumps({"pong": True})

# daphne cannot send 1008 (policy) and 1013 (try again later): the same, in the private range.
REFUSED = 4008
TRY_LATER = 4013

_open: Counter[int] = Counter()  # sockets of this process by user


@dataclass(frozen=True, slots=True)
class Pass:
    """Who was let in, and to which tenant."""

    user_id: int
    tenant_id: UUID
    schema_name: str
    session_key: str
    token_version: int  # moves with a new password
    support_id: int | None  # of a super-admin's access, by which he is in


class Socket:
    """One open page."""

    def __init__(self, entry: Pass, receive: Receive, send: Send) -> None:
        self.schema_name = entry.schema_name
        self._entry = entry
        self._receive = receive
        self._send = send
        self._frame: str | None = None
        self._sender: asyncio.Task[None] | None = None
        self._waiting: asyncio.Timeout | None = None
        self._is_lost = False

    def offer(self, frame: str) -> None:
        """Send a frame soon; one that was not sent yet is replaced by it."""
        self._frame = frame
        if self._sender is None:
            self._sender = asyncio.create_task(self._flush())

    async def listen(self) -> None:
        """Return when the page has gone, or was sent away."""
        code = await self._until_over()
        if code is not None:
            await self._send({"type": "websocket.close", "code": code})
        if self._sender is not None:
            self._sender.cancel()

    async def _flush(self) -> None:
        try:
            while self._frame is not None:
                frame, self._frame = self._frame, None
                async with asyncio.timeout(SEND_SECONDS):
                    await self._send({"type": "websocket.send", "text": frame})
        except Exception:
            # Too slow, or gone: the listener must not wait for a page that does not read.
            self._is_lost = True
            if self._waiting is not None:
                with suppress(RuntimeError):  # it is not waiting right now
                    self._waiting.reschedule(-1)
        finally:
            self._sender = None

    async def _until_over(self) -> int | None:
        clock = asyncio.get_running_loop().time
        heard = checked = clock()
        frames = 0
        while True:
            event = await self._next(
                min(heard + SILENCE_SECONDS, checked + RECHECK_SECONDS) - clock()
            )
            if event is not None:
                if event["type"] == "websocket.disconnect":
                    return None
                heard, frames = clock(), frames + 1
                if frames > FRAMES_PER_CHECK or not _is_small(event):
                    return REFUSED
                if self._frame is None:  # a hint that waits is as good an answer
                    self.offer(PONG)
            if self._is_lost or clock() >= heard + SILENCE_SECONDS:
                return TRY_LATER
            if clock() >= checked + RECHECK_SECONDS:
                if not await _still_admitted(self._entry):
                    return REFUSED
                checked, frames = clock(), 0

    async def _next(self, seconds: float) -> dict[str, Any] | None:
        try:
            async with asyncio.timeout(max(seconds, 0)) as self._waiting:
                return await self._receive()
        except TimeoutError:
            return None


Consumer = Callable[[Socket], Awaitable[None]]


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Admit a page to the consumer of its path, or answer 403."""
    await receive()  # websocket.connect
    headers = {name.decode("latin1"): value.decode("latin1") for name, value in scope["headers"]}
    path: str | None = settings.SOCKET_CONSUMERS.get(scope["path"])
    entry = await _admit(headers) if path and _is_same_origin(headers) else None
    if path is None or entry is None:
        await send({"type": "websocket.close", "code": REFUSED})
        return
    await send({"type": "websocket.accept"})
    if _open[entry.user_id] >= SOCKETS_PER_USER:
        await send({"type": "websocket.close", "code": TRY_LATER})
        return
    _open[entry.user_id] += 1
    try:
        consumer: Consumer = import_string(path)
        await consumer(Socket(entry, receive, send))
    except Exception:
        logger.exception("a socket's consumer failed")
        await send({"type": "websocket.close", "code": TRY_LATER})
    finally:
        _open[entry.user_id] -= 1
        if not _open[entry.user_id]:
            del _open[entry.user_id]


def _is_same_origin(headers: dict[str, str]) -> bool:
    # Exactly our own: a sibling tenant's page shares the parent domain and must not get in.
    scheme = "https" if settings.IS_TLS else "http"
    host = headers.get("host", "").lower()
    return bool(host) and headers.get("origin", "").lower() == f"{scheme}://{host}"


def _is_small(event: dict[str, Any]) -> bool:
    return len(event.get("text") or event.get("bytes") or "") <= FRAME_MAX_CHARACTERS


async def _admit(headers: dict[str, str]) -> Pass | None:
    session_key = access.session_key(parse_cookie(headers.get("cookie", "")))
    if not session_key:
        return None
    host = selectors.canonical_host(headers.get("host", ""))
    return await database_sync_to_async(_find, thread_sensitive=False)(host, session_key)


def _find(host: str, session_key: str) -> Pass | None:
    """Settle tenant, session, user and membership in one hop to a thread."""
    tenant = selectors.tenant_by_host(host)
    if tenant is None or tenant.status not in Tenant.SERVED:
        return None
    with context.platform():
        session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
        if session.get(access.SESSION_BINDING) != str(tenant.pk):
            return None
        user = auth.get_user(cast(HttpRequest, SimpleNamespace(session=session)))
    if not isinstance(user, User):
        return None
    support_id = session.get(access.SUPPORT)
    if support_id is None:
        actor = selectors.actor_of(user, tenant)
    else:
        now = timezone.now()
        actor = support.actor_in(access_id=support_id, user=user, tenant=tenant, now=now)
    if actor is None:
        return None
    return Pass(user.pk, tenant.pk, tenant.schema_name, session_key, user.token_version, support_id)


async def _still_admitted(entry: Pass) -> bool:
    try:
        return await database_sync_to_async(_check, thread_sensitive=False)(entry)
    except Exception:
        # With the database away nothing can be fetched either; the next check decides.
        logger.warning("a socket's user could not be checked again")
        return True


def _check(entry: Pass) -> bool:
    now = timezone.now()
    session = Session.objects.filter(session_key=entry.session_key, expire_date__gt=now)
    places: QuerySet[Membership] | QuerySet[SupportAccess] = Membership.objects.all()
    if entry.support_id is not None:
        places = SupportAccess.objects.going_on(now).filter(pk=entry.support_id)
    with context.platform():
        return places.filter(
            Exists(session),
            user_id=entry.user_id,
            user__is_active=True,
            user__token_version=entry.token_version,
            tenant_id=entry.tenant_id,
            tenant__status__in=Tenant.SERVED,
        ).exists()
