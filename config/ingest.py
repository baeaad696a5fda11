"""The webhook door, and its process without Django: `uvicorn config.ingest:application`."""

import logging.config
from collections.abc import Mapping
from typing import Any

import redis
from celery import Celery
from psycopg.conninfo import make_conninfo
from redis.backoff import NoBackoff
from redis.retry import Retry

from config import collector, settings
from tenants import crashing, sealing
from whatsapp.webhooks.ingest import IngestApp
from whatsapp.webhooks.ingest.app import Receive, Scope, Send, respond

TASK = "conversations.tasks.process_deliveries"
BROKER_SECONDS = 0.5
_KEYS = sealing.parse_keys(settings.FIELD_KEYS)
crashing.arm(settings.CRASH_AT)


class Nudge:
    """Wakes a worker, unless one is awake or a nudge that none took yet is already in the queue."""

    def __init__(self, broker_url: str) -> None:
        self._queue: str = settings.CELERY_TASK_ROUTES[TASK]["queue"]
        # Neither the process's current app nor looking for Django: a plain sender.
        self._sender = Celery("ingest", fixups=[], set_as_current=False)
        self._sender.conf.update(
            broker_url=broker_url,
            broker_transport_options={
                **settings.CELERY_BROKER_TRANSPORT_OPTIONS,
                "socket_timeout": BROKER_SECONDS,
            },
            broker_pool_limit=1,
            task_ignore_result=True,
        )
        self._redis = redis.Redis.from_url(
            broker_url,
            socket_timeout=BROKER_SECONDS,
            socket_connect_timeout=BROKER_SECONDS,
            retry=Retry(NoBackoff(), 1),
        )

    def __call__(self) -> bool:
        """Send one nudge, and tell whether a worker was awake already.

        Blocks for a moment, and raises when the broker is away.
        """
        with self._redis.pipeline(transaction=False) as ask:
            ask.exists(settings.AWAKE_KEY_PREFIX + TASK)
            ask.lindex(settings.REDIS_PREFIX + self._queue, 0)
            awake, newest = ask.execute()
        if not awake and TASK.encode() not in (newest or b""):
            self._sender.send_task(TASK, queue=self._queue, retry=False)
        return bool(awake)


def open_secret(sealed: str, tenant: str | None, column: str) -> str | None:
    """Open a Meta app's secret or token; None where the seal is broken."""
    owner = tenant or sealing.PLATFORM
    try:
        return sealing.unseal(
            sealed, keys=_KEYS, tenant=owner, table="webhooks_metaapp", column=column
        )
    except sealing.SealBrokenError:
        return None


def conninfo(database: Mapping[str, Any]) -> str:
    """Return libpq's words for a database of Django's settings."""
    names = {
        "NAME": "dbname",
        "USER": "user",
        "PASSWORD": "password",
        "HOST": "host",
        "PORT": "port",
    }
    options = dict(database.get("OPTIONS", {}))
    options.pop("pool", None)
    options.pop("options", None)  # the door has time-outs of its own
    known = {word: database[name] for name, word in names.items() if database.get(name)}
    return make_conninfo("", **known, **options)


door = IngestApp(
    database_url=conninfo(settings.DATABASES["default"]),
    open_secret=open_secret,
    nudge=Nudge(settings.CELERY_BROKER_URL),
)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve the webhook paths and a sign of life, and nothing else."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    elif scope["type"] == "http" and scope["path"] in ("/health/live", "/health/live/"):
        await respond(send, 200, "ok")
    elif scope["type"] == "http":
        await door(scope, receive, send)
    else:
        await send({"type": "websocket.close"})


async def lifespan(receive: Receive, send: Send) -> None:
    """Follow the server's start and end: what waits is written before it goes."""
    await receive()
    logging.config.dictConfig(settings.LOGGING)
    collector.spare()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await door.close()
    await send({"type": "lifespan.shutdown.complete"})
