"""The API's description (OpenAPI 3.1) and the page to read and try it on."""

import json
from collections.abc import Iterable
from functools import cache
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from config.errors import Problem
from tenants.api.base import PlatformAPIView, TenantAPIView
from tenants.api.idempotency import KEY_PARAMETER
from tenants.api.refusals import PROBLEM_TYPE
from tenants.api.versions import IF_MATCH, IF_NONE_MATCH
from tenants.serializers import ProblemSerializer, StrictSerializer

_Endpoint = tuple[str, str, str, Any]
_Direction = Literal["request", "response"]

# What any request may be answered with, beside what its route says.
_ALWAYS = {
    "400": "Something in the request is not valid.",
    "406": "The answer would be JSON, which the Accept header rules out.",
    "429": "Too many tries or requests: wait as long as Retry-After says.",
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
_REASONS = {
    "409": "The state of things does not allow this: the code says which.",
    "410": "It was merged with another one, whose id is in `merged_into`.",
    "422": "This Idempotency-Key was used with another request.",
}
_REPEATED = {
    "409": _REASONS["409"],
    "422": _REASONS["422"],
}
_WITH_A_FILE = {
    **_WITH_A_BODY,
    "413": "The file is larger than its kind may be.",
    "415": "The body is not multipart/form-data, or WhatsApp takes no such file.",
}
_WORDS = {"200": "Done.", "201": "Made.", "202": "Queued."}
_WITH_RETRY_AFTER = {"429", "503"}
# Described once; a tenant's answers name them.
_HEADERS = {
    "RateLimit-Policy": (
        'Of your `"plan"` or your `"address"`: `q` requests in `w` seconds. Absent without limits.',
        '"plan";q=5000;w=3600, "address";q=1200;w=60',
    ),
    "RateLimit": (
        "What is left of it: `r` requests for the next `t` seconds.",
        '"plan";r=4998;t=3412, "address";r=1198;t=57',
    ),
}
_EXAMPLES = {
    "400": ("invalid", "Some of what was sent is not valid: see errors."),
    "401": ("token_invalid", "This token is not valid here, or no longer."),
    "403": ("forbidden", "Your role does not allow this."),
    "404": ("not_found", "There is nothing here, or it is not yours to see."),
    "406": ("not_acceptable", "Could not satisfy the request Accept header."),
    "409": ("window_closed", "The 24-hour window is closed: send a template instead."),
    "410": (
        "merged",
        "This was merged with another one, because both are the same person.",
    ),
    "411": ("length_required", "A body needs a Content-Length."),
    "412": ("changed_meanwhile", "This was changed meanwhile: read it again, then change it."),
    "413": ("too_large", "This is more than is taken in one request."),
    "415": ("unsupported_media_type", 'Unsupported media type "text/plain" in request.'),
    "422": ("idempotency_other_body", "This Idempotency-Key was used with another request."),
    "429": ("rate_limited", "Too many requests: wait as long as Retry-After says."),
    "500": ("error", "Something went wrong on our side. It has been written down."),
    "503": ("unavailable", "This is not available at the moment. Please try again in a moment."),
}
_ERRORS = [{"pointer": "#/text/body", "detail": "This field may not be blank.", "code": "blank"}]


class ProblemAutoSchema(AutoSchema):
    """Adds the problems that an operation may be answered with, and what strictness means."""

    def _map_basic_serializer(self, serializer: Any, direction: _Direction) -> dict[str, Any]:
        schema: dict[str, Any] = super()._map_basic_serializer(serializer, direction)
        if isinstance(serializer, StrictSerializer):
            schema = {**schema, "additionalProperties": False, **serializer.schema_extra}
        return schema

    def _get_response_bodies(self, direction: _Direction = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for status, reason in self._problems().items():
            bodies.setdefault(status, self._problem(status))["description"] = reason
        for status in _REASONS.keys() & bodies.keys():
            bodies[status] = {**self._problem(status), "description": _REASONS[status]}
        for status, body in bodies.items():
            body["description"] = body["description"] or _WORDS[status]
            if (isinstance(self.view, TenantAPIView) and status[0] == "2") or status == "429":
                body["headers"] = {**body.get("headers", {}), **_named()}
        if self._has_versions and "200" in bodies:
            bodies["200"]["headers"] |= {"ETag": _header("Changes with what is said.", "string")}
        if self._has_versions and self.method == "GET":
            bodies["304"] = {"description": "It is what you have."}
        return dict(sorted(bodies.items()))

    def get_override_parameters(self) -> list[Any]:
        listed: list[Any] = super().get_override_parameters()
        if self._is_repeatable:
            return [*listed, KEY_PARAMETER]
        if not self._has_versions:
            return listed
        return [*listed, IF_NONE_MATCH if self.method == "GET" else IF_MATCH]

    @property
    def _has_versions(self) -> bool:
        """Whether its one thing has an ETag; a POST makes no change of one."""
        view = self.view
        return isinstance(view, TenantAPIView) and view.hold is not None and self.method != "POST"

    @property
    def _is_repeatable(self) -> bool:
        view = self.view
        return isinstance(view, TenantAPIView) and view.is_repeatable and self.method == "POST"

    def _problems(self) -> dict[str, str]:
        tenant = _OF_A_TENANT if isinstance(self.view, TenantAPIView) else {}
        has_file = MultiPartParser in self.view.parser_classes
        body = _WITH_A_FILE if has_file else _WITH_A_BODY
        body = body if self.method in {"POST", "PUT", "PATCH"} else {}
        again = _REPEATED if self._is_repeatable else {}
        if self._has_versions and self.method != "GET":
            again = {**again, "412": "It was changed since: the `ETag` is another one."}
        return {**_ALWAYS, **_SIGNED_IN, **tenant, **body, **again}

    def _problem(self, status: str) -> dict[str, Any]:
        body: dict[str, Any] = self._get_response_for_code(
            ProblemSerializer, status, media_types=[PROBLEM_TYPE]
        )
        body["content"][PROBLEM_TYPE]["example"] = _example(status)
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
def docs(request: HttpRequest) -> HttpResponse:
    """Show the description as a page, under the same content security policy as every page."""
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


def with_headers(result: dict[str, Any], **_what: Any) -> dict[str, Any]:
    """Describe the headers that answers name."""
    result["components"]["headers"] = {
        name: {"description": description, "schema": {"type": "string"}, "example": example}
        for name, (description, example) in _HEADERS.items()
    }
    return result


def _named() -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in _HEADERS}


def _example(status: str) -> dict[str, Any]:
    code, detail = _EXAMPLES[status]
    problem = Problem(int(status), code, detail)
    return {**problem.document(), **({"errors": _ERRORS} if status == "400" else {})}


def _header(description: str, kind: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": kind}}
