"""What the API gives, as far as sessions go."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from rest_framework import serializers

from tenants.models import RefreshSession


class SessionSerializer(serializers.Serializer[Any]):
    """One sign-in at the API, with its refresh tokens."""

    id = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    used_at = serializers.DateTimeField(help_text="When its tokens were exchanged last.")
    expires_at = serializers.DateTimeField()
    is_current = serializers.BooleanField(help_text="Whether it is the one that asks.")


class SessionListSerializer(serializers.Serializer[Any]):
    """Somebody's sessions."""

    results = SessionSerializer(many=True)


def shown(rows: Iterable[RefreshSession], *, current: UUID | None) -> list[Any]:
    """Return the sessions as the API writes them."""
    marked = [
        {
            "id": row.pk,
            "created_at": row.created_at,
            "used_at": row.used_at,
            "expires_at": row.expires_at,
            "is_current": row.pk == current,
        }
        for row in rows
    ]
    return list(SessionSerializer(marked, many=True).data)
