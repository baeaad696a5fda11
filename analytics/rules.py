"""Stretches of days, as people of one time zone count them: no Django, no clock."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS_MAX = 366
# Messages before are of no time, and dates near the ends of the calendar have no next day.
EARLIEST = date(2009, 1, 1)
LATEST = date(2199, 12, 31)
DAYS_UNLESS_SAID = 30


@dataclass(frozen=True, slots=True)
class Period:
    """The days from ``first`` to ``last``, both of them whole."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def starts_at(self) -> datetime:
        return datetime.combine(self.first, time(), self.zone)

    @property
    def ends_at(self) -> datetime:
        """The first moment that is no longer in it."""
        return datetime.combine(self.last + timedelta(days=1), time(), self.zone)

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def dates(self) -> Iterator[date]:
        """Yield its days, the earliest first."""
        return (self.first + timedelta(days=number) for number in range(self.days))


def period(first: date | None, last: date | None, *, zone: ZoneInfo, now: datetime) -> Period:
    """Return the days that are meant: unless said otherwise the last thirty until today."""
    end = last or now.astimezone(zone).date()
    return Period(first or end - timedelta(days=DAYS_UNLESS_SAID - 1), end, zone)
