"""Say before anything leaves what a broadcast will do: to how many, until when, how it looks."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from conversations import broadcasts
from conversations.models import Broadcast, BroadcastRecipient
from whatsapp import rendering
from whatsapp.models import Phone
from whatsapp.rendering import Rendered
from whatsapp.services import pace

PREVIEWS = 10


@dataclass(frozen=True, slots=True)
class Forecast:
    """What would happen if a draft were started now. None: not known here."""

    rows: int
    ready: int
    opted_out: int
    seconds: float
    finishes_at: datetime | None
    cap_left: int | None = None
    quota_left: int | None = None
    cost: Decimal | None = None
    currency: str = ""
    unpriced: tuple[str, ...] = ()

    @property
    def left_out(self) -> int:
        return self.rows - self.ready


def forecast(*, broadcast: Broadcast, now: datetime) -> Forecast:
    """Return what a draft would do. Counts its rows; some queries."""
    counts = broadcasts.tally(broadcast).counts
    ready = counts.get(BroadcastRecipient.State.READY, 0)
    phone = pace.with_pace(Phone.objects.filter(pk=broadcast.phone_id)).get()
    allowed = pace.allowance(phone, now=now)
    seconds = ready / allowed.per_second
    begins = allowed.bulk_paused_until or now
    reasons = broadcasts.reasons(broadcast.pk)
    return Forecast(
        rows=sum(counts.values()),
        ready=ready,
        opted_out=reasons.get(BroadcastRecipient.Reason.OPTED_OUT, 0),
        seconds=seconds,
        finishes_at=begins + timedelta(seconds=seconds) if ready else None,
    )


def previews(*, broadcast: Broadcast) -> list[tuple[int, str, Rendered, str]]:
    """Return how the first rows will look: position, address, what is shown, no problem."""
    ready = broadcasts.recipients(broadcast, states=(BroadcastRecipient.State.READY,))
    definition = broadcast.template.definition
    return [
        (row.position, row.address, rendering.preview(definition, row.values), "")
        for row in ready[:PREVIEWS]
    ]
