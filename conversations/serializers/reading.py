"""What the API gives of conversations and messages."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import SkipField

from conversations import rules
from conversations.models import Contact, ContactIdentity, Conversation, Label, Message
from tenants.serializers import (
    PageSerializer,
)
from whatsapp.payloads import content_reading


class AuthorSerializer(serializers.Serializer[Any]):
    """Somebody of the team."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class ProgramSerializer(serializers.Serializer[Any]):
    """The API key that a program sent an outbound message with."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class LabelSerializer(serializers.Serializer[Any]):
    """A word that conversations are sorted by."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    color = serializers.ChoiceField(choices=Label.Color.choices)


class FailureSerializer(serializers.Serializer[Any]):
    """Why a message was not sent, whose matter that is, and what to do."""

    code = serializers.IntegerField(allow_null=True, help_text="Meta's error code.")
    title = serializers.CharField()
    detail = serializers.CharField(help_text="Meta's own words, for experts.")
    whose = serializers.CharField(help_text="`us`, `customer`, `whatsapp` or `setup`.")
    action = serializers.CharField()


@extend_schema_field(OpenApiTypes.ANY)
class ContentField(serializers.JSONField):
    """Meta's object for the message's type; only there when the message is of that type."""

    def __init__(self) -> None:
        super().__init__(required=False, source="content")

    def get_attribute(self, instance: Message) -> Any:
        if instance.type.lower() != self.field_name:
            raise SkipField
        return instance.content


class TextContentSerializer(serializers.Serializer[Any]):
    """The words of a text message."""

    body = serializers.CharField()
    preview_url = serializers.BooleanField(
        required=False, help_text="Whether WhatsApp shows what the first link leads to."
    )

    def get_attribute(self, instance: Message) -> Any:
        if instance.type != Message.Type.TEXT:
            raise SkipField
        content = instance.content if isinstance(instance.content, dict) else {}
        wanted = content.get("preview_url") is True
        return {"body": instance.text, **({"preview_url": True} if wanted else {})}


class ContextSerializer(serializers.Serializer[Any]):
    """What a message answers, or that it was passed on."""

    wamid = serializers.CharField(help_text="Of the message that is answered; may be empty.")
    is_forwarded = serializers.BooleanField()
    is_forwarded_often = serializers.BooleanField()
    product = serializers.CharField(help_text="The product that is asked about; may be empty.")

    def get_attribute(self, instance: Message) -> Any:
        return content_reading.context_of(instance.extras)


class ReactionSerializer(serializers.Serializer[Any]):
    """Somebody's reaction: the last one that he chose."""

    emoji = serializers.CharField()
    by_business = serializers.BooleanField()


class ReferralSerializer(serializers.Serializer[Any]):
    """The advertisement or post that the customer came from."""

    headline = serializers.CharField()
    body = serializers.CharField()
    url = serializers.CharField(help_text="http or https, or empty.")
    source_type = serializers.CharField()
    source_id = serializers.CharField()

    def get_attribute(self, instance: Message) -> Any:
        return content_reading.referral_of(instance.extras)


class MessageSerializer(serializers.Serializer[Any]):
    """One message, or one attempt to send one. It has one object more, named as its type."""

    id = serializers.IntegerField()
    conversation = serializers.IntegerField(source="conversation_id")
    phone = serializers.IntegerField(source="phone_id")
    client_id = serializers.UUIDField(allow_null=True)
    wamid = serializers.CharField(allow_null=True, help_text="Meta's id, once Meta has named it.")
    direction = serializers.ChoiceField(choices=Message.Direction.choices)
    type = serializers.ChoiceField(choices=Message.Type.choices)
    status = serializers.ChoiceField(choices=Message.Status.choices)
    timestamp = serializers.DateTimeField(help_text="Meta's for inbound messages, else ours.")
    created_at = serializers.DateTimeField()
    author = AuthorSerializer(allow_null=True)
    api_key = ProgramSerializer(allow_null=True)
    retry_of = serializers.IntegerField(source="retry_of_id", allow_null=True)
    media = serializers.IntegerField(
        source="media_id", allow_null=True, help_text="Its file, to be read at `media/<id>`."
    )
    error = FailureSerializer(allow_null=True)
    context = ContextSerializer(allow_null=True)  # type: ignore[assignment] # a member, not the form's
    referral = ReferralSerializer(allow_null=True)
    reactions = ReactionSerializer(source="marks.reactions", many=True)
    edited_at = serializers.DateTimeField(source="marks.edited_at", allow_null=True)
    revoked_at = serializers.DateTimeField(source="marks.revoked_at", allow_null=True)
    text = TextContentSerializer(required=False)
    image = ContentField()
    audio = ContentField()
    video = ContentField()
    document = ContentField()
    template = ContentField()
    sticker = ContentField()
    location = ContentField()
    contacts = ContentField()
    interactive = ContentField()
    button = ContentField()
    reaction = ContentField()
    order = ContentField()
    system = ContentField()
    unsupported = ContentField()


class ContactSerializer(serializers.Serializer[Any]):
    """The person on the other side."""

    id = serializers.IntegerField()
    name = serializers.CharField(help_text="What an operator wrote; may be empty.")
    profile_name = serializers.CharField(help_text="What WhatsApp says; may be empty.")
    wa_id = serializers.SerializerMethodField(help_text="The number; null where Meta hides it.")
    marketing_opted_out_at = serializers.DateTimeField(
        allow_null=True, help_text="Since when they want no marketing; null if they may get it."
    )

    attributes = serializers.DictField(
        child=serializers.JSONField(), help_text="What the tenant keeps of its contacts."
    )

    def get_wa_id(self, contact: Contact) -> str | None:
        numbers = (
            identity.value
            for identity in contact.identities.all()
            if identity.kind == ContactIdentity.Kind.WA_ID
        )
        return next(numbers, None)


class ConversationSerializer(serializers.Serializer[Any]):
    """Everything between one number and one contact."""

    id = serializers.IntegerField()
    phone = serializers.IntegerField(source="phone_id")
    contact = ContactSerializer()
    status = serializers.ChoiceField(choices=Conversation.Status.choices)
    snoozed_until = serializers.DateTimeField(allow_null=True, help_text="Of SNOOZED only.")
    assignee = AuthorSerializer(allow_null=True, help_text="Whose it is; null: nobody's.")
    labels = LabelSerializer(many=True)
    unread_count = serializers.IntegerField()
    last_message_at = serializers.DateTimeField(allow_null=True)
    last_message = MessageSerializer(allow_null=True)
    window_closes_at = serializers.SerializerMethodField(
        help_text="Until then free text may be sent; null when the customer never wrote."
    )
    created_at = serializers.DateTimeField()

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_window_closes_at(self, conversation: Conversation) -> Any:
        closes_at = rules.window_closes_at(conversation.window_opened_at)
        return (
            None if closes_at is None else serializers.DateTimeField().to_representation(closes_at)
        )


class ConversationPageSerializer(PageSerializer):
    results = ConversationSerializer(many=True)


class MessagePageSerializer(PageSerializer):
    results = MessageSerializer(many=True)


class DryRunSerializer(serializers.Serializer[Any]):
    """What would have been queued: the type, and the object of its name."""

    dry_run = serializers.SerializerMethodField()
    conversation = serializers.IntegerField(source="conversation_id")
    phone = serializers.IntegerField(source="phone_id")
    type = serializers.ChoiceField(choices=Message.Type.choices)
    text = TextContentSerializer(required=False)
    location = ContentField()
    contacts = ContentField()
    reaction = ContentField()
    interactive = ContentField()
    image = ContentField()
    video = ContentField()
    audio = ContentField()
    document = ContentField()
    sticker = ContentField()

    def get_dry_run(self, _message: Message) -> bool:
        return True
