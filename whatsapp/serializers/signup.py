"""What the API takes from a page with Meta's Embedded Signup."""

from rest_framework import serializers

from tenants.serializers import StrictSerializer, TextField


class SignupSerializer(StrictSerializer):
    """What Meta's sign-up gave the page: a code, and claims of what was signed up."""

    code = TextField(
        max_length=2000,
        write_only=True,
        help_text="Of `FB.login`: good once and for 30 seconds, so send it at once.",
    )
    waba_id = serializers.RegexField(r"\A[0-9]{5,40}\Z", help_text="Of the page's event.")
    phone_number_id = serializers.RegexField(r"\A[0-9]{5,40}\Z", help_text="Of the page's event.")
    pin = serializers.RegexField(
        r"\A[0-9]{6}\Z",
        required=False,
        write_only=True,
        help_text="Registers a number that is not on the Cloud API yet. Keep it.",
    )
