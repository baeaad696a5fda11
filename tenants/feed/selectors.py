"""What has changed since a number."""

from dataclasses import dataclass

from django.db.models import Q

from tenants.feed.models import Change, Counter

# A page that is further behind is drawn anew: cheaper than so many fragments.
CATCH_UP_MAX = 500


@dataclass(frozen=True, slots=True)
class Changes:
    """The difference between a page's number and the tenant's last one."""

    last_seq: int
    reset: bool = False  # the difference is not known, or too great: start anew
    conversation_ids: frozenset[int] = frozenset()
    message_ids: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the changes after a number, in order; there are more until ``last_seq``."""

    rows: list[Change]
    last_seq: int
    reset: bool = False  # what changed since is not known any more: read everything anew


def last_seq() -> int:
    """Return the tenant's last number. One query; read it before what it stands for is read."""
    return Counter.objects.values_list("value", flat=True).first() or 0


def changes_after(seq: int, *, conversation_id: int | None = None) -> Changes:
    """Return what changed after ``seq``; messages only of one conversation, the one on the screen.

    ``reset`` when the rows in between are gone or too many, or when ``seq`` was never given.
    """
    last = last_seq()
    if seq == last:
        return Changes(last_seq=last)
    newer = Change.objects.filter(seq__gt=seq, seq__lte=last).order_by("seq")
    # What no page draws costs nobody a reload, however much of it there is.
    drawn = newer.filter(Q(seq=seq + 1) | Q(conversation_id__isnull=False))
    rows = list(drawn.values_list("seq", "conversation_id", "message_id")[: CATCH_UP_MAX + 1])
    # Numbers are dense: a gap at the start means that the first ones were swept away.
    if not rows or len(rows) > CATCH_UP_MAX or rows[0][0] != seq + 1:
        return Changes(last_seq=last, reset=True)
    return Changes(
        last_seq=last,
        conversation_ids=frozenset(
            conversation for _, conversation, _ in rows if conversation is not None
        ),
        message_ids=frozenset(
            message
            for _, conversation, message in rows
            if message is not None and conversation == conversation_id
        ),
    )


def page_after(seq: int | None, *, limit: int) -> Page:
    """Return the changes after ``seq``, ``limit`` at most; none where no number is given.

    ``reset`` when those in between were swept away, or when ``seq`` was never given.
    """
    last = last_seq()
    if seq is None or seq == last:
        return Page([], last)
    rows = list(Change.objects.filter(seq__gt=seq, seq__lte=last).order_by("seq")[:limit])
    # Numbers are dense, as above.
    if not rows or rows[0].seq != seq + 1:
        return Page([], last, reset=True)
    return Page(rows, last)
