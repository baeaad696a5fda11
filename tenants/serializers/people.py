"""What the API takes and gives, as far as a tenant's people go."""

from typing import Any

from django.conf import settings
from rest_framework import serializers

from tenants.models import Membership
from tenants.serializers import PageParameters, PageSerializer, StrictSerializer


class PeopleParameters(PageParameters):
    """Which page of the people."""


class InvitationParameters(PageParameters):
    """Which page of the invitations."""


class MemberSerializer(serializers.Serializer[Any]):
    """Somebody who works for the tenant."""

    id = serializers.IntegerField(source="user_id")
    email = serializers.EmailField(source="user.email")
    name = serializers.CharField(source="user.name")
    role = serializers.ChoiceField(choices=Membership.Role.choices)
    is_active = serializers.BooleanField(
        source="user.is_active", help_text="False: nobody signs in with this account anywhere."
    )
    joined_at = serializers.DateTimeField(source="created_at")
    signed_in_at = serializers.SerializerMethodField()

    def get_signed_in_at(self, membership: Membership) -> str | None:
        """Return when the person signed in here last; null for readers who are no admins."""
        if not self.context["is_for_admins"] or membership.signed_in_at is None:
            return None
        return serializers.DateTimeField().to_representation(membership.signed_in_at)


class MemberPageSerializer(PageSerializer):
    """One page of the people."""

    results = MemberSerializer(many=True)


class RoleSerializer(StrictSerializer):
    """What somebody may do."""

    role = serializers.ChoiceField(choices=Membership.Role.choices)


class NewInvitationSerializer(StrictSerializer):
    """Whom to invite, and as what."""

    email = serializers.EmailField(max_length=254)
    role = serializers.ChoiceField(choices=Membership.Role.choices)
    language = serializers.ChoiceField(
        choices=settings.LANGUAGES, required=False, help_text="Of the letter; else yours."
    )


class InvitationSerializer(serializers.Serializer[Any]):
    """An invitation that was not accepted yet."""

    id = serializers.IntegerField()
    email = serializers.EmailField()
    role = serializers.ChoiceField(choices=Membership.Role.choices)
    language = serializers.ChoiceField(choices=settings.LANGUAGES)
    invited_by = serializers.IntegerField(source="invited_by_id", help_text="A person's id.")
    created_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(help_text="When the last letter was written.")
    expires_at = serializers.DateTimeField()


class InvitationPageSerializer(PageSerializer):
    """One page of the invitations."""

    results = InvitationSerializer(many=True)
