"""What became of messages that nobody answered for. Runs in the sweeper, one tenant at a time."""

from datetime import timedelta

from django.db import connection, transaction
from django.db.models.functions import Now

from conversations import rules
from conversations.services import outbox
from conversations.services.results import CONFIRM_SECONDS
from tenants.feed.live import Cursor, Draft
from whatsapp.webhooks.models import WebhookDelivery

# Without any webhook of the number an unknown end stays open for so long.
SILENT_SECONDS = 15 * 60.0
# Deliveries that wait longer than this may hold the status in question.
BACKLOG = timedelta(seconds=5)

_EXPIRE = """
    UPDATE conversations_message SET status = 'UNKNOWN', rank = %(rank)s, lease_until = NULL,
        due_at = clock_timestamp() + make_interval(secs => %(confirm)s)
    WHERE id IN (
        SELECT id FROM conversations_message
        WHERE status = 'SENDING' AND lease_until < clock_timestamp()
        ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
    ) RETURNING conversation_id, id, broadcast_id
"""
# An unknown end is due when it may be given up, so it began that much earlier. Only the newest rows
# are looked at: with none of the number among them nothing is proved, and the longer time holds.
_GIVE_UP = """
    UPDATE conversations_message SET status = 'UNCONFIRMED', rank = %(rank)s, due_at = NULL
    WHERE id IN (
        SELECT message.id FROM conversations_message AS message
        CROSS JOIN LATERAL (
            SELECT message.due_at - make_interval(secs => %(confirm)s) AS since
        ) AS unknown
        WHERE message.status = 'UNKNOWN' AND message.due_at <= clock_timestamp() AND (
            unknown.since <= clock_timestamp() - make_interval(secs => %(silent)s)
            OR %(caught_up)s AND (EXISTS (
                SELECT FROM (
                    SELECT phone_id, received_at FROM conversations_statusevent
                    ORDER BY id DESC LIMIT 1000
                ) AS event
                WHERE event.phone_id = message.phone_id AND event.received_at > unknown.since
            ) OR EXISTS (
                SELECT FROM (
                    SELECT phone_id, direction, created_at FROM conversations_message
                    ORDER BY id DESC LIMIT 1000
                ) AS other
                WHERE other.phone_id = message.phone_id AND other.direction = 'INBOUND'
                    AND other.created_at > unknown.since
            ))
        )
        ORDER BY message.id FOR NO KEY UPDATE OF message SKIP LOCKED
    ) RETURNING conversation_id, id, broadcast_id
"""
# As the claim's heads of line (heads): what waits in bulk keeps no other waiting.
_DUE = """
    SELECT message.phone_id,
        extract(epoch FROM max(clock_timestamp() - COALESCE(message.due_at, message.created_at)))
    FROM conversations_message AS message
    WHERE message.status = 'PENDING' AND (
            message.due_at <= clock_timestamp() OR message.due_at IS NULL
                AND message.created_at < clock_timestamp() - interval '2 seconds'
        )
        AND NOT EXISTS (
            SELECT FROM conversations_message AS ahead
            WHERE ahead.phone_id = message.phone_id
                AND ahead.conversation_id = message.conversation_id AND ahead.id <> message.id
                AND (ahead.status = 'SENDING'
                    OR ahead.status = 'UNKNOWN' AND ahead.due_at > clock_timestamp()
                    OR ahead.status IN ('PENDING', 'HELD')
                        AND (ahead.lane = %(bulk)s, ahead.id)
                            < (message.lane = %(bulk)s, message.id))
        )
    GROUP BY message.phone_id
"""


@transaction.atomic(durable=True)
def reconcile() -> None:
    """Move on what waits for an answer, or for a number, in the current tenant."""
    # Before the rows are looked at: what is in the backlog now may be applied a moment later.
    caught_up = not WebhookDelivery.objects.filter(
        state=WebhookDelivery.State.NEW, received_at__lt=Now() - BACKLOG
    ).exists()
    with connection.cursor() as cursor:
        drafts = _moved(cursor, _EXPIRE, {"rank": rules.RANKS["UNKNOWN"]})
        drafts += _moved(
            cursor,
            _GIVE_UP,
            {
                "rank": rules.RANKS["UNCONFIRMED"],
                "silent": SILENT_SECONDS,
                "caught_up": caught_up,
            },
        )
        drafts += outbox.release(cursor)
        outbox.publish(drafts)


def due_phones() -> list[tuple[int, float]]:
    """Return the numbers with something to send, and for how many seconds it has been due."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"bulk": int(rules.Lane.BULK)})
        return [(phone_id, float(seconds)) for phone_id, seconds in cursor.fetchall()]


def _moved(cursor: Cursor, query: str, params: dict[str, object]) -> list[Draft]:
    cursor.execute(query, {"confirm": CONFIRM_SECONDS, **params})
    return outbox.changes(cursor.fetchall())
