"""Store inbound messages in their conversations, many at once.

Set-based, on the caller's own session and in its open transaction (see ``applying``).
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import psycopg

from conversations import rules
from conversations.models import Message
from conversations.services import attachments, consent, identities, merging, people, touching
from tenants.db import arrays, raw
from tenants.feed import live
from tenants.feed.live import Draft
from tenants.feed.models import Change
from whatsapp.payloads import InboundMessage
from whatsapp.payloads.changes import identity_change
from whatsapp.payloads.preferences import Preference

Cursor = psycopg.Cursor[Any]
Place = tuple[int, int]  # phone and contact

# Locked in one order, before any message: so a conversation's messages get ids in the order in
# which they become visible, and "read up to" means what it says.
_FIND = """
    SELECT conversation.phone_id, conversation.contact_id, conversation.id,
        conversation.status IN ('CLOSED', 'ARCHIVED')
    FROM unnest(%s::bigint[], %s::bigint[]) AS wanted (phone_id, contact_id)
    JOIN conversations_conversation AS conversation
        ON conversation.phone_id = wanted.phone_id AND conversation.contact_id = wanted.contact_id
        AND conversation.merged_into_id IS NULL
    ORDER BY conversation.id FOR NO KEY UPDATE OF conversation
"""
_ADD = """
    INSERT INTO conversations_conversation
        (phone_id, contact_id, status, unread_count, read_up_to_id)
    SELECT wanted.phone_id, wanted.contact_id, 'OPEN', 0, 0
    FROM unnest(%s::bigint[], %s::bigint[]) AS wanted (phone_id, contact_id)
    JOIN conversations_contact AS contact
        ON contact.id = wanted.contact_id AND contact.merged_into_id IS NULL
    FOR KEY SHARE OF contact
    ON CONFLICT DO NOTHING
    RETURNING phone_id, contact_id, id, true
"""
_ADD_QUIETLY = _ADD.replace("'OPEN'", "'ARCHIVED'")
_ADD_MESSAGES = """
    INSERT INTO conversations_message (phone_id, conversation_id, wamid, type, text, content,
        extras, timestamp, direction, status, rank, attempts, error_detail)
    SELECT one.phone_id, one.conversation_id, one.wamid, one.type, one.text, one.content,
        one.extras, one.timestamp, one.direction, one.status, one.rank, 0, ''
    FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::jsonb[],
        %s::jsonb[], %s::timestamptz[], %s::text[], %s::text[], %s::int[])
        AS one (phone_id, conversation_id, wamid, type, text, content, extras, timestamp,
            direction, status, rank)
    ON CONFLICT (phone_id, wamid) DO NOTHING
    RETURNING phone_id, wamid, id
"""
_TYPES = {name.lower(): name for name in Message.Type.values if name != Message.Type.TEMPLATE}
_TYPES["voice"] = Message.Type.AUDIO.value  # as older payloads call a voice message
_UNSUPPORTED = Message.Type.UNSUPPORTED.value
_IN, _OUT = Message.Direction.INBOUND.value, Message.Direction.OUTBOUND.value
# What the business's own app sent is sent; its statuses raise it from there.
_RECEIVED, _SENT = Message.Status.RECEIVED.value, Message.Status.SENT.value


class _Thread(NamedTuple):
    """A conversation as it was before what comes in now."""

    pk: int
    is_away: bool  # closed, archived, or not there


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message and the number that it came to."""

    phone_id: int
    message: InboundMessage

    @property
    def key(self) -> tuple[int, str]:
        return self.phone_id, self.message.wamid


def store(
    cursor: raw.MarkedCursor,
    arrivals: Sequence[Arrival],
    preferences: Sequence[Preference] = (),
    *,
    asked: people.Asked | None = None,
) -> tuple[dict[tuple[int, str], int], list[Draft]]:
    """Insert what is not there yet; return the new ids by number and wamid, and the changes.

    What people say about marketing, by a message or in WhatsApp's settings, is noted with it.
    ``asked`` is what ``people.ask`` gave for the senders, in the same transaction.
    """
    first: dict[tuple[int, str], Arrival] = {}
    for arrival in arrivals:
        first.setdefault(arrival.key, arrival)
    unique = list(first.values())
    senders = [(one.message.sender, one.message.timestamp) for one in unique]
    senders += [(one.sender, one.at) for one in preferences]
    met = people.meet(cursor, senders, _changes(unique), asked=asked)
    words = [consent.word_of(one.phone_id, one.message) for one in unique]
    words += [consent.word_of_preference(one) for one in preferences]
    joined = consent.record(cursor, zip(met.contacts, words, strict=True))
    joined += merging.join(cursor, met.gone, met.contacts)
    writers = met.contacts[: len(unique)]
    places = [(one.phone_id, contact) for one, contact in zip(unique, writers, strict=True)]
    conversations = _conversations(cursor, places, met.new)
    threads = {one.key: conversations[place].pk for one, place in zip(unique, places, strict=True)}
    # By Meta's time, whose seconds are long, then as they came: ids follow both within a batch.
    # (Rivals for a wamid do not meet here: each holds the lock of its conversation.)
    ordered = sorted(unique, key=lambda one: one.message.timestamp)
    ids = _insert(cursor, ordered, threads)
    inserted = [one for one in ordered if one.key in ids]
    attachments.attach(cursor, [(one.phone_id, one.message) for one in inserted], ids)
    touching.touch(cursor, [(threads[one.key], one.message, ids[one.key]) for one in inserted])
    drafts = [Draft(Change.Kind.ARRIVAL, threads[one.key], ids[one.key]) for one in inserted]
    away = {thread.pk for thread in conversations.values() if thread.is_away}
    opened = away & {threads[one.key] for one in inserted if not one.message.is_echo}
    drafts += [Draft(Change.Kind.OPENED, pk) for pk in sorted(opened)]
    return ids, met.changes() + joined + drafts


def begin(cursor: live.Cursor, place: Place) -> int:
    """Return the conversation of a number and a contact, made if there is none yet.

    Locks its row. Raises: merging.RivalMergeError, to be tried again.
    """
    return _found_or_made(cursor, [place], _ADD)[place]


def begin_quietly(cursor: live.Cursor, places: Iterable[Place]) -> dict[Place, int]:
    """Return the conversations of many; new ones stay archived until their customer writes.

    Locks their rows. Raises: merging.RivalMergeError, to be tried again.
    """
    return _found_or_made(cursor, sorted(set(places)), _ADD_QUIETLY)


def _found_or_made(cursor: live.Cursor, places: list[Place], add: str) -> dict[Place, int]:
    found: dict[Place, int] = {}
    for query in (_FIND, add, _FIND):  # the last one, if a rival made some just now
        missing = [place for place in places if place not in found]
        if missing:
            phones, contacts = zip(*missing, strict=True)
            cursor.execute(query, (arrays.numbers(phones), arrays.numbers(contacts)))
            found |= {(phone, contact): pk for phone, contact, pk, _away in cursor.fetchall()}
    if len(found) < len(places):
        raise merging.RivalMergeError
    return found


def _changes(arrivals: Iterable[Arrival]) -> list[identities.Change]:
    """Return who got a new number or user id."""
    told = [(identity_change(one.message), one.message.timestamp) for one in arrivals]
    return [identities.Change(names, at) for names, at in told if names is not None]


def _conversations(
    cursor: raw.MarkedCursor, places: Iterable[Place], new_people: set[int]
) -> dict[Place, _Thread]:
    wanted = sorted(set(places))
    # New people have none yet, so what is made for them need not wait for what is found of others.
    asked = [
        _begin(cursor.other(), _FIND, [place for place in wanted if place[1] not in new_people]),
        _begin(cursor.other(), _ADD, [place for place in wanted if place[1] in new_people]),
    ]
    found = {place: thread for one in asked for place, thread in _read(one).items()}
    missing = [place for place in wanted if place not in found]
    if missing:
        found |= _ask(cursor, _ADD, missing)
        lost = [place for place in missing if place not in found]
        if lost:  # a rival made them just now
            found |= _ask(cursor, _FIND, lost)
            if not found.keys() >= set(lost):
                raise merging.RivalMergeError
    return found


def _ask(cursor: Cursor, query: str, places: list[Place]) -> dict[Place, _Thread]:
    return _read(_begin(cursor, query, places))


def _begin(cursor: Cursor, query: str, places: list[Place]) -> Cursor | None:
    if not places:
        return None
    phones, contacts = [phone for phone, _ in places], [contact for _, contact in places]
    return cursor.execute(query, (arrays.numbers(phones), arrays.numbers(contacts)))


def _read(asked: Cursor | None) -> dict[Place, _Thread]:
    rows = asked.fetchall() if asked is not None else []
    return {(phone, contact): _Thread(pk, is_away) for phone, contact, pk, is_away in rows}


def _insert(
    cursor: Cursor, arrivals: list[Arrival], threads: dict[tuple[int, str], int]
) -> dict[tuple[int, str], int]:
    messages = [one.message for one in arrivals]
    columns = (
        arrays.numbers(one.phone_id for one in arrivals),
        arrays.numbers(threads[one.key] for one in arrivals),
        arrays.texts(message.wamid for message in messages),
        arrays.texts(_TYPES.get(message.type, _UNSUPPORTED) for message in messages),
        arrays.texts(message.text for message in messages),
        arrays.texts(json.dumps(message.content) for message in messages),
        arrays.texts(_extras(message) for message in messages),
        arrays.times(message.timestamp for message in messages),
        arrays.texts(_OUT if message.is_echo else _IN for message in messages),
        arrays.texts(_SENT if message.is_echo else _RECEIVED for message in messages),
        arrays.numbers(rules.RANKS[_SENT] if message.is_echo else 0 for message in messages),
    )
    cursor.execute(_ADD_MESSAGES, columns)
    return {(phone, wamid): pk for phone, wamid, pk in cursor.fetchall()}


def _extras(message: InboundMessage) -> str | None:
    extras = message.extras
    if message.type not in _TYPES:
        extras = {**extras, "type": message.type}
    if message.is_echo:
        extras = {**extras, "field": message.field}
    return json.dumps(extras) if extras else None
