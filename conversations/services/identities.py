"""Under which names a person is known, and where each name led at a time.

Set-based, on the caller's own session and in its open transaction (see ``applying``).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from conversations import rules
from tenants.db import arrays
from tenants.feed.live import Cursor
from whatsapp.payloads import Sender
from whatsapp.payloads.changes import IdentityChange

Key = tuple[str, str]  # kind and match key of an identity
Name = tuple[Key, str]  # a key and its value as Meta wrote it
Pair = tuple[int, int]  # two contacts that are one person

_MOVES = """
    SELECT move.kind, move.match_key, move.moved_at, move.new_match_key, move.new_value
    FROM unnest(%s::text[], %s::text[]) AS wanted (kind, match_key)
    JOIN conversations_identitymove AS move
        ON move.kind = wanted.kind AND move.match_key = wanted.match_key
"""
_ADD_MOVES = """
    INSERT INTO conversations_identitymove (kind, match_key, moved_at, new_match_key, new_value)
    SELECT * FROM unnest(%s::text[], %s::text[], %s::timestamptz[], %s::text[], %s::text[])
    ON CONFLICT DO NOTHING
    RETURNING kind, match_key, moved_at
"""
# Rivals: whoever moves or merges the same people. Locked before anything else of theirs.
_LOCK = """
    SELECT kind, match_key, id, contact_id FROM conversations_contactidentity
    WHERE kind <> 'PARENT_BSUID' AND (kind, match_key) IN (
        SELECT * FROM unnest(%s::text[], %s::text[])
    )
    ORDER BY id FOR UPDATE
"""
_RENUMBER = """
    UPDATE conversations_contactidentity SET match_key = %s, value = %s WHERE id = %s
"""
_HAND_OVER = "UPDATE conversations_contactidentity SET contact_id = %s, value = %s WHERE id = %s"
_DROP = "DELETE FROM conversations_contactidentity WHERE id = %s"
# Somebody who wrote or was written to under a number before its new owner had it.
_IS_OLDER = """
    SELECT EXISTS (
        SELECT FROM conversations_conversation AS conversation
        JOIN conversations_message AS message ON message.conversation_id = conversation.id
        WHERE conversation.contact_id = %s AND message.timestamp < %s
    )
"""
_OWNS = """
    SELECT EXISTS (
        SELECT FROM conversations_contactidentity
        WHERE contact_id = %s AND kind = 'BSUID' AND match_key = %s
    )
"""


@dataclass(frozen=True, slots=True)
class Change:
    """A person's names until a moment and since then."""

    names: IdentityChange
    at: datetime

    def moves(self) -> list[tuple[Key, Name]]:
        """Return which name took the place of which; a new spelling is no new name."""
        before, after = dict(_by_kind(self.names.before)), dict(_by_kind(self.names.after))
        both = [(before[kind], after[kind]) for kind in before if kind in after]
        return [(old[0], new) for old, new in both if old[0] != new[0]]


@dataclass(slots=True)
class Moves:
    """Where names led at a time."""

    by_key: dict[Key, list[tuple[datetime, Key, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def follow(self, name: Name, at: datetime) -> Name:
        """Return the present name of whoever had a name at a time.

        The second of the change belongs to the old name: the change itself is told under it.
        """
        seen: set[tuple[datetime, Key]] = set()
        while True:
            key, value = name
            later = [
                move
                for move in self.by_key.get(key, ())
                if move[0] >= at and (move[0], key) not in seen
            ]
            if not later:
                return key, value
            at, new_key, new_value = min(later)
            seen.add((at, key))
            name = (new_key, new_value)


def names_of(sender: Sender) -> list[Name]:
    """Return the names that are one person's alone: number and user id.

    Not the parent's id. It belongs to a group of portfolios, Meta has shown it in two forms, and
    nothing says that two people never share one: it is noted and searched by, and merges nobody.
    """
    return [name for _kind, name in _by_kind(sender)]


def _by_kind(sender: Sender) -> list[tuple[str, Name]]:
    found: list[tuple[str, Name]] = []
    if sender.wa_id:
        found.append(("WA_ID", (("WA_ID", rules.match_key(sender.wa_id)), sender.wa_id)))
    if sender.user_id:
        found.append(("BSUID", (("BSUID", sender.user_id), sender.user_id)))
    return found


def ask_moves(cursor: Cursor, keys: Iterable[Key]) -> Cursor:
    """Look up what became of these names, and leave the answer to ``moves_of``."""
    cursor.execute(_MOVES, columns(sorted(keys)))
    return cursor


def moves_of(cursor: Cursor, keys: Iterable[Key], *, asked: Cursor | None = None) -> Moves:
    """Return all that ever became of these names. One query while nothing did."""
    moves = Moves()
    known: set[Key] = set()
    wanted = set(keys)
    while wanted:
        known |= wanted
        cursor, asked = asked or ask_moves(cursor, wanted), None
        wanted = set()
        for kind, key, at, new_key, new_value in cursor.fetchall():
            moves.by_key[kind, key].append((at, (kind, new_key), new_value))
            wanted.add((kind, new_key))
        wanted -= known
    return moves


def change(cursor: Cursor, changes: Sequence[Change]) -> tuple[list[Pair], bool]:
    """Move names to their new form; return contacts that are one person by it, and if it is news.

    What is known already changes nothing. Must come before the people are looked up.
    """
    told = {
        (old, one.at): (one, new)
        for one in sorted(changes, key=lambda one: one.at)
        for old, new in one.moves()
    }
    if not told:
        return [], False
    ordered = sorted(told)  # in one order everywhere, so that two writers cannot deadlock
    told_columns = (
        *columns(old for old, _ in ordered),
        arrays.times(at for _, at in ordered),
        arrays.texts(told[place][1][0][1] for place in ordered),
        arrays.texts(told[place][1][1] for place in ordered),
    )
    cursor.execute(_ADD_MOVES, told_columns)
    added = {((kind, key), at) for kind, key, at in cursor.fetchall()}
    pairs: list[Pair] = []
    for place in sorted(added, key=lambda place: (place[1], place[0])):
        one, new = told[place]
        pairs += _move(cursor, place[0], new, one)
    return pairs, bool(added)


def _move(cursor: Cursor, old: Key, new: Name, told: Change) -> list[Pair]:
    # Perhaps the new name is an old one by now.
    key, value = moves_of(cursor, [new[0]]).follow(new, told.at)
    cursor.execute(_LOCK, columns(sorted({old, key})))
    rows = {(kind, match_key): (pk, owner) for kind, match_key, pk, owner in cursor.fetchall()}
    if old == key or old not in rows:
        return []
    old_id, person = rows[old]
    if key not in rows:
        cursor.execute(_RENUMBER, (key[1], value, old_id))
        return []
    cursor.execute(_DROP, (old_id,))
    new_id, other = rows[key]
    if other == person:
        return []
    if _is_stranger(cursor, other, told):
        # Numbers are given to new people: whoever had this one keeps his history, and loses it.
        cursor.execute(_HAND_OVER, (person, value, new_id))
        return []
    return [(person, other)]


def _is_stranger(cursor: Cursor, contact_id: int, told: Change) -> bool:
    cursor.execute(_OWNS, (contact_id, told.names.after.user_id))
    if cursor.fetchone()[0]:
        return False  # user ids are nobody else's, ever
    cursor.execute(_IS_OLDER, (contact_id, told.at))
    return bool(cursor.fetchone()[0])


def columns(keys: Iterable[Key]) -> tuple[str, str]:
    """Return names as two array literals: kinds and match keys."""
    listed = list(keys)
    return arrays.texts(kind for kind, _ in listed), arrays.texts(key for _, key in listed)
