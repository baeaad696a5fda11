"""ETags: tell a client that nothing is new, and refuse a change of what it has not seen."""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import transaction
from django.utils.http import parse_etags
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.refusals import HeaderError
from tenants.errors import DomainError

CHANGES = frozenset({"PATCH", "PUT", "DELETE"})
_Handler = Callable[..., Response]
IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The `ETag` that you have seen: if it is another one by now, nothing is changed.",
)
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    str,
    OpenApiParameter.HEADER,
    description="The `ETag` that you have: if it is still that one, the answer is `304`.",
)


class ChangedMeanwhileError(DomainError):
    code = "changed_meanwhile"
    http_status = 412
    message = _("This was changed meanwhile: read it again, then change it.")


def etag_of(body: Any) -> str:
    """Return the strong validator of what an answer's body says."""
    return f'"{hashlib.sha256(JSONRenderer().render(body)).hexdigest()[:32]}"'


def is_known(request: Request, etag: str) -> bool:
    """Tell whether the client has just this."""
    known = parse_etags(request.headers.get("If-None-Match", ""))
    return "*" in known or etag in {one.removeprefix("W/") for one in known}


def wanted(request: Request) -> list[str] | None:
    """Return the validators that a change is meant for; None without a condition.

    Raises: HeaderError.
    """
    header: str | None = request.headers.get("If-Match")
    if header is None:
        return None
    found = parse_etags(header)
    if not found:
        raise HeaderError({"If-Match": [_("Give an ETag as you got it, with its quotes, or *.")]})
    return found


def only_if_seen(
    handler: _Handler, *, read: _Handler, hold: Callable[[int], None], seen: list[str]
) -> _Handler:
    """Return a handler that changes nothing but what the client has seen.

    Check and change are one transaction, which ``hold`` lets no other writer into: of two clients
    that saw the same, one changes it. Raises: ChangedMeanwhileError.
    """

    @wraps(handler)
    def answer(request: Request, *args: Any, pk: int, **kwargs: Any) -> Response:
        with transaction.atomic():
            hold(pk)
            now = read(request, *args, pk=pk, **kwargs)
            if "*" not in seen and etag_of(now.data) not in seen:
                raise ChangedMeanwhileError
            return handler(request, *args, pk=pk, **kwargs)

    return answer
