"""Make messages of a broadcast's rows, many at once, in the caller's transaction.

Who was never written to gets a contact and an archived conversation: lists and unread counts stay
as they are, and an answer opens it.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from conversations import blocked, rules, types
from conversations.models import (
    Block,
    Broadcast,
    BroadcastRecipient,
    Contact,
    ContactIdentity,
    Message,
)
from conversations.services import enclosing, people, template_sending, threads
from tenants.db import arrays
from tenants.feed.live import Draft
from tenants.permissions import Actor
from tenants.services import usage
from whatsapp.models import MessageTemplate, Phone
from whatsapp.payloads import Sender

Reason = BroadcastRecipient.Reason

_HANDED = """
    UPDATE conversations_broadcastrecipient AS recipient
    SET state = 'QUEUED', message_id = one.message
    FROM unnest(%s::bigint[], %s::bigint[]) AS one (id, message) WHERE recipient.id = one.id
"""
_LEFT_OUT = """
    UPDATE conversations_broadcastrecipient AS recipient
    SET state = 'SKIPPED', reason = one.reason, problem = one.problem, first_position = one.first
    FROM unnest(%s::bigint[], %s::text[], %s::jsonb[], %s::int[])
        AS one (id, reason, problem, first)
    WHERE recipient.id = one.id
"""
# A message that failed may have arrived after all, and somebody may have sent it again by hand.
_ANSWERED = """
    SELECT recipient.id, max(attempt.id) FROM conversations_broadcastrecipient AS recipient
    JOIN conversations_message AS message ON message.id = recipient.message_id
    JOIN conversations_message AS attempt
        ON attempt.id = COALESCE(message.retry_of_id, message.id)
        OR attempt.retry_of_id = COALESCE(message.retry_of_id, message.id)
    WHERE recipient.id = ANY (%s::bigint[]) AND attempt.status NOT IN ('FAILED', 'CANCELLED')
    GROUP BY recipient.id
"""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that gets no message, and why."""

    row: BroadcastRecipient
    reason: str
    problem: dict[str, Any] | None = None
    first_position: int | None = None


def hand_over(
    *,
    actor: Actor,
    broadcast: Broadcast,
    phone: Phone,
    rows: Sequence[BroadcastRecipient],
    now: datetime,
) -> list[Draft]:
    """Queue a message for each row that may have one, and say of the others why not.

    Whom another attempt reached since the row was put back gets none; the row goes by that one.
    The caller holds the broadcast's lock, so nobody else hands its rows over, and publishes what
    is returned: contacts that are new.
    Raises: merging.RivalMergeError, to be tried again; usage.QuotaReachedError.
    """
    places, changes = _places(phone, rows, now)
    # Under the conversations' locks: the rival is an operator who sends one of them again.
    answered = _answered(rows)
    rows = [row for row in rows if row.pk not in answered]
    left_out = list(_unwanted(broadcast, phone, rows, places))
    gone = {one.row.pk for one in left_out}
    drafts: dict[int, Message] = {}
    for row in rows:
        if row.pk in gone:
            continue
        made = _draft(actor, broadcast, row, places[row.pk], now)
        if isinstance(made, LeftOut):
            left_out.append(made)
        else:
            drafts[row.pk] = made
    Message.objects.bulk_create(drafts.values())
    for draft in {one.media_id: one for one in drafts.values()}.values():
        enclosing.hand_over(draft=draft, phone_id=phone.pk, now=now)
    _write(answered | {pk: draft.pk for pk, draft in drafts.items()}, left_out)
    if drafts:
        usage.take(len(drafts))
    return changes


def _answered(rows: Sequence[BroadcastRecipient]) -> dict[int, int]:
    """Return the attempts, by row, that make another one needless."""
    retried = [row.pk for row in rows if row.message_id is not None]
    if not retried:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_ANSWERED, (retried,))
        return dict(cursor.fetchall())


def _write(messages: dict[int, int], left_out: Sequence[LeftOut]) -> None:
    handed = arrays.numbers(messages), arrays.numbers(messages.values())
    refused = (
        arrays.numbers(one.row.pk for one in left_out),
        arrays.texts(one.reason for one in left_out),
        arrays.texts(json.dumps(one.problem) if one.problem else None for one in left_out),
        arrays.numbers(one.first_position for one in left_out),
    )
    with connection.cursor() as cursor:
        cursor.execute(_HANDED, handed)
        cursor.execute(_LEFT_OUT, refused)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row's message goes."""

    contact_id: int
    conversation_id: int


def _places(
    phone: Phone, rows: Sequence[BroadcastRecipient], now: datetime
) -> tuple[dict[int, Place], list[Draft]]:
    senders = [(_sender(row), now) for row in rows]
    with connection.cursor() as cursor:
        met = people.meet(cursor, senders)
        found = threads.begin_quietly(cursor, [(phone.pk, contact) for contact in met.contacts])
    places = {
        row.pk: Place(contact, found[phone.pk, contact])
        for row, contact in zip(rows, met.contacts, strict=True)
    }
    return places, met.changes()


def _sender(row: BroadcastRecipient) -> Sender:
    if row.kind == ContactIdentity.Kind.BSUID:
        return Sender("", row.value, "", "")
    return Sender(row.value, "", "", "")


def _unwanted(
    broadcast: Broadcast,
    phone: Phone,
    rows: Sequence[BroadcastRecipient],
    places: dict[int, Place],
) -> Iterable[LeftOut]:
    """Say who must not get it: marketing to whom wants none, blocked people, the same person."""
    contacts = {place.contact_id for place in places.values()}
    stopped = set()
    if broadcast.template.category == MessageTemplate.Category.MARKETING:
        wanting_none = Contact.objects.filter(pk__in=contacts, marketing_opted_out_at__isnull=False)
        stopped = set(wanting_none.values_list("pk", flat=True))
    blocks = Block.objects.filter(contact__in=contacts, phone=phone, state__in=blocked.APART)
    apart = set(blocks.values_list("contact", flat=True))
    written_to = _written_to(broadcast, [row for row in rows if row.message_id is None], places)
    for row in rows:
        place = places[row.pk]
        if place.contact_id in apart:
            yield LeftOut(row, Reason.BLOCKED)
        elif place.contact_id in stopped:
            yield LeftOut(row, Reason.OPTED_OUT)
        elif row.message_id is None and place.conversation_id in written_to:
            first = written_to[place.conversation_id]
            yield LeftOut(row, Reason.DUPLICATE, first_position=first)
        else:
            written_to[place.conversation_id] = row.position


def _written_to(
    broadcast: Broadcast, rows: Sequence[BroadcastRecipient], places: dict[int, Place]
) -> dict[int, int | None]:
    """Return the conversations that have this broadcast under another number, with whose row."""
    wanted = {places[row.pk].conversation_id for row in rows}
    sent = Message.objects.filter(conversation__in=wanted, broadcast=broadcast)
    found: dict[int, int | None] = dict.fromkeys(sent.values_list("conversation", flat=True))
    rows_of = broadcast.recipients.filter(message__conversation__in=found)
    found |= dict(rows_of.values_list("message__conversation", "position"))
    return found


def _draft(
    actor: Actor, broadcast: Broadcast, row: BroadcastRecipient, place: Place, now: datetime
) -> Message | LeftOut:
    try:
        draft = template_sending.draft(actor=actor, template=broadcast.template, values=row.values)
    except template_sending.ValuesInvalidError as error:
        return LeftOut(row, Reason.INVALID_VALUE, types.problem_kept(error.problems))
    before = row.message
    draft.conversation_id, draft.phone_id = place.conversation_id, broadcast.phone_id
    if before is not None:  # it follows its person, as the thread shows one bubble of both
        draft.conversation_id = before.conversation_id
        draft.retry_of_id = before.retry_of_id or before.pk
    draft.broadcast = broadcast
    draft.author_id, draft.api_key_id = broadcast.author_id, broadcast.api_key_id
    draft.direction, draft.lane = Message.Direction.OUTBOUND, rules.Lane.BULK
    draft.status, draft.rank = Message.Status.PENDING, rules.RANKS["PENDING"]
    draft.timestamp = now
    return draft
