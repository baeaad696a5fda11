"""What the API takes and gives about contacts and what is kept of them."""

from typing import Any

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from conversations.models import ContactAttribute
from conversations.serializers.reading import ContactSerializer
from tenants.serializers import (
    BIGINT_MAX,
    ChangesSerializer,
    PageParameters,
    PageSerializer,
    StrictSerializer,
    TextField,
    WholeNumberField,
)

NUMBER = RegexValidator(r"\A\+[0-9 ().-]{6,40}\Z", _("Write it as +5511912345678."))


class ContactParameters(PageParameters):
    """Which contacts, and which page of them."""

    search = serializers.CharField(
        max_length=200,
        default="",
        allow_blank=True,
        help_text="A part of a name, of a number or of a user id.",
    )
    marketing = serializers.ChoiceField(
        choices=["STOPPED", "NOT_STOPPED"],
        required=False,
        help_text="Who wants no marketing, or who may get it.",
    )


class ContactPageSerializer(PageSerializer):
    results = ContactSerializer(many=True)


class NewContactSerializer(StrictSerializer):
    """A person to add."""

    number = TextField(
        max_length=41, validators=[NUMBER], help_text="With its country: +5511912345678."
    )
    name = TextField(max_length=200, required=False, help_text="Written where there is none yet.")


@extend_schema_field({"type": "object", "additionalProperties": {}})
class ValuesField(serializers.DictField):
    """Values by the keys of attributes, whatever they are; the service knows what fits."""

    child = serializers.JSONField(allow_null=True)


class ContactChangesSerializer(ChangesSerializer):
    """What to change of a contact; what is left out stays."""

    name = TextField(
        max_length=200,
        allow_blank=True,
        required=False,
        help_text="How the team calls the contact; empty for the name on WhatsApp.",
    )
    attributes = ValuesField(
        required=False,
        help_text="By their keys; null takes one away, and what is not named stays.",
    )


class MergeSerializer(StrictSerializer):
    """Which contact is the same person."""

    other = WholeNumberField(min_value=1, max_value=BIGINT_MAX)
    dry_run = serializers.BooleanField(
        default=False, help_text="Whether to tell only which one would stay."
    )


class MergedSerializer(serializers.Serializer[Any]):
    """The contact that stays, and the id of the one that goes."""

    kept = ContactSerializer()
    gone = serializers.IntegerField()
    dry_run = serializers.BooleanField()


class AttributeSerializer(serializers.Serializer[Any]):
    """Something that the tenant keeps of its contacts."""

    id = serializers.IntegerField()
    key = serializers.CharField(help_text="As programs call it; it never changes.")
    label = serializers.CharField()  # type: ignore[assignment] # the API's word for it
    kind = serializers.ChoiceField(choices=ContactAttribute.Kind.choices)
    choices = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField()


class AttributeListSerializer(serializers.Serializer[Any]):
    """All of them: there are few enough for one page."""

    results = AttributeSerializer(many=True)


def _choices(**options: Any) -> serializers.ListField:
    return serializers.ListField(child=TextField(max_length=80), max_length=50, **options)


class NewAttributeSerializer(StrictSerializer):
    """An attribute to define."""

    key = serializers.RegexField(
        r"\A[a-z][a-z0-9_]{0,39}\Z", help_text="Small letters, digits and underscores."
    )
    label = TextField(max_length=80)  # type: ignore[assignment] # the API's word for it
    kind = serializers.ChoiceField(choices=ContactAttribute.Kind.choices)
    choices = _choices(default=list, help_text="Of a CHOICE, and of no other.")


class AttributeChangesSerializer(ChangesSerializer):
    """What to change of an attribute; what is left out stays."""

    label = TextField(  # type: ignore[assignment] # the API's word for it
        max_length=80, required=False
    )
    choices = _choices(required=False, help_text="What contacts have already stays.")


class AttributeDeletion(StrictSerializer):
    """Whether an attribute may be deleted while contacts have a value of it."""

    with_values = serializers.BooleanField(
        default=False, help_text="Whether the values are to be forgotten as well."
    )
