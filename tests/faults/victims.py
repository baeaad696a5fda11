"""A process of ours that dies at a named place, on the tests' own database and Redis."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from django.conf import settings
from django.db import connection

from tenants.db import raw
from tests.polling import until

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 60

WORK = """
import django; django.setup()
from conversations.services import inbound
inbound.process_deliveries()
"""
SEND = """
import sys, django; django.setup()
from conversations.services import delivery
from tenants import context
with context.tenant(sys.argv[1]):
    delivery.drain(phone_id=int(sys.argv[2]), seconds=10)
"""
READ = """
import sys, django; django.setup()
from conversations.services.broadcasts import intake
from tenants import context
with context.tenant(sys.argv[1]):
    intake.prepare(broadcast_id=int(sys.argv[2]))
"""
FEED = """
import sys, django; django.setup()
from django.utils import timezone
from conversations.services.broadcasts import feeding
from tenants import context
with context.tenant(sys.argv[1]):
    feeding.run(now=timezone.now())
"""
TELL = """
import sys, django; django.setup()
from django.conf import settings
from conversations.services.hooks import delivering
settings.EGRESS_LOOPBACK = True
delivering.deliver_in(sys.argv[1], int(sys.argv[2]))
"""
# Says what it was answered, on a line of its own, as soon as it was.
TAKE = """
import asyncio, sys
from config import ingest
from whatsapp.webhooks.ingest import IngestApp

async def main():
    app = IngestApp(
        database_url=ingest.conninfo(ingest.settings.DATABASES["default"]),
        open_secret=ingest.open_secret, nudge=lambda: True)
    body = sys.stdin.buffer.read()
    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}
    async def send(message):
        if message["type"] == "http.response.start":
            print(message["status"], flush=True)
    headers = [(b"x-hub-signature-256", sys.argv[1].encode())]
    scope = {"type": "http", "method": "POST", "path": "/webhook/whatsapp/", "headers": headers,
        "query_string": b""}
    await app(scope, receive, send)
    await app.close()

asyncio.run(main())
"""


def run(script: str, *arguments: object, crash_at: str = "", give: bytes = b"", **env: str) -> str:
    """Run a script; it has to die at the place, or to end well where none is named.

    What it had locked in the database is free by then.
    """
    place = connection.settings_dict
    user = f"{place['USER']}:{place['PASSWORD']}@{place['HOST']}:{place['PORT']}"
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": f"postgres://{user}/{place['NAME']}",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "GRAPH_API_URL": settings.GRAPH_API_URL,
            "CRASH_AT": crash_at,
            "LOG_LEVEL": "ERROR",
            **env,
        },
        input=give,
        capture_output=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    wanted = -signal.SIGKILL if crash_at else 0
    assert done.returncode == wanted, (done.returncode, done.stderr.decode()[-3000:])
    _until_released()
    return done.stdout.decode()


def _until_released() -> None:
    """Wait until no transaction of the dead is open: PostgreSQL may see a death a little later."""
    query = """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND xact_start IS NOT NULL
            AND pid <> pg_backend_pid()
    """
    with raw.connect(name="test observer") as observer:
        until(lambda: observer.execute(query).fetchone() == (0,))
