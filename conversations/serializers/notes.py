"""What the API takes and gives of labels and notes."""

from typing import Any

from rest_framework import serializers

from conversations.models import Label, Note
from conversations.serializers.reading import AuthorSerializer, LabelSerializer, ProgramSerializer
from tenants.serializers import (
    BIGINT_MAX,
    ChangesSerializer,
    PageSerializer,
    StrictSerializer,
    TextField,
    WholeNumberField,
)


class UsedLabelSerializer(LabelSerializer):
    """A label, and how often it is used."""

    used = serializers.IntegerField(help_text="On how many conversations it is.")


class LabelListSerializer(serializers.Serializer[Any]):
    """All labels: there are few enough for one page."""

    results = UsedLabelSerializer(many=True)


class NewLabelSerializer(StrictSerializer):
    """A label to make."""

    name = TextField(max_length=40, help_text="The same in another case is the same.")
    color = serializers.ChoiceField(choices=Label.Color.choices, default=Label.Color.GRAY)


class LabelChangesSerializer(ChangesSerializer):
    """What to change of a label; what is left out stays."""

    name = TextField(max_length=40, required=False)
    color = serializers.ChoiceField(choices=Label.Color.choices, required=False)


class LabelDeletion(StrictSerializer):
    """Whether a label may be deleted while conversations have it."""

    take_off = serializers.BooleanField(
        default=False, help_text="Whether to take it off the conversations that have it."
    )


class LabelSetSerializer(StrictSerializer):
    """The labels that a conversation is to have."""

    labels = serializers.ListField(
        child=WholeNumberField(min_value=1, max_value=BIGINT_MAX),
        max_length=50,
        help_text="All of them, by their ids.",
    )


class ConversationLabelsSerializer(serializers.Serializer[Any]):
    """The labels of a conversation."""

    results = LabelSerializer(many=True)


class NoteSerializer(serializers.Serializer[Any]):
    """What somebody of the team wrote down. No customer ever gets it."""

    id = serializers.IntegerField()
    conversation = serializers.IntegerField(source="conversation_id")
    body = serializers.CharField(help_text="Empty when it was deleted.")
    author = AuthorSerializer(allow_null=True)
    api_key = ProgramSerializer(allow_null=True)
    created_at = serializers.DateTimeField()
    edited_at = serializers.DateTimeField(allow_null=True)
    deleted_at = serializers.DateTimeField(allow_null=True)


class NotePageSerializer(PageSerializer):
    results = NoteSerializer(many=True)


class NoteWordsSerializer(StrictSerializer):
    """What a note says."""

    body = TextField(max_length=Note.BODY_MAX_CHARACTERS)
