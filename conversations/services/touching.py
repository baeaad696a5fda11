"""Keep a conversation's own columns, and its episode, in step with the messages that came in.

Set-based, on the caller's own session and in its open transaction, which has locked the rows.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from tenants.db import arrays
from whatsapp.payloads import InboundMessage

# An episode begins with the least of the customer's times, and never before the last closing: so
# late and early messages give the same one in any order.
_TOUCH = """
    WITH new AS (
        SELECT * FROM unnest(%s::bigint[], %s::int[], %s::timestamptz[], %s::timestamptz[],
            %s::bigint[], %s::timestamptz[])
            AS new (id, count, opened_at, newest_at, newest_id, began_at)
    ), earlier AS (
        SELECT new.id, episode.id AS episode_id, GREATEST(new.began_at, closed.at) AS began_at
        FROM new
        LEFT JOIN conversations_episode AS episode
            ON episode.conversation_id = new.id AND episode.closed_at IS NULL
        LEFT JOIN LATERAL (
            SELECT max(before.closed_at) AS at FROM conversations_episode AS before
            WHERE before.conversation_id = new.id
        ) AS closed ON true
        WHERE new.began_at IS NOT NULL
            AND (episode.id IS NULL OR new.began_at < episode.opened_at)
    ), moved AS (
        UPDATE conversations_episode AS episode SET opened_at = earlier.began_at
        FROM earlier WHERE episode.id = earlier.episode_id
    ), begun AS (
        INSERT INTO conversations_episode (conversation_id, opened_at)
        SELECT earlier.id, earlier.began_at FROM earlier WHERE earlier.episode_id IS NULL
    )
    UPDATE conversations_conversation AS conversation SET
        unread_count = conversation.unread_count + new.count,
        window_opened_at = GREATEST(conversation.window_opened_at, new.opened_at),
        status = CASE WHEN new.count > 0 THEN 'OPEN' ELSE conversation.status END,
        snoozed_until = CASE WHEN new.count > 0 THEN NULL ELSE conversation.snoozed_until END,
        last_message_id = CASE WHEN (new.newest_at, new.newest_id) > (
            COALESCE(conversation.last_message_at, '-infinity'),
            COALESCE(conversation.last_message_id, 0)
        ) THEN new.newest_id ELSE conversation.last_message_id END,
        last_message_at = GREATEST(conversation.last_message_at, new.newest_at)
    FROM new WHERE conversation.id = new.id
"""
# What customers do without writing; the rest opens the 24-hour window.
_NO_WINDOW = frozenset({"system"})


@dataclass(slots=True)
class _News:
    """What new messages mean for the list's columns of their conversation."""

    count: int
    opened_at: datetime | None
    newest_at: datetime
    newest_id: int
    began_at: datetime | None  # the least time of the customer's


def touch(cursor: psycopg.Cursor[Any], inserted: Iterable[tuple[int, InboundMessage, int]]) -> None:
    """Take note of new messages: each one's conversation, itself, and its id. One statement."""
    news: dict[int, _News] = {}
    for thread, message, pk in inserted:
        _count(news, thread, message, pk)
    if not news:
        return
    ordered = sorted(news)
    columns = (
        arrays.numbers(ordered),
        arrays.numbers(news[key].count for key in ordered),
        arrays.times(news[key].opened_at for key in ordered),
        arrays.times(news[key].newest_at for key in ordered),
        arrays.numbers(news[key].newest_id for key in ordered),
        arrays.times(news[key].began_at for key in ordered),
    )
    cursor.execute(_TOUCH, columns)


def _count(news: dict[int, _News], thread: int, message: InboundMessage, pk: int) -> None:
    at = message.timestamp
    opened_at = None if message.is_echo or message.type in _NO_WINDOW else at
    count = 0 if message.is_echo else 1
    known = news.get(thread)
    if known is None:
        news[thread] = _News(count, opened_at, at, pk, began_at=opened_at)
        return
    known.count += count
    if opened_at is not None:
        known.opened_at = max(known.opened_at or opened_at, opened_at)
        known.began_at = min(known.began_at or opened_at, opened_at)
    known.newest_at, known.newest_id = max((known.newest_at, known.newest_id), (at, pk))
