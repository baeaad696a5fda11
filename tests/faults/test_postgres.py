"""PostgreSQL ends sessions, or is slow: nothing acknowledged is lost, nothing is done twice."""

import threading

import pytest

from conversations.services import inbound
from tenants.db import raw
from tests.conversations.events import body, change, deliver, text
from tests.faults.invariants import assert_invariants

pytestmark = pytest.mark.django_db(transaction=True)
BODIES = 60
# Of everybody but the one who asks.
_END = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND application_name LIKE 'balcao%'
"""


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
