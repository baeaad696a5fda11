"""What is told of a tenant's work. Every number says which rows it counts."""

from dataclasses import dataclass
from datetime import date, timedelta

from tenants.models import User


@dataclass(frozen=True, slots=True)
class MessageDay:
    """The messages of one day, by what had become of them when they were counted.

    Ours stand under the day on which they were written, whenever they arrived. ``sent`` are those
    that WhatsApp took; those that are ``delivered`` and ``read`` are among them.
    """

    date: date
    received: int = 0
    sent: int = 0
    delivered: int = 0
    read: int = 0
    failed: int = 0
    waiting: int = 0  # here, on their way, or nobody knows


@dataclass(frozen=True, slots=True)
class EpisodeDay:
    """The conversations that began on one day, for the first time or anew, and were closed."""

    date: date
    opened: int = 0
    closed: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """How many conversations are open just now, and how many of those wait for what."""

    open: int
    unassigned: int
    unread: int
    waiting_on_us: int  # the customer wrote last
    closing_soon: int  # of those, the 24-hour window ends within four hours


@dataclass(frozen=True, slots=True)
class Numbers:
    """The connected numbers, by their health."""

    connected: int
    ok: int
    degraded: int
    auth_error: int


@dataclass(frozen=True, slots=True)
class Times:
    """How long something took; None where it never happened."""

    count: int
    median: timedelta | None
    slowest_tenth: timedelta | None  # nine of ten took no longer
    average: timedelta | None


@dataclass(frozen=True, slots=True)
class Share:
    """What one person did."""

    user: User
    messages: int
    first_replies: int
    median_first_reply: timedelta | None
    closed: int
