"""What the API takes and gives, as far as numbers, templates and jobs go."""

from typing import Any

from django.core.validators import RegexValidator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tenants.serializers import (
    BIGINT_MAX,
    PageParameters,
    PageSerializer,
    StrictSerializer,
    TextField,
    WholeNumberField,
)
from whatsapp import rendering
from whatsapp.findings import Grade
from whatsapp.models import Job, MessageTemplate

FILLED_MAX_CHARACTERS = 2048


class TemplateParameters(PageParameters):
    """Which templates, and which page of them."""

    status = serializers.ChoiceField(
        choices=MessageTemplate.Status.choices,
        required=False,
        help_text="Without it all but the deleted ones.",
    )
    account = serializers.RegexField(
        r"\A[0-9]{1,40}\Z", required=False, help_text="Of one business account (WABA) only."
    )
    search = serializers.CharField(
        max_length=200, default="", allow_blank=True, help_text="A part of the name."
    )


class FieldSerializer(serializers.Serializer[Any]):
    """A place of a template that has to be, or may be, filled in."""

    key = serializers.CharField(help_text="Its name in `values`.")
    kind = serializers.CharField(
        help_text="`text`, `media` (a link or an upload's id), `number`, `url`, `code`, `payload`,"
        " `product`, `products` (with commas between them), `moment` (ISO 8601 with its offset)."
    )
    example = serializers.CharField()
    is_required = serializers.BooleanField()
    card = serializers.IntegerField(help_text="Of a carousel, from 1; 0 for what is on no card.")


class TemplateSerializer(serializers.Serializer[Any]):
    """A template as WhatsApp last told of it."""

    id = serializers.IntegerField()
    account = serializers.CharField(source="waba_id", help_text="The business account (WABA).")
    template_id = serializers.CharField(help_text="Meta's id.")
    name = serializers.CharField()
    language = serializers.CharField()
    category = serializers.CharField()
    status = serializers.CharField(help_text="Meta's word; only APPROVED can be sent.")
    reason = serializers.CharField(help_text="Why it was rejected, Meta's word; may be empty.")
    quality = serializers.CharField()
    parameter_format = serializers.CharField()
    components = serializers.JSONField(help_text="Meta's list of the template's parts.")
    fields = serializers.SerializerMethodField(  # type: ignore[assignment] # the API's word for it
        method_name="fields_of"
    )
    synced_at = serializers.DateTimeField(
        allow_null=True, help_text="Null while WhatsApp says that its parts changed since."
    )

    def fields_of(self, template: MessageTemplate) -> list[dict[str, Any]]:
        """Return what has to be filled in."""
        fields = rendering.fields(template.definition)
        return list(FieldSerializer(fields, many=True).data)


class TemplatePageSerializer(PageSerializer):
    results = TemplateSerializer(many=True)


class NewTemplateSerializer(StrictSerializer):
    """A template to hand in for review, in Meta's own shape; looked at by Meta's rules."""

    account = TextField(
        max_length=40,
        required=False,
        help_text="The business account (WABA); needed when the tenant has several.",
    )
    name = TextField(max_length=1000)
    language = TextField(max_length=40)
    category = TextField(max_length=40)
    parameter_format = TextField(max_length=40, required=False)
    components = serializers.JSONField(help_text="Meta's list of the template's parts.")


class PartsSerializer(StrictSerializer):
    """The parts that replace a template's."""

    components = serializers.JSONField(help_text="Meta's list of the template's parts, all of it.")


@extend_schema_field(OpenApiTypes.ANY)
class ResultField(serializers.JSONField):
    """What a job brought; null while it runs, and where it brought nothing."""


class StepSerializer(serializers.Serializer[Any]):
    """A step of a job that has several, and what it found."""

    step = serializers.CharField(help_text="Its name; `title` is for people.")
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=[(grade.value, grade.value) for grade in Grade])
    code = serializers.CharField(help_text="Of what was found; may be empty.")
    what = serializers.CharField(help_text="What was found, in a sentence.")
    fix = serializers.CharField(help_text="What to do about it; may be empty.")


class JobSerializer(serializers.Serializer[Any]):
    """Something that waits for WhatsApp; ask again until `state` is DONE or FAILED."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Job.Kind.choices)
    state = serializers.ChoiceField(choices=Job.State.choices)
    subject = serializers.CharField(help_text="What it is about: a WABA id, a phone_number_id.")
    account = serializers.CharField(source="subject", help_text="The same, by its older name.")
    done = serializers.IntegerField()
    total = serializers.IntegerField(allow_null=True, help_text="Null while nobody knows.")
    error_code = serializers.IntegerField(allow_null=True, help_text="Meta's error code.")
    error = serializers.SerializerMethodField(help_text="What went wrong; may be empty.")
    steps = StepSerializer(source="told_steps", many=True)
    result = ResultField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)

    def get_error(self, job: Job) -> str:
        # Reasons of our own are stored in English and are in the catalogue; Meta's pass unchanged.
        return gettext(job.error) if job.error else ""


class DeletionSerializer(JobSerializer):
    """The job of a deletion, and what it takes away."""

    languages = serializers.ListField(
        child=serializers.CharField(),
        source="arguments.languages",
        help_text="The languages of the name that go.",
    )


class DeletionParameters(StrictSerializer):
    """How much of a name goes."""

    languages = serializers.ChoiceField(
        choices=["own", "all"],
        default="own",
        help_text="`own`: the template in its language; `all`: every language of its name.",
    )


class TemplateNameSerializer(StrictSerializer):
    """Which template."""

    name = TextField(max_length=512)
    language = TextField(max_length=20, help_text="Exactly as the template has it: pt_BR, en.")


class SendTemplateSerializer(StrictSerializer):
    """A template to send: `conversation` or `to`, which template, and what fills it."""

    schema_extra = {"oneOf": [{"required": ["conversation"]}, {"required": ["to"]}]}

    conversation = WholeNumberField(min_value=1, max_value=BIGINT_MAX, required=False)
    to = TextField(
        max_length=40,
        required=False,
        validators=[RegexValidator(r"\A\+?[0-9 ().-]{7,40}\Z", _("Write it as +5511912345678."))],
        help_text="The customer's number with its country code, known or not.",
    )
    phone = WholeNumberField(
        min_value=1,
        max_value=BIGINT_MAX,
        required=False,
        help_text="The business's number; needed with `to` when the tenant has several.",
    )
    template = TemplateNameSerializer()
    values = serializers.DictField(
        child=TextField(max_length=FILLED_MAX_CHARACTERS, allow_blank=True, trim_whitespace=False),
        default=dict,
        help_text="By the keys of the template's `fields`.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("conversation" in attrs) == ("to" in attrs):
            sentence = _("Give either a conversation or a number.")
            raise serializers.ValidationError({"conversation": [sentence]})
        return attrs
