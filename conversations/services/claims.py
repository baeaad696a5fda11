"""Claim what a number is to send next: the rows say so before Meta is called.

A message is claimed by one sender only, and only one of a conversation at a time. A claim that its
sender did not live to answer for runs out and becomes UNKNOWN; it is never claimed again.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import connection, transaction
from django.utils import timezone

from conversations import rules
from conversations.services import heads, outbox, outreach
from conversations.services.heads import Claim, Head, Sender
from conversations.services.outbox import Move
from tenants import context, secrets
from tenants.feed import usage
from tenants.feed.live import Cursor
from tenants.models import Tenant
from whatsapp import errors
from whatsapp.models import Phone
from whatsapp.services import health, numbers, pace

LEASE_SECONDS = 60
# Moments are reserved so far ahead: what comes meanwhile waits no longer than this.
HORIZON_SECONDS = 0.7
_CLAIM = """
    UPDATE conversations_message SET status = 'SENDING', rank = %(rank)s, attempts = attempts + 1,
        due_at = NULL, lease_until = clock_timestamp() + make_interval(secs => %(seconds)s)
    WHERE id = ANY (%(ids)s::bigint[])
"""
# Their customers get as much as Meta allows already; nothing that a page shows has changed.
_DELAY = """
    UPDATE conversations_message AS message
    SET due_at = clock_timestamp() + make_interval(secs => one.seconds)
    FROM unnest(%s::bigint[], %s::float8[]) AS one (id, seconds) WHERE message.id = one.id
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """What one look at a number's outbox gave, and when the next one makes sense."""

    claims: list[Claim] = field(default_factory=list)  # in the order in which they leave
    per_second: float = pace.PER_SECOND
    rest_seconds: float = 0.0  # 0.0: whenever something new may be there


def take(
    *,
    phone_id: int,
    limit: int,
    turn: int = 0,
    horizon_seconds: float = HORIZON_SECONDS,
    floor_at: float = 0.0,
) -> Taken:
    """Claim up to ``limit`` messages of a number, commit, and return them with their moments.

    ``turn`` is how many this number's sender had before, ``floor_at`` the moment (of the monotonic
    clock) before which it has something to send already. Looks again at everything that may have
    changed since they were queued: the tenant, the number, its token and its pace, each window,
    what each customer and each author may, and the plan. What can no longer be sent fails here;
    what a number without a valid token has queued is held, and so is everything while more is
    queued than the month's plan allows.
    """
    while True:
        taken, failed = _take(phone_id, limit, turn, horizon_seconds, floor_at)
        if taken.claims or taken.rest_seconds or not failed:
            return taken


@transaction.atomic(durable=True)
def _take(
    phone_id: int, limit: int, turn: int, horizon_seconds: float, floor_at: float
) -> tuple[Taken, int]:
    """Return what was claimed, and how many failed: there may be more behind them."""
    tenant = _active_tenant()
    phone = pace.with_pace(Phone.objects.filter(pk=phone_id)).first()
    if tenant is None or phone is None:
        return Taken(), 0
    sender = _sender(tenant, phone)
    with connection.cursor() as cursor:
        if sender is None:
            outbox.publish(outbox.hold(cursor, phone_id))
            return Taken(), 0
        allowed = pace.allowance(phone, now=timezone.now())
        if allowed.paused_seconds:
            return Taken([], allowed.per_second, allowed.paused_seconds), 0
        most = min(limit, math.ceil(allowed.per_second * horizon_seconds) + 1)
        found = heads.find(cursor, sender, most, with_bulk=allowed.bulk_paused_until is None)
        if any(head.over_quota for head in found):
            outbox.publish(outbox.hold(cursor, phone_id, code=errors.QUOTA_REACHED))
            return Taken(), 0
        refusals = [refusal for head in found if (refusal := head.refusal())]
        refused = {refusal.message_id for refusal in refusals}
        fit = _in_turn([head for head in found if head.message_id not in refused], turn)[:most]
        asked_at = time.monotonic()
        grant = pace.reserve(
            tenant=tenant,
            phone=phone,
            per_second=allowed.per_second,
            asks=[pace.Ask(head.message_id, head.conversation_id) for head in fit],
            horizon_seconds=horizon_seconds,
            floor_seconds=max(floor_at - asked_at, 0.0),
        )
        claimed = _claim(cursor, sender, fit, grant, asked_at)
        drafts = outbox.move(cursor, refusals)
        # It never left, so it does not count; sent again, it does.
        usage.take_back(cursor, [one.queued_at for one in found if one.message_id in refused])
        outbox.publish(drafts)
    return Taken(claimed, allowed.per_second, grant.rest_seconds), len(refusals)


def hand_back(claims: Sequence[Claim]) -> None:
    """Queue again what was claimed and never begun; it costs no attempt."""
    moves = [
        Move(claim.message_id, claim.attempt, "PENDING", seconds=0.0, unburnt=1) for claim in claims
    ]
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        outbox.lock(cursor, [move.message_id for move in moves])
        outbox.publish(outbox.move(cursor, moves))


def release(*, phone_id: int) -> None:
    """Queue again what was held for a number that may send again."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        outbox.publish(outbox.release(cursor, phone_id))


def sender_of(phone: Phone) -> Sender | None:
    """Return what a call for the number needs; None while tenant or number must not send."""
    tenant = _active_tenant()
    return None if tenant is None else _sender(tenant, phone)


def _active_tenant() -> Tenant | None:
    tenants = Tenant.objects.select_related("plan").filter(schema_name=context.current_schema())
    return tenants.filter(status=Tenant.Status.ACTIVE).first()


def _sender(tenant: Tenant, phone: Phone) -> Sender | None:
    if phone.status != Phone.Status.ACTIVE or phone.health == Phone.Health.AUTH_ERROR:
        return None
    try:
        token = numbers.opened_token(tenant=tenant, phone=phone)
    except secrets.SealBrokenError:
        health.token_refused(tenant=tenant, phone_id=phone.pk, sealed=phone.access_token_sealed)
        return None
    proven = phone.health == Phone.Health.OK
    sealed = phone.access_token_sealed
    return Sender(tenant, phone.pk, phone.phone_number_id, sealed, token, is_proven=proven)


def _in_turn(found: Sequence[Head], turn: int) -> list[Head]:
    lanes = [[head for head in found if head.lane == lane] for lane in rules.Lane]
    return rules.in_turn(lanes, taken=turn)


def _claim(
    cursor: Cursor, sender: Sender, fit: Sequence[Head], grant: pace.Grant, asked_at: float
) -> list[Claim]:
    granted = [head for head in fit if head.message_id in grant.waits]
    claims = [head.claim(sender, asked_at + grant.waits[head.message_id]) for head in granted]
    params = {
        "rank": rules.RANKS["SENDING"],
        "seconds": LEASE_SECONDS,
        "ids": [claim.message_id for claim in claims],
    }
    if claims:
        cursor.execute(_CLAIM, params)
        outreach.note(cursor, sender.phone_id, [head for head in granted if head.reaches_out])
    if grant.delayed:
        cursor.execute(_DELAY, (list(grant.delayed), list(grant.delayed.values())))
    return claims
