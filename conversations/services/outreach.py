"""Keep whom templates reach outside an open window: so many people a day, Meta says.

Set-based, on Django's session as well as on a worker's, in the caller's open transaction and after
the rows of the messages in question are locked. Counted by ``whatsapp.services.reach``.
"""

from collections.abc import Collection, Sequence
from typing import Protocol

from tenants.db import arrays
from tenants.feed.live import Cursor

_NOTE = """
    INSERT INTO whatsapp_outreach (message_id, phone_id, person_id, at)
    SELECT one.message, %s, one.person, clock_timestamp()
    FROM unnest(%s::bigint[], %s::bigint[]) AS one (message, person)
    ON CONFLICT (message_id) DO UPDATE SET person_id = EXCLUDED.person_id, at = EXCLUDED.at
"""
# What is queued again is counted as what is queued; what failed reached nobody.
_TAKE_BACK = """
    DELETE FROM whatsapp_outreach AS one USING conversations_message AS message
    WHERE one.message_id = ANY (%s::bigint[]) AND message.id = one.message_id
        AND message.status IN ('PENDING', 'HELD', 'FAILED')
"""
_MOVE = """
    UPDATE whatsapp_outreach AS one SET person_id = merged.kept
    FROM unnest(%s::bigint[], %s::bigint[]) AS merged (gone, kept)
    WHERE one.person_id = merged.gone
"""


class Leaving(Protocol):
    """A message that is about to leave, and to whom."""

    @property
    def message_id(self) -> int: ...
    @property
    def contact_id(self) -> int: ...


def note(cursor: Cursor, phone_id: int, leaving: Sequence[Leaving]) -> None:
    """Count the people whom these messages of a number are about to reach."""
    if leaving:
        messages = arrays.numbers(one.message_id for one in leaving)
        people = arrays.numbers(one.contact_id for one in leaving)
        cursor.execute(_NOTE, (phone_id, messages, people))


def take_back(cursor: Cursor, message_ids: Collection[int]) -> None:
    """Count no longer what came back to the outbox or failed; what went on stays counted."""
    if message_ids:
        cursor.execute(_TAKE_BACK, (arrays.numbers(message_ids),))


def move(cursor: Cursor, gone: dict[int, int]) -> None:
    """Count merged contacts as the one person that they are."""
    cursor.execute(_MOVE, (arrays.numbers(gone), arrays.numbers(gone.values())))
