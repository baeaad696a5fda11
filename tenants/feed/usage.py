"""Count what a tenant's days hold, in the transactions that make the rows.

A day, and with it a month, is one of UTC. The row of a day stays locked until the commit: count
after every other lock, right before the change counter.
"""

from collections.abc import Iterable
from datetime import datetime

from tenants.db import arrays
from tenants.feed.live import Cursor

# The day of the transaction, as rows' created_at have it.
_COUNT = """
    INSERT INTO feed_usageday AS usage (day, received, sent)
    VALUES ((now() AT TIME ZONE 'UTC')::date, %s, %s)
    ON CONFLICT (day) DO UPDATE SET
        received = usage.received + excluded.received, sent = usage.sent + excluded.sent
"""
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


def count(cursor: Cursor, *, received: int = 0, sent: int = 0) -> None:
    """Add rows really inserted to the present day. One statement, whose result nobody reads."""
    cursor.execute(_COUNT, (received, sent))


def take_back(cursor: Cursor, queued_at: Iterable[datetime]) -> None:
    """Count no longer, on the days on which it was queued, what never left."""
    moments = list(queued_at)
    if moments:
        cursor.execute(_TAKE_BACK, (arrays.times(moments),))
