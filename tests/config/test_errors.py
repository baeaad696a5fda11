"""How refusals look: problem documents under /api/, pages and toasts elsewhere."""

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InternalError, OperationalError
from django.http import Http404
from django.test import Client, RequestFactory
from psycopg.errors import ReadOnlySqlTransaction
from psycopg_pool import PoolTimeout
from rest_framework import exceptions

from config import errors
from conversations import listing
from tenants import selectors as tenants
from tenants.errors import DomainError, ForbiddenError, NotFoundError
from tests.api import PROBLEM, Api, api_of, check_problem

HOSTS = ["localhost", "acme.localhost"]


class _SlowDownError(DomainError):
    code = "slow_down"
    http_status = 429


def _read_only() -> InternalError:
    error = InternalError("cannot execute INSERT in a read-only transaction")
    error.__cause__ = ReadOnlySqlTransaction()
    return error


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (NotFoundError(), 404, "not_found"),
        (ForbiddenError("No."), 403, "forbidden"),
        (Http404(), 404, "not_found"),
        (PermissionDenied(), 403, "forbidden"),
        (RequestDataTooBig(), 413, "too_large"),
        (SuspiciousOperation(), 400, "bad_request"),
        (exceptions.ParseError(), 400, "parse_error"),
        (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
        (exceptions.UnsupportedMediaType("text/plain"), 415, "unsupported_media_type"),
        (exceptions.Throttled(wait=3), 429, "throttled"),
        (OperationalError(), 503, "unavailable"),
        (PoolTimeout(), 503, "unavailable"),
        (_read_only(), 503, "unavailable"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_every_foreseen_refusal_has_its_status_and_code(error, status, code):
    problem = errors.problem_of(error)

    assert problem is not None
    assert (problem.status, problem.code) == (status, code)
    assert str(problem.detail)


@pytest.mark.parametrize("error", [ValueError(), KeyError(), InternalError("aborted")])
def test_a_bug_is_no_refusal(error):
    assert errors.problem_of(error) is None


def test_waits_are_told():
    assert errors.problem_of(_SlowDownError(retry_after_seconds=7)).headers == {"Retry-After": "7"}
    assert errors.problem_of(exceptions.Throttled(wait=3.2)).headers == {"Retry-After": "4"}
    assert "Retry-After" in errors.problem_of(OperationalError()).headers


def test_invalid_fields_are_pointed_at_however_deep_they_are():
    error = exceptions.ValidationError(
        {"rows": [{}, {"a/b": ["bad"]}], "text": {"body~": ["long"]}, "non_field_errors": ["all"]}
    )

    found = errors.problem_of(error).document()["errors"]

    assert [entry["pointer"] for entry in found] == ["#/rows/1/a~1b", "#/text/body~0", "#"]
    assert [entry["detail"] for entry in found] == ["bad", "long", "all"]


# --- over HTTP ------------------------------------------------------------------------------------
@pytest.fixture
def ana(people) -> Api:
    return api_of(people["ana@acme.test"])


@pytest.fixture
def conversations(acme) -> str:
    return f"/api/v1/tenant/{acme.pk}/conversations/"


@pytest.mark.django_db
@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("path", ["/api/", "/api/v1/x", "/api/v1/tenant/x/", "/api/v2/auth/login"])
def test_an_unknown_api_address_is_a_problem_document(acme, host, path):
    check_problem(Api(host).get(path), 404, "not_found")


@pytest.mark.django_db
def test_a_wrong_method_is_405_and_the_right_ones_are_named(ana, conversations):
    for method in ("POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"):
        response = ana.send(method, conversations)
        check_problem(response, 405, "method_not_allowed")
        assert response["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.django_db
def test_head_and_options_have_no_body(ana, conversations):
    head = ana.send("HEAD", conversations)
    options = ana.send("OPTIONS", conversations)

    assert (head.status_code, head.content) == (200, b"")
    assert (options.status_code, options.content) == (204, b"")
    assert options["Allow"] == "GET, HEAD, OPTIONS"
    assert "Access-Control-Allow-Origin" not in options


@pytest.mark.django_db
@pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/*"])
def test_an_answer_that_nobody_wants_is_406(ana, conversations, accept):
    check_problem(ana.get(conversations, Accept=accept), 406, "not_acceptable")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_a_body_that_is_no_json_is_415(people, content_type):
    response = Api("acme.localhost").send("POST", "/api/v1/auth/login", b"x=1", content_type)

    check_problem(response, 415, "unsupported_media_type")


@pytest.mark.django_db
def test_a_body_that_is_too_large_is_413(people, settings):
    body = b'"%s"' % (b"x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE)

    response = Api("acme.localhost").send("POST", "/api/v1/auth/login", body, "application/json")

    check_problem(response, 413, "too_large")


@pytest.mark.django_db
def test_a_body_without_a_length_is_411(people):
    response = Api("acme.localhost").send(
        "POST", "/api/v1/auth/login", b"", "application/json", Transfer_Encoding="chunked"
    )

    check_problem(response, 411, "length_required")


@pytest.mark.django_db
@pytest.mark.parametrize("error", [OperationalError(), PoolTimeout(), _read_only()])
def test_a_database_that_is_away_is_503(ana, conversations, monkeypatch, error):
    monkeypatch.setattr(listing, "visible_to", _raise(error))

    response = ana.get(conversations)

    check_problem(response, 503, "unavailable")
    assert response["Retry-After"]


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/v1/auth/login", "/login/"])
def test_a_database_that_is_away_before_any_view_is_503(monkeypatch, path):
    monkeypatch.setattr(tenants, "tenant_by_host", _raise(OperationalError()))

    response = Client(SERVER_NAME="acme.localhost", raise_request_exception=False).get(path)

    assert response.status_code == 503
    assert response["Retry-After"]


@pytest.mark.django_db
def test_a_bug_is_a_500_that_tells_nothing(ana, conversations, monkeypatch):
    monkeypatch.setattr(listing, "visible_to", _raise(ValueError("secret detail")))
    ana.client.raise_request_exception = False

    response = ana.get(conversations)

    check_problem(response, 500, "error")
    assert b"secret" not in response.content


def _raise(error):
    def act(*_args, **_kwargs):
        raise error

    return act


# --- pages ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("htmx", [False, True], ids=["page", "toast"])
@pytest.mark.parametrize("error", [NotFoundError(), OperationalError()])
@pytest.mark.django_db
def test_a_page_that_is_refused_says_so_in_its_own_form(error, htmx):
    headers = {"HX-Request": "true"} if htmx else {}
    request = RequestFactory().get("/inbox/7/", headers=headers)

    response = errors.DomainErrorMiddleware(lambda _request: None).process_exception(request, error)

    problem = errors.problem_of(error)
    assert response.status_code == problem.status
    assert str(problem.detail) in response.content.decode()
    assert ("<html" in response.content.decode()) is not htmx


def test_what_nobody_foresaw_is_left_to_django():
    middleware = errors.DomainErrorMiddleware(lambda _request: None)

    assert middleware.process_exception(RequestFactory().get("/"), ValueError()) is None


@pytest.mark.django_db
def test_an_unknown_page_is_a_page(acme):
    response = Client(SERVER_NAME="acme.localhost").get("/no/such/page/")

    assert response.status_code == 404
    assert response["Content-Type"].startswith("text/html")


@pytest.mark.django_db
def test_a_form_from_elsewhere_is_refused_in_words(acme):
    browser = Client(SERVER_NAME="acme.localhost", enforce_csrf_checks=True)

    response = browser.post("/login/", {"email": "a@b.test", "password": "x"})

    assert response.status_code == 403
    assert "open for too long" in response.content.decode()
    assert PROBLEM not in response["Content-Type"]
