"""Count what a tenant's days hold, in the transactions that make the rows.

A day, and with it a month, is one of UTC. The row of a day stays locked until the commit: count
after every other lock, right before the change counter.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from tenants.db import arrays
from tenants.feed.live import Cursor

_SINCE = "date_trunc('month', now() AT TIME ZONE 'UTC')::date"
# To be asked within somebody's statement.
SENT_THIS_MONTH = f"""(
    SELECT COALESCE(sum(usage.sent), 0) FROM feed_usageday AS usage WHERE usage.day >= {_SINCE}
)"""  # noqa: S608 - words of our own
# What the plan allows is looked up by the path: one schema, one tenant.
_ALLOWED = """(
    SELECT plan.messages_per_month FROM tenants_tenant AS tenant
    JOIN tenants_plan AS plan ON plan.id = tenant.plan_id
    WHERE tenant.schema_name = current_schema()
)"""
# The day of the transaction, as rows' created_at have it.
_COUNT = """
    INSERT INTO feed_usageday AS usage (day, received, sent)
    VALUES ((now() AT TIME ZONE 'UTC')::date, %s, %s)
    ON CONFLICT (day) DO UPDATE SET
        received = usage.received + excluded.received, sent = usage.sent + excluded.sent
"""
# The present day's row is read as a rival left it, since it is locked; that of other days of the
# month nobody adds to any more.
_COUNT_SENT = f"""
    WITH counted AS (
        INSERT INTO feed_usageday AS usage (day, received, sent)
        VALUES ((now() AT TIME ZONE 'UTC')::date, 0, %(sent)s)
        ON CONFLICT (day) DO UPDATE SET sent = usage.sent + excluded.sent
        RETURNING day, received, sent
    ), before AS (
        SELECT COALESCE(sum(usage.received), 0) AS received, COALESCE(sum(usage.sent), 0) AS sent
        FROM feed_usageday AS usage, counted
        WHERE usage.day >= date_trunc('month', counted.day)::date AND usage.day <> counted.day
    )
    SELECT (before.received + counted.received)::bigint, (before.sent + counted.sent)::bigint,
        {_ALLOWED}
    FROM counted, before
"""  # noqa: S608 - words of our own
_MONTH = f"""
    SELECT COALESCE(sum(usage.received), 0)::bigint, COALESCE(sum(usage.sent), 0)::bigint,
        {_ALLOWED}
    FROM feed_usageday AS usage WHERE usage.day >= {_SINCE}
"""  # noqa: S608 - words of our own
# What was queued before anybody counted cannot be taken from the count.
_TAKE_BACK = """
    WITH back AS (
        SELECT (one.at AT TIME ZONE 'UTC')::date AS day, count(*) AS count
        FROM unnest(%s::timestamptz[]) AS one (at) GROUP BY 1
    ), locked AS (
        SELECT usage.day, back.count FROM feed_usageday AS usage JOIN back ON back.day = usage.day
        ORDER BY usage.day FOR NO KEY UPDATE OF usage
    )
    UPDATE feed_usageday AS usage SET sent = GREATEST(usage.sent - locked.count, 0)
    FROM locked WHERE usage.day = locked.day
"""


@dataclass(frozen=True, slots=True)
class Month:
    """What the present month holds so far, and how much its plan lets it send."""

    received: int
    sent: int
    limit: int | None = None  # None: no limit

    @property
    def left(self) -> int | None:
        return None if self.limit is None else max(self.limit - self.sent, 0)

    @property
    def is_over(self) -> bool:
        """Whether more was queued than the plan allows: it was changed meanwhile."""
        return self.limit is not None and self.sent > self.limit

    @property
    def percent(self) -> int:
        """The used share of the plan: a hundred only when nothing is left; 0 without a limit."""
        if self.limit is None:
            return 0
        return self.sent * 100 // self.limit if self.limit else 100


def count(cursor: Cursor, *, received: int = 0, sent: int = 0) -> None:
    """Add rows really inserted to the present day. One statement, whose result nobody reads."""
    cursor.execute(_COUNT, (received, sent))


def count_sent(cursor: Cursor, sent: int) -> Month:
    """Add what is queued to the present day; return the month with it. One statement."""
    cursor.execute(_COUNT_SENT, {"sent": sent})
    return Month(*cursor.fetchone())


def month(cursor: Cursor) -> Month:
    """Return the month of the current tenant. One query."""
    cursor.execute(_MONTH)
    return Month(*cursor.fetchone())


def take_back(cursor: Cursor, queued_at: Iterable[datetime]) -> None:
    """Count no longer, on the days on which it was queued, what never left."""
    moments = list(queued_at)
    if moments:
        cursor.execute(_TAKE_BACK, (arrays.times(moments),))
