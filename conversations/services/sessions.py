"""The two sessions of a worker that takes events in, as ``webhooks.services.deliveries`` says."""

import threading
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
_CLAIMS = {"statement_timeout": "30s", "idle_in_transaction_session_timeout": "120s"}
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
    opened_at: float = field(default_factory=time.monotonic)

    @property
    def usable(self) -> bool:
        young = time.monotonic() - self.opened_at < LIFE_SECONDS
        return young and not self.claims.closed and not self.work.closed

    def close(self) -> None:
        for session in (self.claims, self.work):
            with suppress(psycopg.Error):
                session.close()


_local = threading.local()


def fresh() -> Sessions:
    """Open both sessions; statements are prepared at once (they follow the search_path)."""
    claims = raw.connect(name="balcao claims", **_PLANS, **_CLAIMS)
    try:
        work = raw.connect(name="balcao work", **_PLANS, **_WORK)
    except psycopg.Error:
        claims.close()
        raise
    claims.prepare_threshold = work.prepare_threshold = 0
    return Sessions(claims, work)


def kept() -> Sessions:
    """Return this thread's sessions, opened anew when they are old or broken."""
    sessions: Sessions | None = getattr(_local, "sessions", None)
    if sessions is None or not sessions.usable:
        if sessions is not None:
            sessions.close()
        sessions = _local.sessions = fresh()
    return sessions
