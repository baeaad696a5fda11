"""The API's description (OpenAPI 3.1) and the page to read and try it on."""

import json
from collections.abc import Iterable
from functools import cache
from typing import Any, Literal

from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from config.errors import PROBLEM_TYPE
from tenants.api.base import PlatformAPIView, TenantAPIView
from tenants.serializers import ProblemSerializer

_Endpoint = tuple[str, str, str, Any]
_Direction = Literal["request", "response"]

# What any request may be answered with, beside what its route says.
_ALWAYS = {
    "400": "Something in the request is not valid.",
    "406": "The answer would be JSON, which the Accept header rules out.",
    "429": "Too many tries: wait as long as Retry-After says.",
    "500": "An error of ours.",
    "503": "The database does not answer: wait as long as Retry-After says.",
}
_SIGNED_IN = {"401": "The token is missing, not valid here, or no longer."}
_OF_A_TENANT = {
    "403": "The role does not allow this.",
    "404": "There is nothing here, or it is another tenant's.",
}
_WITH_A_BODY = {
    "411": "The body has no Content-Length.",
    "413": "The body is larger than 4 MiB.",
    "415": "The body is not application/json.",
}
_WITH_RETRY_AFTER = {"429", "503"}
_REASONS = {
    "409": "The state of things does not allow this: the code says which.",
    "422": "This Idempotency-Key was used with another request.",
}


class ProblemAutoSchema(AutoSchema):
    """Adds to every operation the problems that it may be answered with."""

    def _get_response_bodies(self, direction: _Direction = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for status, reason in self._problems().items():
            bodies.setdefault(status, self._problem(status))["description"] = reason
        for status in _REASONS.keys() & bodies.keys():
            bodies[status]["description"] = _REASONS[status]
        return dict(sorted(bodies.items()))

    def _problems(self) -> dict[str, str]:
        tenant = _OF_A_TENANT if isinstance(self.view, TenantAPIView) else {}
        body = _WITH_A_BODY if self.method in {"POST", "PUT", "PATCH"} else {}
        return {**_ALWAYS, **_SIGNED_IN, **tenant, **body}

    def _problem(self, status: str) -> dict[str, Any]:
        body: dict[str, Any] = self._get_response_for_code(
            ProblemSerializer, status, media_types=[PROBLEM_TYPE]
        )
        if status in _WITH_RETRY_AFTER:
            body["headers"] = {"Retry-After": _header("Seconds to wait.", "integer")}
        if status == "401":
            body["headers"] = {"WWW-Authenticate": _header("Always `Bearer`.", "string")}
        return body


class SchemaView(PlatformAPIView):
    """The description, the same for everybody and made once a process."""

    authentication_classes = []
    permission_classes = [AllowAny]
    schema = None

    def get(self, request: Request) -> Response:
        return Response(document())


@require_safe
@csp_replace({"style-src": ["'self'", "'unsafe-inline'"]})
def docs(request: HttpRequest) -> HttpResponse:
    """Show the description as a page; nothing on it comes from another host."""
    return render(request, "api/docs.html")


@cache
def document() -> dict[str, Any]:
    """Return the OpenAPI document, in English whoever asked first."""
    with translation.override("en"):
        schema = SchemaGenerator(urlconf="config.urls_api").get_schema(request=None, public=True)
        plain: dict[str, Any] = json.loads(json.dumps(schema, default=str))
    return plain


def one_spelling(endpoints: Iterable[_Endpoint]) -> list[_Endpoint]:
    """Keep the spelling of each route that comes first: with or without the final slash."""
    kept: dict[tuple[str, str], _Endpoint] = {}
    for endpoint in endpoints:
        path, _regex, method, _view = endpoint
        kept.setdefault((path.rstrip("/"), method), endpoint)
    return list(kept.values())


def _header(description: str, kind: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": kind}}
