"""Find or make the contacts of senders, many at once.

Set-based, on the caller's own session and in its open transaction (see ``applying``).
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from conversations.services import identities, merging, profiles
from conversations.services.identities import Change, Key, Name, Pair
from conversations.services.profiles import Profile
from tenants.db import arrays
from tenants.feed.live import Cursor, Draft
from tenants.feed.models import Change as Published
from whatsapp.payloads import Sender

# The kind is compared twice, so that the index of the names that are one person's alone serves it.
_FIND = """
    SELECT identity.kind, identity.match_key, contact.id, contact.profile_at, contact.profile_name
    FROM unnest(%s::text[], %s::text[]) AS wanted (kind, match_key)
    JOIN conversations_contactidentity AS identity ON identity.kind = wanted.kind
        AND identity.match_key = wanted.match_key AND identity.kind <> 'PARENT_BSUID'
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
    ON CONFLICT DO NOTHING
    RETURNING kind, match_key
"""
# Rival: a merge. Whoever is given another name must not be on the way into somebody else.
_HOLD = """
    SELECT id FROM conversations_contact
    WHERE id = ANY (%s::bigint[]) AND merged_into_id IS NULL
    ORDER BY id FOR KEY SHARE
"""
_MOVE_IDENTITIES = """
    UPDATE conversations_contactidentity SET contact_id = moved.after
    FROM unnest(%s::bigint[], %s::bigint[]) AS moved (before, after)
    WHERE contact_id = moved.before
"""


@dataclass(slots=True)
class _Book:
    """What is known of the senders' identities while contacts are made."""

    contacts: dict[Key, int] = field(default_factory=dict)
    profiles: dict[int, Profile] = field(default_factory=dict)
    drawn: set[int] = field(default_factory=set)  # ids of contacts that are not inserted yet
    named: set[int] = field(default_factory=set)  # known contacts that got one more identity


@dataclass(slots=True)
class People:
    """Whom senders turned out to be."""

    contacts: list[int]  # one a sender, in their order
    gone: dict[int, int]  # contacts that were merged just now, and into which
    new: set[int]  # contacts that were made just now
    changed: set[int]  # known ones that have another name now, of any kind

    def changes(self) -> list[Draft]:
        """Return what is to be published of new and changed contacts; of merged ones join does."""
        new = [Draft(Published.Kind.CONTACT_NEW, subject_id=pk) for pk in sorted(self.new)]
        changed = self.changed - self.gone.keys() - self.new
        return new + [Draft(Published.Kind.CONTACT, subject_id=pk) for pk in sorted(changed)]


@dataclass(frozen=True, slots=True)
class Asked:
    """Look-ups that are on their way, of so many names."""

    keys: frozenset[Key]
    moves: Cursor
    found: Cursor


def ask(cursors: tuple[Cursor, Cursor], senders: Iterable[Sender]) -> Asked:
    """Look senders up without waiting for it; ``meet`` reads what was found."""
    keys = frozenset(key for sender in senders for key, _ in identities.names_of(sender))
    moves, found = cursors
    found.execute(_FIND, identities.columns(keys))
    return Asked(keys, identities.ask_moves(moves, keys), found)


def meet(
    cursor: Cursor,
    senders: Sequence[tuple[Sender, datetime]],
    changes: Sequence[Change] = (),
    *,
    asked: Asked | None = None,
) -> People:
    """Find or make the contact of each sender, and follow people to their new names.

    All names of one sender lead to one contact; contacts that turn out to be one person are merged,
    the older stays. In any order of the same events the same names are one person. Safe against
    other writers: a name exists once.

    The conversations of merged contacts are the caller's to join (``merging.join``): their locks
    come later. What was ``asked`` in this transaction before spares a look-up or two.
    Raises: merging.RivalMergeError, to be tried again.
    """
    pairs, is_told_now = identities.change(cursor, changes)
    if changes:
        asked = None  # it was true before them
    groups = _groups(cursor, senders, changes, asked)
    values = {key: value for group in groups for key, value in group}
    together = [[key for key, _ in group] for group in groups]
    book = _Book()
    _find(cursor, book, values, asked)
    missing = [key for key in values if key not in book.contacts]
    if missing:
        _make(cursor, book, missing, values, together)
    pairs += _meetings(book, together)
    gone = merging.survivors(pairs)
    found = [book.contacts[keys[0]] for keys in together[: len(senders)]]
    contacts = [gone.get(contact, contact) for contact in found]
    _note_parents(cursor, zip(contacts, senders, strict=True))
    if gone:
        merging.move_identities(cursor, gone)
    renamed = profiles.write(cursor, book.drawn, book.profiles, zip(contacts, senders, strict=True))
    if gone:
        merging.merge(cursor, gone)
    moved = {book.contacts[keys[0]] for keys in together[len(senders) :]} if is_told_now else set()
    return People(contacts, gone, book.drawn - gone.keys(), renamed | book.named | moved)


def _groups(
    cursor: Cursor,
    senders: Sequence[tuple[Sender, datetime]],
    changes: Sequence[Change],
    asked: Asked | None,
) -> list[list[Name]]:
    """Return the present names of each sender, and of everybody who changed names."""
    dated = [(identities.names_of(sender), at) for sender, at in senders]
    for one in changes:
        before, after = one.names.before, one.names.after
        dated.append((identities.names_of(before) + identities.names_of(after), one.at))
    keys = {key for names, _ in dated for key, _ in names}
    fits = asked is not None and keys <= asked.keys
    moves = identities.moves_of(cursor, keys, asked=asked.moves if asked and fits else None)
    return [list(dict(moves.follow(name, at) for name in names).items()) for names, at in dated]


def _meetings(book: _Book, together: Sequence[Sequence[Key]]) -> list[Pair]:
    """Return the contacts that were taken for several people, until somebody had both names."""
    return [
        (book.contacts[keys[0]], book.contacts[key])
        for keys in together
        for key in keys[1:]
        if book.contacts[keys[0]] != book.contacts[key]
    ]


def _note_parents(cursor: Cursor, seen: Iterable[tuple[int, tuple[Sender, datetime]]]) -> None:
    """Note the ids of parents on everybody who came with one."""
    noted = sorted(
        {(sender.parent_user_id, contact) for contact, (sender, _) in seen if sender.parent_user_id}
    )
    if noted:
        parents = arrays.texts(parent for parent, _ in noted)
        kinds = arrays.texts("PARENT_BSUID" for _ in noted)
        owners = arrays.numbers(contact for _, contact in noted)
        cursor.execute(_ADD_IDENTITIES, (kinds, parents, parents, owners))


def _find(cursor: Cursor, book: _Book, keys: Collection[Key], asked: Asked | None = None) -> None:
    if asked is not None and asked.keys.issuperset(keys):
        cursor = asked.found
    else:
        cursor.execute(_FIND, identities.columns(keys))
    for kind, match_key, contact, profile_at, profile_name in cursor.fetchall():
        if (kind, match_key) not in keys:
            continue
        book.contacts[kind, match_key] = contact
        if profile_at is not None:
            book.profiles[contact] = (profile_at, profile_name)


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
    _hold(cursor, set(owners.values()) - book.drawn)
    cursor.execute(_ADD_IDENTITIES, columns)
    won = {(kind, key) for kind, key in cursor.fetchall()}
    book.contacts.update({key: owners[key] for key in won})
    book.named |= {owners[key] for key in won} - book.drawn
    lost = [key for key in ordered if key not in won]
    if lost:
        _yield_to_rivals(cursor, book, lost, owners)


def _hold(cursor: Cursor, contact_ids: set[int]) -> None:
    if not contact_ids:
        return
    cursor.execute(_HOLD, (arrays.numbers(sorted(contact_ids)),))
    if len(cursor.fetchall()) != len(contact_ids):
        raise merging.RivalMergeError


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
        cursor.execute(_NEW_IDS, (len(new),))
        drawn = [pk for (pk,) in cursor.fetchall()]
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
    _find(cursor, book, lost)
    moved: dict[int, int] = {}
    for key in lost:
        ours, theirs = owners[key], book.contacts[key]
        if ours in book.drawn:
            moved[ours] = min(moved.get(ours, theirs), theirs)
    book.drawn -= moved.keys()
    cursor.execute(_MOVE_IDENTITIES, (arrays.numbers(moved), arrays.numbers(moved.values())))
    for key, contact in book.contacts.items():
        book.contacts[key] = moved.get(contact, contact)
