"""The one door to Celery. A task is a nudge: it may be lost or run twice without harm."""

import logging
import time
from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from celery import current_app, shared_task
from django.conf import settings
from django.db import connection, transaction
from kombu import Connection, pools
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from tenants import context
from tenants.models import Tenant

logger = logging.getLogger(__name__)

# How long a nudge may take, and how long none is tried after one that failed: whoever sends has
# somebody waiting, and the sweeper finds what no nudge reached.
SEND_SECONDS = 0.5
SILENT_SECONDS = 3.0


def enqueue(path: str, **kwargs: Any) -> None:
    """Nudge a task of the current tenant after the commit; never raises (the sweeper is there)."""
    schema = context.current_schema()
    _after_commit(lambda: _sender.send(path, {"schema": schema, **kwargs}))


def nudge(path: str, **kwargs: Any) -> None:
    """Nudge a task of the platform after the commit; never raises."""
    _after_commit(lambda: _sender.send(path, kwargs))


def flows(path: str) -> bool:
    """Tell whether the broker answers, and no nudge of a task waits for somebody to take it."""
    name = settings.CELERY_TASK_ROUTES[path]["queue"]
    try:
        return not _redis().llen(settings.REDIS_PREFIX + name)
    except RedisError:
        return False


class Awake:
    """Says that a worker looks for more of a task's work by itself, so that no nudges pile up.

    An accelerator only: without Redis there are more nudges. Whoever sends one commits first and
    asks then, so a worker that ends has to ``end`` this first and to look once more then.
    """

    LIFE_SECONDS = 1.0
    REFRESH_SECONDS = 0.25
    REST_SECONDS = 5.0  # after a failure

    def __init__(self, path: str) -> None:
        self._key = settings.AWAKE_KEY_PREFIX + path
        self._next_at = 0.0

    def keep(self) -> None:
        """Say it, or say it again. Never raises."""
        now = time.monotonic()
        if now >= self._next_at:
            self._next_at = now + self.REFRESH_SECONDS
            self._try("SET", self._key, "1", "PX", int(self.LIFE_SECONDS * 1000))

    def end(self) -> None:
        """Take it back. Never raises; what could not be taken back ends by itself in a second."""
        if self._next_at:
            self._next_at = 0.0
            self._try("DEL", self._key)

    def _try(self, *command: str | int) -> None:
        try:
            _redis().execute_command(*command)
        except RedisError:
            self._next_at = time.monotonic() + self.REST_SECONDS


@cache
def _redis() -> Redis:
    seconds = 0.3
    return Redis.from_url(
        settings.CELERY_BROKER_URL,
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        retry=Retry(NoBackoff(), 1),
    )


def tenant_task(function: Callable[..., None]) -> Callable[..., None]:
    """Make a task that runs in its sender's schema, and only while that tenant is active."""

    @wraps(function)
    def run(*, schema: str, **kwargs: Any) -> None:
        with context.platform():
            active = Tenant.objects.filter(schema_name=schema, status=Tenant.Status.ACTIVE).exists()
        if not active:
            logger.warning("task %s skipped: tenant %s is not active", function.__name__, schema)
            return
        with context.tenant(schema):
            function(**kwargs)

    return _register(run)


def platform_task(function: Callable[..., None]) -> Callable[..., None]:
    """Make a task that runs outside every tenant; it enters what it needs by itself."""

    @wraps(function)
    def run(**kwargs: Any) -> None:
        function(**kwargs)

    return _register(run)


def _register(run: Callable[..., None]) -> Callable[..., None]:
    @wraps(run)
    def guarded(**kwargs: Any) -> None:
        context.leave()
        try:
            run(**kwargs)
        except Exception:
            # The border of the process: rows stay as they are, and the sweeper comes by.
            logger.exception("task %s failed", run.__name__)
        finally:
            context.leave()

    task: Callable[..., None] = shared_task(name=f"{run.__module__}.{run.__name__}")(guarded)
    return task


def _after_commit(send: Callable[[], None]) -> None:
    # Outside of a transaction there is nothing to wait for, nor a database session to open for it.
    if connection.in_atomic_block:
        transaction.on_commit(send)
    else:
        send()


class _Sender:
    """Sends nudges in time, also to a broker that takes connections and never answers."""

    def __init__(self) -> None:
        self._silent_until = 0.0

    def send(self, path: str, kwargs: dict[str, Any]) -> None:
        """Send one, or lose it. Never raises."""
        if time.monotonic() < self._silent_until:
            return
        try:
            producers = pools.producers[_connection()]
            with producers.acquire(block=True, timeout=SEND_SECONDS) as producer:
                current_app.send_task(path, kwargs=kwargs, producer=producer)
        except Exception:
            self._silent_until = time.monotonic() + SILENT_SECONDS
            logger.warning("nudge %s lost: the broker does not answer", path)


@cache
def _connection() -> Connection:
    # A worker reads from the broker without a time-out; whoever only sends must have one.
    made: Connection = current_app.connection_for_write(
        transport_options={"socket_timeout": SEND_SECONDS}
    )
    return made


_sender = _Sender()
