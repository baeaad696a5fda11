"""Forget raw bodies that are done with."""

from collections.abc import Callable
from datetime import datetime

from django.db import connection

from tenants import context

PAGE = 1000

# By the key, from the oldest on: a page that holds a younger body is the last one to look at. What
# waits in parked units keeps its delivery.
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
        DELETE FROM webhooks_webhookdelivery WHERE id IN (SELECT id FROM old) RETURNING id
    )
    SELECT max(id), bool_and(received_at < %(before)s), (SELECT count(*) FROM bodies) FROM page
"""

# No work takes a day. Left by a worker that died while another one was claiming the same.
_PURGE_NOTES = """
    DELETE FROM webhooks_deliveryclaim WHERE created_at < clock_timestamp() - interval '1 day'
"""


def purge(*, before: datetime, stopping: Callable[[], bool] = lambda: False) -> int:
    """Delete deliveries of before a moment that nothing waits for; return how many."""
    total, after, more = 0, 0, True
    while more and not stopping():
        with context.platform(), connection.cursor() as cursor:
            cursor.execute(_PURGE, {"after": after, "page": PAGE, "before": before})
            last, more, count = cursor.fetchone()
        after, total = last or after, total + count
    with context.platform(), connection.cursor() as cursor:
        cursor.execute(_PURGE_NOTES)
    return total
