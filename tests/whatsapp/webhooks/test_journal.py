"""A 200 means committed; whatever else happens is a 503, and passes."""

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection
from psycopg.conninfo import make_conninfo

from tests.whatsapp.webhooks.door import Answer, Door, database_url
from tests.whatsapp.webhooks.proxy import Line
from whatsapp.webhooks.ingest import journal, session

BODY = b'{"entry":[]}'
OURS = """
SELECT pid, wait_event_type FROM pg_stat_activity
WHERE application_name = 'balcao-ingest' AND datname = current_database()
"""


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextmanager
def somebody() -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url(), autocommit=True) as other:
        yield other


@contextmanager
def locked_journal() -> Iterator[Callable[[int], None]]:
    """Hold the table against everybody; gives a way to wait until ``n`` sessions of ours wait."""
    with somebody() as other, somebody() as watcher:
        other.execute("BEGIN")
        other.execute("LOCK TABLE public.webhooks_webhookdelivery")

        def waiting() -> int:
            return sum(event == "Lock" for _, event in watcher.execute(OURS).fetchall())

        yield lambda count: wait_until(lambda: waiting() == count)
        other.execute("ROLLBACK")


def occupy(door: Door, until_waiting: Callable[[int], None]) -> list[Future[Answer]]:
    """Give each of the journal's sessions one delivery to wait with."""
    answers = []
    for count in range(1, journal.SESSIONS + 1):
        answers.append(door.begin_post(BODY))
        until_waiting(count)
    return answers


def statuses(answers: list[Future[Answer]]) -> set[int | None]:
    return {answer.result(30).status for answer in answers}


def test_no_answer_before_the_commit(door, stored):
    door.get()  # the apps are known: only the insert is missing
    with locked_journal() as until_waiting:
        answer = door.begin_post(BODY)
        until_waiting(1)
        assert not answer.done()

    assert answer.result(30).status == 200
    assert len(stored()) == 1


def test_what_waits_together_is_committed_together(door, stored):
    door.get()
    with locked_journal() as until_waiting:
        answers = occupy(door, until_waiting)
        answers += [door.begin_post(BODY) for _ in range(50)]
        waiting = door.app._journal._waiting
        wait_until(lambda: len(waiting) == 50)

    assert statuses(answers) == {200}
    assert [bytes(delivery.body) for delivery in stored()] == [BODY] * len(answers)
    with somebody() as other:
        query = "SELECT count(DISTINCT xmin::text) FROM public.webhooks_webhookdelivery"
        assert other.execute(query).fetchone() == (journal.SESSIONS + 1,)


def test_many_at_once_are_all_stored(door, stored):
    bodies = [b'{"n":%d}' % number for number in range(1000)]

    answers = [door.begin_post(body) for body in bodies]

    assert statuses(answers) == {200}
    assert sorted(bytes(delivery.body) for delivery in stored()) == sorted(bodies)


def test_a_row_that_is_refused_does_not_take_the_others_with_it(door, stored, own_app):
    app = own_app("2000")
    path = f"/webhook/whatsapp/apps/{app.app_key}"
    door.get(path)  # the app is known, and then it is gone
    with somebody() as other:
        other.execute("DELETE FROM public.webhooks_metaapp WHERE id = %s", [app.pk])
    with locked_journal() as until_waiting:
        first = occupy(door, until_waiting)
        good = [door.begin_post(BODY) for _ in range(5)]
        bad = door.begin_post(BODY, path, secret="0002")
        good += [door.begin_post(BODY) for _ in range(5)]

    assert statuses([*first, *good]) == {200}
    assert bad.result(30).status == 503
    assert len(stored()) == len(first) + len(good)


def test_a_database_that_takes_too_long_is_a_503(door, stored, monkeypatch):
    assert door.post(BODY).status == 200
    monkeypatch.setattr(journal, "TIMEOUT_SECONDS", 0.3)
    monkeypatch.setattr(session, "TIMEOUT_SECONDS", 0.3)
    with locked_journal():
        assert door.post(BODY).status == 503

    wait_until(lambda: door.post(BODY).status == 200)


def test_what_ran_out_of_time_while_it_waited_is_not_stored_later(door, stored, monkeypatch):
    door.get()
    with locked_journal() as until_waiting:
        first = occupy(door, until_waiting)
        monkeypatch.setattr(journal, "TIMEOUT_SECONDS", 0.1)
        assert door.post(b"late").status == 503

    assert statuses(first) == {200}
    assert door.post(b"next").status == 200
    assert b"late" not in {bytes(delivery.body) for delivery in stored()}


def test_a_session_that_died_meanwhile_costs_no_answer(door, stored):
    assert door.post(BODY).status == 200
    with somebody() as other:
        killed = other.execute(OURS).fetchall()
        for pid, _ in killed:
            other.execute("SELECT pg_terminate_backend(%s)", [pid])
        wait_until(lambda: not other.execute(OURS).fetchall())

    assert killed
    assert door.post(BODY).status == 200
    assert len(stored()) == 2


def test_a_server_that_only_reads_is_left_for_one_that_writes(door, stored, monkeypatch):
    with monkeypatch.context() as failover:
        failover.setattr(session, "_OPTIONS", "-c default_transaction_read_only=on")
        assert {door.post(BODY).status for _ in range(3)} == {503}

    wait_until(lambda: door.post(BODY).status == 200)
    assert len(stored()) == 1


@pytest.fixture
def line() -> Line:
    settings = connection.settings_dict
    return Line(settings["HOST"] or "127.0.0.1", int(settings["PORT"] or 5432))


def test_without_a_database_it_is_a_503_until_there_is_one(
    transactional_db, meta_app, stored, line
):
    with Door(database=make_conninfo(database_url(), host="127.0.0.1", port=line.port)) as door:
        assert door.post(BODY).status == 200

        line.cut()
        assert statuses([door.begin_post(BODY) for _ in range(20)]) == {503}
        assert door.post(BODY, headers=[]).status == 401

        line.mend()
        wait_until(lambda: door.post(BODY).status == 200)

    assert len(stored()) == 2


def test_without_a_database_from_the_start_nothing_is_an_error(transactional_db, meta_app, line):
    line.cut()
    with Door(database=make_conninfo(database_url(), host="127.0.0.1", port=line.port)) as door:
        assert door.post(BODY).status == 503
        assert door.get(hub_mode="subscribe", hub_verify_token="x", hub_challenge="1").status == 503

        line.mend()
        wait_until(lambda: door.post(BODY).status == 200)


def test_too_much_that_waits_is_refused_at_once(door, stored, monkeypatch):
    monkeypatch.setattr(journal, "MAX_WAITING_BYTES", len(BODY))
    door.get()
    with locked_journal() as until_waiting:
        answers = occupy(door, until_waiting)
        answers.append(door.begin_post(BODY))
        wait_until(lambda: len(door.app._journal._waiting) == 1)
        assert door.post(BODY).status == 503

    assert statuses(answers) == {200}


def test_batches_are_bounded_in_bytes(door, stored, monkeypatch):
    monkeypatch.setattr(journal, "MAX_BATCH_BYTES", 2 * len(BODY))
    answers = [door.begin_post(BODY) for _ in range(20)]

    assert statuses(answers) == {200}
    assert len(stored()) == 20


def test_a_sender_who_does_not_wait_is_stored_all_the_same(door, stored):
    door.get()
    with locked_journal() as until_waiting:
        answer = door.begin_post(BODY)
        until_waiting(1)
        door.loop.call_soon_threadsafe(answer.cancel)
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0), door.loop).result(30)

    wait_until(lambda: len(stored()) == 1)
