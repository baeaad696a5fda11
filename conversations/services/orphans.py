"""Statuses that wait for their message: in the current tenant, for the sweeper."""

from django.db import connection, transaction

from conversations.services import statuses
from tenants.feed import live

ORPHAN_HOURS = 24

_ORPHANS = """
    SELECT DISTINCT message.id FROM conversations_statusevent AS event
    JOIN conversations_message AS message
        ON message.phone_id = event.phone_id AND message.wamid = event.wamid
    WHERE event.message_id IS NULL AND message.direction = 'OUTBOUND' LIMIT 1000
"""
_FORGET = """
    DELETE FROM conversations_statusevent
    WHERE message_id IS NULL AND received_at < clock_timestamp() - make_interval(hours => %s)
"""


@transaction.atomic
def match() -> int:
    """Apply what waits although its message has its wamid; return how many messages moved.

    A status and the answer to a send may pass each other unseen when neither is committed yet.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ORPHANS)
        drafts = statuses.apply_waiting(cursor, [pk for (pk,) in cursor.fetchall()])
    if drafts:
        live.publish(*drafts)
    return len(drafts)


def forget() -> int:
    """Delete statuses that found no message in a day: another system sends by the same number."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, (ORPHAN_HOURS,))
        return int(cursor.rowcount)
