"""How fast a number may send: Meta's limits, the plan's, and what Meta's refusals taught us.

Moments are reserved ahead in Redis (``tenants.buckets``). Without Redis a number has a share of its
rate, kept in its own row: slower, and neither unlimited nor stopped.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import OuterRef, QuerySet, Subquery

from tenants import buckets, context
from tenants.models import Tenant
from whatsapp.findings import levels
from whatsapp.models import NumberFact, NumberPace, Phone

# Meta's default for a number. Source: developers.facebook.com/docs/whatsapp/throughput, read
# 2026-11. It counts what comes in as well; where that is much, 130429 slows us down.
PER_SECOND = levels.RATES["STANDARD"]
# To one customer: one every six seconds, and 45 at once that are borrowed from the future.
PAIRS = buckets.Pairs(every_seconds=6.0, burst=45)
# Without Redis nobody can tell what other processes do.
SHARE_WITHOUT_REDIS = 0.25
# After a refusal, and back to the whole rate in so many seconds.
SLOWER, SLOWEST = 0.7, 0.1
RECOVERY_SECONDS = 120.0
# Refusals of one moment are one.
ONE_REFUSAL_SECONDS = 1.0
TOO_FAST = frozenset({130429, 613})
USED_UP = frozenset({4, 80007})
SPAM = 131048
BULK_PAUSE = timedelta(hours=6)

# Only the first of many refusals slows down: the others are answers to calls of the same moment.
_SLOW_DOWN = f"""
    INSERT INTO whatsapp_numberpace AS pace (phone_id, factor, slowed_at)
    VALUES (%(phone)s, {SLOWER}, clock_timestamp())
    ON CONFLICT (phone_id) DO UPDATE SET slowed_at = clock_timestamp(), factor = GREATEST(
        {SLOWEST}, {SLOWER} * LEAST(1.0, pace.factor + COALESCE(
            extract(epoch FROM clock_timestamp() - pace.slowed_at) / {RECOVERY_SECONDS}, 1.0))
    )
    WHERE pace.slowed_at IS NULL
        OR pace.slowed_at < clock_timestamp() - make_interval(secs => {ONE_REFUSAL_SECONDS})
"""  # noqa: S608 - numbers of our own
_PAUSE = """
    INSERT INTO whatsapp_numberpace AS pace (phone_id, {column})
    SELECT id, clock_timestamp() + make_interval(secs => %(seconds)s) FROM whatsapp_phone
    WHERE id = %(phone)s OR %(account)s AND waba_id = (
        SELECT waba_id FROM whatsapp_phone WHERE id = %(phone)s)
    ORDER BY id
    ON CONFLICT (phone_id) DO UPDATE SET {column} = GREATEST(pace.{column}, EXCLUDED.{column})
"""
_PAUSE_ALL = _PAUSE.format(column="paused_until")
_PAUSE_BULK = _PAUSE.format(column="bulk_paused_until")
_HELD_BACK = """
    INSERT INTO whatsapp_numberpace AS pace (phone_id, bulk_paused_until)
    VALUES (%(phone)s, %(until)s)
    ON CONFLICT (phone_id) DO UPDATE SET bulk_paused_until = EXCLUDED.bulk_paused_until
    WHERE COALESCE(pace.bulk_paused_until < EXCLUDED.bulk_paused_until, true)
"""
# As many as fit between the moment at which the number is free and the horizon.
_TAKE_SHARE = """
    INSERT INTO whatsapp_numberpace AS pace (phone_id, free_at)
    VALUES (%(phone)s, clock_timestamp())
    ON CONFLICT (phone_id) DO UPDATE SET
        free_at = GREATEST(pace.free_at, clock_timestamp())
    RETURNING extract(epoch FROM free_at - clock_timestamp())
"""
_KEEP_SHARE = """
    UPDATE whatsapp_numberpace SET free_at = free_at + make_interval(secs => %(seconds)s)
    WHERE phone_id = %(phone)s
"""


@dataclass(frozen=True, slots=True)
class Ask:
    """A message that is to go, and the row that stands for number and customer."""

    message_id: int
    conversation_id: int


@dataclass(frozen=True, slots=True)
class Grant:
    """When messages may go. Who is named nowhere had no turn."""

    waits: dict[int, float] = field(default_factory=dict)  # seconds from now, by message
    delayed: dict[int, float] = field(default_factory=dict)  # no slot: the customer gets too many
    rest_seconds: float = 0.0  # until there is a slot for those who had no turn


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a number may do now."""

    per_second: float
    paused_seconds: float = 0.0
    bulk_paused_until: datetime | None = None


def with_pace(phones: QuerySet[Phone]) -> QuerySet[Phone]:
    """Read with numbers what ``allowance`` wants to know of them."""
    return phones.select_related("learnt_pace").annotate(
        throughput=_word("throughput"), platform=_word("platform")
    )


def allowance(phone: Phone, *, now: datetime) -> Allowance:
    """Return the rate of a number that was read ``with_pace``, after what Meta said. No query."""
    learnt: NumberPace | None = getattr(phone, "learnt_pace", None)
    rate = whole_rate(phone)
    if learnt is None:
        return Allowance(rate)
    paused = (learnt.paused_until - now).total_seconds() if learnt.paused_until else 0.0
    bulk = learnt.bulk_paused_until
    return Allowance(
        rate * _factor(learnt, now),
        max(paused, 0.0),
        bulk if bulk is not None and bulk > now else None,
    )


def whole_rate(phone: Phone) -> float:
    """Return the rate of a number that was read ``with_pace``, had nothing been refused."""
    level, platform = getattr(phone, "throughput", ""), getattr(phone, "platform", "")
    return float(levels.rate(level or "", platform or ""))


def recovers_at(phone: Phone, *, now: datetime) -> datetime | None:
    """Return when a number that was read ``with_pace`` is fast again; None: it is. No query."""
    learnt: NumberPace | None = getattr(phone, "learnt_pace", None)
    if learnt is None or learnt.slowed_at is None or _factor(learnt, now) >= 1:
        return None
    return learnt.slowed_at + timedelta(seconds=(1 - learnt.factor) * RECOVERY_SECONDS)


def reserve(
    *,
    tenant: Tenant,
    phone: Phone,
    per_second: float,
    asks: Sequence[Ask],
    horizon_seconds: float,
    floor_seconds: float = 0.0,
) -> Grant:
    """Reserve a moment for each ask in turn, as many as fit before the horizon.

    ``floor_seconds``: the caller has every moment before that already. In the caller's transaction:
    without Redis it locks the number's row until the commit. Never raises for Redis' sake.
    """
    if not asks:
        return Grant()
    place = context.current_schema()
    most = tenant.plan.messages_per_second
    try:
        slots = buckets.reserve(
            number=buckets.Pace(f"{place}:number:{phone.pk}", per_second),
            plan=buckets.Pace(f"{place}:plan", most) if most else None,
            pairs=PAIRS,
            keys=[_pair(ask.conversation_id) for ask in asks],
            horizon_seconds=horizon_seconds,
            floor_seconds=floor_seconds,
        )
    except buckets.AwayError:
        return _share(phone, min(per_second, most or per_second), asks, horizon_seconds)
    given = list(zip(asks, slots.seconds, strict=False))
    return Grant(
        {ask.message_id: seconds for ask, seconds in given if seconds >= 0},
        {ask.message_id: -seconds for ask, seconds in given if seconds < 0},
        slots.rest_seconds,
    )


def fed_back(*, phone_id: int, waits: Mapping[int, float]) -> None:
    """Learn from Meta's refusals of one number: codes, each with the seconds that it asks to wait.

    In the caller's transaction, before the change counter; safe to repeat and to run at once.
    """
    if not (waits.keys() & {*TOO_FAST, *USED_UP, SPAM}):
        return
    with connection.cursor() as cursor:
        if TOO_FAST & waits.keys():
            cursor.execute(_SLOW_DOWN, {"phone": phone_id})
        used_up = [waits[code] for code in USED_UP & waits.keys()]
        if used_up:
            params = {"phone": phone_id, "seconds": max(used_up), "account": True}
            cursor.execute(_PAUSE_ALL, params)
        if SPAM in waits:
            seconds = BULK_PAUSE.total_seconds()
            params = {"phone": phone_id, "seconds": seconds, "account": False}
            cursor.execute(_PAUSE_BULK, params)


def held_back(*, phone_id: int, at: datetime) -> None:
    """A status says what an answer did not: WhatsApp holds the number back since then (SPAM).

    Safe to repeat; the other messages that it lets through end the pause no sooner.
    """
    with connection.cursor() as cursor:
        cursor.execute(_HELD_BACK, {"phone": phone_id, "until": at + BULK_PAUSE})


def pair_refused(*, conversation_id: int, seconds: float) -> None:
    """Meta counts more messages to this customer than we do: wait so long. Never raises."""
    buckets.push(key=_pair(conversation_id), seconds=seconds, pairs=PAIRS)


def _pair(conversation_id: int) -> str:
    return f"{context.current_schema()}:pair:{conversation_id}"


def _word(matter: str) -> Subquery:
    """Return Meta's word on one matter of each number that is read."""
    facts = NumberFact.objects.filter(matter=matter, phone=OuterRef("pk"))
    return Subquery(facts.values("word")[:1])


def _factor(learnt: NumberPace, now: datetime) -> float:
    if learnt.slowed_at is None:
        return 1.0
    recovered = (now - learnt.slowed_at).total_seconds() / RECOVERY_SECONDS
    return min(1.0, learnt.factor + max(recovered, 0.0))


def _share(phone: Phone, per_second: float, asks: Sequence[Ask], horizon_seconds: float) -> Grant:
    """Give a part of the rate, by the number's row. Pairs are left to Meta's own refusals."""
    step = 1 / (per_second * SHARE_WITHOUT_REDIS)
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_SHARE, {"phone": phone.pk})
        first = max(float(cursor.fetchone()[0]), 0.0)
        fit = max(math.floor((horizon_seconds - first) / step) + 1, 0)
        taken = asks[:fit]
        cursor.execute(_KEEP_SHARE, {"phone": phone.pk, "seconds": len(taken) * step})
    waits = {ask.message_id: first + place * step for place, ask in enumerate(taken)}
    rest = first + len(taken) * step if len(taken) < len(asks) else 0.0
    return Grant(waits, {}, rest)
