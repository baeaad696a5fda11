"""What the API takes about callback overrides."""

from tenants.serializers import StrictSerializer, TextField
from whatsapp.limits import callbacks as limits


class OverrideSerializer(StrictSerializer):
    """Where events are to be brought instead of to the app's address."""

    override_callback_uri = TextField(
        max_length=2000,
        help_text=f"https://, public, up to {limits.URI_MAX_CHARACTERS} characters.",
    )
    verify_token = TextField(
        max_length=1000,
        write_only=True,
        help_text="What that server expects in Meta's handshake, which is made at once.",
    )
