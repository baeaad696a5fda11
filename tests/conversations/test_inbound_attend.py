"""A worker's nudges: one thread works, nobody is nudged meanwhile, and nothing stays behind."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings as django_settings

from config.ingest import TASK, Nudge
from conversations import tasks
from conversations.models import Message
from conversations.services import inbound
from tenants import context, queue, stopping
from tenants.feed import live
from tests.conversations.events import body, change, deliver, text, unaccounted
from tests.polling import until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _sessions():
    yield
    inbound._kept.close()  # the database goes at the end of the tests


def count(tenant) -> int:
    with context.tenant(tenant.schema_name):
        return Message.objects.count()


def awake() -> bool:
    return bool(queue._redis().exists(django_settings.AWAKE_KEY_PREFIX + inbound.TASK))


def test_the_task_takes_in_what_is_new_and_keeps_its_sessions(acme, meta_app, phones):
    for number in range(2):
        deliver(meta_app, body(change(messages=[text(f"wamid.{number}")])))
        tasks.process_deliveries()
        assert count(acme) == number + 1

    assert inbound._kept.get().usable
    assert not awake()


def test_threads_of_a_process_take_turns_and_leave_nothing(acme, meta_app, phones, monkeypatch):
    at_work, most, guard = set(), set(), threading.Lock()
    real = inbound.Worker.run

    def run(worker):
        with guard:
            at_work.add(threading.get_ident())
            most.add(len(at_work))
        real(worker)
        with guard:
            at_work.discard(threading.get_ident())

    monkeypatch.setattr(inbound.Worker, "run", run)
    with ThreadPoolExecutor(8) as pool:
        for number in range(40):
            deliver(meta_app, body(change(messages=[text(f"wamid.{number}")])))
            pool.submit(tasks.process_deliveries)

    assert most == {1}
    assert count(acme) == 40
    assert unaccounted() == 0


def test_nobody_is_nudged_while_a_worker_looks_by_itself(acme, meta_app, phones):
    key = django_settings.REDIS_PREFIX + "webhooks"
    nudge, redis = Nudge(django_settings.CELERY_BROKER_URL), queue._redis()
    redis.delete(key)
    worker = queue.Awake(TASK)

    worker.keep()
    nudge()
    assert redis.llen(key) == 0

    worker.end()
    nudge()
    nudge()
    assert redis.llen(key) == 1
    redis.delete(key)


def test_what_comes_as_a_worker_ends_is_seen_by_its_last_look(acme, meta_app, phones, monkeypatch):
    """Stored after the look that found nothing, by somebody who saw the worker awake."""
    real = queue.Awake.end
    stored = []

    def end(self):
        if not stored:
            assert awake()
            stored.extend(deliver(meta_app, body(change(messages=[text("wamid.2")]))))
        real(self)

    deliver(meta_app, body(change(messages=[text("wamid.1")])))
    monkeypatch.setattr(queue.Awake, "end", end)
    tasks.process_deliveries()

    assert count(acme) == 2


def test_full_batches_call_for_help(acme, meta_app, phones, monkeypatch):
    nudges = []
    monkeypatch.setattr(queue, "nudge", nudges.append)
    deliver(meta_app, *(body(change(messages=[text(f"wamid.{n}")])) for n in range(4)))

    inbound.process_deliveries(limit=2)

    assert nudges == [inbound.TASK]


def test_a_worker_that_ends_leaves_its_nudge_to_another(acme, meta_app, phones, monkeypatch):
    nudges = []
    monkeypatch.setattr(queue, "nudge", nudges.append)
    deliver(meta_app, body(change(messages=[text("wamid.1")])))
    stopping.ask()

    try:
        tasks.process_deliveries()
    finally:
        stopping.forget()

    assert count(acme) == 0
    assert nudges == [inbound.TASK]


def test_without_redis_everything_is_taken_in(acme, meta_app, phones, monkeypatch, settings):
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:9/0"
    queue._redis.cache_clear()
    deliver(meta_app, *(body(change(messages=[text(f"wamid.{n}")])) for n in range(3)))

    inbound.process_deliveries(limit=1)

    queue._redis.cache_clear()
    assert count(acme) == 3


def test_a_worker_that_was_killed_is_awake_for_a_second_only(db):
    queue.Awake(TASK).keep()
    assert awake()

    until(lambda: not awake())


def test_a_redis_that_hangs_holds_up_no_message(acme, meta_app, phones, monkeypatch):
    told, free = [], threading.Event()

    class Layer:
        async def group_send(self, group, message):
            while not free.is_set():
                await asyncio.sleep(0.01)
            told.append(message["seq"])

    monkeypatch.setattr(live, "get_channel_layer", Layer)
    monkeypatch.setattr(live, "HINT_SECONDS", 30.0)
    monkeypatch.setattr(inbound, "HINT_WAIT_SECONDS", 0.05)
    for number in range(3):
        deliver(meta_app, body(change(messages=[text(f"wamid.{number}")])))
        assert inbound.process_deliveries() == 1
    assert count(acme) == 3
    assert told == []

    free.set()
    until(lambda: 3 in told)  # the contact, its message, its conversation
