"""How a refusal looks from outside: a problem document (RFC 9457), a toast or a page.

The only mapping of exceptions to answers.
"""

import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.db import InterfaceError, InternalError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from psycopg.errors import ReadOnlySqlTransaction
from psycopg_pool import PoolTimeout
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.settings import api_settings

from tenants.api.refusals import PROBLEM_TYPE
from tenants.errors import DomainError, ForbiddenError, NotFoundError

logger = logging.getLogger(__name__)

UNAVAILABLE_RETRY_SECONDS = 5
# Of what a refusal knows, the members that programs may read.
_SHOWN = ("merged_into", "assigned_to")
_DATABASE_IS_AWAY = (OperationalError, InterfaceError, PoolTimeout)


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong, before it is written as JSON or HTML."""

    status: int
    code: str
    detail: str | Promise
    errors: list[dict[str, str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)  # members of this problem alone

    @property
    def title(self) -> str:
        return HTTPStatus(self.status).phrase

    def document(self) -> dict[str, Any]:
        """Return the members of the problem document."""
        members: dict[str, Any] = {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": str(self.detail),
            "code": self.code,
            **self.more,
        }
        return {**members, "errors": self.errors} if self.errors else members


_INVALID = _("Some of what was sent is not valid: see errors.")
_BAD_REQUEST = Problem(400, "bad_request", _("This request cannot be understood."))
_FORBIDDEN = Problem(403, ForbiddenError.code, ForbiddenError.message)
_NOT_FOUND = Problem(404, NotFoundError.code, NotFoundError.message)
TOO_LARGE = Problem(413, "too_large", _("This is more than is taken in one request."))
_BROKEN = Problem(500, "error", _("Something went wrong on our side. It has been written down."))
_UNAVAILABLE = Problem(
    503,
    "unavailable",
    _("This is not available at the moment. Please try again in a few seconds."),
    headers={"Retry-After": str(UNAVAILABLE_RETRY_SECONDS)},
)
# The order matters: a body that is too big is also a suspicious operation.
_PLAIN: list[tuple[tuple[type[BaseException], ...], Problem]] = [
    ((Http404,), _NOT_FOUND),
    ((PermissionDenied,), _FORBIDDEN),
    ((RequestDataTooBig,), TOO_LARGE),
    ((SuspiciousOperation, BadRequest, UnreadablePostError), _BAD_REQUEST),
    (_DATABASE_IS_AWAY, _UNAVAILABLE),
]


class DomainErrorMiddleware:
    """Answer what a page's view raised; the API's views answer for themselves."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, DomainError) and not _database_is_away(error):
            return None  # Django's own: handler403 and its like below
        return respond(request, problem_of(error) or _BROKEN)


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer what an API view raised; None for a bug, which handler500 then answers."""
    problem = problem_of(error)
    if problem is None:
        return None
    return Response(
        problem.document(),
        status=problem.status,
        headers=problem.headers,
        content_type=PROBLEM_TYPE,
    )


def problem_of(error: BaseException) -> Problem | None:
    """Return the problem that an exception stands for; None when nobody foresaw it."""
    if isinstance(error, DomainError):
        return Problem(
            error.http_status,
            error.code,
            str(error),
            _domain_errors(error),
            _domain_headers(error),
            {name: error.context[name] for name in _SHOWN if name in error.context},
        )
    if isinstance(error, exceptions.ValidationError):
        return Problem(400, "invalid", _INVALID, errors=list(_validation_errors(error)))
    if isinstance(error, exceptions.APIException):
        return _api_problem(error)
    if _database_is_away(error):
        logger.error("the database does not answer: %s", type(error).__name__)
        return _UNAVAILABLE
    return next((problem for kinds, problem in _PLAIN if isinstance(error, kinds)), None)


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that Django refuses before a view sees it."""
    return respond(request, problem_of(exception) or _BAD_REQUEST)


def handler403(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer PermissionDenied."""
    return respond(request, _FORBIDDEN)


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an address that leads nowhere."""
    return respond(request, _NOT_FOUND)


def handler500(request: HttpRequest) -> HttpResponse:
    """Answer a bug, and a database that is away before any view is reached."""
    error = sys.exc_info()[1]
    away = error is not None and _database_is_away(error)
    return respond(request, _UNAVAILABLE if away else _BROKEN)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose token does not fit: the page was open for too long, or is not ours."""
    sentence = _("This page was open for too long. Please reload it and try again.")
    return respond(request, Problem(403, "csrf_failed", sentence))


def respond(request: HttpRequest, problem: Problem) -> HttpResponse:
    """Answer with a problem as its reader wants it: a document, a notice or a page."""
    if request.path.startswith("/api/"):
        response: HttpResponse = JsonResponse(
            problem.document(), status=problem.status, content_type=PROBLEM_TYPE
        )
    else:
        response = HttpResponse(_html(request, problem), status=problem.status)
    for name, value in problem.headers.items():
        response[name] = value
    return response


def _html(request: HttpRequest, problem: Problem) -> str:
    template = "_toast.html" if request.headers.get("HX-Request") else "error.html"
    # With the server in trouble nothing may ask the database for the reader's session.
    reader = request if problem.status < 500 else None
    return render_to_string(template, {"problem": problem}, request=reader)


def _database_is_away(error: BaseException) -> bool:
    if isinstance(error, InternalError):
        return isinstance(error.__cause__, ReadOnlySqlTransaction)  # a standby, after a fail-over
    return isinstance(error, _DATABASE_IS_AWAY)


def _domain_errors(error: DomainError) -> list[dict[str, str]]:
    """Name the places that the error's context has, as (path, sentence, code)."""
    return [
        {"pointer": _pointer(tuple(map(str, path))), "detail": detail, "code": code}
        for path, detail, code in error.context.get("errors", ())
    ]


def _domain_headers(error: DomainError) -> dict[str, str]:
    headers = {}
    seconds = error.context.get("retry_after_seconds")
    if seconds is not None:
        headers["Retry-After"] = str(seconds)
    if error.http_status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return headers


def _api_problem(error: exceptions.APIException) -> Problem:
    headers = {}
    if error.status_code == 401:
        headers["WWW-Authenticate"] = str(getattr(error, "auth_header", "Bearer"))
    wait = getattr(error, "wait", None)
    if wait is not None:
        headers["Retry-After"] = str(int(wait))
    code = error.get_codes()
    return Problem(
        error.status_code,
        code if isinstance(code, str) else error.default_code,
        str(error.detail),
        headers=headers,
    )


def _validation_errors(error: exceptions.ValidationError) -> Iterator[dict[str, str]]:
    """Name the place of each error: a JSON pointer into the body, a query parameter or a header."""
    place = getattr(error, "place", "pointer")
    for path, detail in _leaves(error.detail, ()):
        where = _pointer(path) if place == "pointer" else "/".join(path)
        yield {place: where, "detail": str(detail), "code": str(getattr(detail, "code", "invalid"))}


def _leaves(detail: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(detail, dict):
        for key, value in detail.items():
            own = key == api_settings.NON_FIELD_ERRORS_KEY
            yield from _leaves(value, path if own else (*path, str(key)))
    elif isinstance(detail, list):
        for index, value in enumerate(detail):
            yield from _leaves(value, (*path, str(index)) if isinstance(value, dict) else path)
    else:
        yield path, detail


def _pointer(path: tuple[str, ...]) -> str:
    steps = (quote(step.replace("~", "~0").replace("/", "~1"), safe="~") for step in path)
    return "#" + "".join(f"/{step}" for step in steps)
