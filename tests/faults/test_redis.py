"""Redis away, silent, slow, flapping or forgetful: everything is taken in and sent all the same."""

import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import redis
from django.conf import settings as django_settings
from django.utils import timezone

from config.demo import binaries, ports
from conversations.models import Message
from tenants import context
from tests.conversations.events import body, change, text
from tests.conversations.sending import conversation_with, message_in
from tests.faults import victims
from tests.faults.invariants import assert_invariants
from tests.polling import until
from tests.whatsapp import raw_meta
from tests.whatsapp.webhooks.door import sign
from tests.whatsapp.webhooks.proxy import Line

pytestmark = pytest.mark.django_db(transaction=True)
WAMIDS = ["wamid.1", "wamid.2"]
MESSAGES = 12


@contextmanager
def away() -> Iterator[str]:
    """Nobody listens."""
    yield f"redis://127.0.0.1:{ports.free()}"


@contextmanager
def silent() -> Iterator[str]:
    """Connections are taken, and nothing is ever answered."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def full() -> Iterator[str]:
    """It reads and answers, and takes nothing more in."""
    port = ports.free()
    options = {"port": port, "bind": "127.0.0.1", "save": "", "maxmemory": "1mb"}
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    words += ["--maxmemory-policy", "noeviction"]
    server = subprocess.Popen([binaries.valkey_server(), *words], stdout=subprocess.DEVNULL)
    try:
        client = redis.Redis(port=port)
        until(lambda: _answers(client))
        with suppress(redis.OutOfMemoryError):
            for number in range(10_000):
                client.set(f"other {number}", "x" * 1000)
        yield f"redis://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


@contextmanager
def slow() -> Iterator[str]:
    """Every answer comes after two seconds."""
    line = _line(delay_seconds=2)
    try:
        yield f"redis://127.0.0.1:{line.port}"
    finally:
        line.cut()


@contextmanager
def flapping() -> Iterator[str]:
    """It goes away and comes back four times in four seconds, and then again and again."""
    line, over = _line(), threading.Event()

    def flap() -> None:
        while not over.wait(0.5):
            line.cut()
            time.sleep(0.5)
            line.mend()

    thread = threading.Thread(target=flap)
    thread.start()
    try:
        yield f"redis://127.0.0.1:{line.port}"
    finally:
        over.set()
        thread.join()
        line.cut()


def _line(*, delay_seconds: float = 0) -> Line:
    address = urlsplit(django_settings.REDIS_URL)
    assert address.hostname
    return Line(address.hostname, address.port or 6379, delay_seconds=delay_seconds)


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


@pytest.fixture
def meta(settings):
    def accept(to, request):
        word = request.body["biz_opaque_callback_data"]
        raw_meta.answer(to, raw_meta.accepted(f"wamid.of.{word}"))

    with raw_meta.serving(accept) as server:
        settings.GRAPH_API_URL = server.url
        yield server


@pytest.fixture
def queued(acme, phones):
    with context.tenant(acme.schema_name):
        opened_at = timezone.now() - timedelta(hours=1)
        for number in range(MESSAGES):
            talk = conversation_with(
                f"5511977777{number:03}", phone=phones["acme"], opened_at=opened_at
            )
            message_in(talk)


@pytest.mark.parametrize("fault", [away, silent, full, slow, flapping])
def test_without_redis_everything_is_taken_in_and_sent(meta, acme, meta_app, phones, queued, fault):
    one = body(change(messages=[text(wamid) for wamid in WAMIDS]))
    with fault() as url:
        began = time.monotonic()
        answer = victims.run(victims.TAKE, sign(one), give=one, REDIS_URL=url)
        victims.run(victims.WORK, REDIS_URL=url)
        victims.run(victims.SEND, acme.schema_name, phones["acme"].pk, REDIS_URL=url)
        took = time.monotonic() - began

    assert answer.strip() == "200"
    with context.tenant(acme.schema_name):
        sent = Message.objects.filter(direction="OUTBOUND")
        assert set(sent.values_list("status", flat=True)) == {"ACCEPTED"}
    assert_invariants(
        acknowledged={"acme": WAMIDS},
        sent=[request.body["biz_opaque_callback_data"] for request in meta.requests],
    )
    # Three processes start in it; a wait of seconds at each step would show.
    assert took < 45


def test_a_redis_that_forgets_everything_in_the_middle_doubles_nothing(
    meta, acme, meta_app, phones, queued
):
    """What a dead sender had claimed is left alone, whatever Redis knows; the rest goes."""
    victims.run(victims.SEND, acme.schema_name, phones["acme"].pk, crash_at="send.claimed")
    client = redis.Redis.from_url(f"{django_settings.REDIS_URL}/2")
    for key in client.scan_iter(f"{django_settings.REDIS_PREFIX}*"):
        client.delete(key)
    with context.tenant(acme.schema_name):
        claimed = Message.objects.filter(status="SENDING").count()
        opened_at = timezone.now() - timedelta(hours=1)
        for number in range(MESSAGES):
            talk = conversation_with(
                f"5511966666{number:03}", phone=phones["acme"], opened_at=opened_at
            )
            message_in(talk)

    victims.run(victims.SEND, acme.schema_name, phones["acme"].pk)

    calls = [request.body["biz_opaque_callback_data"] for request in meta.requests]
    assert claimed > 0
    assert len(calls) == len(set(calls)) == 2 * MESSAGES - claimed
    with context.tenant(acme.schema_name):
        assert Message.objects.filter(status="SENDING").count() == claimed
