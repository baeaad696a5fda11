"""Keep reactions, edits and deletions, many at once.

A mark finds its message by wamid when somebody looks (``selectors.with_marks``), whichever of the
two came first. So any order and any repetition gives the same rows, and nothing has to wait.
Set-based, on the caller's own session and in its open transaction (see ``applying``).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from tenants.db import arrays
from tenants.feed.live import Draft
from tenants.feed.models import Change
from whatsapp.payloads import MessageMark

Key = tuple[int, str]  # phone and wamid

_ADD = """
    INSERT INTO conversations_mark (phone_id, wamid, target_wamid, kind, by_business, emoji, type,
        text, content, provider_at)
    SELECT phone_id, wamid, target_wamid, kind, by_business = 1, emoji, type, text, content,
        provider_at
    FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::int[], %s::text[],
        %s::text[], %s::text[], %s::jsonb[], %s::timestamptz[])
        AS one (phone_id, wamid, target_wamid, kind, by_business, emoji, type, text, content,
            provider_at)
    ON CONFLICT (phone_id, wamid) DO NOTHING
    RETURNING phone_id, wamid
"""
_TARGETS = """
    SELECT DISTINCT message.conversation_id, message.id
    FROM unnest(%s::bigint[], %s::text[]) AS wanted (phone_id, wamid)
    JOIN conversations_message AS message
        ON message.phone_id = wanted.phone_id AND message.wamid = wanted.wamid
    ORDER BY message.id
"""


@dataclass(frozen=True, slots=True)
class Marking:
    """A mark and the number that it came to."""

    phone_id: int
    mark: MessageMark

    @property
    def key(self) -> Key:
        return self.phone_id, self.mark.wamid


def store(cursor: psycopg.Cursor[Any], markings: Sequence[Marking]) -> tuple[set[Key], list[Draft]]:
    """Insert what is not there yet; return the new ones' keys, and what pages have to draw."""
    first: dict[Key, Marking] = {}
    for one in markings:
        first.setdefault(one.key, one)
    ordered = [first[key] for key in sorted(first)]  # one order for every writer
    new = _insert(cursor, ordered)
    fresh = [one for one in ordered if one.key in new]
    if not fresh:
        return new, []
    phones = arrays.numbers(one.phone_id for one in fresh)
    cursor.execute(_TARGETS, (phones, arrays.texts(one.mark.target_wamid for one in fresh)))
    return new, [Draft(Change.Kind.MESSAGE, thread, pk) for thread, pk in cursor.fetchall()]


def _insert(cursor: psycopg.Cursor[Any], markings: list[Marking]) -> set[Key]:
    marks = [one.mark for one in markings]
    columns = (
        arrays.numbers(one.phone_id for one in markings),
        arrays.texts(mark.wamid for mark in marks),
        arrays.texts(mark.target_wamid for mark in marks),
        arrays.texts(mark.kind.upper() for mark in marks),
        arrays.numbers(int(mark.is_echo) for mark in marks),
        arrays.texts(mark.emoji for mark in marks),
        arrays.texts(mark.type for mark in marks),
        arrays.texts(mark.text for mark in marks),
        arrays.texts(json.dumps(mark.content) for mark in marks),
        arrays.times(mark.timestamp for mark in marks),
    )
    cursor.execute(_ADD, columns)
    return set(cursor.fetchall())
