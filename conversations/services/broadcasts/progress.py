"""Count what became of a broadcast's rows, in time; end it when everybody was written to."""

from datetime import datetime, timedelta

from django.db import transaction

from conversations import broadcasts, rules
from conversations.models import Broadcast
from tenants.feed import live
from tenants.feed.live import Draft
from tenants.feed.models import Change

# Statuses may come for weeks ("read"); what nothing was heard of for so long is left as it is.
SILENT = timedelta(days=30)


def count(*, broadcast_id: int, now: datetime) -> broadcasts.Tally | None:
    """Count one broadcast and tell of it if anything differs; None where there is none.

    One change a second at most, whatever its messages went through. Ends a running one that has
    nobody left and nothing open. Locks its row for the moment of writing.
    """
    broadcast = Broadcast.objects.filter(pk=broadcast_id).first()
    if broadcast is None:
        return None
    tally = broadcasts.tally(broadcast)
    with transaction.atomic():
        # Rivals: the feeder and whoever pauses or resumes it meanwhile.
        broadcast = Broadcast.objects.select_for_update().filter(pk=broadcast_id).first()
        if broadcast is None:  # a draft that was discarded meanwhile
            return None
        ends = not tally.is_open and broadcast.status == Broadcast.Status.RUNNING
        if ends and not broadcasts.tally(broadcast).is_open:
            broadcast.status, broadcast.finished_at = Broadcast.Status.FINISHED, now
            broadcast.waits()
        elif tally.counts == broadcast.counts:
            broadcast.counted_at, broadcast.count_at = now, _next(broadcast, now)
            broadcast.save(update_fields=["counted_at", "count_at"])
            return tally
        broadcast.counts = tally.counts
        save(broadcast, now=now)
    return tally


def save(broadcast: Broadcast, *, now: datetime) -> None:
    """Write a locked broadcast and tell of it: the last statement before the commit."""
    broadcast.changed_at = broadcast.counted_at = now
    broadcast.count_at = _next(broadcast, now)
    broadcast.save()
    live.publish(Draft(Change.Kind.BROADCAST, broadcast_id=broadcast.pk))


def _next(broadcast: Broadcast, now: datetime) -> datetime | None:
    silent = now - (broadcast.changed_at or now)
    if broadcast.status != Broadcast.Status.RUNNING and silent > SILENT:
        return None
    seconds = rules.count_again_seconds(total=broadcast.total, silent=silent.total_seconds())
    return now + timedelta(seconds=seconds)
