"""Keep what people say about marketing: a ledger, and what its newest line means.

Set-based, on the caller's own session and in its open transaction (see ``applying``). Commutative:
the newest line counts, whatever came first; of two at one moment the stop.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from conversations import rules
from conversations.models import ConsentEvent
from tenants.db import arrays
from tenants.feed.live import Cursor, Draft
from tenants.feed.models import Change
from whatsapp.payloads import InboundMessage
from whatsapp.payloads.cleaning import dict_of, text_of
from whatsapp.payloads.preferences import Preference

Value, Source = ConsentEvent.Value, ConsentEvent.Source
_VALUES = {"stop": Value.STOP, "resume": Value.RESUME, "signup": Value.SIGNUP}

# Rivals: other words of the same people, and merges. Each sees what the one before has written.
_LOCK = """
    SELECT id FROM conversations_contact WHERE id = ANY (%s::bigint[])
    ORDER BY id FOR NO KEY UPDATE
"""
_ADD = """
    INSERT INTO conversations_consentevent
        (contact_id, kind, value, source, provider_at, wamid, note, key, author_id)
    SELECT one.contact, 'MARKETING', one.value, one.source, one.at, one.wamid, one.note, one.key,
        one.author
    FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::timestamptz[], %s::text[], %s::text[],
        %s::text[], %s::bigint[])
        AS one (contact, value, source, at, wamid, note, key, author)
    ON CONFLICT (key) DO NOTHING
"""
_DERIVE = """
    UPDATE conversations_contact AS contact SET marketing_opted_out_at = newest.stopped_at
    FROM unnest(%s::bigint[]) AS one (id)
    LEFT JOIN LATERAL (
        SELECT CASE WHEN event.value = 'STOP' THEN event.provider_at END AS stopped_at
        FROM conversations_consentevent AS event
        WHERE event.contact_id = one.id AND event.kind = 'MARKETING'
        ORDER BY event.provider_at DESC, (event.value = 'STOP') DESC LIMIT 1
    ) AS newest ON true
    WHERE contact.id = one.id AND contact.marketing_opted_out_at IS DISTINCT FROM newest.stopped_at
    RETURNING contact.id
"""
_SHOWN = """
    SELECT id FROM conversations_conversation
    WHERE contact_id = ANY (%s::bigint[]) AND merged_into_id IS NULL ORDER BY id
"""
_MOVE = """
    UPDATE conversations_consentevent AS event SET contact_id = merged.kept
    FROM unnest(%s::bigint[], %s::bigint[]) AS merged (gone, kept)
    WHERE event.contact_id = merged.gone
"""


@dataclass(frozen=True, slots=True)
class Word:
    """One thing that somebody said. The same ``key`` is the same word when it comes again."""

    value: str
    source: str
    at: datetime
    key: str
    wamid: str = ""
    note: str = ""
    author_id: int | None = None


def word_of(phone_id: int, message: InboundMessage) -> Word | None:
    """Return what a message or the tap on a button says on marketing; None for all others."""
    # What the business's own app wrote is no customer's word.
    said = _said(message) if message.field == "messages" else None
    if said is None:
        return None
    value, source = said
    key = f"message {phone_id} {message.wamid}"
    return Word(value, source, message.timestamp, key, message.wamid)


def word_of_preference(preference: Preference) -> Word:
    """Return what somebody chose in WhatsApp's settings."""
    sender, value = preference.sender, _VALUES[preference.value]
    told = [sender.wa_id, sender.user_id, value, f"{preference.at.timestamp():.0f}"]
    key = hashlib.sha256(json.dumps(told).encode()).hexdigest()
    return Word(value, Source.USER_PREFERENCES, preference.at, f"preference {key}")


def _said(message: InboundMessage) -> tuple[str, str] | None:
    """Return value and source."""
    content = dict_of(message.content)
    if message.type == "text":
        if rules.opts_out_by_words(message.text):
            return Value.STOP, Source.KEYWORD
        return (Value.RESUME, Source.KEYWORD) if rules.opts_in_by_words(message.text) else None
    if message.type == "interactive":
        content = dict_of(content.get("button_reply"))
    elif message.type != "button":
        return None
    words = (text_of(content.get(key)) for key in ("payload", "text", "id", "title"))
    return (Value.STOP, Source.BUTTON) if rules.opts_out_by_button(*words) else None


def record(cursor: Cursor, said: Iterable[tuple[int, Word | None]]) -> list[Draft]:
    """Write what contacts said, and what it means for them; return the changes to publish.

    Costs nothing when nobody said anything. Locks the contacts: must come before any lock on a
    conversation or a message.
    """
    first = {word.key: (contact, word) for contact, word in said if word is not None}
    if not first:
        return []
    ordered = [first[key] for key in sorted(first)]  # one order for every writer
    contacts = sorted({contact for contact, _ in ordered})
    cursor.execute(_LOCK, (arrays.numbers(contacts),))
    words = [word for _, word in ordered]
    columns = (
        arrays.numbers(contact for contact, _ in ordered),
        arrays.texts(word.value for word in words),
        arrays.texts(word.source for word in words),
        arrays.times(word.at for word in words),
        arrays.texts(word.wamid for word in words),
        arrays.texts(word.note for word in words),
        arrays.texts(word.key for word in words),
        arrays.numbers(word.author_id for word in words),
    )
    cursor.execute(_ADD, columns)
    return derive(cursor, contacts)


def derive(cursor: Cursor, contact_ids: Sequence[int]) -> list[Draft]:
    """Read the locked contacts' ledgers anew; return the changes to publish."""
    cursor.execute(_DERIVE, (arrays.numbers(contact_ids),))
    changed = sorted(pk for (pk,) in cursor.fetchall())
    if not changed:
        return []
    cursor.execute(_SHOWN, (arrays.numbers(changed),))
    drafts = [Draft(Change.Kind.CONVERSATION, pk) for (pk,) in cursor.fetchall()]
    return drafts + [Draft(Change.Kind.CONTACT, subject_id=pk) for pk in changed]


def move(cursor: Cursor, gone: dict[int, int]) -> None:
    """Give what merged contacts said to those who stay; all of them are locked."""
    cursor.execute(_MOVE, (arrays.numbers(gone), arrays.numbers(gone.values())))
    derive(cursor, sorted(set(gone.values())))
