"""Say before anything leaves what a broadcast will do: to how many, until when, how it looks."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from conversations import broadcasts
from conversations.models import Broadcast, BroadcastRecipient
from conversations.services.broadcasts import outreach, pricing
from conversations.services.broadcasts.pricing import Cost
from tenants.services import usage
from whatsapp import rendering
from whatsapp.models import Phone
from whatsapp.rendering import Rendered
from whatsapp.services import pace, reach
from whatsapp.services.reach import Limit

PREVIEWS = 10


@dataclass(frozen=True, slots=True)
class Room:
    """What WhatsApp's messaging limit means for a list."""

    people: int  # whom the business may write to first within 24 hours
    used: int
    counting: int  # of those who wait on the list; the others count already, or wrote themselves

    @property
    def left(self) -> int:
        return max(self.people - self.used, 0)

    @property
    def waiting(self) -> int:
        """For whom there is no room yet."""
        return max(self.counting - self.left, 0)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What would happen if a draft were started now. None: not known here."""

    rows: int
    ready: int
    opted_out: int
    seconds: float
    finishes_at: datetime | None
    room: Room | None = None  # None: no limit, or none known
    quota_left: int | None = None
    cost: Cost | None = None  # None: no prices are loaded

    @property
    def left_out(self) -> int:
        return self.rows - self.ready

    @property
    def at_once(self) -> int:
        """To how many it goes without waiting for another day."""
        fit = self.ready - (self.room.waiting if self.room else 0)
        return fit if self.quota_left is None else min(fit, self.quota_left)

    @property
    def over_quota(self) -> int:
        """For how many the plan has no message left this month."""
        return 0 if self.quota_left is None else max(self.ready - self.quota_left, 0)


def forecast(*, broadcast: Broadcast, now: datetime) -> Forecast:
    """Return what a broadcast would do with the rows that wait. Counts them; some queries."""
    counts = broadcasts.tally(broadcast).counts
    ready = counts.get(BroadcastRecipient.State.READY, 0)
    phone = pace.with_pace(Phone.objects.filter(pk=broadcast.phone_id)).get()
    allowed = pace.allowance(phone, now=now)
    seconds = ready / allowed.per_second
    begins = allowed.bulk_paused_until or now
    finishes_at: datetime | None = begins + timedelta(seconds=seconds)
    limit = reach.limit_of(phone)
    room = _room(broadcast, phone, limit, ready, now) if limit.people is not None else None
    if room and room.waiting:
        last = _last_leaves_at(limit, room, allowed.per_second, begins=begins, now=now)
        finishes_at = max(last, finishes_at) if last and finishes_at else None
    quota_left = usage.this_month().left
    if quota_left is not None and quota_left < ready:
        finishes_at = None  # who knows when the plan has room for all
    reasons = broadcasts.reasons(broadcast.pk)
    return Forecast(
        rows=sum(counts.values()),
        ready=ready,
        opted_out=reasons.get(BroadcastRecipient.Reason.OPTED_OUT, 0),
        seconds=seconds,
        finishes_at=finishes_at if ready else None,
        room=room,
        cost=pricing.cost(broadcast=broadcast, now=now),
        quota_left=quota_left,
    )


def _room(broadcast: Broadcast, phone: Phone, limit: Limit, ready: int, now: datetime) -> Room:
    costless = outreach.count_free(broadcast, phone, limit, now=now)
    used = outreach.used(limit, now=now)
    return Room(limit.people or 0, used, max(ready - costless, 0))


def _last_leaves_at(
    limit: Limit, room: Room, per_second: float, *, begins: datetime, now: datetime
) -> datetime | None:
    """Return when there is room for the last one, if nothing else is sent; None: never.

    Each place of the limit is free now, or a day after it was last taken; then it is this list's,
    once a day.
    """
    if not room.people:
        return None
    days, place = divmod(room.counting - 1, room.people)
    if place < room.left:
        first = begins + timedelta(seconds=(place + 1) / per_second)
    else:
        # What only waits in the outbox takes its place from now on.
        free_at = reach.room_at(limit, over=place - room.left, now=now) or now + reach.DAY
        first = max(free_at, begins)
    return first + days * reach.DAY


def previews(*, broadcast: Broadcast) -> list[tuple[int, str, Rendered, str]]:
    """Return how the first rows will look: position, address, what is shown, no problem."""
    ready = broadcasts.recipients(broadcast, states=(BroadcastRecipient.State.READY,))
    definition = broadcast.template.definition
    return [
        (row.position, row.address, rendering.preview(definition, row.values), "")
        for row in ready[:PREVIEWS]
    ]
