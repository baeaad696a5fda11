"""What the API takes and gives of what people say about marketing."""

from typing import Any

from rest_framework import serializers

from conversations.models import ConsentEvent
from conversations.serializers.reading import AuthorSerializer
from tenants.serializers import PageSerializer, StrictSerializer, TextField


class ConsentSerializer(serializers.Serializer[Any]):
    """One thing that was said; never changed, and the newest one counts."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=ConsentEvent.Kind.choices)
    value = serializers.ChoiceField(
        choices=ConsentEvent.Value.choices, help_text="`STOP`; `RESUME` and `SIGNUP` allow it."
    )
    source = serializers.ChoiceField(  # type: ignore[assignment] # a member, not the form's
        choices=ConsentEvent.Source.choices, help_text="Where it was said."
    )
    said_at = serializers.DateTimeField(
        source="provider_at", help_text="Meta's time; ours for what an operator noted."
    )
    wamid = serializers.CharField(help_text="Of the message that said it; may be empty.")
    note = serializers.CharField(help_text="What the operator wrote; may be empty.")
    author = AuthorSerializer(allow_null=True)
    created_at = serializers.DateTimeField()


class ConsentPageSerializer(PageSerializer):
    results = ConsentSerializer(many=True)


class ConsentNoteSerializer(StrictSerializer):
    """What a customer told the team."""

    value = serializers.ChoiceField(choices=["STOP", "RESUME"])
    note = TextField(
        max_length=300,
        required=False,
        default="",
        allow_blank=True,
        help_text="How they told it: on the phone, in the shop, ...",
    )
