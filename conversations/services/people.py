"""Find or make the contacts of senders, many at once.

Set-based, on the caller's own session and in its open transaction (see ``applying``).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psycopg

from conversations import rules
from tenants.db import arrays
from whatsapp.payloads import Sender

Key = tuple[str, str]  # kind and match key of an identity
Cursor = psycopg.Cursor[Any]

_FIND = """
    SELECT identity.kind, identity.match_key, contact.id, contact.profile_at, contact.profile_name
    FROM unnest(%s::text[], %s::text[]) AS wanted (kind, match_key)
    JOIN conversations_contactidentity AS identity
        ON identity.kind = wanted.kind AND identity.match_key = wanted.match_key
    JOIN conversations_contact AS contact ON contact.id = identity.contact_id
"""
_NEW_IDS = """
    SELECT nextval(pg_get_serial_sequence('conversations_contact', 'id'))
    FROM generate_series(1, %s)
"""
# Before their contacts, whose ids are drawn already: the constraint is checked at the commit.
_ADD_IDENTITIES = """
    INSERT INTO conversations_contactidentity (kind, match_key, value, contact_id)
    SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::bigint[])
    ON CONFLICT (kind, match_key) DO NOTHING
    RETURNING kind, match_key
"""
_MOVE_IDENTITIES = """
    UPDATE conversations_contactidentity SET contact_id = moved.after
    FROM unnest(%s::bigint[], %s::bigint[]) AS moved (before, after)
    WHERE contact_id = moved.before
"""
_ADD_CONTACTS = """
    INSERT INTO conversations_contact (id, name, profile_name, profile_at)
    SELECT one.id, '', one.profile_name, one.profile_at
    FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[]) AS one (id, profile_name, profile_at)
"""
# The newest name wins whatever comes first; of two at the same time the greater.
_RENAME = """
    WITH locked AS (
        SELECT id FROM conversations_contact WHERE id = ANY (%(ids)s::bigint[])
        ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE conversations_contact AS contact
    SET profile_name = one.profile_name, profile_at = one.profile_at
    FROM unnest(%(ids)s::bigint[], %(names)s::text[], %(times)s::timestamptz[])
        AS one (id, profile_name, profile_at), locked
    WHERE contact.id = one.id AND locked.id = one.id
        AND (one.profile_at, one.profile_name)
            > (COALESCE(contact.profile_at, '-infinity'), contact.profile_name)
"""


@dataclass(slots=True)
class _Book:
    """What is known of the senders' identities while contacts are made."""

    contacts: dict[Key, int] = field(default_factory=dict)
    profiles: dict[int, tuple[datetime, str]] = field(default_factory=dict)
    drawn: set[int] = field(default_factory=set)  # ids of contacts that are not inserted yet

    def write(self, asked: Cursor) -> None:
        for kind, match_key, contact, profile_at, profile_name in asked.fetchall():
            self.contacts[kind, match_key] = contact
            if profile_at is not None:
                self.profiles[contact] = (profile_at, profile_name)


def ask(cursor: Cursor, senders: Iterable[Sender]) -> Cursor:
    """Look the senders' names up, and leave what is found to ``resolve``."""
    keys = {key for sender in senders for key in _keys(sender)}
    columns = arrays.texts(kind for kind, _ in keys), arrays.texts(key for _, key in keys)
    cursor.execute(_FIND, columns)
    return cursor


def resolve(
    cursor: Cursor, senders: Sequence[tuple[Sender, datetime]], *, asked: Cursor | None = None
) -> list[int]:
    """Return a contact's id for each sender, who wrote at the time beside it.

    All names of one sender lead to one contact; where they led to two before, to the older, and no
    name is taken from anybody. Safe against other writers: an identity exists once.
    """
    values = {key: value for sender, _ in senders for key, value in _identities(sender)}
    book = _Book()
    book.write(asked or ask(cursor, [sender for sender, _ in senders]))
    missing = [key for key in values if key not in book.contacts]
    if missing:
        _make(cursor, book, missing, values, [_keys(sender) for sender, _ in senders])
    contacts = [min(book.contacts[key] for key in _keys(sender)) for sender, _ in senders]
    _name(cursor, book, zip(contacts, senders, strict=True))
    return contacts


def _identities(sender: Sender) -> list[tuple[Key, str]]:
    found: list[tuple[Key, str]] = []
    if sender.wa_id:
        found.append((("WA_ID", rules.match_key(sender.wa_id)), sender.wa_id))
    if sender.user_id:
        found.append((("BSUID", sender.user_id), sender.user_id))
    if sender.parent_user_id:
        found.append((("PARENT_BSUID", sender.parent_user_id), sender.parent_user_id))
    return found


def _keys(sender: Sender) -> list[Key]:
    return [key for key, _ in _identities(sender)]


def _make(
    cursor: Cursor,
    book: _Book,
    missing: list[Key],
    values: dict[Key, str],
    together: list[list[Key]],
) -> None:
    """Add the missing identities, to known contacts or to new ones."""
    owners = _owners(cursor, book, missing, together)
    ordered = sorted(missing)  # in one order everywhere, so that two writers cannot deadlock
    columns = (
        arrays.texts(kind for kind, _ in ordered),
        arrays.texts(key for _, key in ordered),
        arrays.texts(values[key] for key in ordered),
        arrays.numbers(owners[key] for key in ordered),
    )
    won = {(kind, key) for kind, key in cursor.execute(_ADD_IDENTITIES, columns).fetchall()}
    book.contacts.update({key: owners[key] for key in won})
    lost = [key for key in ordered if key not in won]
    if lost:
        _yield_to_rivals(cursor, book, lost, owners)


def _owners(
    cursor: Cursor, book: _Book, missing: list[Key], together: list[list[Key]]
) -> dict[Key, int]:
    """Choose a contact for each missing key: that of a key it came with, or a new one."""
    roots = _roots(together)
    known: dict[Key, int] = {}
    for key, contact in book.contacts.items():
        root = roots[key]
        known[root] = min(known.get(root, contact), contact)
    new = sorted({roots[key] for key in missing} - known.keys())
    if new:
        drawn = [row[0] for row in cursor.execute(_NEW_IDS, (len(new),)).fetchall()]
        book.drawn.update(drawn)
        known.update(zip(new, drawn, strict=True))
    return {key: known[roots[key]] for key in missing}


def _roots(together: list[list[Key]]) -> dict[Key, Key]:
    """Map every key to one key of all that are one person, by way of any number of senders."""
    parents: dict[Key, Key] = {}

    def root(key: Key) -> Key:
        while parents.setdefault(key, key) != key:
            key = parents[key]
        return key

    for keys in together:
        first = root(keys[0])
        for key in keys[1:]:
            parents[root(key)] = first
            first = root(first)
    return {key: root(key) for key in parents}


def _yield_to_rivals(cursor: Cursor, book: _Book, lost: list[Key], owners: dict[Key, int]) -> None:
    """Somebody else just made these people: what we meant to be their contacts becomes theirs."""
    kinds, match_keys = [kind for kind, _ in lost], [key for _, key in lost]
    book.write(cursor.execute(_FIND, (arrays.texts(kinds), arrays.texts(match_keys))))
    moved: dict[int, int] = {}
    for key in lost:
        ours, theirs = owners[key], book.contacts[key]
        if ours in book.drawn:
            moved[ours] = min(moved.get(ours, theirs), theirs)
    book.drawn -= moved.keys()
    cursor.execute(_MOVE_IDENTITIES, (arrays.numbers(moved), arrays.numbers(moved.values())))
    for key, contact in book.contacts.items():
        book.contacts[key] = moved.get(contact, contact)


def _name(cursor: Cursor, book: _Book, seen: Iterable[tuple[int, tuple[Sender, datetime]]]) -> None:
    """Insert the new contacts, and give the known ones the newest name that came."""
    newest: dict[int, tuple[datetime, str]] = {}
    for contact, (sender, at) in seen:
        name = (at, sender.profile_name)
        if sender.profile_name and name > newest.get(contact, book.profiles.get(contact, _NEVER)):
            newest[contact] = name
    if book.drawn:
        ids = sorted(book.drawn)
        named = [newest.pop(contact, None) for contact in ids]
        names = arrays.texts(name[1] if name else "" for name in named)
        times = arrays.times(name[0] if name else None for name in named)
        cursor.execute(_ADD_CONTACTS, (arrays.numbers(ids), names, times))
    if newest:
        ids = sorted(newest)
        columns = {
            "ids": arrays.numbers(ids),
            "names": arrays.texts(newest[contact][1] for contact in ids),
            "times": arrays.times(newest[contact][0] for contact in ids),
        }
        cursor.execute(_RENAME, columns)


_NEVER = (datetime.min.replace(tzinfo=UTC), "")
