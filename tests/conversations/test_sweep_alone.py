"""Without a broker the sweeper does everything, side by side, and a hanging part stops no other."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone

from conversations.models import Message
from conversations.services import delivery, hands, inbound, leading, sweep
from conversations.services.hands import Hands
from conversations.services.sweep import Sweeper
from tenants import context, queue
from tests.conversations.events import body, change, deliver, text
from tests.conversations.sending import conversation_with, message_in
from tests.polling import until

pytestmark = pytest.mark.django_db(transaction=True)
MANAGE = Path(__file__).parents[2] / "manage.py"


@pytest.fixture
def running():
    """A sweeper that runs in a thread, until the end of the test."""
    ended = threading.Event()
    sweeper = Sweeper(stopping=ended.is_set)
    thread = threading.Thread(target=_run, args=(sweeper,))

    def start() -> Sweeper:
        thread.start()
        return sweeper

    yield start
    ended.set()
    if thread.is_alive():
        thread.join(30)
    inbound._kept.close()


def _run(sweeper: Sweeper) -> None:
    try:
        sweeper.run()
    finally:
        connection.close()


@pytest.fixture
def no_broker(monkeypatch, settings):
    """A broker that is away, which the sweeper believes at once."""
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:9/0"
    monkeypatch.setattr(sweep, "ASK_TIMES", 1)
    queue._redis.cache_clear()
    yield
    queue._redis.cache_clear()


def message_count(tenant) -> int:
    with context.tenant(tenant.schema_name):
        return Message.objects.count()


def pending(tenant, phone) -> None:
    with context.tenant(tenant.schema_name):
        thread = conversation_with("5511988887777", phone=phone, opened_at=timezone.now())
        message_in(thread, status="PENDING", due_at=timezone.now())


def test_nudges_flow_while_somebody_takes_them(db):
    key = django_settings.REDIS_PREFIX + "webhooks"
    queue._redis().delete(key)
    assert queue.flows(inbound.TASK)

    queue._redis().lpush(key, "a nudge that nobody takes")
    assert not queue.flows(inbound.TASK)

    queue._redis().delete(key)


def test_nudges_do_not_flow_without_a_broker(no_broker):
    assert not queue.flows(inbound.TASK)


def test_what_comes_in_is_taken_in_at_once(acme, meta_app, phones, no_broker, running):
    sweeper = running()
    until(lambda: sweeper.alone)

    deliver(meta_app, body(change(messages=[text("wamid.1")])))
    began = time.monotonic()
    until(lambda: message_count(acme) == 1)

    assert time.monotonic() - began < sweep.OVERDUE.total_seconds()


def test_a_number_that_hangs_keeps_no_other_waiting(
    acme, globex, phones, meta_app, no_broker, running, monkeypatch
):
    """Neither other numbers nor what comes in; and it is sent for before it is overdue."""
    free, drained = threading.Event(), []

    def drain(*, phone_id, seconds):
        if context.current_schema() == acme.schema_name:
            free.wait(60)
        drained.append(context.current_schema())

    monkeypatch.setattr(delivery, "drain", drain)
    pending(acme, phones["acme"])
    pending(globex, phones["globex"])
    running()
    try:
        until(lambda: drained.count(globex.schema_name) > 1)  # again and again
        deliver(meta_app, body(change(messages=[text("wamid.1")])))
        until(lambda: message_count(acme) == 2)
        assert acme.schema_name not in drained
    finally:
        free.set()


def test_numbers_that_always_have_more_to_send_leave_the_others_their_turns(
    acme, globex, phones, no_broker, monkeypatch
):
    """With fewer hands than numbers."""
    ended, drained = threading.Event(), []

    def drain(**_):
        drained.append(context.current_schema())
        time.sleep(0.3)

    monkeypatch.setattr(delivery, "drain", drain)
    pending(acme, phones["acme"])
    pending(globex, phones["globex"])
    sweeper = Sweeper(stopping=ended.is_set, _senders=Hands(1), _keepers=Hands(1))
    thread = threading.Thread(target=_run, args=(sweeper,))
    thread.start()
    try:
        until(lambda: len(drained) >= 6)
        assert min(map(drained.count, (acme.schema_name, globex.schema_name))) >= 2
    finally:
        ended.set()
        thread.join(30)


def test_a_tenant_that_hangs_keeps_no_other_waiting(acme, globex, phones, running, monkeypatch):
    free, swept = threading.Event(), []

    def hang(*, tenant, **_):
        if tenant == acme:
            free.wait(60)
        swept.append(tenant.subdomain)

    monkeypatch.setattr(delivery, "sweep", hang)
    monkeypatch.setattr(sweep, "EVERY_SECONDS", 0.1)
    running()
    try:
        until(lambda: swept.count("globex") > 2)
        assert "acme" not in swept
    finally:
        free.set()


def test_with_workers_alive_what_is_new_is_left_to_them(acme, meta_app, phones, running):
    sweeper = running()
    deliver(meta_app, body(change(messages=[text("wamid.1")])))

    time.sleep(1.5)

    assert not sweeper.alone
    assert message_count(acme) == 0


def test_hands_are_few_and_each_key_has_one(db):
    free, pair = threading.Event(), Hands(2)
    wait = lambda: free.wait(30)  # noqa: E731

    assert pair.begin("a", "a", wait)
    assert not pair.begin("a", "a", wait)
    assert pair.begin("b", "b", wait)
    assert not pair.begin("c", "c", wait)
    assert not pair.is_free
    assert not pair.rest(0.05)

    free.set()
    assert pair.rest(30)
    assert pair.begin("a", "a", wait)
    assert pair.rest(30)


def test_a_duty_leaves_its_tenant_and_its_session(acme, caplog):
    def fail():
        connection.set_schema("t_acme")
        raise ZeroDivisionError

    hands.guarded("work", fail)

    assert context.current_schema() == "nowhere"
    assert "sweeper: work failed" in caplog.text


def test_a_leader_that_says_nothing_for_long_leads_no_more(db, monkeypatch):
    """Frozen, or cut off from Postgres by a net that drops what it carries."""
    monkeypatch.setattr(leading, "SILENT_SECONDS", 0.5)
    frozen, other = leading.Leadership(), leading.Leadership()
    try:
        assert frozen.held()
        assert not other.held()
        until(other.held)
        with pytest.raises(leading.psycopg.Error):
            frozen.held()
        frozen.end()
        assert not frozen.held()
    finally:
        frozen.end()
        other.end()


def test_a_leader_that_was_killed_is_followed_at_once(acme, meta_app, phones):
    place = connection.get_connection_params()
    url = "postgres://{user}:{password}@{host}:{port}/{dbname}".format(**place)
    process = subprocess.Popen(
        [sys.executable, str(MANAGE), "sweeper"], env={**os.environ, "DATABASE_URL": url}
    )
    follower = leading.Leadership()
    try:
        until(_somebody_leads)
        assert not follower.held()
        process.send_signal(signal.SIGKILL)
        process.wait(30)
        until(follower.held)
    finally:
        process.kill()
        process.wait()
        follower.end()


def _somebody_leads() -> bool:
    with context.platform(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database ="
            " (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        return cursor.fetchone() == (1,)
