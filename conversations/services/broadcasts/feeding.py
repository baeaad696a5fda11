"""Hand a broadcast's rows to the outbox, a little ahead of what its number may send.

Everything that may have changed since the list was made is looked at again here, and once more at
the claim: the author, the template, the number, its limits, what each customer wants.
"""

import logging
import math
from collections.abc import Callable
from datetime import datetime
from functools import partial

from django.db import OperationalError, transaction
from django.utils import timezone

from conversations.models import Broadcast, BroadcastRecipient, Message
from conversations.rules import Lane
from conversations.services import merging
from conversations.services.broadcasts import control, handing, outreach, progress
from tenants import context, queue, stopping, support
from tenants.crashing import crash_point
from tenants.feed import live
from tenants.models import ApiKey, Tenant
from tenants.permissions import Permission, system_actor
from tenants.services import usage
from whatsapp.models import Phone
from whatsapp.services import pace
from whatsapp.webhooks import backlog

logger = logging.getLogger(__name__)

Reason, Wait = Broadcast.PauseReason, Broadcast.Wait

# So much of what the number may send is queued ahead; the sweeper comes by more often than that.
AHEAD_SECONDS = 12.0
# Rows of one transaction.
BATCH = 250
# From the worst; a grade that Meta does not give says nothing.
_GRADES = ("RED", "YELLOW", "GREEN")
# It stops by itself when so many failed, and so large a share of what ended.
FAILURES_LEAST, FAILURES_SHARE = 20, 0.3


def run(*, now: datetime) -> None:
    """Go on with every broadcast of the current tenant that has something to do.

    Safe to repeat, to run side by side and to kill at any point. One that breaks stops no other.
    """
    due = Broadcast.objects.filter(count_at__lte=now).values_list("pk", "phone")
    for broadcast_id, phone_id in due.order_by("pk"):
        _apart(broadcast_id, partial(_count, broadcast_id, phone_id))
    running = Broadcast.objects.filter(status=Broadcast.Status.RUNNING)
    for broadcast_id in running.order_by("pk").values_list("pk", flat=True):
        _apart(broadcast_id, partial(feed, broadcast_id=broadcast_id))


def sweep(*, alone: bool) -> None:
    """Nudge whoever goes on with broadcasts, if any has something to do; ``alone``: do it here."""
    now = timezone.now()
    running = Broadcast.objects.filter(status=Broadcast.Status.RUNNING)
    if not running.exists() and not Broadcast.objects.filter(count_at__lte=now).exists():
        return
    if alone:
        run(now=now)
    else:
        queue.enqueue(control.TASK)


def _apart(broadcast_id: int, act: Callable[[], None]) -> None:
    try:
        act()
    except OperationalError:
        raise  # nothing goes on without Postgres
    except Exception:
        # A border: whatever is wrong with this one is looked at again with the next round.
        logger.exception("broadcast %s of %s failed", broadcast_id, context.current_schema())


def _count(broadcast_id: int, phone_id: int) -> None:
    tally = progress.count(broadcast_id=broadcast_id, now=timezone.now())
    if tally is not None and tally.held_at is not None:
        pace.held_back(phone_id=phone_id, at=tally.held_at)
    if tally is not None and _fails(tally.failed, tally.ended):
        _stop_failing(broadcast_id, now=timezone.now())


def feed(*, broadcast_id: int) -> None:
    """Hand over as many rows as may wait in the outbox now."""
    while not stopping.asked() and _feed(broadcast_id):
        crash_point("broadcast.handed")


@transaction.atomic(durable=True)
def _feed(broadcast_id: int) -> int:
    """Hand over one batch; return how many rows are through."""
    # A rival feeds it, or somebody changes its state: they are not waited for.
    rows = Broadcast.objects.select_related("template").select_for_update(
        of=("self",), skip_locked=True
    )
    broadcast = rows.filter(pk=broadcast_id, status=Broadcast.Status.RUNNING).first()
    tenant = Tenant.objects.select_related("plan").get(schema_name=context.current_schema())
    if broadcast is None:
        return 0
    now = timezone.now()
    phone = pace.with_pace(Phone.objects.filter(pk=broadcast.phone_id)).get()
    reason = _reason_to_stop(broadcast, phone, tenant)
    if reason:
        _pause(broadcast, tenant, reason, now)
        return 0
    found = _next(broadcast, phone, tenant, now)
    if not found:
        return 0
    try:
        actor = system_actor(tenant)
        changes = handing.hand_over(
            actor=actor, broadcast=broadcast, phone=phone, rows=found, now=now
        )
    except (merging.RivalMergeError, usage.QuotaReachedError):
        transaction.set_rollback(True)
        return len(found)  # the rival is through by now: looked at again, it left so much
    crash_point("broadcast.mid_hand")
    queue.enqueue("conversations.tasks.drain_outbox", phone_id=phone.pk)
    if changes:
        live.publish(*changes)
    return len(found)


def _next(
    broadcast: Broadcast, phone: Phone, tenant: Tenant, now: datetime
) -> list[BroadcastRecipient]:
    """Return the rows that may be handed over now, and say what it waits for if none may."""
    before = broadcast.waiting_for, broadcast.waits_until, broadcast.look_at
    room = _room(broadcast, phone, tenant, now)
    if not room or (broadcast.look_at is not None and now < broadcast.look_at):
        found = []
    else:
        found = outreach.choose(broadcast=broadcast, phone=phone, room=room, now=now)
    if before != (broadcast.waiting_for, broadcast.waits_until, broadcast.look_at):
        broadcast.save(update_fields=["waiting_for", "waits_until", "look_at"])
    return found


def _reason_to_stop(broadcast: Broadcast, phone: Phone, tenant: Tenant) -> str:
    if not broadcast.template.is_sendable:
        return Reason.TEMPLATE
    fell = _fell(broadcast.number_quality, control.number_quality(phone))
    if fell or _fell(broadcast.template_quality, broadcast.template.quality):
        return Reason.QUALITY
    return "" if _author_may(broadcast, tenant) else Reason.AUTHOR


def _author_may(broadcast: Broadcast, tenant: Tenant) -> bool:
    if broadcast.api_key_id is not None:
        keys = ApiKey.objects.filter(pk=broadcast.api_key_id, tenant=tenant, revoked_at=None)
        return keys.exists()
    if broadcast.author is None:
        return True
    author = support.acting(user=broadcast.author, tenant=tenant, now=timezone.now())
    return author is not None and author.may(Permission.BROADCAST)


def _fell(before: str, now: str) -> bool:
    if now not in _GRADES or before not in _GRADES:
        return now == _GRADES[0] and before != now
    return _GRADES.index(now) < _GRADES.index(before)


def _room(broadcast: Broadcast, phone: Phone, tenant: Tenant, now: datetime) -> int:
    """Return how many rows the outbox may take; say what the broadcast waits for, if it does."""
    if phone.status != Phone.Status.ACTIVE or phone.health == Phone.Health.AUTH_ERROR:
        broadcast.waits(Wait.NUMBER)
        return 0
    allowed = pace.allowance(phone, now=now)
    if allowed.bulk_paused_until is not None or allowed.paused_seconds > AHEAD_SECONDS:
        broadcast.waits(Wait.PACE, until=allowed.bulk_paused_until)
        return 0
    if backlog.is_behind():
        broadcast.waits(Wait.BACKLOG)
        return 0
    left = usage.this_month().left if tenant.plan.messages_per_month is not None else None
    if left == 0:
        broadcast.waits(Wait.QUOTA, until=usage.next_month_at(now))
        return 0
    if broadcast.waiting_for != Wait.LIMIT:  # that one is looked at together with the rows
        broadcast.waits()
    queued = Message.objects.filter(
        phone=phone, lane=Lane.BULK, status=Message.Status.PENDING
    ).count()
    ahead = math.ceil(allowed.per_second * AHEAD_SECONDS)
    return max(min(ahead - queued, BATCH, BATCH if left is None else left), 0)


def _fails(failed: int, ended: int) -> bool:
    return failed >= FAILURES_LEAST and failed >= FAILURES_SHARE * ended


@transaction.atomic(durable=True)
def _stop_failing(broadcast_id: int, *, now: datetime) -> None:
    running = Broadcast.objects.filter(pk=broadcast_id, status=Broadcast.Status.RUNNING)
    broadcast = running.select_for_update().first()
    if broadcast is not None:
        tenant = Tenant.objects.get(schema_name=context.current_schema())
        _pause(broadcast, tenant, Reason.FAILURES, now)


def _pause(broadcast: Broadcast, tenant: Tenant, reason: str, now: datetime) -> None:
    paused, actor = Broadcast.Status.PAUSED, system_actor(tenant)
    control.stop(broadcast, paused, actor=actor, now=now, reason=reason)
