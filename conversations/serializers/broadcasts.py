"""What the API takes and gives about broadcasts."""

import json
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from conversations import broadcasts, rules
from conversations.models import Broadcast, BroadcastRecipient, Message
from conversations.serializers.choosing import ContactsSerializer
from conversations.serializers.reading import AuthorSerializer, ProgramSerializer
from tenants.serializers import (
    BIGINT_MAX,
    PageParameters,
    PageSerializer,
    StrictSerializer,
    TextField,
    WholeNumberField,
)
from whatsapp.serializers import TemplateNameSerializer

RECIPIENTS_MAX = 5000
STATES = sorted({*BroadcastRecipient.State.values, *Message.Status.values} - {"RECEIVED", "QUEUED"})


class RecipientInSerializer(StrictSerializer):
    """Somebody on the list."""

    to = TextField(max_length=150, help_text="The number with its country code.")
    values = serializers.DictField(
        child=TextField(max_length=4096, allow_blank=True),
        default=dict,
        help_text="What fills the template, by the keys of its `fields`.",
    )


class ValueSerializer(StrictSerializer):
    """What fills a field: a column of the list, or the same text for all."""

    column = TextField(max_length=120, required=False)
    text = TextField(max_length=4096, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise serializers.ValidationError(_("Give either a column or a text."))
        return attrs


class BulkSerializer(StrictSerializer):
    """A template to many, each with their own values."""

    name = TextField(max_length=120, help_text="For your team; customers do not see it.")
    phone = WholeNumberField(
        min_value=1,
        max_value=BIGINT_MAX,
        required=False,
        help_text="The business's number; needed when the tenant has several.",
    )
    template = TemplateNameSerializer()
    recipients = serializers.ListField(
        child=RecipientInSerializer(),
        required=False,
        allow_empty=False,
        max_length=RECIPIENTS_MAX,
        help_text="5,000 at most.",
    )
    contacts = ContactsSerializer(
        required=False, help_text="Instead of `recipients`: contacts of the inbox, 100,000 at most."
    )
    values = serializers.DictField(
        child=ValueSerializer(),
        required=False,
        help_text="What fills the template for all, by the keys of its `fields`, such as the id of"
        " an upload in `header.media`. The columns of a contact are `name` and `number`;"
        " `recipients` have none.",
    )
    start = serializers.BooleanField(
        default=False, help_text="Start as soon as the list is read; else it stays a draft."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("recipients" in attrs) == ("contacts" in attrs):
            sentence = _("Give either recipients or contacts.")
            raise serializers.ValidationError({"recipients": [sentence]})
        for key, value in attrs.get("values", {}).items():
            if "recipients" in attrs and "column" in value:
                sentence = _("Recipients have no columns: give a text.")
                raise serializers.ValidationError({"values": {key: [sentence]}})
        return attrs


@extend_schema_field({"type": "string"})
class ValuesField(serializers.Field[Any, Any, Any, Any]):
    """JSON in a part of a form: what fills each field, by its key."""

    default_error_messages = {"invalid": _("Write it as JSON, by the keys of the fields.")}

    def to_internal_value(self, data: Any) -> dict[str, dict[str, str]]:
        try:
            parsed = json.loads(data) if isinstance(data, str) else None
        except ValueError:
            parsed = None
        if not isinstance(parsed, dict):
            self.fail("invalid")
        found: dict[str, dict[str, str]] = {}
        for key, value in parsed.items():
            form = ValueSerializer(data=value)
            if not form.is_valid():
                raise serializers.ValidationError({str(key): form.errors})
            found[rules.clean_text(key)] = dict(form.validated_data)
        return found

    def to_representation(self, value: Any) -> Any:
        return value


class BroadcastSerializer(serializers.Serializer[Any]):
    """A template to everybody on a list."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    phone = serializers.IntegerField(source="phone_id")
    template = serializers.SerializerMethodField()
    status = serializers.ChoiceField(choices=Broadcast.Status.choices)
    pause_reason = serializers.CharField(
        help_text="Why it is paused: `PERSON`, or what paused it by itself; empty if it is not."
    )
    waiting_for = serializers.CharField(
        help_text="What holds it up while it runs; it goes on by itself."
    )
    waits_until = serializers.DateTimeField(
        allow_null=True, help_text="About when it goes on; null where nobody knows."
    )
    problem = serializers.CharField(
        source="problem_told", help_text="Why its list could not be read, or not be started."
    )
    total = serializers.IntegerField(help_text="Rows of the list, read so far.")
    counts = serializers.DictField(
        child=serializers.IntegerField(),
        help_text="Rows by state: `READY`, `SKIPPED`, or what became of their message.",
    )
    percent = serializers.SerializerMethodField(help_text="How much of it is over.")
    author = AuthorSerializer(allow_null=True)
    api_key = ProgramSerializer(allow_null=True)
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(TemplateNameSerializer)
    def get_template(self, broadcast: Broadcast) -> dict[str, str]:
        return {"name": broadcast.template.name, "language": broadcast.template.language}

    def get_percent(self, broadcast: Broadcast) -> int:
        return broadcasts.progress(broadcast).percent


class BroadcastPageSerializer(PageSerializer):
    results = BroadcastSerializer(many=True)


class RecipientSerializer(serializers.Serializer[Any]):
    """One row of the list, and what became of it."""

    position = serializers.IntegerField(source="row.position", help_text="Its row, from 1.")
    to = serializers.CharField(source="row.address", help_text="As the list has it.")
    state = serializers.ChoiceField(choices=[(state, state) for state in STATES])
    reason = serializers.CharField(
        source="row.reason", help_text="Why it was left out, as a code; empty where it was not."
    )
    detail = serializers.CharField(source="why", help_text="Why it was left out or failed.")
    first_row = serializers.IntegerField(
        source="row.first_position",
        allow_null=True,
        help_text="Of a `DUPLICATE`: the row of the same person that came first.",
    )
    message = serializers.IntegerField(source="row.message_id", allow_null=True)
    conversation = serializers.IntegerField(source="conversation_id", allow_null=True)


class RecipientPageSerializer(serializers.Serializer[Any]):
    """Some rows of a list, in its order."""

    results = RecipientSerializer(many=True)
    next_after = serializers.IntegerField(
        allow_null=True, help_text="Goes into `after` for the next page; null on the last one."
    )


class RecipientParameters(StrictSerializer):
    """Which rows, and after which one."""

    state = serializers.ChoiceField(choices=STATES, required=False)
    reason = serializers.ChoiceField(choices=BroadcastRecipient.Reason.choices, required=False)
    after = serializers.IntegerField(
        min_value=0, max_value=2**31 - 1, default=0, help_text="A row's position."
    )
    limit = serializers.IntegerField(min_value=1, max_value=500, default=100)


class BroadcastParameters(PageParameters):
    """Which page."""


class TestSerializer(StrictSerializer):
    """Whom a test goes to."""

    to = TextField(max_length=40, help_text="A number of your own, with its country code.")


class UploadedListSerializer(StrictSerializer):
    """A list as a form (multipart/form-data) with a CSV file."""

    name = TextField(max_length=120)
    phone = serializers.IntegerField(min_value=1, max_value=BIGINT_MAX, required=False)
    template = TextField(max_length=512, help_text="The template's name.")
    language = TextField(max_length=15)
    file = serializers.FileField(
        allow_empty_file=True,
        max_length=1000,
        help_text="CSV; its first line names the columns. 100,000 rows and 20 MB at most.",
    )
    number_column = TextField(
        max_length=120, default="", help_text="The column of numbers; the likeliest if left out."
    )
    values = ValuesField(
        required=False,
        help_text='JSON: `{"body.1": {"column": "name"}, "body.2": {"text": "Friday"}}`. Fields'
        " that are called as a column may be left out.",
    )
    start = serializers.BooleanField(default=False)
