"""Bring Meta's statuses to the messages that they are about, in any order.

Set-based and commutative: a status raises a message's rank and never lowers it, each time is the
least that Meta gave, and what comes before its message waits in StatusEvent.
"""

import hmac
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from conversations import rules
from conversations.services import outbox, outreach
from tenants import secrets
from tenants.db import arrays
from tenants.feed.live import Cursor, Draft
from whatsapp.payloads import StatusUpdate
from whatsapp.payloads.pricing import pricing_of
from whatsapp.payloads.units import error_of

Key = tuple[int, str]  # phone and wamid
_CALLBACK = re.compile(r"v1\.([0-9]{1,18})\.([0-9a-f]{16})")
_ERROR_DETAIL_MAX = 500
# The words that move a message; others are kept and mean nothing.
MOVING = ("SENT", "DELIVERED", "READ", "PLAYED", "FAILED")

# Locked in one order. After a wait for a rival the row is as the rival left it.
_FIND = """
    SELECT message.id, message.phone_id, message.wamid, message.status
    FROM conversations_message AS message
    WHERE message.direction = 'OUTBOUND' AND message.id IN (
        SELECT unnest(%(claimed)s::bigint[])
        UNION
        SELECT named.id
        FROM unnest(%(phones)s::bigint[], %(wamids)s::text[]) AS wanted (phone, wamid)
        JOIN conversations_message AS named
            ON named.phone_id = wanted.phone AND named.wamid = wanted.wamid
    )
    ORDER BY message.id FOR NO KEY UPDATE OF message
"""
_ADD = """
    INSERT INTO conversations_statusevent (phone_id, wamid, status, provider_at, message_id,
        claimed_message_id, errors, pricing, pricing_category, pricing_type, pricing_model)
    SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::timestamptz[], %s::bigint[],
        %s::bigint[], %s::jsonb[], %s::jsonb[], %s::text[], %s::text[], %s::text[])
    ON CONFLICT (phone_id, wamid, status, provider_at) DO NOTHING
    RETURNING phone_id, wamid, status, provider_at
"""
_ADOPT = """
    UPDATE conversations_statusevent AS event SET message_id = one.message
    FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS one (message, phone, wamid)
    WHERE event.phone_id = one.phone AND event.wamid = one.wamid AND event.message_id IS NULL
    RETURNING one.message, event.status, event.provider_at, event.errors::text
"""
_NAMES = """
    SELECT id, phone_id, wamid FROM conversations_message
    WHERE id = ANY (%s::bigint[]) AND direction = 'OUTBOUND' AND wamid IS NOT NULL
    ORDER BY id FOR NO KEY UPDATE
"""
_RAISE = """
    UPDATE conversations_message AS message SET
        wamid = COALESCE(message.wamid, new.wamid),
        status = CASE WHEN new.rank > message.rank THEN new.status ELSE message.status END,
        rank = GREATEST(message.rank, new.rank),
        due_at = CASE WHEN new.rank > message.rank THEN NULL ELSE message.due_at END,
        lease_until = CASE WHEN new.rank > message.rank THEN NULL ELSE message.lease_until END,
        sent_at = LEAST(message.sent_at, new.sent_at),
        delivered_at = LEAST(message.delivered_at, new.delivered_at),
        read_at = LEAST(message.read_at, new.read_at),
        played_at = LEAST(message.played_at, new.played_at),
        failed_at = LEAST(message.failed_at, new.failed_at),
        error_code = CASE WHEN new.failed_at < COALESCE(message.failed_at, 'infinity')
            THEN new.error_code ELSE message.error_code END,
        error_detail = CASE WHEN new.failed_at < COALESCE(message.failed_at, 'infinity')
            THEN new.error_detail ELSE message.error_detail END
    FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::int[], %s::timestamptz[],
        %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::int[],
        %s::text[])
        AS new (id, wamid, status, rank, sent_at, delivered_at, read_at, played_at, failed_at,
            error_code, error_detail)
    WHERE message.id = new.id AND (
        new.rank > message.rank
        OR (message.wamid IS NULL AND new.wamid IS NOT NULL)
        OR new.sent_at < COALESCE(message.sent_at, 'infinity')
        OR new.delivered_at < COALESCE(message.delivered_at, 'infinity')
        OR new.read_at < COALESCE(message.read_at, 'infinity')
        OR new.played_at < COALESCE(message.played_at, 'infinity')
        OR new.failed_at < COALESCE(message.failed_at, 'infinity')
    )
    RETURNING message.conversation_id, message.id, message.broadcast_id
"""


@dataclass(frozen=True, slots=True)
class Report:
    """A status and the number that it came to, with the message that its callback data names."""

    phone_id: int
    status: StatusUpdate
    claimed_id: int | None = None

    @property
    def key(self) -> Key:
        return self.phone_id, self.status.wamid

    @property
    def identity(self) -> tuple[int, str, str, datetime]:
        """What makes a status the same when it comes again."""
        return self.phone_id, self.status.wamid, self.status.status, self.status.timestamp


@dataclass(slots=True)
class Outcome:
    """What a batch of statuses did."""

    new: set[tuple[int, str, str, datetime]] = field(default_factory=set)  # identities
    drafts: list[Draft] = field(default_factory=list)
    settled_phones: set[int] = field(default_factory=set)  # whose UNKNOWN messages are known now
    matched: dict[Key, int] = field(default_factory=dict)  # the messages that they are about


@dataclass(slots=True)
class _Step:
    """Everything that the events of one message say together."""

    wamid: str | None = None
    status: str = ""
    rank: int = -1
    times: dict[str, datetime] = field(default_factory=dict)
    error_code: int | None = None
    error_detail: str = ""

    def take(self, word: str, at: datetime, code: int | None, detail: str) -> None:
        if word not in MOVING:
            return
        if rules.RANKS[word] > self.rank:
            self.status, self.rank = word, rules.RANKS[word]
        if word not in self.times or at < self.times[word]:
            self.times[word] = at
            if word == "FAILED":
                self.error_code, self.error_detail = code, detail


@dataclass(slots=True)
class _Index:
    """The messages that a batch may be about."""

    by_id: dict[int, tuple[int, str | None]] = field(default_factory=dict)  # phone and wamid
    by_key: dict[Key, int] = field(default_factory=dict)
    learnt: dict[int, Key] = field(default_factory=dict)

    def match(self, report: Report) -> int | None:
        """Return the message that our own word names, else the one that Meta's id names."""
        claimed = report.claimed_id
        if claimed in self.by_id and claimed is not None:
            phone, wamid = self.by_id[claimed]
            if phone == report.phone_id and wamid == report.status.wamid:
                return claimed
            if phone == report.phone_id and wamid is None and report.key not in self.by_key:
                self.by_id[claimed] = report.key
                self.by_key[report.key] = claimed
                self.learnt[claimed] = report.key
                return claimed
        return self.by_key.get(report.key)


def callback_data(*, tenant_id: UUID, phone_number_id: str, message_id: int) -> str:
    """Return the word that Meta echoes on every status of a message; it holds no secret."""
    mac = secrets.mac(str(tenant_id), phone_number_id, str(message_id), purpose="callback")
    return f"v1.{message_id}.{mac}"


def claimed_message_id(*, tenant_id: UUID, phone_number_id: str, data: str) -> int | None:
    """Return the message that callback data names, if we wrote it for this tenant and number."""
    parts = _CALLBACK.fullmatch(data)
    if parts is None:
        return None
    message_id = int(parts[1])
    ours = callback_data(
        tenant_id=tenant_id, phone_number_id=phone_number_id, message_id=message_id
    )
    return message_id if hmac.compare_digest(ours, data) else None


def store(cursor: Cursor, reports: Sequence[Report]) -> Outcome:
    """Keep the statuses that are not there yet, and apply them to their messages."""
    outcome = Outcome()
    if not reports:
        return outcome
    first = {report.identity: report for report in reversed(reports)}
    unique = [first[identity] for identity in sorted(first)]  # one order for every writer
    index, waiting = _find(cursor, unique)
    matched, outcome.matched = [index.match(report) for report in unique], index.by_key
    outcome.new = _insert(cursor, unique, matched)
    steps: dict[int, _Step] = {}
    for report, message_id in zip(unique, matched, strict=True):
        if message_id is not None:
            step, status = steps.setdefault(message_id, _Step()), report.status
            step.take(status.status, status.timestamp, status.error_code, status.error_detail)
    for message_id, (_, wamid) in index.learnt.items():
        steps[message_id].wamid = wamid
    _adopt(cursor, index.learnt, steps)
    outcome.drafts = _raise(cursor, steps)
    raised = {draft.message_id for draft in outcome.drafts}
    outcome.settled_phones = {phone for pk, phone in waiting.items() if pk in raised}
    return outcome


def apply_waiting(cursor: Cursor, message_ids: Iterable[int]) -> list[Draft]:
    """Apply the statuses that came before these messages had their wamid; return the changes.

    For whoever stores wamids: in the same transaction, after the write, before the change counter.
    Takes Django's cursor as well as psycopg's own.
    """
    cursor.execute(_NAMES, (list(message_ids),))
    named = {pk: (phone, wamid) for pk, phone, wamid in cursor.fetchall()}
    steps: dict[int, _Step] = {}
    _adopt(cursor, named, steps)
    return _raise(cursor, steps)


def _find(cursor: Cursor, reports: Sequence[Report]) -> tuple[_Index, dict[int, int]]:
    """Return the messages in question, and the phones of those that wait for certainty."""
    params = {
        "claimed": arrays.numbers(one.claimed_id for one in reports if one.claimed_id is not None),
        "phones": arrays.numbers(one.phone_id for one in reports),
        "wamids": arrays.texts(one.status.wamid for one in reports),
    }
    cursor.execute(_FIND, params)
    index, waiting = _Index(), {}
    for pk, phone, wamid, status in cursor.fetchall():
        index.by_id[pk] = (phone, wamid)
        if wamid is not None:
            index.by_key[phone, wamid] = pk
        if status == "UNKNOWN":
            waiting[pk] = phone
    return index, waiting


def _insert(
    cursor: Cursor, reports: Sequence[Report], matched: Sequence[int | None]
) -> set[tuple[int, str, str, datetime]]:
    statuses = [report.status for report in reports]
    prices = [pricing_of(status.pricing) for status in statuses]
    columns = (
        arrays.numbers(report.phone_id for report in reports),
        arrays.texts(status.wamid for status in statuses),
        arrays.texts(status.status for status in statuses),
        arrays.times(status.timestamp for status in statuses),
        arrays.numbers(matched),
        arrays.numbers(report.claimed_id for report in reports),
        arrays.texts(_json(status.errors) for status in statuses),
        arrays.texts(_json(status.pricing) for status in statuses),
        arrays.texts(price.category for price in prices),
        arrays.texts(price.type for price in prices),
        arrays.texts(price.model for price in prices),
    )
    cursor.execute(_ADD, columns)
    return set(cursor.fetchall())


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value)


def _adopt(cursor: Cursor, named: dict[int, Key], steps: dict[int, _Step]) -> None:
    """Give messages the events that wait for their wamids."""
    if not named:
        return
    phones, wamids = zip(*named.values(), strict=True)
    columns = arrays.numbers(named), arrays.numbers(phones), arrays.texts(wamids)
    cursor.execute(_ADOPT, columns)
    for message_id, word, at, text in cursor.fetchall():
        errors = json.loads(text) if text else None
        code, detail = error_of(errors if isinstance(errors, list) else None)
        steps.setdefault(message_id, _Step()).take(word, at, code, detail)


def _raise(cursor: Cursor, steps: dict[int, _Step]) -> list[Draft]:
    moving = {pk: step for pk, step in sorted(steps.items()) if step.rank >= 0 or step.wamid}
    if not moving:
        return []
    rows = list(moving.values())
    columns = (
        arrays.numbers(moving),
        arrays.texts(row.wamid for row in rows),
        arrays.texts(row.status for row in rows),
        arrays.numbers(row.rank for row in rows),
        *(arrays.times([row.times.get(word) for row in rows]) for word in MOVING),
        arrays.numbers(row.error_code for row in rows),
        arrays.texts(row.error_detail[:_ERROR_DETAIL_MAX] for row in rows),
    )
    cursor.execute(_RAISE, columns)
    drafts = outbox.changes(cursor.fetchall())
    outreach.take_back(cursor, [pk for pk, row in moving.items() if "FAILED" in row.times])
    return drafts
