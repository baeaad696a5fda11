"""What stands before a tenant's pages."""

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from tenants import access, context
from tenants.errors import ForbiddenError
from tenants.models import Tenant
from tenants.permissions import Permission

OWN_PATHS = ["/", "/inbox/", "/inbox/?search=a%20b", "/a//b", "/%09/evil.example", "/x?next=//evil"]
FOREIGN = [
    "//evil.example",
    "///evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "https://evil.example/",
    "https:evil.example",
    "http:///evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "/\t/evil.example",
    "/\r\nSet-Cookie: a=b",
    "\t//evil.example",
    " //evil.example",
    "/\x00/evil.example",
    "/\u200b\u202e",
    "evil.example",
    "@evil.example",
    "",
]


@access.role_required(Permission.REPLY)
def view(request):
    return HttpResponse("in")


@pytest.fixture
def ask(actor, acme):
    """Return a call of the guarded view by somebody (or nobody)."""

    def asked(email: str | None, method: str = "get", **headers: str) -> HttpResponse:
        request = getattr(RequestFactory(), method)("/inbox/?view=all", headers=headers)
        request.tenant = acme
        request.actor = actor(email) if email else None
        return view(request)

    return asked


@pytest.mark.parametrize("candidate", OWN_PATHS)
def test_a_path_on_this_host_is_gone_back_to(candidate):
    assert access.own_path(candidate, "/home/") == candidate


@pytest.mark.parametrize("candidate", FOREIGN)
def test_whatever_some_browser_reads_as_another_host_is_not(candidate):
    assert access.own_path(candidate, "/home/") == "/home/"


def test_a_sufficient_role_passes(ask):
    assert ask("ana@acme.test").content == b"in"


def test_an_insufficient_role_is_refused(ask):
    with pytest.raises(ForbiddenError):
        ask("vera@acme.test")


def test_nobody_is_sent_to_the_login_and_back(ask):
    response = ask(None)

    assert response.status_code == 302
    assert response["Location"] == "/login/?next=%2Finbox%2F%3Fview%3Dall"


def test_nobodys_form_is_not_gone_back_to(ask):
    assert ask(None, "post")["Location"] == "/login/"


def test_a_fragment_moves_the_whole_page_to_the_login(ask):
    page = {"HX-Request": "true", "HX-Current-URL": "http://acme.localhost/inbox/7/?a=b#c"}
    response = ask(None, **page)

    assert response["HX-Redirect"] == "/login/?next=%2Finbox%2F7%2F%3Fa%3Db"


@pytest.mark.parametrize("url", ["http://[", "//[", "http://[x]/inbox/", ""])
def test_a_page_that_has_no_address_is_not_gone_back_to(ask, url):
    response = ask(None, **{"HX-Request": "true", "HX-Current-URL": url})

    assert response["HX-Redirect"] in ("/login/", "/login/?next=%2Finbox%2F")


@pytest.mark.parametrize(
    "key",
    ["", "x", "a" * 31, "a" * 33, "A" * 32, f"{'a' * 32}\n", "\x00" * 32, "\ud800" * 32, "á" * 32],
)
def test_what_is_no_key_of_ours_is_no_session(key):
    assert access.session_key({"session": key}) == ""
    assert access.session_key({"session": "0a" * 16}) == "0a" * 16


def test_a_script_is_told_by_status(ask):
    assert ask(None, **{"Sec-Fetch-Mode": "cors"}).status_code == 401


def test_a_suspended_tenant_reads_only(ask, acme):
    acme.status = Tenant.Status.SUSPENDED

    assert ask("ana@acme.test").content == b"in"
    with pytest.raises(access.TenantSuspendedError) as refusal:
        ask("ana@acme.test", "post")
    assert refusal.value.http_status == 403


def test_a_wrong_role_on_a_page_is_told_plainly(page):
    response = page("vera@acme.test").post("/inbox/1/reply", {"text": "hi"})

    assert response.status_code == 403
    assert b"Your role does not allow this." in response.content


def test_a_session_is_bound_to_the_tenant_of_its_host(people, acme):
    client = Client(SERVER_NAME="acme.localhost")
    client.post("/login/", {"email": "ana@acme.test", "password": "demo"})

    with context.platform():
        assert client.session[access.SESSION_BINDING] == str(acme.pk)
