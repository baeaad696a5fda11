"""What the API takes and gives about the business profile of a number."""

from typing import Any

from rest_framework import serializers

from tenants.serializers import StrictSerializer, TextField
from whatsapp.limits import profile as limits

# Longer than Meta's own limits, which are checked with a sentence of their own.
_TEXT_MAX_CHARACTERS = 10_000


def _text(help_text: str, **more: Any) -> TextField:
    return TextField(
        max_length=_TEXT_MAX_CHARACTERS,
        allow_blank=True,
        required=False,
        help_text=help_text,
        **more,
    )


class ProfileChangesSerializer(StrictSerializer):
    """What is to be changed; what is left out stays as it is."""

    about = _text("1 to 139 characters; it cannot be taken away again.")
    address = _text("Up to 256 characters.")
    description = _text("Up to 512 characters.")
    email = _text("Up to 128 characters.")
    websites = serializers.ListField(
        child=TextField(max_length=_TEXT_MAX_CHARACTERS, allow_blank=True),
        required=False,
        help_text="Up to two, of up to 256 characters, with http:// or https://.",
    )
    vertical = _text(f"The trade: {', '.join(limits.VERTICALS[1:])}, or empty for none.")


class ProfileSerializer(serializers.Serializer[Any]):
    """What customers read about the business, as WhatsApp last told of it."""

    about = serializers.CharField()
    address = serializers.CharField()
    description = serializers.CharField()
    email = serializers.CharField()
    websites = serializers.ListField(child=serializers.CharField())
    vertical = serializers.CharField(help_text="Meta's word for the trade; may be empty.")
    picture_url = serializers.CharField(help_text="At Meta's, for a while; may be empty.")
    read_at = serializers.DateTimeField(
        allow_null=True, help_text="When WhatsApp told of it; null while it has not yet."
    )
