"""Write contacts' rows, and the newest name that their profiles have.

Set-based, on the caller's own session and in its open transaction (see ``applying``).
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime

from tenants.db import arrays
from tenants.feed.live import Cursor
from whatsapp.payloads import Sender

Profile = tuple[datetime, str]  # since when, and the name
_NEVER = (datetime.min.replace(tzinfo=UTC), "")
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


def write(
    cursor: Cursor,
    drawn: Collection[int],
    known: Mapping[int, Profile],
    seen: Iterable[tuple[int, tuple[Sender, datetime]]],
) -> set[int]:
    """Insert the contacts whose ids were ``drawn``, and give the others the newest name.

    Return whose name is another one now. ``known`` are the profiles that were read, ``seen`` is who
    wrote as whom.
    """
    newest: dict[int, Profile] = {}
    for contact, (sender, at) in seen:
        name = (at, sender.profile_name)
        if sender.profile_name and name > newest.get(contact, known.get(contact, _NEVER)):
            newest[contact] = name
    if drawn:
        ids = sorted(drawn)
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
    # The same name again, as with almost every message, is none that anybody has to hear of.
    return {contact for contact, name in newest.items() if name[1] != known.get(contact, _NEVER)[1]}
