"""What the API takes and gives, as far as API keys go."""

from typing import Any

from rest_framework import serializers

from tenants.permissions import Scope
from tenants.serializers import (
    TOLD_ONCE,
    PageParameters,
    PageSerializer,
    StrictSerializer,
    TextField,
)


class KeyParameters(PageParameters):
    """Which page of the keys."""


class NewKeySerializer(StrictSerializer):
    """A key for a program."""

    name = TextField(max_length=80, help_text="What uses it; shown beside what it sends.")
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=[str(scope) for scope in Scope]),
        min_length=1,
        max_length=len(Scope),
        help_text="What it may do. Whoever may write something may read it, messages excepted.",
    )
    networks = serializers.ListField(
        child=TextField(max_length=43),
        max_length=20,
        default=list,
        help_text="From where it may be used: addresses or networks. None: from anywhere.",
    )
    expires_at = serializers.DateTimeField(
        default=None, allow_null=True, help_text="Until when it may be used. Null: for ever."
    )


class KeySerializer(serializers.Serializer[Any]):
    """A key; what its program brings is not kept."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    prefix = serializers.CharField(help_text="How the key begins, behind `blc_`.")
    scopes = serializers.ListField(child=serializers.CharField())
    networks = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True, help_text="To the minute.")
    revoked_at = serializers.DateTimeField(allow_null=True)


class MadeKeySerializer(KeySerializer):
    """A new key, with what its program brings."""

    key = serializers.CharField(
        allow_null=True,
        help_text=f"Send it as `Authorization: Bearer ...`. {TOLD_ONCE}",
    )


class KeyPageSerializer(PageSerializer):
    """One page of the keys."""

    results = KeySerializer(many=True)
