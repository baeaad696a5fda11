"""What an Idempotency-Key looks like, and whose it is."""

import re

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from tenants.api.base import HeaderError
from tenants.authentication import bearer_of

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
KEY_PARAMETER = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": f"^{_KEY.pattern}$"},
    OpenApiParameter.HEADER,
    description="Up to 255 visible ASCII characters of your own making. Within 24 hours"
    " the same key and body give the first answer again and send nothing.",
)


def key_of(request: Request) -> str | None:
    """Return the request's key, or None. Raises: HeaderError."""
    key: str | None = request.headers.get("Idempotency-Key")
    if key is not None and not _KEY.fullmatch(key):
        sentence = _("Use 1 to 255 visible ASCII characters.")
        raise HeaderError({"Idempotency-Key": [sentence]})
    return key


def client_of(request: Request) -> str:
    """Name whoever asks: keys of different clients are apart."""
    bearer = bearer_of(request)
    key = None if bearer is None else bearer.actor.key
    return f"user:{request.user.pk}" if key is None else f"key:{key.pk}"
