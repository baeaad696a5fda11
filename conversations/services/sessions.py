"""The sessions of a worker that takes events in, as ``webhooks.services.deliveries`` says."""

import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg

from tenants.db import raw

# A session keeps the catalog of every tenant that it met; a fresh one is small again.
LIFE_SECONDS = 600.0
# Tables are small, new or never analyzed, and every look-up has its index: plans are made once for
# a statement and never scan or hash a table. Disabled ways have absurd costs, hence no JIT.
_PLANS = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
}
# Statements of about a hundred busy tenants are prepared: of fewer than a batch has, each would be
# thrown away before its next use.
PREPARE_FROM, PREPARED_MAX = 2, 1500
_CLAIMS = {
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "120s",
    # Its statements name the order of the index that they are for. The statistics of what is new
    # are those of another moment: without this, a flood is read and sorted for one number's turn.
    "enable_sort": "off",
    "enable_incremental_sort": "off",
    "enable_bitmapscan": "off",
}
_WORK = {
    "statement_timeout": "30s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "30s",
    # The claims' commit comes later in the same log and is flushed: a tenant's rows are as safe as
    # the mark that their delivery is done. Lost with it, they are made again from the delivery.
    "synchronous_commit": "off",
}


@dataclass(slots=True)
class Sessions:
    """Claims with their locks, and work in transactions of its own."""

    claims: psycopg.Connection[Any]
    work: psycopg.Connection[Any]
    _others: list[psycopg.Connection[Any]] = field(default_factory=list)
    opened_at: float = field(default_factory=time.monotonic)

    @property
    def usable(self) -> bool:
        young = time.monotonic() - self.opened_at < LIFE_SECONDS
        return young and not any(session.closed for session in self._all())

    @property
    def broken(self) -> bool:
        return any(session.broken for session in self._all())

    def works(self, count: int) -> list[psycopg.Connection[Any]]:
        """Return so many sessions for work; those beside the first are opened when first used."""
        while len(self._others) < count - 1:
            self._others.append(_fresh_work())
        return [self.work, *self._others[: count - 1]]

    def close(self) -> None:
        for session in self._all():
            with suppress(psycopg.Error):
                session.close()

    def _all(self) -> list[psycopg.Connection[Any]]:
        return [self.claims, self.work, *self._others]


def fresh() -> Sessions:
    """Open the first two of them."""
    claims = raw.connect(name="balcao claims", **_PLANS, **_CLAIMS)
    try:
        work = _fresh_work()
    except psycopg.Error:
        claims.close()
        raise
    claims.prepare_threshold = 0
    return Sessions(claims, work)


def _fresh_work() -> psycopg.Connection[Any]:
    work = raw.connect(name="balcao work", **_PLANS, **_WORK)
    work.prepare_threshold, work.prepared_max = PREPARE_FROM, PREPARED_MAX
    return work


@dataclass(slots=True)
class Keeper:
    """Keeps one pair open between two times of work."""

    _sessions: Sessions | None = None

    def get(self) -> Sessions:
        """Return the sessions, opened anew when they are old or broken."""
        if self._sessions is None or not self._sessions.usable:
            self.close()
            self._sessions = fresh()
        return self._sessions

    def close(self) -> None:
        if self._sessions is not None:
            self._sessions.close()
            self._sessions = None
