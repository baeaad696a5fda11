"""Wait for what other threads and processes do."""

import time
from collections.abc import Callable

from tenants.db import raw

DEADLINE_SECONDS = 30.0


def until(condition: Callable[[], object], *, seconds: float = DEADLINE_SECONDS) -> None:
    """Return when the condition holds, or fail."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def until_waiting(application_name: str) -> None:
    """Return when a session of that name waits for a lock."""
    query = """
        SELECT count(*) FROM pg_stat_activity
        WHERE application_name = %s AND wait_event_type = 'Lock'
            AND datname = current_database()
    """
    session = raw.connect(name="test observer")  # a transaction would see one moment for ever
    try:
        until(lambda: session.execute(query, (application_name,)).fetchone() != (0,))
    finally:
        session.close()
