"""What the API takes and gives, as far as people and sign-ins go."""

from typing import Any, ClassVar

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from tenants.models import Membership

BIGINT_MAX = 2**63 - 1
# A body may have a hundred thousand members; an answer that names the first few says enough.
UNKNOWN_SHOWN = 20
TOLD_ONCE = "Told this once: null when the request was repeated by its Idempotency-Key."


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses what it does not know: a misspelt member must not be dropped in silence."""

    # What the fields cannot say, in words of JSON Schema; for the API's description only.
    schema_extra: ClassVar[dict[str, Any]] = {}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = [str(name) for name in data if name not in self.fields][:UNKNOWN_SHOWN]
            if unknown:
                sentence = _("There is no such member here.")
                raise serializers.ValidationError({name: [sentence] for name in unknown}, "unknown")
        return super().to_internal_value(data)


class ChangesSerializer(StrictSerializer):
    """What to change of something: what is left out stays, and nothing at all is no change."""

    schema_extra = {"minProperties": 1}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise serializers.ValidationError(_("Name something to change."))
        return attrs


class TextField(serializers.CharField):
    """Text only: a number is none, whatever it looks like. Its length is that of what came."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        if self.max_length is not None and len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        text: str = super().to_internal_value(data)
        return text


class WholeNumberField(serializers.IntegerField):
    """A JSON number only: a text is not a number, whatever it looks like."""

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("invalid")
        return super().to_internal_value(data)


class NoParameters(StrictSerializer):
    """A route that takes no query parameters."""


class PageParameters(StrictSerializer):
    """How to walk through a list."""

    limit = serializers.IntegerField(
        min_value=1, max_value=100, default=50, help_text="How many results a page has."
    )
    cursor = serializers.CharField(
        max_length=300,
        required=False,
        help_text="Where a page begins: taken from `next` or `previous`.",
    )


class PageSerializer(serializers.Serializer[Any]):
    """One page of a list; its results come with the list."""

    next = serializers.URLField(allow_null=True, help_text="The page with older rows.")
    previous = serializers.URLField(allow_null=True, help_text="The page with newer rows.")


class LoginSerializer(StrictSerializer):
    """Who signs in where."""

    email = serializers.EmailField(max_length=254)
    password = TextField(max_length=1024, trim_whitespace=False, write_only=True)
    tenant = TextField(
        max_length=63,
        required=False,
        validators=[
            RegexValidator(r"\A[A-Za-z0-9-]+\Z", _("Give a tenant's id or its subdomain."))
        ],
        help_text="The tenant's id or its subdomain. Needed on the public host; on a tenant's host"
        " it may only be that tenant.",
    )
    otp = TextField(
        max_length=10,
        required=False,
        write_only=True,
        help_text="Of a super-admin, while support access lasts: the code of his second factor.",
    )


class RefreshSerializer(StrictSerializer):
    """A refresh token, which works once."""

    refresh = TextField(max_length=2048, write_only=True)


class LogoutSerializer(StrictSerializer):
    """Which session ends; empty with an access token in the headers."""

    refresh = TextField(max_length=2048, required=False, write_only=True)


class GrantSerializer(serializers.Serializer[Any]):
    """What a client gets to work with."""

    access = serializers.CharField(help_text="Send it as `Authorization: Bearer ...`.")
    refresh = serializers.CharField(help_text="Works once, for the next pair of tokens.")
    expires_in = serializers.IntegerField(help_text="Seconds that the access token lives.")
    tenant = serializers.UUIDField()
    role = serializers.ChoiceField(choices=Membership.Role.choices)


class ProblemErrorSerializer(serializers.Serializer[Any]):
    """One thing that is not valid, and where it stands."""

    pointer = serializers.CharField(
        required=False, help_text="In the body, as a JSON pointer: `#/text/body`."
    )
    parameter = serializers.CharField(required=False, help_text="In the query string.")
    header = serializers.CharField(required=False, help_text="In the headers.")
    detail = serializers.CharField()
    code = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    """Why something was refused (RFC 9457)."""

    type = serializers.CharField(help_text="Always `about:blank`: the code tells what happened.")
    title = serializers.CharField(help_text="The HTTP status in words.")
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="A sentence for people, in the caller's language.")
    code = serializers.CharField(help_text="A word for programs, which does not change.")
    merged_into = serializers.IntegerField(
        required=False, help_text="With `merged`: the id that is used from now on."
    )
    assigned_to = serializers.IntegerField(
        required=False, help_text="With `assigned_already`: who has the conversation."
    )
    errors = ProblemErrorSerializer(many=True, required=False)  # type: ignore[assignment] # a member, not the form's
