"""What the API takes and gives about numbers."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tenants.serializers import (
    BIGINT_MAX,
    ChangesSerializer,
    PageParameters,
    PageSerializer,
    StrictSerializer,
    TextField,
    WholeNumberField,
)
from whatsapp.findings import Grade
from whatsapp.models import NumberFact, Phone

TOKEN_MAX_CHARACTERS = 2048
META_ID = r"\A[0-9]{5,40}\Z"


class PhoneParameters(PageParameters):
    """Which page of the list."""


class FactSerializer(serializers.Serializer[Any]):
    """The newest word on one matter of a number."""

    matter = serializers.CharField(help_text="`quality`, `limit`, `token`, ...; an open set.")
    title = serializers.CharField(source="told.title")
    word = serializers.CharField(help_text="Meta's word, mostly.")
    state = serializers.ChoiceField(
        source="grade", choices=[(one.value, one.value) for one in Grade]
    )
    code = serializers.CharField(help_text="Of what was found.")
    what = serializers.CharField(source="told.what", help_text="What was found, in a sentence.")
    fix = serializers.CharField(source="told.fix", help_text="What to do about it; may be empty.")
    source = serializers.ChoiceField(  # type: ignore[assignment] # the API's word for it
        choices=NumberFact.Source.choices
    )
    at = serializers.DateTimeField(help_text="Since when; Meta's own time where Meta gave one.")


class StandingSerializer(serializers.Serializer[Any]):
    """How a number may send just now."""

    per_second = serializers.FloatField(help_text="Messages a second, replies and bulk.")
    most_per_second = serializers.FloatField(
        help_text="What it may where WhatsApp refused nothing for a while."
    )
    recovers_at = serializers.DateTimeField(
        allow_null=True, help_text="When it is back at that; null where it is."
    )
    paused_until = serializers.DateTimeField(
        allow_null=True, help_text="Nothing leaves before: the account used up its calls."
    )
    bulk_paused_until = serializers.DateTimeField(
        allow_null=True,
        help_text="Broadcasts are held until then, after WhatsApp held the number back.",
    )
    people = serializers.IntegerField(
        allow_null=True,
        help_text="Whom it may write to first within 24 hours; null: all, or it is not known.",
    )
    used = serializers.IntegerField(
        help_text="People written to first in the last 24 hours, by all numbers of the limit."
    )
    sharing = serializers.IntegerField(help_text="Numbers that use up the limit together.")


class PhoneSerializer(serializers.Serializer[Any]):
    """A number: how it works, and the evidence for it. Its token is never given back."""

    id = serializers.IntegerField()
    phone_number_id = serializers.CharField()
    waba_id = serializers.CharField()
    display_phone_number = serializers.CharField()
    name = serializers.CharField()
    status = serializers.ChoiceField(
        choices=Phone.Status.choices, help_text="`INACTIVE`: disconnected, its history is kept."
    )
    health = serializers.ChoiceField(
        choices=Phone.Health.choices,
        help_text="`OK`; `DEGRADED`: it works, and something is wrong; `AUTH_ERROR`: it needs a new"
        " token; `UNKNOWN`: not checked yet.",
    )
    health_checked_at = serializers.DateTimeField(allow_null=True)
    last_webhook_at = serializers.DateTimeField(
        allow_null=True,
        help_text="When a message or status of it came in last; within half a minute.",
    )
    read_policy = serializers.ChoiceField(choices=Phone.ReadPolicy.choices)
    read_marks_failed = serializers.IntegerField(
        help_text="Read marks that WhatsApp did not take; none is tried again."
    )
    foreign_statuses = serializers.IntegerField(
        help_text="How often WhatsApp reported on messages that another system sent by it."
    )
    created_at = serializers.DateTimeField()
    facts = FactSerializer(source="facts_in_order", many=True)
    sending = serializers.SerializerMethodField(help_text="How it may send just now.")

    @extend_schema_field(StandingSerializer)
    def get_sending(self, phone: Phone) -> dict[str, Any]:
        found: dict[str, Any] = StandingSerializer(self.context["standings"][phone.pk]).data
        return found


class PhonePageSerializer(PageSerializer):
    results = PhoneSerializer(many=True)


class NewPhoneSerializer(StrictSerializer):
    """A number to connect."""

    phone_number_id = serializers.RegexField(META_ID, help_text="Meta's id of the number.")
    waba_id = serializers.RegexField(META_ID, help_text="Meta's id of its business account.")
    access_token = TextField(
        max_length=TOKEN_MAX_CHARACTERS,
        write_only=True,
        help_text="Of a system user, with whatsapp_business_management and"
        " whatsapp_business_messaging. Sealed, and never given back.",
    )
    name = TextField(
        max_length=120, required=False, help_text="How you call it; else its display name."
    )
    pin = serializers.RegexField(
        r"\A[0-9]{6}\Z",
        required=False,
        write_only=True,
        help_text="Registers a number that is not on the Cloud API yet.",
    )
    meta_app = WholeNumberField(
        min_value=1,
        max_value=BIGINT_MAX,
        required=False,
        allow_null=True,
        help_text="The id of an app of your own; without it the one of this installation.",
    )


class PhoneChangesSerializer(ChangesSerializer):
    """What an admin decides for a number; what is left out stays."""

    name = TextField(max_length=120, required=False, help_text="How your team calls it.")
    read_policy = serializers.ChoiceField(
        choices=Phone.ReadPolicy.choices,
        required=False,
        help_text="When customers see that their messages were read: `ON_OPEN`: when somebody opens"
        " the conversation; `ON_REPLY`; or `NEVER`.",
    )


class NewTokenSerializer(StrictSerializer):
    """A new token for a number."""

    access_token = TextField(
        max_length=TOKEN_MAX_CHARACTERS, write_only=True, help_text="Sealed, and never given back."
    )


class CheckSerializer(StrictSerializer):
    """How a number is to be looked at."""

    repair = serializers.BooleanField(
        default=False,
        help_text="Whether WhatsApp is to tell our app again what happens in the account.",
    )
