"""What the API takes and gives, as far as numbers go."""

from typing import Any

from rest_framework import serializers

from tenants.serializers import StrictSerializer
from whatsapp.models import Phone


class ReadPolicySerializer(StrictSerializer):
    """When customers see that their messages were read."""

    read_policy = serializers.ChoiceField(
        choices=Phone.ReadPolicy.choices,
        help_text="`ON_OPEN`: when somebody opens the conversation; `ON_REPLY`; or `NEVER`.",
    )


class PhonePolicySerializer(serializers.Serializer[Any]):
    """A number's choice."""

    id = serializers.IntegerField()
    display_phone_number = serializers.CharField()
    read_policy = serializers.ChoiceField(choices=Phone.ReadPolicy.choices)
    read_marks_failed = serializers.IntegerField(
        help_text="Read marks that WhatsApp did not take; none is tried again."
    )
