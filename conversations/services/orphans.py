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
    WITH gone AS (
        DELETE FROM conversations_statusevent
        WHERE message_id IS NULL AND received_at < clock_timestamp() - make_interval(hours => %s)
        RETURNING phone_id, claimed_message_id
    ), foreign_ones AS (
        SELECT phone_id, count(*) AS number FROM gone WHERE claimed_message_id IS NULL
        GROUP BY phone_id
    ), counted AS (
        UPDATE whatsapp_phone AS phone SET foreign_statuses = foreign_statuses + number
        FROM foreign_ones WHERE phone.id = foreign_ones.phone_id
    )
    SELECT count(*) FROM gone
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
    """Delete statuses that found no message in a day, and count them on their number.

    Another system sends by the same number.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, (ORPHAN_HOURS,))
        return int(cursor.fetchone()[0])
