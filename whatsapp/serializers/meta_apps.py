"""What the API takes and gives about a tenant's own Meta apps."""

from typing import Any

from rest_framework import serializers

from tenants import sealing
from tenants.serializers import (
    BIGINT_MAX,
    TOLD_ONCE,
    PageParameters,
    PageSerializer,
    StrictSerializer,
    TextField,
    WholeNumberField,
)
from whatsapp.services import own_apps
from whatsapp.webhooks.models import MetaApp

SECRET_MAX_CHARACTERS = 512


class MetaAppParameters(PageParameters):
    """Which page of the list."""


class NewMetaAppSerializer(StrictSerializer):
    """A Meta app of your own, with what Meta shows in its basic settings."""

    name = TextField(max_length=120, help_text="How you call it.")
    app_id = serializers.RegexField(r"\A[0-9]{5,40}\Z", help_text="Meta's app id.")
    app_secret = TextField(
        max_length=SECRET_MAX_CHARACTERS, write_only=True, help_text="Taken, and never given back."
    )
    verify_token = TextField(
        max_length=SECRET_MAX_CHARACTERS,
        required=False,
        write_only=True,
        help_text="Without it one is made.",
    )


class MetaAppChangesSerializer(StrictSerializer):
    """What may be changed; what is left out stays as it is."""

    name = TextField(max_length=120, required=False)
    is_active = serializers.BooleanField(
        required=False, help_text="Whether what it brings is taken."
    )
    app_secret = TextField(
        max_length=SECRET_MAX_CHARACTERS,
        required=False,
        write_only=True,
        help_text="The one before opens what Meta signed with it for seven days more.",
    )
    verify_token = TextField(
        max_length=SECRET_MAX_CHARACTERS,
        required=False,
        write_only=True,
        help_text="Counts at Meta's next handshake.",
    )


class MetaAppSerializer(serializers.Serializer[Any]):
    """A Meta app of the tenant's own. Its secrets are not given back."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    app_id = serializers.CharField()
    is_active = serializers.BooleanField()
    callback_url = serializers.SerializerMethodField(
        help_text="Belongs into the app's WhatsApp settings at Meta, with the verify token."
    )
    app_secret_set_at = serializers.SerializerMethodField(
        help_text="When the app secret was given."
    )
    has_previous_secret = serializers.SerializerMethodField(
        help_text="Whether what an earlier secret signed is taken, too."
    )
    created_at = serializers.DateTimeField()

    def get_callback_url(self, app: MetaApp) -> str:
        return own_apps.callback_url(app)

    def get_app_secret_set_at(self, app: MetaApp) -> str:
        shown: str = serializers.DateTimeField().to_representation(
            sealing.sealed_at(app.app_secret_sealed)
        )
        return shown

    def get_has_previous_secret(self, app: MetaApp) -> bool:
        return bool(app.previous_secret_sealed)


class MadeMetaAppSerializer(MetaAppSerializer):
    """A new app, with its verify token: shown this once."""

    verify_token = serializers.CharField(allow_null=True, help_text=TOLD_ONCE)


class MetaAppPageSerializer(PageSerializer):
    results = MetaAppSerializer(many=True)


class NumberAppSerializer(StrictSerializer):
    """Which app brings a number's events."""

    meta_app = WholeNumberField(
        min_value=1,
        max_value=BIGINT_MAX,
        allow_null=True,
        help_text="The id of an app of your own; null for the one of this installation.",
    )


class PhoneAppSerializer(serializers.Serializer[Any]):
    """A number, and which app brings its events."""

    id = serializers.IntegerField()
    display_phone_number = serializers.CharField()
    meta_app = serializers.IntegerField(
        allow_null=True, help_text="Null: the app of this installation."
    )
