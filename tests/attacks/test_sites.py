"""What another site does with the browser of somebody who is signed in here.

In tests/tenants: the first places that nobody is led to (test_views.py). In tests/config: answers
that other sites do not read (test_pages.py). In test_tokens.py: forms of another host.
"""

import re

import pytest
from django.test import Client

from tests.access import doors
from tests.access.things import Things

pytestmark = pytest.mark.django_db

ANA = {"email": "ana@acme.test", "password": "demo"}
LOGIN = "/api/v1/auth/login"
SIBLINGS = [
    "null",
    "http://globex.localhost",
    "http://localhost",
    "http://acme.localhost.evil.test",
]


# --- forms that somebody else sends ---------------------------------------------------------------
def _unsafe_pages() -> list[str]:
    return sorted(route for route, method in doors.of_pages() if method != "GET")


@pytest.fixture
def own(actor, phones) -> Things:
    return Things(actor("admin@acme.test"), phones["acme"])


def test_no_page_takes_a_form_without_its_token_or_of_a_sibling(page, own, acme, people):
    browser = page("admin@acme.test")
    browser.handler.enforce_csrf_checks = True
    browser.get("/login/")
    html = browser.get("/inbox/").content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"|"X-CSRFToken": ?"([^"]+)"', html)
    assert token is not None
    good = {"csrfmiddlewaretoken": token[1] or token[2]}
    routes = _unsafe_pages()
    assert len(routes) > 20

    taken = set()
    for route in routes:
        address = "/" + own.address(route)
        tries = [browser.post(address), browser.post(address, {"csrfmiddlewaretoken": "x" * 64})]
        tries += [browser.post(address, good, headers={"origin": one}) for one in SIBLINGS]
        if any(answer.status_code != 403 for answer in tries):
            taken.add((route, tuple(answer.status_code for answer in tries)))

    assert not taken
    own_form = browser.post("/logout/", good, headers={"origin": "http://acme.localhost"})
    assert own_form["Location"] == "/login/"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_the_api_takes_no_form_and_no_cookie(page, acme, kind):
    """A form of another site sends these kinds without asking the browser's leave."""
    browser = page("admin@acme.test")

    for path in (LOGIN, "/api/v1/auth/logout", f"/api/v1/tenant/{acme.pk}/labels/"):
        answer = browser.generic("POST", path, '{"name": "x"}', content_type=kind)
        assert answer.status_code in (400, 401, 415), path
    assert browser.get("/inbox/").status_code == 200


# --- other sites ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "path", ["/login/", "/inbox/", "/nothing/", "/api/docs/", "/api/schema/", "/api/v1/nothing"]
)
def test_no_site_frames_an_answer(page, path):
    answer = page("ana@acme.test").get(path)

    assert answer["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/inbox/", "/login/", LOGIN, "/api/v1/auth/refresh"])
def test_no_site_is_promised_an_answer(page, path):
    asked = {
        "origin": "http://globex.localhost",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization, content-type",
    }

    answer = page("ana@acme.test").options(path, headers=asked)

    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


@pytest.mark.parametrize(
    "back",
    [
        "///evil.example",
        "/%09/evil.example",
        "/\\evil.example",
        "http:///evil.example",
        "http:evil.example",
        "javascript:alert(1)",
        "http://acme.localhost@evil.example/",
        "http://acme.localhost.evil.example/",
        "http://globex.localhost/inbox/",
        "/%0d%0aSet-Cookie:%20session=x",
        "\u2029//evil.example",
    ],
)
def test_no_door_leads_to_another_host(people, back):
    browser = Client(SERVER_NAME="acme.localhost")
    elsewhere = {"referer": "http://evil.example/"}

    answers = [
        browser.post("/i18n/setlang/", {"language": "en", "next": back}, headers=elsewhere),
        browser.post("/login/", {**ANA, "next": back}),
        browser.get("/login/", {"next": back}),  # whoever is signed in is sent on
        browser.post("/logout/", {"next": back}),
    ]

    for answer in answers:
        place = answer["Location"]
        assert re.fullmatch(r"/[^/\\\s].*|/", place), place
