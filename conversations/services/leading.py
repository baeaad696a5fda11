"""Which of several sweepers leads: who holds a lock of Postgres, and shows that it lives."""

import logging
from dataclasses import dataclass
from typing import Any

import psycopg

from tenants.db import raw

logger = logging.getLogger(__name__)

# A leader that says nothing for so long, frozen or cut off, leads no more: its session is ended.
SILENT_SECONDS = 20.0
_LOCK = "SELECT pg_try_advisory_lock(20261125)"  # a number that nobody else here uses


@dataclass(slots=True)
class Leadership:
    """One process's session with the lock, or its tries to get it."""

    _session: psycopg.Connection[Any] | None = None
    _leads: bool = False

    def held(self) -> bool:
        """Tell whether this process leads. To be asked often: it is the sign of life, too.

        Raises: psycopg.Error, also when the lock was lost with its session.
        """
        session = self.session
        if self._leads:
            session.execute("SELECT 1")
        else:
            row = session.execute(_LOCK).fetchone()
            self._leads = bool(row and row[0])
            if self._leads:
                logger.info("sweeper: this process leads")
        return self._leads

    @property
    def session(self) -> psycopg.Connection[Any]:
        """The session, opened when there is none."""
        if self._session is None:
            silence = f"{round(SILENT_SECONDS * 1000)}ms"
            self._session = raw.connect(
                name="balcao sweeper",
                tcp_keepalives_idle="10",
                tcp_keepalives_interval="5",
                tcp_keepalives_count="2",
                idle_session_timeout=silence,
                statement_timeout="10s",
            )
        return self._session

    def end(self) -> None:
        """Let another process lead."""
        session, self._session, self._leads = self._session, None, False
        if session is not None:
            session.close()
