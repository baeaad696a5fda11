"""What the API takes to send a message."""

from typing import Any

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from conversations.services import composing
from tenants.serializers import (
    BIGINT_MAX,
    StrictSerializer,
    TextField,
    WholeNumberField,
)
from whatsapp import limits


@extend_schema_field(OpenApiTypes.OBJECT)
class ObjectField(serializers.JSONField):
    """One of Meta's objects; what it may hold is for the limits to say."""


class ReplySerializer(StrictSerializer):
    """What a message answers."""

    message_id = TextField(
        max_length=200, help_text="The wamid of a message of the same conversation."
    )


class SendSerializer(StrictSerializer):
    """A message to send: `conversation` or `to`, and an object named as the type."""

    schema_extra = {"oneOf": [{"required": ["conversation"]}, {"required": ["to"]}]}

    conversation = WholeNumberField(min_value=1, max_value=BIGINT_MAX, required=False)
    to = TextField(
        max_length=40,
        required=False,
        validators=[RegexValidator(r"\A\+?[0-9 ().-]{7,40}\Z", _("Write it as +5511912345678."))],
        help_text="The customer's number with its country code.",
    )
    phone = WholeNumberField(
        min_value=1,
        max_value=BIGINT_MAX,
        required=False,
        help_text="The business's number; needed with `to` when the tenant has several.",
    )
    type = serializers.ChoiceField(choices=list(limits.RULES))
    text = ObjectField(
        required=False, help_text="`body` of 4,096 characters at most; `preview_url`."
    )
    location = ObjectField(
        required=False, help_text="`latitude` and `longitude`; `name`, `address`."
    )
    contacts = serializers.ListField(
        child=ObjectField(),
        required=False,
        help_text="Up to 257 cards; each has a `name` with `formatted_name` and one part more.",
    )
    reaction = ObjectField(
        required=False,
        help_text="`message_id`, a wamid, and `emoji`: one, or empty to take it back.",
    )
    interactive = ObjectField(
        required=False,
        help_text="Its `type` is `button`, `list`, `cta_url`, `flow`, `location_request_message` or"
        " `request_contact_info`; all else is as in Meta's reference.",
    )
    image = ObjectField(required=False, help_text="`media`, an upload's id; `caption`.")
    video = ObjectField(required=False, help_text="`media`, an upload's id; `caption`.")
    audio = ObjectField(
        required=False, help_text="`media`, an upload's id; `voice` for a voice message (OGG)."
    )
    document = ObjectField(
        required=False, help_text="`media`, an upload's id; `caption`, `filename`."
    )
    sticker = ObjectField(required=False, help_text="`media`, an upload's id.")
    context = ReplySerializer(required=False)  # type: ignore[assignment] # a member, not the form's
    dry_run = serializers.BooleanField(
        default=False, help_text="Validate, and say what would be sent; nothing is queued."
    )
    messaging_product = serializers.ChoiceField(choices=["whatsapp"], required=False)
    recipient_type = serializers.ChoiceField(choices=["individual"], required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("conversation" in attrs) == ("to" in attrs):
            sentence = _("Give either a conversation or a number.")
            raise serializers.ValidationError({"conversation": [sentence]})
        kind = attrs["type"]
        if kind not in attrs:
            raise serializers.ValidationError({kind: [_("This is missing.")]}, "required")
        others = [name for name in limits.RULES if name in attrs and name != kind]
        if others:
            sentence = _("This does not go with the type.")
            raise serializers.ValidationError({name: [sentence] for name in others}, "unknown")
        composing.checked(kind, attrs[kind])
        return attrs
