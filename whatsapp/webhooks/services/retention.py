"""Forget raw bodies that are done with."""

from collections.abc import Callable
from datetime import date, datetime

from django.db import connection

from tenants import context

PAGE = 1000

# By the key, from the oldest on: a page that holds a younger body is the last one to look at. What
# waits in parked units keeps its delivery. Of the others the hash stays, so that a body that comes
# again is known, and the sums of their day.
_PURGE = """
    WITH page AS (
        SELECT id, state, received_at FROM webhooks_webhookdelivery
        WHERE id > %(after)s ORDER BY id LIMIT %(page)s
    ), old AS (
        SELECT id FROM page WHERE state = 'DONE' AND received_at < %(before)s AND NOT EXISTS (
            SELECT FROM webhooks_parkedunit AS parked
            WHERE parked.delivery_id = page.id AND parked.state IN ('NEW', 'PARKED')
        )
    ), units AS (
        DELETE FROM webhooks_parkedunit WHERE delivery_id IN (SELECT id FROM old)
    ), bodies AS (
        DELETE FROM webhooks_webhookdelivery WHERE id IN (SELECT id FROM old)
        RETURNING sha256, (received_at AT TIME ZONE 'UTC')::date AS day, app_id, units_total,
            units_stored, units_duplicate, units_placeholder, units_parked
    ), hashes AS (
        INSERT INTO webhooks_prunedbody (sha256, received_on)
        SELECT sha256, max(day) FROM bodies GROUP BY sha256 ORDER BY sha256
        ON CONFLICT (sha256) DO UPDATE
            SET received_on = GREATEST(webhooks_prunedbody.received_on, EXCLUDED.received_on)
    ), sums AS (
        INSERT INTO webhooks_ledgerday AS ledger (day, app_id, received, units_total, units_stored,
            units_duplicate, units_placeholder, units_discarded)
        SELECT day, app_id, count(*), sum(units_total), sum(units_stored), sum(units_duplicate),
            sum(units_placeholder), sum(units_parked)
        FROM bodies GROUP BY day, app_id ORDER BY day, app_id
        ON CONFLICT (day, app_id) DO UPDATE SET
            received = ledger.received + EXCLUDED.received,
            units_total = ledger.units_total + EXCLUDED.units_total,
            units_stored = ledger.units_stored + EXCLUDED.units_stored,
            units_duplicate = ledger.units_duplicate + EXCLUDED.units_duplicate,
            units_placeholder = ledger.units_placeholder + EXCLUDED.units_placeholder,
            units_discarded = ledger.units_discarded + EXCLUDED.units_discarded
    )
    SELECT max(id), bool_and(received_at < %(before)s), (SELECT count(*) FROM bodies) FROM page
"""
_FORGET_HASHES = """
    DELETE FROM webhooks_prunedbody WHERE sha256 IN (
        SELECT sha256 FROM webhooks_prunedbody WHERE received_on < %s LIMIT %s
    )
"""
# No work takes a day. Left by a worker that died while another one was claiming the same.
_PURGE_NOTES = """
    DELETE FROM webhooks_deliveryclaim WHERE created_at < clock_timestamp() - interval '1 day'
"""


def purge(*, before: datetime, stopping: Callable[[], bool] = lambda: False) -> int:
    """Delete deliveries of before a moment that nothing waits for; return how many.

    Their hashes and the sums of their days stay. Each page is one statement, so that a death
    between two of them loses and doubles nothing.
    """
    total, after, more = 0, 0, True
    while more and not stopping():
        with context.platform(), connection.cursor() as cursor:
            cursor.execute(_PURGE, {"after": after, "page": PAGE, "before": before})
            last, more, count = cursor.fetchone()
        after, total = last or after, total + count
    with context.platform(), connection.cursor() as cursor:
        cursor.execute(_PURGE_NOTES)
    return total


def forget_hashes(*, before: date, stopping: Callable[[], bool] = lambda: False) -> int:
    """Delete what is left of bodies of before a day; return how many. They would be new again."""
    total, count = 0, PAGE
    while count == PAGE and not stopping():
        with context.platform(), connection.cursor() as cursor:
            cursor.execute(_FORGET_HASHES, (before, PAGE))
            count = cursor.rowcount
        total += count
    return total
