"""Workers are woken after a commit, seldom, and never at the answer's cost."""

import json
import threading
import time
from contextlib import suppress
from urllib.parse import urlsplit

import kombu.exceptions
import psycopg
import pytest
import redis
from django.conf import settings

from config import ingest
from config.demo import ports
from tests.whatsapp.webhooks.door import Door, database_url
from tests.whatsapp.webhooks.proxy import Line
from tests.whatsapp.webhooks.test_journal import wait_until
from whatsapp.webhooks.ingest import nudges

BODY = b'{"entry":[]}'
pytestmark = pytest.mark.usefixtures("transactional_db", "meta_app")


def test_a_nudge_comes_after_the_commit():
    seen = []

    def count_rows() -> None:
        with psycopg.connect(database_url()) as other:
            query = "SELECT count(*) FROM public.webhooks_webhookdelivery"
            seen.append(other.execute(query).fetchone())

    with Door(count_rows) as door:
        assert door.post(BODY).status == 200
        wait_until(lambda: bool(seen))

    assert seen == [(1,)]


def test_nothing_stored_is_nothing_to_nudge_for():
    calls = []
    with Door(lambda: calls.append(1)) as door:
        assert door.post(BODY, headers=[]).status == 401
        assert door.post(BODY, secret="wrong").status == 401
        time.sleep(10 * nudges.GATHER_SECONDS)

    assert not calls


def test_what_comes_while_one_is_under_way_shares_the_next():
    calls, go_on = [], threading.Event()

    def slow() -> None:
        calls.append(1)
        go_on.wait(30)

    with Door(slow) as door:
        door.post(BODY)
        wait_until(lambda: len(calls) == 1)
        assert {door.post(BODY).status for _ in range(50)} == {200}  # though the broker hangs
        assert len(calls) == 1
        go_on.set()
        wait_until(lambda: len(calls) == 2)
        time.sleep(10 * nudges.GATHER_SECONDS)

    assert len(calls) == 2


def test_who_finds_a_worker_awake_does_not_ask_again_at_once(monkeypatch):
    monkeypatch.setattr(nudges, "AWAKE_SECONDS", 0.5)
    calls = []

    def awake() -> bool:
        calls.append(time.monotonic())
        return True

    with Door(awake) as door:
        for _ in range(20):
            door.post(BODY)
        wait_until(lambda: len(calls) == 2)  # the last one may have come after the worker's end

    assert calls[1] - calls[0] >= 0.5


def test_after_a_failure_it_rests_and_then_pays_what_it_owes(monkeypatch):
    monkeypatch.setattr(nudges, "REST_SECONDS", 0.5)
    calls = []

    def fail_once() -> None:
        calls.append(time.monotonic())
        if len(calls) == 1:
            raise ConnectionError

    with Door(fail_once) as door:
        assert {door.post(BODY).status for _ in range(10)} == {200}
        wait_until(lambda: len(calls) == 2)  # without another delivery

    assert calls[1] - calls[0] >= 0.5


def test_without_a_broker_everything_is_still_stored(stored):
    with Door(ingest.Nudge(f"redis://127.0.0.1:{ports.free()}/0")) as door:
        answers = [door.begin_post(BODY) for _ in range(100)]
        assert {answer.result(30).status for answer in answers} == {200}

    assert len(stored()) == 100


@pytest.fixture
def queue():
    key = settings.REDIS_PREFIX + "webhooks"
    with redis.Redis.from_url(settings.CELERY_BROKER_URL) as client:
        client.delete(key)
        yield lambda: [json.loads(message) for message in client.lrange(key, 0, -1)]
        client.delete(key)


def test_the_nudge_is_a_task_for_the_workers(queue):
    ingest.Nudge(settings.CELERY_BROKER_URL)()

    (message,) = queue()
    assert message["headers"]["task"] == "conversations.tasks.process_deliveries"
    assert message["headers"]["argsrepr"] == "()"


def test_a_nudge_that_nobody_took_is_enough(queue):
    nudge = ingest.Nudge(settings.CELERY_BROKER_URL)
    for _ in range(5):
        nudge()

    assert len(queue()) == 1


def test_another_task_in_the_queue_is_no_nudge(queue):
    with redis.Redis.from_url(settings.CELERY_BROKER_URL) as client:
        client.lpush(settings.REDIS_PREFIX + "webhooks", '{"headers": {"task": "another"}}')
    ingest.Nudge(settings.CELERY_BROKER_URL)()

    assert len(queue()) == 2


def test_the_nudge_comes_back_with_the_broker(queue):
    broker = urlsplit(settings.CELERY_BROKER_URL)
    line = Line(broker.hostname, broker.port or 6379)
    account = f"{broker.username or ''}:{broker.password or ''}@" if broker.password else ""
    nudge = ingest.Nudge(f"redis://{account}127.0.0.1:{line.port}{broker.path}")

    def works() -> bool:
        with suppress(OSError, redis.RedisError, kombu.exceptions.OperationalError):
            nudge()
            return True
        return False

    assert works()
    line.cut()
    assert not works()
    line.mend()
    with redis.Redis.from_url(settings.CELERY_BROKER_URL) as client:
        client.delete(settings.REDIS_PREFIX + "webhooks")

    wait_until(works)
    assert len(queue()) == 1
    line.cut()
