"""How much of what came in still waits, and for how long."""

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, Max, Min
from django.utils import timezone

from tenants import context
from whatsapp.webhooks.models import ParkedUnit, WebhookDelivery

NEWEST = 100_000
# What came in first goes first: while something waits longer than this, nothing is sent in bulk.
BEHIND_SECONDS = 60.0
KNOWN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of what waits; the age is 0 when nothing does."""

    unprocessed: int
    oldest_unprocessed_seconds: float
    parked: dict[str, int] = field(default_factory=dict)


def figures() -> Figures:
    """Count what waits, for the health page and the console. Two queries over partial indexes."""
    waiting = WebhookDelivery.objects.filter(state=WebhookDelivery.State.NEW)
    found = waiting.aggregate(count=Count("id"), oldest=Min("received_at"))
    age = timezone.now() - found["oldest"] if found["oldest"] else timedelta()
    parked = dict.fromkeys(ParkedUnit.Reason.values, 0)
    for reason, count in (
        ParkedUnit.objects.filter(state=ParkedUnit.State.PARKED)
        .values_list("reason")
        .annotate(Count("id"))
    ):
        parked[reason] = count
    return Figures(found["count"], max(age.total_seconds(), 0.0), parked)


@dataclass(slots=True)
class _Known:
    """What was found a moment ago, for the whole process."""

    is_behind: bool = False
    until: float = 0.0


_known = _Known()


def is_behind() -> bool:
    """Tell whether taking events in has fallen so far behind that bulk sending has to wait.

    To be asked as often as one likes: Postgres is asked once a second at most, by an index.
    """
    now = time.monotonic()
    if now >= _known.until:
        _known.is_behind, _known.until = _looks_behind(), now + KNOWN_SECONDS
    return _known.is_behind


def _looks_behind() -> bool:
    waiting = WebhookDelivery.objects.filter(state=WebhookDelivery.State.NEW)
    with context.platform():
        oldest = waiting.order_by("pk").values_list("received_at", flat=True).first()
    return oldest is not None and timezone.now() - oldest > timedelta(seconds=BEHIND_SECONDS)


def received_since(moment: datetime) -> int:
    """Count the deliveries since a moment, among the newest 100,000 only: quick at any size."""
    newest = WebhookDelivery.objects.aggregate(id=Max("id"))["id"] or 0
    recent = WebhookDelivery.objects.filter(pk__gt=newest - NEWEST, received_at__gte=moment)
    return recent.count()
