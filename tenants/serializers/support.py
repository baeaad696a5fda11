"""What the API gives, as far as support access goes."""

from typing import Any

from rest_framework import serializers

from tenants.models import SupportAccess
from tenants.serializers import PageSerializer


class SupportAccessSerializer(serializers.Serializer[Any]):
    """One look of a super-admin of the installation into the tenant."""

    id = serializers.IntegerField()
    name = serializers.CharField(source="user.name")
    role = serializers.ChoiceField(
        choices=SupportAccess.Level.choices, help_text="What it let him do."
    )
    reason = serializers.CharField(help_text="In his words.")
    created_at = serializers.DateTimeField()
    entered_at = serializers.DateTimeField(allow_null=True, help_text="`null`: he never came in.")
    over_at = serializers.DateTimeField(help_text="When it ended, or ends by itself.")


class SupportAccessPageSerializer(PageSerializer):
    """One page of them."""

    results = SupportAccessSerializer(many=True)
