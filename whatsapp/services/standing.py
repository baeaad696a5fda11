"""What holds numbers back just now, and how much of Meta's messaging limit is used: to be shown."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from whatsapp.models import Phone
from whatsapp.services import pace, reach


@dataclass(frozen=True, slots=True)
class Standing:
    """How a number may send now."""

    per_second: float
    most_per_second: float
    recovers_at: datetime | None  # when a number that was slowed down is back at its whole rate
    paused_until: datetime | None  # nothing leaves before
    bulk_paused_until: datetime | None
    people: int | None  # whom it may write to first within 24 hours; None: all, or not known
    used: int
    sharing: int  # numbers that use up that limit together

    @property
    def is_used_up(self) -> bool:
        return self.people is not None and self.used >= self.people


def standings(phones: Iterable[Phone], *, now: datetime) -> dict[int, Standing]:
    """Return how numbers may send, by their ids. Four queries."""
    listed = list(phones)
    limits = reach.limits(listed)
    used = reach.used_of(limits.values(), now=now)
    known = pace.with_pace(Phone.objects.filter(pk__in=limits))
    found = {}
    for phone in known:
        limit, allowed = limits[phone.pk], pace.allowance(phone, now=now)
        paused = timedelta(seconds=allowed.paused_seconds)
        found[phone.pk] = Standing(
            per_second=allowed.per_second,
            most_per_second=pace.whole_rate(phone),
            recovers_at=pace.recovers_at(phone, now=now),
            paused_until=now + paused if paused else None,
            bulk_paused_until=allowed.bulk_paused_until,
            people=limit.people,
            used=used[limit],
            sharing=len(limit.phones),
        )
    return found


def standing(phone: Phone, *, now: datetime) -> Standing:
    """Return how one number may send."""
    return standings([phone], now=now)[phone.pk]
