"""Signing in and out on a tenant's host."""

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client

from tenants import access, context
from tenants.models import User

ANA = {"email": "ana@acme.test", "password": "demo"}
REFUSED = "This e-mail address and password do not open this account."


@pytest.fixture
def browser(people) -> Client:
    """A visitor on acme's host."""
    return Client(SERVER_NAME="acme.localhost")


def test_the_login_page_names_the_company_and_offers_languages(browser, acme):
    html = browser.get("/login/").content.decode()

    assert acme.name in html
    assert "Português" in html
    assert 'autocomplete="current-password"' in html


def test_signing_in_leads_to_the_inbox(browser):
    response = browser.post("/login/", ANA)

    assert response.status_code == 302
    assert response["Location"] == "/inbox/"
    assert browser.get("/inbox/").status_code == 200


def test_the_address_may_be_written_in_any_case(browser):
    assert browser.post("/login/", {**ANA, "email": "ANA@Acme.Test"}).status_code == 302


def test_whoever_is_signed_in_is_sent_on(browser):
    browser.post("/login/", ANA)

    assert browser.get("/login/?next=/inbox/7/")["Location"] == "/inbox/7/"


@pytest.mark.parametrize(
    "credentials",
    [
        {**ANA, "password": "wrong"},
        {**ANA, "email": "nobody@acme.test"},
        {"email": "ana@globex.test", "password": "demo"},
        {"email": "admin@balcao.test", "password": "demo"},
    ],
    ids=["wrong password", "unknown", "of another tenant", "super-admin without a place here"],
)
def test_every_refusal_says_the_same(browser, credentials):
    response = browser.post("/login/", credentials)

    assert response.status_code == 401
    assert REFUSED in response.content.decode()
    assert access.SESSION_BINDING not in _session(browser)


def test_a_deactivated_person_is_refused_alike(browser, people):
    with context.platform():
        User.objects.filter(email="ana@acme.test").update(is_active=False)

    response = browser.post("/login/", ANA)

    assert response.status_code == 401
    assert REFUSED in response.content.decode()


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"email": "ana", "password": "demo"},
        {"email": "ana@acme.test\x00", "password": "demo"},
        {"email": "a" * 300 + "@acme.test", "password": "demo"},
        {"email": "ana@acme.test", "password": ""},
        {"email": "ana@acme.test", "password": "x" * 2000},
        {"email": "ana@acme.test", "password": "\x00"},
    ],
)
def test_a_form_without_sense_is_shown_again(browser, form):
    response = browser.post("/login/", form)

    assert response.status_code == 400
    assert access.SESSION_BINDING not in _session(browser)


def test_the_password_is_never_sent_back(browser):
    html = browser.post("/login/", {**ANA, "password": "my-secret"}).content.decode()

    assert "my-secret" not in html


def test_guessing_is_slowed_down(browser):
    answers = [browser.post("/login/", {**ANA, "password": "wrong"}) for _ in range(8)]

    assert answers[0].status_code == 401
    assert answers[-1].status_code == 429
    assert "Too many failed tries" in answers[-1].content.decode()


@pytest.mark.parametrize(
    "back",
    ["//evil.example", "\\\\evil.example", "https:evil.example", "/\t/evil.example", "/\r\nX: y"],
)
def test_signing_in_never_leads_to_another_host(browser, back):
    by_form = browser.post("/login/", {**ANA, "next": back})
    by_address = browser.post(f"/login/?next={back}", {**ANA, "next": back})

    assert by_form["Location"] == "/inbox/"
    assert by_address["Location"] == "/inbox/"


def test_a_session_that_was_there_before_is_not_signed_in(browser):
    planted = _planted({"cart": "attacker's"})
    browser.cookies["session"] = planted

    browser.post("/login/", ANA)

    assert browser.cookies["session"].value != planted
    assert "cart" not in _session(browser)
    assert not _stored(planted)


def test_signing_in_again_as_somebody_else_keeps_nothing(browser):
    browser.post("/login/", ANA)
    first = browser.cookies["session"].value

    browser.post("/login/", {"email": "vera@acme.test", "password": "demo"})

    assert browser.get("/inbox/").wsgi_request.actor.role == "VIEWER"
    assert browser.cookies["session"].value != first
    assert not _stored(first)


def test_signing_out_forgets_the_session(browser):
    browser.post("/login/", ANA)
    key = browser.cookies["session"].value

    response = browser.post("/logout/")
    browser.cookies["session"] = key

    assert response["Location"] == "/login/"
    assert browser.get("/inbox/").status_code == 302


def test_signing_out_takes_a_form(browser):
    assert browser.get("/logout/").status_code == 405


def test_forms_need_their_token(people):
    browser = Client(SERVER_NAME="acme.localhost", enforce_csrf_checks=True)

    assert browser.post("/login/", ANA).status_code == 403
    assert browser.post("/logout/").status_code == 403


def test_the_cookie_is_for_this_host_and_not_for_scripts(browser):
    browser.post("/login/", ANA)
    cookie = browser.cookies["session"]

    assert cookie["domain"] == ""
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_a_new_password_ends_the_sessions_of_the_old_one(browser, people):
    browser.post("/login/", ANA)
    with context.platform():
        user = people["ana@acme.test"]
        user.set_password("another one")
        user.save()

    assert browser.get("/inbox/").status_code == 302


def test_the_language_is_the_browsers_until_somebody_chooses(browser):
    asked = browser.get("/login/", headers={"accept-language": "pt-BR,pt;q=0.9"})
    browser.post("/i18n/setlang/", {"language": "en", "next": "/login/"})
    chosen = browser.get("/login/", headers={"accept-language": "pt-BR,pt;q=0.9"})

    assert asked["Content-Language"] == "pt-br"
    assert chosen["Content-Language"] == "en"


def test_choosing_a_language_never_leads_to_another_host(browser):
    answer = browser.post("/i18n/setlang/", {"language": "en", "next": "https://evil.example/"})

    assert "evil" not in answer["Location"]


def test_the_page_is_not_kept_by_caches(browser):
    assert "no-store" in browser.get("/login/")["Cache-Control"]


def test_the_page_allows_own_files_only(browser):
    policy = browser.get("/login/")["Content-Security-Policy"]

    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def _session(browser: Client) -> dict[str, object]:
    with context.platform():
        return dict(browser.session.items())


def _planted(content: dict[str, str]) -> str:
    with context.platform():
        session = SessionStore()
        session.update(content)
        session.save()
        return session.session_key


def _stored(key: str) -> bool:
    with context.platform():
        return SessionStore().exists(key)
