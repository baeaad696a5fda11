"""Make one of two contacts that turned out to be one person, and of their conversations.

Rare. On the caller's own session and in its open transaction (see ``applying``), in the one order
of locks: ``move_identities``, ``merge``, ``join``.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from conversations.services import block_rows, consent, outreach
from conversations.services.identities import Pair
from tenants.db import arrays
from tenants.feed.live import Cursor, Draft
from tenants.feed.models import Change
from tenants.feed.selectors import CATCH_UP_MAX

# Of the states of two conversations the first that one of them has: nothing open disappears.
_STATUSES = ("OPEN", "PENDING", "SNOOZED", "CLOSED", "ARCHIVED")

_LOCK_IDENTITIES = """
    SELECT id FROM conversations_contactidentity WHERE contact_id = ANY (%s::bigint[])
    ORDER BY id FOR UPDATE
"""
# A parent's id that both have stays once.
_DROP_TWINS = """
    DELETE FROM conversations_contactidentity AS identity
    USING unnest(%s::bigint[], %s::bigint[]) AS merged (gone, kept)
    WHERE identity.contact_id = merged.gone AND identity.kind = 'PARENT_BSUID' AND EXISTS (
        SELECT FROM conversations_contactidentity AS twin
        LEFT JOIN unnest(%s::bigint[], %s::bigint[]) AS other (gone, kept)
            ON other.gone = twin.contact_id
        WHERE twin.kind = identity.kind AND twin.match_key = identity.match_key
            AND COALESCE(other.kept, twin.contact_id) = merged.kept
            AND twin.contact_id < identity.contact_id
    )
"""
_MOVE_IDENTITIES = """
    UPDATE conversations_contactidentity AS identity SET contact_id = merged.kept
    FROM unnest(%s::bigint[], %s::bigint[]) AS merged (gone, kept)
    WHERE identity.contact_id = merged.gone
"""
# Rivals: whoever gives one of them a name or a conversation, and other merges.
_LOCK_CONTACTS = """
    SELECT id FROM conversations_contact
    WHERE id = ANY (%s::bigint[]) AND merged_into_id IS NULL ORDER BY id FOR UPDATE
"""
_POINT = """
    UPDATE conversations_contact AS contact SET merged_into_id = merged.kept
    FROM unnest(%s::bigint[], %s::bigint[]) AS merged (gone, kept)
    WHERE contact.id = merged.gone OR contact.merged_into_id = merged.gone
"""
# An operator's name stays; of WhatsApp's the newest. What is kept of both, the older's first.
_NAME = """
    UPDATE conversations_contact AS contact SET
        name = CASE WHEN contact.name = '' THEN COALESCE(written.name, '') ELSE contact.name END,
        profile_name = COALESCE(newest.profile_name, contact.profile_name),
        profile_at = COALESCE(newest.profile_at, contact.profile_at),
        attributes = COALESCE(noted.attributes, '{}') || contact.attributes
    FROM unnest(%s::bigint[]) AS one (id)
    LEFT JOIN LATERAL (
        SELECT gone.name FROM conversations_contact AS gone
        WHERE gone.merged_into_id = one.id AND gone.name <> '' ORDER BY gone.id LIMIT 1
    ) AS written ON true
    LEFT JOIN LATERAL (
        SELECT known.profile_name, known.profile_at FROM conversations_contact AS known
        WHERE (known.id = one.id OR known.merged_into_id = one.id) AND known.profile_at IS NOT NULL
        ORDER BY known.profile_at DESC, known.profile_name DESC LIMIT 1
    ) AS newest ON true
    LEFT JOIN LATERAL (
        SELECT jsonb_object_agg(kept.key, kept.value ORDER BY gone.id DESC) AS attributes
        FROM conversations_contact AS gone, jsonb_each(gone.attributes) AS kept (key, value)
        WHERE gone.merged_into_id = one.id
    ) AS noted ON true
    WHERE contact.id = one.id
"""
# Everything that this transaction will touch, so that no lock on a conversation follows one on a
# message.
_LOCK_THREADS = """
    SELECT id, phone_id, contact_id, status, unread_count, read_up_to_id, last_message_id,
        last_message_at, window_opened_at, assignee_id, snoozed_until
    FROM conversations_conversation
    WHERE merged_into_id IS NULL AND contact_id = ANY (%s::bigint[])
    ORDER BY id FOR UPDATE
"""
_FIRST_UNREAD = """
    SELECT min(message.id) FROM conversations_conversation AS conversation
    JOIN conversations_message AS message ON message.conversation_id = conversation.id
    WHERE conversation.id = ANY (%s::bigint[]) AND message.direction = 'INBOUND'
        AND message.id > conversation.read_up_to_id AND conversation.unread_count > 0
"""
_LOCK_MESSAGES = """
    SELECT id FROM conversations_message WHERE conversation_id = ANY (%s::bigint[])
    ORDER BY id FOR NO KEY UPDATE
"""
_MOVE_MESSAGES = """
    UPDATE conversations_message SET conversation_id = %s WHERE conversation_id = ANY (%s::bigint[])
"""
_CLOSE = """
    UPDATE conversations_conversation SET merged_into_id = %s, unread_count = 0,
        last_message_id = NULL, last_message_at = NULL
    WHERE id = ANY (%s::bigint[]) OR merged_into_id = ANY (%s::bigint[])
"""
_KEEP = """
    UPDATE conversations_conversation SET contact_id = %s, status = %s, unread_count = %s,
        read_up_to_id = %s, last_message_id = %s, last_message_at = %s, window_opened_at = %s,
        assignee_id = %s, snoozed_until = %s
    WHERE id = %s
"""
# Of several that are open one stays, from the first beginning on and with the first answer.
_JOIN_EPISODES = """
    WITH open AS (
        SELECT id, first_reply_at, first_reply_by_id,
            row_number() OVER (ORDER BY opened_at, id) AS place
        FROM conversations_episode
        WHERE conversation_id = ANY (%(all)s::bigint[]) AND closed_at IS NULL
    ), answered AS (
        SELECT first_reply_at, first_reply_by_id FROM open WHERE first_reply_at IS NOT NULL
        ORDER BY first_reply_at, id LIMIT 1
    ), dropped AS (
        DELETE FROM conversations_episode AS episode USING open
        WHERE episode.id = open.id AND open.place > 1
    )
    UPDATE conversations_episode AS episode SET
        first_reply_at = answered.first_reply_at, first_reply_by_id = answered.first_reply_by_id
    FROM open, answered WHERE episode.id = open.id AND open.place = 1
"""
_MOVE_NOTES = """
    UPDATE conversations_note SET conversation_id = %s WHERE conversation_id = ANY (%s::bigint[])
"""
_JOIN_LABELS = """
    WITH gone AS (
        DELETE FROM conversations_conversationlabel WHERE conversation_id = ANY (%s::bigint[])
        RETURNING label_id, created_at
    )
    INSERT INTO conversations_conversationlabel (conversation_id, label_id, created_at)
    SELECT %s, label_id, min(created_at) FROM gone GROUP BY label_id ORDER BY label_id
    ON CONFLICT DO NOTHING
"""
_MOVE_EPISODES = """
    UPDATE conversations_episode SET conversation_id = %s WHERE conversation_id = ANY (%s::bigint[])
"""


class RivalMergeError(Exception):
    """Another transaction merged these people just now; tried again, theirs is found."""


@dataclass(frozen=True, slots=True)
class _Thread:
    """A conversation of one of the contacts, locked."""

    id: int
    phone_id: int
    contact_id: int
    status: str
    unread_count: int
    read_up_to_id: int
    last_message_id: int | None
    last_message_at: datetime | None
    window_opened_at: datetime | None
    assignee_id: int | None
    snoozed_until: datetime | None


def survivors(pairs: Iterable[Pair]) -> dict[int, int]:
    """Return which contacts go, and into which of them: the oldest of all that are one person."""
    kept: dict[int, int] = {}

    def root(contact: int) -> int:
        while contact in kept:
            contact = kept[contact]
        return contact

    for one, other in pairs:
        older, younger = sorted((root(one), root(other)))
        if older != younger:
            kept[younger] = older
    return {contact: root(contact) for contact in kept}


def move_identities(cursor: Cursor, gone: dict[int, int]) -> None:
    """Give the names of those who go to those who stay."""
    ids = arrays.numbers(sorted({*gone, *gone.values()}))
    columns = _columns(gone)
    cursor.execute(_LOCK_IDENTITIES, (ids,))
    cursor.execute(_DROP_TWINS, (*columns, *columns))
    cursor.execute(_MOVE_IDENTITIES, columns)


def merge(cursor: Cursor, gone: dict[int, int]) -> None:
    """Lock the contacts, and let those who go lead to those who stay. Raises: RivalMergeError."""
    ids = sorted({*gone, *gone.values()})
    cursor.execute(_LOCK_CONTACTS, (arrays.numbers(ids),))
    if len(cursor.fetchall()) != len(ids):
        raise RivalMergeError
    cursor.execute(_POINT, _columns(gone))
    cursor.execute(_NAME, (arrays.numbers(sorted(set(gone.values()))),))
    consent.move(cursor, gone)
    block_rows.move(cursor, gone)


def join(cursor: Cursor, gone: dict[int, int], others: Iterable[int] = ()) -> list[Draft]:
    """Move the conversations of merged contacts, and join those on one number; return the changes.

    They say also that the contacts are merged. Of two on one number the older stays, with every
    message of both. ``others`` are contacts whose conversations the caller will lock next: they are
    locked here, in the one order.
    """
    if not gone:
        return []
    people = {*gone, *gone.values()}
    cursor.execute(_LOCK_THREADS, (arrays.numbers(sorted({*people, *others})),))
    groups: dict[tuple[int, int], list[_Thread]] = defaultdict(list)
    for row in cursor.fetchall():
        thread = _Thread(*row)
        if thread.contact_id in people:
            contact = gone.get(thread.contact_id, thread.contact_id)
            groups[thread.phone_id, contact].append(thread)
    drafts: list[Draft] = []
    for (_, contact), threads in sorted(groups.items(), key=lambda group: group[1][0].id):
        drafts += _join(cursor, contact, threads)
    outreach.move(cursor, gone)
    drafts += [Draft(Change.Kind.CONTACT_MERGED, subject_id=pk) for pk in sorted(gone)]
    return drafts + [Draft(Change.Kind.CONTACT, subject_id=pk) for pk in sorted({*gone.values()})]


def _join(cursor: Cursor, contact: int, threads: Sequence[_Thread]) -> list[Draft]:
    first, rest = threads[0], [thread.id for thread in threads[1:]]
    read_up_to = _read_up_to(cursor, threads)
    moved: list[int] = []
    if rest:
        listed = arrays.numbers(rest)
        cursor.execute(_LOCK_MESSAGES, (listed,))
        moved = [pk for (pk,) in cursor.fetchall()]
        cursor.execute(_MOVE_MESSAGES, (first.id, listed))
        cursor.execute(_JOIN_EPISODES, {"all": arrays.numbers([first.id, *rest])})
        cursor.execute(_MOVE_EPISODES, (first.id, listed))
        cursor.execute(_MOVE_NOTES, (first.id, listed))
        cursor.execute(_JOIN_LABELS, (listed, first.id))
        cursor.execute(_CLOSE, (first.id, listed, listed))
    _keep(cursor, contact, threads, read_up_to)
    drafts = [Draft(Change.Kind.CONVERSATION, pk) for pk in (first.id, *rest)]
    # More than that many and pages are drawn anew anyway.
    return drafts + [Draft(Change.Kind.MESSAGE, first.id, pk) for pk in moved[: CATCH_UP_MAX + 1]]


def _keep(cursor: Cursor, contact: int, threads: Sequence[_Thread], read_up_to: int) -> None:
    """Write the columns of the list as if all messages had always been here."""
    spoken = [
        (one.last_message_at, one.last_message_id)
        for one in threads
        if one.last_message_at is not None and one.last_message_id is not None
    ]
    last_at, last_id = max(spoken, default=(None, None))
    opened = [one.window_opened_at for one in threads if one.window_opened_at is not None]
    status = min((one.status for one in threads), key=_STATUSES.index)
    unread = sum(one.unread_count for one in threads)
    assignees = (one.assignee_id for one in threads if one.assignee_id is not None)
    snoozes = (one.snoozed_until for one in threads if one.status == status == "SNOOZED")
    columns = (
        contact,
        status,
        unread,
        read_up_to,
        last_id,
        last_at,
        max(opened, default=None),
        next(assignees, None),
        min(filter(None, snoozes), default=None),
    )
    cursor.execute(_KEEP, (*columns, threads[0].id))


def _read_up_to(cursor: Cursor, threads: Sequence[_Thread]) -> int:
    """Return up to which id all is read: what nobody has read must not be lost by the other's."""
    cursor.execute(_FIRST_UNREAD, (arrays.numbers(one.id for one in threads),))
    first = cursor.fetchone()[0]
    return first - 1 if first is not None else max(one.read_up_to_id for one in threads)


def _columns(gone: dict[int, int]) -> tuple[str, str]:
    return arrays.numbers(gone), arrays.numbers(gone.values())
