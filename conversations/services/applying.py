"""Apply one tenant's part of a batch in one transaction, and find the unit that will not fit.

Locks are taken in one order everywhere: identities, contacts, conversations, messages, each sorted,
the day's usage, and the change counter last.
"""

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import errors

from conversations.services import learning, marks, people, statuses, threads
from conversations.services.marks import Marking
from conversations.services.merging import RivalMergeError
from conversations.services.routing import Parcel, Reason, Target
from conversations.services.statuses import Report
from conversations.services.threads import Arrival
from tenants import context
from tenants.crashing import crash_point
from tenants.db import arrays, raw
from tenants.feed import live, usage
from tenants.feed.live import Draft
from whatsapp.payloads import (
    AccountEvent,
    InboundMessage,
    MessageMark,
    Sender,
    StatusUpdate,
    Unit,
    content_reading,
    media,
)
from whatsapp.payloads.contents import Unknown
from whatsapp.payloads.preferences import preferences_of
from whatsapp.services import events, number_events, template_events
from whatsapp.webhooks.types import Fate

logger = logging.getLogger(__name__)
Session = psycopg.Connection[Any]

# A transaction holds this many units at most, so that nobody waits long for its locks.
CHUNK = 1000
_PHONES = """
    SELECT phone_number_id, id,
        last_webhook_at IS NULL OR last_webhook_at < now() - interval '30 seconds'
    FROM whatsapp_phone WHERE phone_number_id = ANY (%s::text[])
"""
# Whoever holds the row just now will be followed by another event.
_HEARD = """
    UPDATE whatsapp_phone SET last_webhook_at = now() WHERE id IN (
        SELECT id FROM whatsapp_phone WHERE id = ANY (%s::bigint[])
        ORDER BY id FOR NO KEY UPDATE SKIP LOCKED)
"""
# Rivals met; the next try finds what they left.
TRIES = 3
RIVALRY_SECONDS = 0.05
_random = random.SystemRandom()
_RIVALRY = (
    errors.DeadlockDetected,
    errors.SerializationFailure,
    errors.UniqueViolation,
    RivalMergeError,
)
# SQLSTATE classes that speak of the data: bad values, broken integrity, too large. All others speak
# of the server, and no unit may be blamed for them.
_OF_THE_DATA = ("22", "23", "54")
_OF_THE_SCHEMA = ("42", "3F")


@dataclass(slots=True)
class Applied:
    """What a tenant's part of a batch did."""

    seq: int | None = None  # the tenant's last change number
    is_followed: bool = False  # somebody waits for its changes
    settled_phones: set[int] = field(default_factory=set)  # whose next messages may go now
    has_files: bool = False  # to be fetched
    named: dict[int, Sender] = field(default_factory=dict)  # whom messages went to, if that is new


class TenantUnavailableError(Exception):
    """The tenant's rows cannot be written now; its deliveries stay as they are."""


def apply(work: Session, target: Target, parcels: list[Parcel]) -> Applied:
    """Apply the parcels and write each one's fate on it.

    A unit that cannot be stored is parked alone: its batch is tried in halves until it is found.
    Raises: TenantUnavailableError; psycopg.OperationalError when the session is gone.
    """
    applied = Applied()
    for start in range(0, len(parcels), CHUNK):
        _apply(work, target, parcels[start : start + CHUNK], applied)
    return applied


def _apply(work: Session, target: Target, parcels: list[Parcel], applied: Applied) -> None:
    error = _attempt(lambda: _transaction(work, target, parcels, applied))
    if error is None:
        return
    state = getattr(error, "sqlstate", None) or ""
    label = f"{type(error).__name__} {state}".strip()
    if isinstance(error, psycopg.Error) and state.startswith(_OF_THE_SCHEMA):
        # Not the units' fault, and the next one would fare no better.
        logger.error("tenant %s: %s; its events are parked", target.schema_name, label)
        _park(parcels, label)
    elif isinstance(error, psycopg.Error) and state and not state.startswith(_OF_THE_DATA):
        raise TenantUnavailableError(label) from error
    elif len(parcels) == 1:
        logger.error("unit %s of delivery %s parked: %s", *_names(parcels[0]), label)
        _park(parcels, label)
    else:
        middle = len(parcels) // 2
        _apply(work, target, parcels[:middle], applied)
        _apply(work, target, parcels[middle:], applied)


def _attempt(transaction: Callable[[], None]) -> Exception | None:
    """Run a transaction, again when rivals were in the way; return what went wrong."""
    found: Exception | None = None
    for _ in range(TRIES):
        try:
            transaction()
        except _RIVALRY as error:
            found = error
            time.sleep(_random.uniform(0, RIVALRY_SECONDS))  # let them pass
        except psycopg.OperationalError as error:
            if error.sqlstate is None:
                raise  # the session is gone, and with it everybody's work
            return error
        except Exception as error:  # a border: one unit must not stop the others
            return error
        else:
            return None
    return found


def _names(parcel: Parcel) -> tuple[int, int]:
    return parcel.unit.index, parcel.delivery_id


def _park(parcels: list[Parcel], label: str) -> None:
    for parcel in parcels:
        parcel.park(Reason.QUARANTINED, label)


def _transaction(work: Session, target: Target, parcels: list[Parcel], applied: Applied) -> None:
    with context.raw_transaction(work, target.schema_name) as cursor:
        asked = _ask(cursor, parcels)
        phones, unheard = _phones(cursor, parcels)
        arrived = _messages(cursor, phones, parcels, asked)
        marked = _marks(cursor, phones, parcels)
        outcome, named = _statuses(cursor, target, phones, parcels)
        _events(cursor, parcels)
        if unheard:
            cursor.execute(_HEARD, (arrays.numbers(unheard),))
        drafts = list(dict.fromkeys([*arrived, *marked, *outcome.drafts]))
        if received := sum(parcel.is_received for parcel in parcels):
            usage.count(cursor, received=received)
        if drafts:
            live.take(cursor, drafts)
        crash_point("worker.mid_apply")
    crash_point("worker.applied")
    if drafts:
        applied.seq, applied.is_followed = cursor.fetchone() or (None, False)
    applied.has_files |= any(_brings_file(parcel.unit) for parcel in parcels)
    applied.settled_phones |= outcome.settled_phones
    applied.named |= named


def _brings_file(unit: Unit) -> bool:
    return isinstance(unit, InboundMessage) and unit.type in media.KINDS


def _ask(cursor: raw.MarkedCursor, parcels: list[Parcel]) -> people.Asked | None:
    """Look for the senders of messages on the way to the numbers."""
    units = [parcel.unit for parcel in parcels]
    senders = [unit.sender for unit in units if isinstance(unit, InboundMessage)]
    return people.ask((cursor.other(), cursor.other()), senders) if senders else None


def _phones(cursor: psycopg.Cursor[Any], parcels: list[Parcel]) -> tuple[dict[str, int], list[int]]:
    """Return the rows of the numbers, and those that were not heard of just now.

    Parcels for a number without a row are parked.
    """
    spoken = [one for one in parcels if not isinstance(one.unit, AccountEvent)]
    if not spoken:
        return {}, []
    numbers = {one.unit.phone_number_id for one in spoken}
    rows = cursor.execute(_PHONES, (arrays.texts(numbers),)).fetchall()
    phones: dict[str, int] = {number: pk for number, pk, _ in rows}
    for parcel in spoken:
        if parcel.unit.phone_number_id not in phones:
            parcel.park(Reason.UNROUTED, "NoPhone")
    return phones, sorted(pk for _, pk, is_unheard in rows if is_unheard)


def _messages(
    cursor: raw.MarkedCursor,
    phones: dict[str, int],
    parcels: list[Parcel],
    asked: people.Asked | None,
) -> list[Draft]:
    pairs = [
        (parcel, Arrival(phones[parcel.unit.phone_number_id], parcel.unit))
        for parcel in parcels
        if isinstance(parcel.unit, InboundMessage) and parcel.unit.phone_number_id in phones
    ]
    chosen = [
        preference
        for parcel in parcels
        if isinstance(parcel.unit, AccountEvent)
        for preference in preferences_of(parcel.unit)
    ]
    if not pairs and not chosen:
        return []
    ids, drafts = threads.store(cursor, [arrival for _, arrival in pairs], chosen, asked=asked)
    echoes = {ids[one.key] for _, one in pairs if one.message.is_echo and one.key in ids}
    if echoes:
        drafts += statuses.apply_waiting(cursor, sorted(echoes))
    new = set(ids)
    for parcel, arrival in pairs:
        message = arrival.message
        shown = content_reading.read(message.type, message.content, message.extras)
        whole = Fate.PLACEHOLDER if isinstance(shown, Unknown) else Fate.STORED
        parcel.fate = whole if arrival.key in new else Fate.DUPLICATE
        new.discard(arrival.key)
    return drafts


def _marks(
    cursor: psycopg.Cursor[Any], phones: dict[str, int], parcels: list[Parcel]
) -> list[Draft]:
    pairs = [
        (parcel, Marking(phones[parcel.unit.phone_number_id], parcel.unit))
        for parcel in parcels
        if isinstance(parcel.unit, MessageMark) and parcel.unit.phone_number_id in phones
    ]
    if not pairs:
        return []
    new, drafts = marks.store(cursor, [marking for _, marking in pairs])
    for parcel, marking in pairs:
        parcel.fate = Fate.STORED if marking.key in new else Fate.DUPLICATE
        new.discard(marking.key)
    return drafts


def _statuses(
    cursor: psycopg.Cursor[Any], target: Target, phones: dict[str, int], parcels: list[Parcel]
) -> tuple[statuses.Outcome, dict[int, Sender]]:
    pairs = [
        (parcel, _report(target, phones[parcel.unit.phone_number_id], parcel.unit))
        for parcel in parcels
        if isinstance(parcel.unit, StatusUpdate) and parcel.unit.phone_number_id in phones
    ]
    outcome = statuses.store(cursor, [report for _, report in pairs])
    new = set(outcome.new)
    for parcel, report in pairs:
        known = report.status.status in statuses.MOVING
        whole = Fate.STORED if known else Fate.PLACEHOLDER
        parcel.fate = whole if report.identity in new else Fate.DUPLICATE
        new.discard(report.identity)
    about = [(outcome.matched.get(one.key), one.status.recipient) for _, one in pairs]
    return outcome, learning.unknown(cursor, about)


def _report(target: Target, phone_id: int, status: StatusUpdate) -> Report:
    claimed = statuses.claimed_message_id(
        tenant_id=target.tenant_id,
        phone_number_id=status.phone_number_id,
        data=status.callback_data,
    )
    return Report(phone_id, status, claimed)


def _events(cursor: psycopg.Cursor[Any], parcels: list[Parcel]) -> None:
    kept = [(one, one.unit) for one in parcels if isinstance(one.unit, AccountEvent)]
    if not kept:
        return
    new = events.keep(cursor, [event for _, event in kept])
    template_events.apply(cursor, [event for _, event in kept])
    number_events.apply(cursor, [event for _, event in kept])
    for parcel, event in kept:
        key = events.digest(event)
        known = (
            template_events.is_about_template(event)
            or number_events.is_about_number(event)
            or preferences_of(event)
        )
        whole = Fate.STORED if known else Fate.PLACEHOLDER
        parcel.fate = whole if key in new else Fate.DUPLICATE
        new.discard(key)
