"""What the API takes and gives about who is blocked."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from conversations.models import Block
from conversations.serializers.reading import AuthorSerializer, ContactSerializer
from tenants.serializers import (
    BIGINT_MAX,
    PageParameters,
    PageSerializer,
    StrictSerializer,
)


class NumberParameters(StrictSerializer):
    """On which of the business's numbers."""

    phone = serializers.IntegerField(
        min_value=1,
        max_value=BIGINT_MAX,
        required=False,
        help_text="The business's number; needed when the tenant has several.",
    )


class BlockedParameters(PageParameters):
    """Whose blocks, and which page of them."""

    phone = serializers.IntegerField(
        min_value=1, max_value=BIGINT_MAX, required=False, help_text="On one number only."
    )


class BlockErrorSerializer(serializers.Serializer[Any]):
    """Why WhatsApp did not do what was asked last."""

    code = serializers.IntegerField(allow_null=True, help_text="Meta's error code.")
    detail = serializers.CharField()


class BlockSerializer(serializers.Serializer[Any]):
    """A contact who is blocked on a number, or was to be."""

    contact = ContactSerializer()
    phone = serializers.IntegerField(source="phone_id")
    state = serializers.ChoiceField(
        choices=Block.State.choices,
        help_text="`BLOCKED` and `UNBLOCKING`: nothing comes in and nothing goes out.",
    )
    error = serializers.SerializerMethodField(help_text="Null unless WhatsApp refused.")
    author = AuthorSerializer(
        allow_null=True, help_text="Null for what was done elsewhere, in WhatsApp Manager say."
    )
    changed_at = serializers.DateTimeField()

    @extend_schema_field(BlockErrorSerializer(allow_null=True))
    def get_error(self, block: Block) -> dict[str, Any] | None:
        if not block.error:
            return None
        return {"code": block.error_code, "detail": block.told_error}


class BlocksOfContactSerializer(serializers.Serializer[Any]):
    """On which numbers a contact is blocked, or was to be."""

    results = BlockSerializer(many=True)


class BlockedPageSerializer(PageSerializer):
    results = BlockSerializer(many=True)
