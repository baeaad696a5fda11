"""What a tenant's rows say of its work. Reads only; every query is bounded by a period."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db.models import (
    Aggregate,
    Avg,
    Count,
    DurationField,
    ExpressionWrapper,
    F,
    Q,
    QuerySet,
)
from django.db.models.functions import TruncDate

from analytics.rules import Period
from analytics.types import EpisodeDay, MessageDay, Numbers, Share, Standing, Times
from conversations import rules
from conversations.models import Broadcast, Conversation, Episode, Message
from tenants.models import User
from tenants.permissions import Actor, Permission
from whatsapp.models import Phone

_Status = Message.Status
_OURS = Q(direction=Message.Direction.OUTBOUND)
_READ = Q(status__in=(_Status.READ, _Status.PLAYED))
_DELIVERED = _READ | Q(status=_Status.DELIVERED)
_TAKEN = _DELIVERED | Q(status__in=(_Status.ACCEPTED, _Status.SENT))
_FAILED = Q(status=_Status.FAILED)
_GONE = Q(status=_Status.CANCELLED)
_COUNTS = {
    "received": Count("id", filter=~_OURS),
    "sent": Count("id", filter=_OURS & _TAKEN),
    "delivered": Count("id", filter=_OURS & _DELIVERED),
    "read": Count("id", filter=_OURS & _READ),
    "failed": Count("id", filter=_OURS & _FAILED),
    "waiting": Count("id", filter=_OURS & ~(_TAKEN | _FAILED | _GONE)),
}
_FIRST_REPLY = ExpressionWrapper(F("first_reply_at") - F("opened_at"), output_field=DurationField())
_RESOLUTION = ExpressionWrapper(F("closed_at") - F("opened_at"), output_field=DurationField())


class _Percentile(Aggregate):
    """The value that so great a share of all does not exceed."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)"


def message_days(actor: Actor, period: Period, *, phone_id: int | None = None) -> list[MessageDay]:
    """Return the messages of each day, the earliest first; of one number if named. One query.

    Raises: ForbiddenError.
    """
    rows = (
        _messages(actor, period, phone_id)
        .values(date=TruncDate("timestamp", tzinfo=period.zone))
        .annotate(**_COUNTS)
        .order_by("date")
    )
    found = {row["date"]: MessageDay(**row) for row in rows}
    return [found.get(day, MessageDay(date=day)) for day in period.dates()]


def episode_days(actor: Actor, period: Period, *, phone_id: int | None = None) -> list[EpisodeDay]:
    """Return the conversations that began and were closed on each day. Two queries.

    Raises: ForbiddenError.
    """
    opened, closed = (
        _by_day(_episodes(actor, period, phone_id, field), period, field)
        for field in ("opened_at", "closed_at")
    )
    return [
        EpisodeDay(opened=opened.get(day, 0), closed=closed.get(day, 0), date=day)
        for day in period.dates()
    ]


def total(days: Iterable[Any]) -> dict[str, int]:
    """Add up what each day holds."""
    sums: dict[str, int] = {}
    for day in days:
        for name, count in asdict(day).items():
            if name != "date":
                sums[name] = sums.get(name, 0) + count
    return sums


def standing(actor: Actor, *, now: datetime, phone_id: int | None = None) -> Standing:
    """Return how many open conversations wait for what. One query. Raises: ForbiddenError."""
    actor.require(Permission.READ_ANALYTICS)
    begun = Conversation.objects.filter(
        merged_into=None, status=Conversation.Status.OPEN, last_message_at__isnull=False
    )
    waiting = Q(last_message__direction=Message.Direction.INBOUND)
    earliest = now - rules.WINDOW + rules.WINDOW_MARGIN
    closing = waiting & Q(
        window_opened_at__gt=earliest, window_opened_at__lte=earliest + rules.WINDOW_SOON
    )
    counts = _of_phone(begun, phone_id).aggregate(
        open=Count("id"),
        unassigned=Count("id", filter=Q(assignee=None)),
        unread=Count("id", filter=Q(unread_count__gt=0)),
        waiting_on_us=Count("id", filter=waiting),
        closing_soon=Count("id", filter=closing),
    )
    return Standing(**counts)


def numbers(actor: Actor) -> Numbers:
    """Return how the connected numbers are. One query. Raises: ForbiddenError."""
    actor.require(Permission.READ_ANALYTICS)
    health = Phone.Health
    counts = Phone.objects.filter(status=Phone.Status.ACTIVE).aggregate(
        connected=Count("id"),
        ok=Count("id", filter=Q(health=health.OK)),
        degraded=Count("id", filter=Q(health=health.DEGRADED)),
        auth_error=Count("id", filter=Q(health=health.AUTH_ERROR)),
    )
    return Numbers(**counts)


def broadcasts_running(actor: Actor) -> int:
    """Return how many broadcasts are under way. One query. Raises: ForbiddenError."""
    actor.require(Permission.READ_ANALYTICS)
    return Broadcast.objects.filter(status=Broadcast.Status.RUNNING).count()


def first_reply_times(actor: Actor, period: Period, *, phone_id: int | None = None) -> Times:
    """Return how long customers waited, in the conversations that began in the period."""
    return _times(_episodes(actor, period, phone_id, "opened_at"), "first_reply_at", _FIRST_REPLY)


def resolution_times(actor: Actor, period: Period, *, phone_id: int | None = None) -> Times:
    """Return how long the conversations that were closed in the period were open."""
    return _times(_episodes(actor, period, phone_id, "closed_at"), "closed_at", _RESOLUTION)


def shares(actor: Actor, period: Period, *, phone_id: int | None = None) -> list[Share]:
    """Return what each person did, who did most first. Four queries. Raises: ForbiddenError."""
    sent = _messages(actor, period, phone_id).filter(_OURS & ~_GONE, broadcast=None)
    replied = _episodes(actor, period, phone_id, "first_reply_at")
    closed = _episodes(actor, period, phone_id, "closed_at")
    messages = _by_person(sent, "author", count=Count("id"))
    replies = _by_person(replied, "first_reply_by", count=Count("id"), median=_median(_FIRST_REPLY))
    closings = _by_person(closed, "closed_by", count=Count("id"))
    ids = messages.keys() | replies.keys() | closings.keys()
    found = [
        Share(
            user=user,
            messages=messages.get(user.pk, {}).get("count", 0),
            first_replies=replies.get(user.pk, {}).get("count", 0),
            median_first_reply=replies.get(user.pk, {}).get("median"),
            closed=closings.get(user.pk, {}).get("count", 0),
        )
        for user in User.objects.filter(pk__in=ids).order_by("name", "pk")
    ]
    return sorted(found, key=lambda share: -share.messages)


def _messages(actor: Actor, period: Period, phone_id: int | None) -> QuerySet[Message]:
    """Keep what was written in the period. Uses the block index of the timestamps."""
    actor.require(Permission.READ_ANALYTICS)
    written = Message.objects.filter(
        timestamp__gte=period.starts_at, timestamp__lt=period.ends_at
    ).order_by()
    return written if phone_id is None else written.filter(phone=phone_id)


def _episodes(actor: Actor, period: Period, phone_id: int | None, field: str) -> QuerySet[Episode]:
    """Keep the episodes whose time in ``field`` is in the period."""
    actor.require(Permission.READ_ANALYTICS)
    within = {f"{field}__gte": period.starts_at, f"{field}__lt": period.ends_at}
    episodes = Episode.objects.filter(**within).order_by()
    return episodes if phone_id is None else episodes.filter(conversation__phone=phone_id)


def _by_day(episodes: QuerySet[Episode], period: Period, field: str) -> dict[Any, int]:
    days = episodes.values(day=TruncDate(field, tzinfo=period.zone)).annotate(count=Count("id"))
    return dict(days.values_list("day", "count"))


def _times(episodes: QuerySet[Episode], field: str, took: Any) -> Times:
    found = episodes.filter(**{f"{field}__isnull": False}).aggregate(
        count=Count("id"),
        median=_median(took),
        slowest_tenth=_Percentile(took, share=0.9, output_field=DurationField()),
        average=Avg(took),
    )
    return Times(**found)


def _median(took: Any) -> _Percentile:
    return _Percentile(took, share=0.5, output_field=DurationField())


def _by_person(rows: QuerySet[Any], field: str, **sums: Any) -> dict[int, dict[str, Any]]:
    counted = rows.filter(**{f"{field}__isnull": False}).values(person=F(field)).annotate(**sums)
    return {row.pop("person"): row for row in counted}


def _of_phone(
    conversations: QuerySet[Conversation], phone_id: int | None
) -> QuerySet[Conversation]:
    return conversations if phone_id is None else conversations.filter(phone=phone_id)
