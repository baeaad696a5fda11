"""What the API takes and gives about a tenant's work."""

from datetime import date
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from analytics import rules
from tenants.models import Plan
from tenants.serializers import BIGINT_MAX, StrictSerializer


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _day(help_text: str) -> serializers.DateField:
    return serializers.DateField(required=False, validators=[_written], help_text=help_text)


def _written(day: date) -> None:
    if not rules.EARLIEST <= day <= rules.LATEST:
        raise serializers.ValidationError(_("Nothing was written in that year."))


class StandingParameters(StrictSerializer):
    """Of which number."""

    phone = serializers.IntegerField(
        min_value=1, max_value=BIGINT_MAX, required=False, help_text="Of one number only."
    )


class PeriodParameters(StandingParameters):
    """Which days, as which time zone counts them, and of which number."""

    first = _day("The first day; unless said, thirty days end with the last one.")
    last = _day("The last day, all of it; unless said today.")
    time_zone = serializers.CharField(
        max_length=64,
        required=False,
        help_text="Whose days they are, as `America/Sao_Paulo`; unless said this installation's.",
    )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Call the days ``from`` and ``to``: the first is a word of Python's."""
        fields = super().get_fields()
        return {"from": fields.pop("first"), "to": fields.pop("last"), **fields}

    def validate_time_zone(self, name: str) -> str:
        if name not in _zones():
            raise serializers.ValidationError(_("There is no such time zone."))
        return name

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        zone = ZoneInfo(attrs.get("time_zone", settings.DISPLAY_TIME_ZONE))
        period = rules.period(attrs.get("from"), attrs.get("to"), zone=zone, now=timezone.now())
        if period.days < 1:
            raise serializers.ValidationError({"to": [_("The last day is before the first one.")]})
        if period.days > rules.DAYS_MAX:
            sentence = _("Ask for %(days)s days at most.") % {"days": rules.DAYS_MAX}
            raise serializers.ValidationError({"from": [sentence]})
        return {**attrs, "period": period}


class PeriodSerializer(serializers.Serializer[Any]):
    """The days that were asked for."""

    first = serializers.DateField(source="period.first")
    last = serializers.DateField(source="period.last", help_text="All of this day counts.")
    time_zone = serializers.CharField(source="period.zone.key")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        return {"from": fields.pop("first"), "to": fields.pop("last"), **fields}


class MessageCountsSerializer(serializers.Serializer[Any]):
    """Messages, by what had become of them when they were counted."""

    received = serializers.IntegerField(help_text="From customers.")
    sent = serializers.IntegerField(
        help_text="Ours that WhatsApp took, by when they were written: those delivered and read are"
        " among them."
    )
    delivered = serializers.IntegerField(help_text="Of these, on the customer's phone.")
    read = serializers.IntegerField(help_text="Of these, read, as far as customers let us know.")
    failed = serializers.IntegerField()
    waiting = serializers.IntegerField(help_text="Queued, held, on the way, or nobody knows.")


class MessageDaySerializer(MessageCountsSerializer):
    """The messages of one day."""

    date = serializers.DateField()


class MessagesCountSerializer(PeriodSerializer):
    """Messages by day."""

    totals = MessageCountsSerializer()
    results = MessageDaySerializer(many=True, help_text="Each day, the earliest first.")


class EpisodeCountsSerializer(serializers.Serializer[Any]):
    """Conversations that began and ended."""

    opened = serializers.IntegerField(help_text="Begun for the first time, or anew.")
    closed = serializers.IntegerField()


class EpisodeDaySerializer(EpisodeCountsSerializer):
    """The conversations of one day."""

    date = serializers.DateField()


class OpenConversationsSerializer(serializers.Serializer[Any]):
    """What is open just now, and what it waits for."""

    open = serializers.IntegerField()
    unassigned = serializers.IntegerField(help_text="Of these, nobody's.")
    unread = serializers.IntegerField(help_text="Of these, with something unread.")
    waiting_on_us = serializers.IntegerField(help_text="Of these, the customer wrote last.")
    closing_soon = serializers.IntegerField(
        help_text="Of those that wait for us, the 24-hour window ends within four hours."
    )


class ConversationsStatsSerializer(PeriodSerializer):
    """Conversations by day, and as they stand."""

    now = OpenConversationsSerializer()
    totals = EpisodeCountsSerializer()
    results = EpisodeDaySerializer(many=True, help_text="Each day, the earliest first.")


class SecondsField(serializers.FloatField):
    """A duration in seconds."""

    def get_attribute(self, instance: Any) -> float | None:
        took: Any = super().get_attribute(instance)
        return None if took is None else round(took.total_seconds(), 3)


class TimesSerializer(serializers.Serializer[Any]):
    """How long something took, in seconds; null where it never happened."""

    count = serializers.IntegerField(help_text="How often it happened.")
    median_seconds = SecondsField(source="median", allow_null=True)
    p90_seconds = SecondsField(
        source="slowest_tenth", allow_null=True, help_text="Nine of ten took no longer."
    )
    average_seconds = SecondsField(source="average", allow_null=True)


class PersonSerializer(serializers.Serializer[Any]):
    """Somebody of the team."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class ShareSerializer(serializers.Serializer[Any]):
    """What one person did."""

    user = PersonSerializer()
    messages = serializers.IntegerField(help_text="Written by hand, and not taken back.")
    first_replies = serializers.IntegerField(help_text="First to answer a conversation.")
    median_first_reply_seconds = SecondsField(source="median_first_reply", allow_null=True)
    closed = serializers.IntegerField(help_text="Conversations closed.")


class PerformanceSerializer(PeriodSerializer):
    """How quickly customers were answered, and by whom."""

    first_reply = TimesSerializer(
        help_text="From a conversation's beginning to the first answer; of those that began then."
    )
    resolution = TimesSerializer(
        help_text="From a conversation's beginning to its end; of those that ended then."
    )
    people = ShareSerializer(many=True, help_text="Whoever did something, who wrote most first.")


class NumbersSerializer(serializers.Serializer[Any]):
    """The connected numbers, by their health."""

    connected = serializers.IntegerField()
    ok = serializers.IntegerField()
    degraded = serializers.IntegerField()
    auth_error = serializers.IntegerField(help_text="These need a new token.")


class PlanUseSerializer(serializers.Serializer[Any]):
    """What the plan gives, and what is used of it."""

    code = serializers.ChoiceField(choices=Plan.Code.choices)
    messages_per_month = serializers.IntegerField(allow_null=True, help_text="Null: any number.")
    messages_sent = serializers.IntegerField(help_text="This calendar month, of UTC.")


class DashboardSerializer(serializers.Serializer[Any]):
    """A tenant's work at a glance."""

    at = serializers.DateTimeField()
    today = MessageCountsSerializer(help_text="By this installation's time zone.")
    conversations = OpenConversationsSerializer()
    numbers = NumbersSerializer()
    broadcasts_running = serializers.IntegerField()
    plan = PlanUseSerializer()
