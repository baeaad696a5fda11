"""How much of what came in still waits, and for how long."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, Max, Min
from django.utils import timezone

from whatsapp.webhooks.models import ParkedUnit, WebhookDelivery

NEWEST = 100_000


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


def received_since(moment: datetime) -> int:
    """Count the deliveries since a moment, among the newest 100,000 only: quick at any size."""
    newest = WebhookDelivery.objects.aggregate(id=Max("id"))["id"] or 0
    recent = WebhookDelivery.objects.filter(pk__gt=newest - NEWEST, received_at__gte=moment)
    return recent.count()
