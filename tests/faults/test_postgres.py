"""PostgreSQL ends sessions, or is slow: nothing acknowledged is lost, nothing is done twice."""

import threading

import psycopg
import pytest
from django.db import connection, connections
from psycopg import sql
from psycopg.conninfo import make_conninfo

from conversations.services import inbound
from tenants.db import raw
from tests.conversations.events import body, change, deliver, text
from tests.faults.invariants import assert_invariants
from tests.polling import until
from tests.whatsapp.webhooks.door import Door, database_url

pytestmark = pytest.mark.django_db(transaction=True)
BODIES = 60
# Of everybody but the one who asks.
_END = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND application_name LIKE 'balcao%'
"""
# Django's, which have no name of their own.
WAITING_SESSIONS = 8
_WAITING = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = '' AND state = 'idle'
"""
_END_WAITING = _WAITING.replace("pid", "pg_terminate_backend(pid)")


@pytest.fixture
def limited():
    """The address of the database for somebody who may have two sessions there."""
    with raw.connect(name="test roles") as session:
        session.execute("DROP ROLE IF EXISTS limited")
        session.execute("CREATE ROLE limited LOGIN PASSWORD 'limited' CONNECTION LIMIT 2")
        ours = sql.Identifier(connection.settings_dict["USER"])
        session.execute(sql.SQL("GRANT {} TO limited").format(ours))
        yield make_conninfo(database_url(), user="limited", password="limited")
        session.execute("DROP ROLE limited")


def work_on() -> None:
    """As a task and the sweeper do: a failure is the next one's work."""
    for _ in range(30):
        try:
            inbound.process_deliveries()
        except Exception:  # noqa: S112 - whatever a lost session raises
            continue
        return


def test_sessions_that_end_in_the_middle_lose_nothing(acme, meta_app, phones):
    wamids = [f"wamid.{number}" for number in range(BODIES)]
    deliver(meta_app, *(body(change(messages=[text(wamid)])) for wamid in wamids))
    over = threading.Event()

    def end_sessions() -> None:
        session = raw.connect(name="the fault")
        try:
            while not over.wait(0.02):
                session.execute(_END)
        finally:
            session.close()

    rival = threading.Thread(target=end_sessions)
    rival.start()
    try:
        for _ in range(3):
            work_on()
    finally:
        over.set()
        rival.join()
    work_on()

    assert_invariants(acknowledged={"acme": wamids})


def test_sessions_that_ended_while_nobody_used_them_fail_no_page(page):
    """As many as a busy hour leaves: each must not cost the next request a look and a wait."""
    ana = page("ana@acme.test")
    assert ana.get("/inbox/").status_code == 200
    together = threading.Barrier(WAITING_SESSIONS)

    def use_one() -> None:
        connection.ensure_connection()
        together.wait(30)
        connections.close_all()

    users = [threading.Thread(target=use_one) for _ in range(WAITING_SESSIONS)]
    for user in users:
        user.start()
    for user in users:
        user.join()
    connections.close_all()  # as at the end of a request: they wait for the next one
    with raw.connect(name="the fault") as session:
        assert len(session.execute(_END_WAITING).fetchall()) >= WAITING_SESSIONS
        until(lambda: not session.execute(_WAITING).fetchall())

    assert ana.get("/inbox/").status_code == 200


def test_a_statement_that_takes_too_long_is_a_503_and_the_next_one_is_not(page, acme, phones):
    ana = page("ana@acme.test")
    table = sql.Identifier(acme.schema_name, "conversations_conversation")
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '300ms'")
    try:
        with raw.connect(name="the fault") as session, session.transaction():
            session.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(table))
            refused = ana.get("/inbox/")
        again = ana.get("/inbox/")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET statement_timeout")

    assert refused.status_code == 503
    assert refused["Retry-After"]
    assert "canceling" not in refused.content.decode()
    assert again.status_code == 200


def test_no_room_for_another_session_is_a_503_until_there_is(meta_app, limited):
    with Door(database=limited) as door:
        with psycopg.connect(limited):
            assert door.post(b"{}").status == 503
        until(lambda: door.post(b"{}").status == 200)
