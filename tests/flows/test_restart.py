"""Processes that are asked to end finish what they hold, and others take over."""

import http.client
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.db import connection, transaction

from config.demo import ports
from conversations.models import Message
from tenants import context, queue
from tests.conversations.events import body, change, text, unaccounted
from tests.polling import until
from tests.whatsapp.webhooks.door import PATH, sign
from whatsapp.webhooks.models import WebhookDelivery

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
PROJECT = Path(__file__).resolve().parents[2]
SENDERS, PAUSE_SECONDS, GAP_SECONDS = 4, 0.01, 1.0
DAPHNE = "-m daphne -v 0 -b 127.0.0.1 config.asgi:application -p"
UVICORN = "-m uvicorn config.ingest:application --no-access-log --port"
WORKER = "-m celery -A config worker -P threads -c 4 -Q webhooks -l WARNING --without-mingle -n"


class Programs:
    """Programs on the database of the tests."""

    def __init__(self, log: Path) -> None:
        database = urlsplit(os.environ["DATABASE_URL"])
        database = database._replace(path="/" + connection.settings_dict["NAME"])
        self._env = os.environ | {"DATABASE_URL": database.geturl()}
        self.log = log
        self._all: list[subprocess.Popen[bytes]] = []

    def start(self, command: str, name: object) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as output:
            argv = [sys.executable, *command.split(), str(name)]
            process = subprocess.Popen(
                argv, cwd=PROJECT, env=self._env, stdout=output, stderr=output
            )
        self._all.append(process)
        return process

    def serve(self, command: str, port: int) -> subprocess.Popen[bytes]:
        process = self.start(command, port)
        until(lambda: answers(port))
        return process

    def end(self) -> None:
        for process in self._all:
            process.kill()
            process.wait()


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def programs(tmp_path):
    made = Programs(tmp_path / "log")
    yield made
    made.end()


class Load:
    """Senders in front of two servers, who ask the other one where one does not answer."""

    def __init__(self, servers: list[int]) -> None:
        self._servers = servers
        self._numbers = itertools.count()
        self._ended = threading.Event()
        self.taken: list[str] = []
        self.refused: list[int] = []
        self.longest = 0.0
        self._threads = [threading.Thread(target=self._send_on) for _ in range(SENDERS)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _send_on(self) -> None:
        while not self._ended.is_set():
            wamid = f"wamid.RESTART{next(self._numbers)}"
            began = time.monotonic()
            self._deliver(wamid)
            self.longest = max(self.longest, time.monotonic() - began)
            self.taken.append(wamid)
            time.sleep(PAUSE_SECONDS)

    def _deliver(self, wamid: str) -> None:
        raw = body(change(messages=[text(wamid)]))
        headers = {"X-Hub-Signature-256": sign(raw)}
        for port in itertools.cycle(self._servers):
            client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            with suppress(OSError, http.client.HTTPException):
                client.request("POST", PATH, raw, headers)
                status = client.getresponse().status
                if status == 200:
                    return
                self.refused.append(status)
            client.close()
            time.sleep(PAUSE_SECONDS)


@pytest.mark.parametrize("command", [DAPHNE, UVICORN], ids=["daphne", "uvicorn"])
def test_a_rolling_restart_under_load_loses_nothing(command, programs, acme, meta_app, phones):
    servers = [ports.free(), ports.free()]
    running = {port: programs.serve(command, port) for port in servers}

    with Load(servers) as load:
        time.sleep(0.5)
        for port in servers:
            running[port].send_signal(signal.SIGTERM)
            assert running[port].wait(20) in (0, -signal.SIGTERM)
            running[port] = programs.serve(command, port)
        time.sleep(0.3)

    assert set(load.refused) <= {503}
    assert load.longest < GAP_SECONDS + 0.5
    with context.platform():
        stored = [
            json.loads(bytes(raw))["entry"][0]["changes"][0]["value"]["messages"][0]["id"]
            for raw in WebhookDelivery.objects.values_list("body", flat=True)
        ]
    assert set(load.taken) <= set(stored)
    assert len(load.taken) > 50
    assert "Traceback" not in programs.log.read_text()


@pytest.mark.parametrize("command", [DAPHNE, UVICORN], ids=["daphne", "uvicorn"])
def test_what_waits_for_its_commit_is_answered_before_the_end(command, programs, meta_app):
    port = ports.free()
    server = programs.serve(command, port)
    raw, answered = b"{}", []

    def deliver() -> None:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        client.request("POST", PATH, raw, {"X-Hub-Signature-256": sign(raw)})
        answered.append(client.getresponse().status)

    with context.platform(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE webhooks_webhookdelivery")
        sender = threading.Thread(target=deliver)
        sender.start()
        until(lambda: _waits(cursor))
        server.send_signal(signal.SIGTERM)
        until(lambda: not answers(port))
        assert server.poll() is None
        assert not answered
    sender.join(20)

    assert answered == [200]
    assert server.wait(20) in (0, -signal.SIGTERM)


def _waits(cursor) -> bool:
    cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
    return cursor.fetchone() == (1,)


def test_a_worker_that_ends_leaves_the_rest_to_the_next(programs, acme, meta_app, phones):
    count = 3000
    raws = [body(change(messages=[text(f"wamid.{n}")])) for n in range(count)]
    with context.platform():
        WebhookDelivery.objects.bulk_create(
            WebhookDelivery(app=meta_app, body=raw, sha256=b"") for raw in raws
        )
    first = programs.start(WORKER, "first@test")
    nudge()
    until(lambda: message_count(acme) > 0)
    first.send_signal(signal.SIGTERM)
    began = time.monotonic()
    assert first.wait(30) == 0
    assert time.monotonic() - began < 10

    second = programs.start(WORKER, "second@test")
    nudge()
    until(lambda: message_count(acme) == count)
    second.send_signal(signal.SIGTERM)

    assert second.wait(30) == 0
    assert unaccounted() == 0
    assert "Traceback" not in programs.log.read_text()


def nudge() -> None:
    queue.nudge("conversations.tasks.process_deliveries")


def message_count(tenant) -> int:
    with context.tenant(tenant.schema_name):
        return Message.objects.count()
