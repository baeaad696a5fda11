"""What is told to webhooks, and what the API takes and gives about them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer

from conversations.models import HookDelivery, HookEndpoint, HookEvent
from conversations.serializers.broadcasts import BroadcastSerializer
from conversations.serializers.reading import (
    ContactSerializer,
    ConversationSerializer,
    MessageSerializer,
)
from conversations.services.hooks import relaying
from tenants.addresses import URL_MAX_CHARACTERS
from tenants.serializers import (
    TOLD_ONCE,
    PageParameters,
    PageSerializer,
    StrictSerializer,
    TextField,
)
from whatsapp.serializers import TemplateSerializer
from whatsapp.serializers.phones import PhoneSerializer
from whatsapp.services.standing import standings


def render(kind: str, row: Any, *, at: datetime, tenant_id: UUID) -> str:
    """Write an event's body: the type, when, whose, and what the API would give."""
    document = {"type": kind, "timestamp": at, "tenant": str(tenant_id), "data": _data(kind, row)}
    return bytes(JSONRenderer().render(document)).decode()


def _data(kind: str, row: Any) -> dict[str, Any]:
    if kind == HookEvent.TEST:
        return {"test": True}
    about = kind.partition(".")[0]
    if kind == HookEvent.Kind.CONTACT_MERGED:
        return {"merged_contact": row.pk, "contact": ContactSerializer(row.merged_into).data}
    if about == "message":
        contact = ContactSerializer(row.conversation.contact).data
        return {"message": MessageSerializer(row).data, "contact": contact}
    if about == "number":
        context = {"standings": standings([row], now=timezone.now())}
        return {"phone": PhoneSerializer(row, context=context).data}
    return {about: _SERIALIZERS[about](row).data}


_SERIALIZERS: dict[str, type[serializers.Serializer[Any]]] = {
    "broadcast": BroadcastSerializer,
    "contact": ContactSerializer,
    "conversation": ConversationSerializer,
    "template": TemplateSerializer,
}


relaying.render_by(render)


class EndpointParameters(PageParameters):
    """Which page of the list."""


class EventsField(serializers.MultipleChoiceField):
    """Kinds of events, each once, in their own order."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=HookEvent.Kind.choices, allow_empty=False, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        chosen = set(super().to_internal_value(data))
        return [kind for kind in HookEvent.Kind.values if kind in chosen]

    def to_representation(self, value: Any) -> Any:
        return list(value)


class NewEndpointSerializer(StrictSerializer):
    """An address, and what it is told."""

    url = TextField(
        max_length=URL_MAX_CHARACTERS,
        help_text="https, on the public internet, without a port or a user.",
    )
    events = EventsField(help_text="What is told.")
    description = TextField(max_length=120, required=False, allow_blank=True)


class EndpointChangesSerializer(StrictSerializer):
    """What may be changed; what is left out stays as it is."""

    url = TextField(max_length=URL_MAX_CHARACTERS, required=False)
    events = EventsField(required=False)
    description = TextField(max_length=120, required=False, allow_blank=True)
    is_enabled = serializers.BooleanField(
        required=False, help_text="What happens while it is off is not told."
    )


class EndpointSerializer(serializers.Serializer[Any]):
    """An address that is told what happens. Its secret is not given back."""

    id = serializers.IntegerField()
    url = serializers.CharField(source="shown_url", help_text="Without its query.")
    events = EventsField()
    description = serializers.CharField()
    is_enabled = serializers.BooleanField()
    disabled_reason = serializers.ChoiceField(
        choices=[("", ""), *HookEndpoint.Reason.choices],
        help_text="`PERSON`, `GONE` (its server said 410), `FAILING` (for five days), or empty.",
    )
    failing_since = serializers.DateTimeField(
        allow_null=True, help_text="Null while what is sent arrives."
    )
    previous_secret_until = serializers.DateTimeField(
        source="previous_until",
        allow_null=True,
        help_text="Until then the secret before signs, too.",
    )
    created_at = serializers.DateTimeField()


class SecretSerializer(serializers.Serializer[Any]):
    """A new secret: shown this once."""

    secret = serializers.CharField(allow_null=True, help_text=TOLD_ONCE)


class MadeEndpointSerializer(EndpointSerializer):
    """A new address, with its secret: shown this once."""

    secret = serializers.CharField(allow_null=True, help_text=TOLD_ONCE)


class EndpointPageSerializer(PageSerializer):
    results = EndpointSerializer(many=True)


class DeliverySerializer(serializers.Serializer[Any]):
    """One event on its way to one address."""

    id = serializers.IntegerField()
    webhook_id = serializers.CharField(
        source="event.webhook_id", help_text="The header `webhook-id`, the same at every attempt."
    )
    type = serializers.CharField(source="event.kind")
    state = serializers.ChoiceField(choices=HookDelivery.State.choices)
    attempts = serializers.IntegerField()
    next_attempt_at = serializers.SerializerMethodField(
        help_text="Null where none follows; an address that fails is left alone for minutes more."
    )
    tried_at = serializers.DateTimeField(allow_null=True)
    status_code = serializers.IntegerField(
        allow_null=True, help_text="What your server answered last."
    )
    error = serializers.CharField(
        help_text="Why there was no answer: `timeout`, `refused`, `tls`, `broken`,"
        " `address_refused`, `address_unknown`, `no_secret`; empty where there was one."
    )
    answer = serializers.CharField(help_text="The beginning of the last answer.")
    created_at = serializers.DateTimeField()

    def get_next_attempt_at(self, delivery: HookDelivery) -> datetime | None:
        return delivery.due_at if delivery.is_pending else None


class DeliveryParameters(PageParameters):
    """Which deliveries, and which page of them."""

    state = serializers.ChoiceField(choices=HookDelivery.State.choices, required=False)


class DeliveryPageSerializer(PageSerializer):
    results = DeliverySerializer(many=True)


class ReplaySerializer(StrictSerializer):
    """Since when."""

    since = serializers.DateTimeField(help_text="Everything given up since then is sent again.")


class ReplayedSerializer(serializers.Serializer[Any]):
    """How many are on their way again."""

    count = serializers.IntegerField()
