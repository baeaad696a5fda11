"""Let a client repeat a POST without repeating the act: the Idempotency-Key, and whose it is."""

import hashlib
import json
import re
from collections.abc import Callable, Collection
from functools import wraps
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.refusals import HeaderError
from tenants.authentication import bearer_of
from tenants.services import idempotency
from tenants.services.idempotency import Answer

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_Handler = Callable[..., Response]
KEY_PARAMETER = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": f"^{_KEY.pattern}$"},
    OpenApiParameter.HEADER,
    description="Up to 255 visible ASCII characters of your own making. Within 24 hours"
    " the same key and body give the first answer again and do nothing.",
)


def repeatable(handler: _Handler, *, told_once: Collection[str] = ()) -> _Handler:
    """Return a handler that answers a request with a key it has seen as it did the first time.

    What it does and the answer commit together; what is ``told_once`` is null in later answers. A
    dry run does nothing, so nothing of it is kept.
    """

    @wraps(handler)
    def answer(request: Request, *args: Any, **kwargs: Any) -> Response:
        key = key_of(request)
        if key is None or _is_dry(request):
            return handler(request, *args, **kwargs)
        first: list[Response] = []

        def act() -> Answer:
            first.append(handler(request, *args, **kwargs))
            return Answer(first[0].status_code, _as_sent(first[0].data))

        found = idempotency.once(
            client=_client_of(request),
            key=key,
            fingerprint=_fingerprint(request),
            now=timezone.now(),
            act=act,
            told_once=told_once,
        )
        if first:
            return first[0]
        return Response(found.body, status=found.status, headers={"Idempotent-Replayed": "true"})

    return answer


def key_of(request: Request) -> str | None:
    """Return the request's key, or None. Raises: HeaderError."""
    key: str | None = request.headers.get("Idempotency-Key")
    if key is not None and not _KEY.fullmatch(key):
        sentence = _("Use 1 to 255 visible ASCII characters.")
        raise HeaderError({"Idempotency-Key": [sentence]})
    return key


def _as_sent(data: Any) -> Any:
    """Return what a client reads: moments and numbers of ours are texts there."""
    return None if data is None else json.loads(JSONRenderer().render(data))


def _client_of(request: Request) -> str:
    """Name whoever asks: keys of different clients are apart."""
    bearer = bearer_of(request)
    key = None if bearer is None else bearer.actor.key
    return f"user:{request.user.pk}" if key is None else f"key:{key.pk}"


def _is_dry(request: Request) -> bool:
    return isinstance(request.data, dict) and request.data.get("dry_run") is True


def _fingerprint(request: Request) -> str:
    """Return the same text for the same request, however its JSON was laid out."""
    parts = [request.method, request.path.rstrip("/"), request.data]
    if request.query_params:
        parts.append(request.query_params)
    text = json.dumps(parts, sort_keys=True, default=_digest)
    return hashlib.sha256(text.encode()).hexdigest()


def _digest(file: UploadedFile) -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()
