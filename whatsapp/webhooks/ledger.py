"""What became of everything that came in, for any days: nothing may be missing from the sum."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from django.db import connection

from tenants import context

# Of what is still there by its time, of what was forgotten by the sums of its day.
_COUNTS = """
    SELECT sum(received), sum(unprocessed), sum(total), sum(stored), sum(duplicate),
        sum(placeholder), sum(discarded)
    FROM (
        SELECT count(*) AS received, count(*) FILTER (WHERE state = 'NEW') AS unprocessed,
            sum(units_total) AS total, sum(units_stored) AS stored,
            sum(units_duplicate) AS duplicate, sum(units_placeholder) AS placeholder, 0 AS discarded
        FROM webhooks_webhookdelivery
        WHERE received_at >= %(since)s AND received_at < %(until)s
            AND (%(app)s::bigint IS NULL OR app_id = %(app)s)
        UNION ALL
        SELECT sum(received), 0, sum(units_total), sum(units_stored), sum(units_duplicate),
            sum(units_placeholder), sum(units_discarded)
        FROM webhooks_ledgerday
        WHERE day BETWEEN %(first)s AND %(last)s AND (%(app)s::bigint IS NULL OR app_id = %(app)s)
    ) AS part
"""
# A unit may be parked for several tenants: while it waits for one of them it waits.
_PARKED = """
    SELECT fate, count(*) FROM (
        SELECT DISTINCT ON (parked.delivery_id, parked.unit_index)
            CASE WHEN parked.state = 'DISCARDED' THEN parked.state ELSE parked.reason END AS fate
        FROM webhooks_parkedunit AS parked
        JOIN webhooks_webhookdelivery AS delivery ON delivery.id = parked.delivery_id
        WHERE parked.state <> 'DONE'
            AND delivery.received_at >= %(since)s AND delivery.received_at < %(until)s
            AND (%(app)s::bigint IS NULL OR delivery.app_id = %(app)s)
        ORDER BY parked.delivery_id, parked.unit_index, parked.state = 'DISCARDED', parked.reason
    ) AS unit GROUP BY fate
"""


@dataclass(frozen=True, slots=True)
class Ledger:
    """Counts of deliveries, and of the units in them by fate."""

    received: int = 0
    unprocessed: int = 0  # deliveries: nobody has looked into them yet
    units: int = 0
    stored: int = 0
    duplicate: int = 0
    placeholder: int = 0
    parked: dict[str, int] = field(default_factory=dict)  # by reason
    discarded: int = 0

    @property
    def unaccounted(self) -> int:
        """How many units have no fate. Anything but 0 is a fault of ours."""
        known = self.stored + self.duplicate + self.placeholder + self.discarded
        return self.units - known - sum(self.parked.values())


def of(*, first: date, last: date, app_id: int | None = None) -> Ledger:
    """Return the sums of some days (UTC's), both included, whatever is forgotten of them.

    Two queries, over an index by time and the days' sums.
    """
    params = {
        "since": datetime.combine(first, time.min, UTC),
        "until": datetime.combine(last, time.min, UTC) + timedelta(days=1),
        "first": first,
        "last": last,
        "app": app_id,
    }
    with context.platform(), connection.cursor() as cursor:
        cursor.execute(_COUNTS, params)
        received, unprocessed, total, stored, duplicate, placeholder, discarded = (
            int(count or 0) for count in cursor.fetchone()
        )
        cursor.execute(_PARKED, params)
        parked = dict(cursor.fetchall())
    discarded += parked.pop("DISCARDED", 0)
    return Ledger(received, unprocessed, total, stored, duplicate, placeholder, parked, discarded)
