"""Bring events to the addresses that want them, and try again what did not get through.

Reached from tasks and the sweeper only. An attempt is claimed, and that committed, before anything
is sent; a claim whose worker died runs out, and the event goes out again under the same id.
"""

import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from conversations.models import HookDelivery, HookEndpoint, HookEvent
from conversations.services.hands import Hands
from conversations.services.hooks import endpoints, relaying, signing
from tenants import context, egress, queue, secrets, stopping
from tenants.crashing import crash_point
from tenants.models import Tenant

# When an attempt follows the one before: the schedule of Standard Webhooks, in seconds.
SCHEDULE = (0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
LEASE = timedelta(seconds=60)  # more than egress.TOTAL_SECONDS
# An address that fails is left alone for so long, whatever else waits for it.
REST_SECONDS, REST_MAX_SECONDS = 5, 300
FAILING_MAX = timedelta(days=5)
KEPT_FOR = timedelta(days=30)
SECONDS = 20.0
PAGE = 1000
# What is due for so long was reached by no nudge.
OVERDUE = timedelta(seconds=15)
ANSWER_MAX_CHARACTERS = 500
# Addresses that are told at once by one process; one that hangs keeps nobody but itself waiting.
HANDS = 16
_hands = Hands(HANDS)
_random = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What is known of an attempt."""

    status: int | None = None
    error: str = ""
    answer: str = ""
    retry_after: str = ""

    @property
    def is_fine(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def begin(*, endpoint_id: int) -> None:
    """Begin to tell an address of the current tenant, in a thread of its own."""
    schema = context.current_schema()
    duty = partial(deliver_in, schema, endpoint_id)
    _hands.begin((schema, endpoint_id), f"webhooks of {schema}", duty)


def deliver_in(schema: str, endpoint_id: int) -> None:
    """Tell an address of a tenant."""
    with context.tenant(schema):
        deliver(endpoint_id=endpoint_id)


def deliver(*, endpoint_id: int, seconds: float = SECONDS) -> int:
    """Send what is due for an address of the current tenant; return how many attempts that were.

    Ends after so many seconds, so that other addresses have their turn.
    """
    until, count = time.monotonic() + seconds, 0
    while not stopping.asked():
        tenant = Tenant.objects.filter(
            schema_name=context.current_schema(), status=Tenant.Status.ACTIVE
        ).first()
        claimed = _claim(endpoint_id, timezone.now()) if tenant is not None else None
        if tenant is None or claimed is None:
            break
        crash_point("hooks.claimed")
        outcome = _attempt(claimed, tenant)
        crash_point("hooks.sent")
        _settle(claimed, outcome, timezone.now())
        count += 1
        if time.monotonic() >= until:
            queue.enqueue(endpoints.TASK, endpoint_id=endpoint_id)
            break
    return count


def sweep(*, alone: bool) -> list[int]:
    """Make the events that no nudge made; return the addresses that somebody has to tell now.

    Where nudges flow it sends one, and returns only what was due for long.
    """
    if not HookEndpoint.objects.filter(is_enabled=True).exists():
        return []
    relaying.relay()
    now = timezone.now()
    due = HookDelivery.objects.filter(_due(now), _awake(now)).order_by("endpoint", "due_at")
    oldest = dict(due.distinct("endpoint").values_list("endpoint_id", "due_at"))
    late = [pk for pk, due_at in oldest.items() if alone or now - due_at > OVERDUE]
    for pk in oldest.keys() - set(late):
        queue.enqueue(endpoints.TASK, endpoint_id=pk)
    return late


def forget(*, now: datetime) -> None:
    """Delete what was told long ago, with its bodies."""
    old = HookEvent.objects.filter(created_at__lt=now - KEPT_FOR).order_by("created_at")
    while page := list(old.values_list("pk", flat=True)[:PAGE]):
        HookEvent.objects.filter(pk__in=page).delete()


def _due(now: datetime) -> Q:
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    return Q(state=HookDelivery.State.PENDING, due_at__lte=now) & free


def _awake(now: datetime) -> Q:
    rested = Q(endpoint__rest_until=None) | Q(endpoint__rest_until__lte=now)
    return Q(endpoint__is_enabled=True) & rested


@transaction.atomic
def _claim(endpoint_id: int, now: datetime) -> HookDelivery | None:
    """Take the oldest event that is due; None where there is none, or the address rests."""
    listed = HookDelivery.objects.filter(_due(now), _awake(now), endpoint=endpoint_id)
    # Rival: another worker with the same nudge; it takes the next one.
    claimed = (
        listed.select_for_update(skip_locked=True, of=("self",))
        .select_related("event", "endpoint")
        .order_by("due_at", "pk")
        .first()
    )
    if claimed is not None:
        claimed.attempts, claimed.tried_at = claimed.attempts + 1, now
        claimed.lease_until = now + LEASE
        claimed.save(update_fields=["attempts", "tried_at", "lease_until"])
    return claimed


def _attempt(claimed: HookDelivery, tenant: Tenant) -> _Outcome:
    endpoint, event = claimed.endpoint, claimed.event
    now, body = timezone.now(), event.body.encode()
    try:
        keys = endpoints.opened_secrets(endpoint, tenant=tenant, now=now)
        headers = signing.headers(webhook_id=event.webhook_id, at=now, body=body, secrets=keys)
        answer = egress.post(endpoint.url, body=body, headers=headers)
    except egress.AddressRefusedError as error:
        return _Outcome(error=error.code)
    except egress.NoAnswerError as error:
        return _Outcome(error=error.code)
    except secrets.SealBrokenError:
        return _Outcome(error="no_secret")
    text = answer.body.decode(errors="replace").replace("\x00", "\ufffd")
    return _Outcome(answer.status, "", text[:ANSWER_MAX_CHARACTERS], answer.retry_after)


@transaction.atomic
def _settle(claimed: HookDelivery, outcome: _Outcome, now: datetime) -> None:
    """Write down what became of an attempt, unless its lease ran out and another one has it."""
    known: dict[str, Any] = {
        "status_code": outcome.status,
        "error": outcome.error,
        "answer": outcome.answer,
    }
    if outcome.is_fine:
        known["state"] = HookDelivery.State.DONE
    elif claimed.attempts >= len(SCHEDULE):
        known["state"] = HookDelivery.State.DEAD
    else:
        known["due_at"] = now + _wait(claimed.attempts, outcome.retry_after, now)
    # Rivals on the address: an admin, and whoever settles another of its events. It comes first,
    # as everywhere.
    locked = HookEndpoint.objects.select_for_update(no_key=True)
    endpoint = locked.filter(pk=claimed.endpoint_id).first()
    rows = HookDelivery.objects.filter(
        pk=claimed.pk, state=HookDelivery.State.PENDING, lease_until=claimed.lease_until
    )
    if not rows.update(lease_until=None, **known) or endpoint is None:
        return
    _judge(endpoint, outcome, now)


def _judge(endpoint: HookEndpoint, outcome: _Outcome, now: datetime) -> None:
    """Let an address rest after a failure, and switch it off after too many days of them."""
    if outcome.is_fine:
        if endpoint.failing_since is not None:
            endpoint.failures, endpoint.failing_since, endpoint.rest_until = 0, None, None
            endpoint.save(update_fields=["failures", "failing_since", "rest_until"])
        return
    endpoint.failures += 1
    endpoint.failing_since = endpoint.failing_since or now
    rest = min(REST_MAX_SECONDS, REST_SECONDS * 2 ** min(endpoint.failures - 1, 10))
    endpoint.rest_until = now + timedelta(seconds=rest)
    endpoint.save(update_fields=["failures", "failing_since", "rest_until"])
    if endpoint.is_enabled and outcome.status == 410:
        endpoints.switch_off(endpoint, HookEndpoint.Reason.GONE)
    elif endpoint.is_enabled and now - endpoint.failing_since >= FAILING_MAX:
        endpoints.switch_off(endpoint, HookEndpoint.Reason.FAILING)


def _wait(attempts: int, retry_after: str, now: datetime) -> timedelta:
    """Return how long until the next attempt: the schedule's time, or longer if asked for it."""
    planned = SCHEDULE[attempts] * _random.uniform(1.0, 1.1)
    return timedelta(seconds=max(planned, min(_asked(retry_after, now), SCHEDULE[-1])))


def _asked(retry_after: str, now: datetime) -> float:
    if retry_after.isdecimal() and len(retry_after) < 10:
        return float(retry_after)
    try:
        at = parsedate_to_datetime(retry_after)
    except ValueError:
        return 0.0
    return (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds()
