"""What the API says of a broadcast before it happens."""

from typing import Any

from rest_framework import serializers


class RoomSerializer(serializers.Serializer[Any]):
    """WhatsApp's limit of people whom a business writes to first within 24 hours."""

    people = serializers.IntegerField(help_text="The limit; all numbers that share it use it up.")
    used = serializers.IntegerField(help_text="People written to first within the last 24 hours.")
    counting = serializers.IntegerField(
        help_text="How many of the rows count. Who was written to within 24 hours, or wrote, does"
        " not."
    )
    waiting = serializers.IntegerField(help_text="For how many of them there is no room yet.")


class CostSerializer(serializers.Serializer[Any]):
    """What the rows that wait cost at WhatsApp, by the rate card of this installation."""

    amount = serializers.DecimalField(
        max_digits=20, decimal_places=6, help_text="If each of them is delivered; no discounts."
    )
    currency = serializers.CharField()
    unpriced = serializers.ListField(
        child=serializers.CharField(),
        help_text="Countries on the list that have no price on the card, as `BR`.",
    )
    unpriced_rows = serializers.IntegerField(help_text="Rows of these; they are not in the sum.")


class ForecastSerializer(serializers.Serializer[Any]):
    """What a broadcast would do with the rows that wait, if it went on now."""

    rows = serializers.IntegerField()
    ready = serializers.IntegerField(help_text="Rows that wait to be sent.")
    at_once = serializers.IntegerField(
        help_text="How many of these go without waiting for another day."
    )
    opted_out = serializers.IntegerField(help_text="Left out since they want no marketing.")
    finishes_at = serializers.DateTimeField(
        allow_null=True,
        help_text="About when the last one has left, with the waiting for other days; null where"
        " nobody is left, nobody may be written to, or the plan has no room for all this month.",
    )
    quota_left = serializers.IntegerField(
        allow_null=True,
        help_text="Messages that the plan allows yet this month (of UTC); null for any number.",
    )
    limit = RoomSerializer(
        source="room", allow_null=True, help_text="Null where there is no limit, or none is known."
    )
    cost = CostSerializer(allow_null=True, help_text="Null where no rate card is loaded.")
