"""Tokens, cookies and hosts where they do not belong.

In tests/tenants: tokens that a stranger wrote (test_authentication.py), those that are used twice
or too late (test_api_auth.py), names of hosts (test_middleware.py).
"""

import pytest
from django.test import Client
from redis import Redis

from config.demo import ports
from tenants import buckets, context, throttling
from tenants.models import User
from tenants.services import people as people_service
from tenants.services import tenancy
from tests.api import Api, check_problem, key_of

pytestmark = pytest.mark.django_db

ANA = {"email": "ana@acme.test", "password": "demo"}
LOGIN, REFRESH = "/api/v1/auth/login", "/api/v1/auth/refresh"
ELSEWHERE = {
    "X-Tenant-Id": "globex",
    "X-Forwarded-Host": "globex.localhost",
    "X-Forwarded-Server": "globex.localhost",
    "X-Host": "globex.localhost",
    "Forwarded": "for=127.0.0.1;host=globex.localhost;proto=https",
    "X-Original-URL": "/settings/people/",
    "X-Rewrite-URL": "/settings/people/",
    "X-HTTP-Method-Override": "DELETE",
    "X-HTTP-Method": "DELETE",
    "X-Method-Override": "DELETE",
}


@pytest.fixture
def ana(people) -> User:
    return people["ana@acme.test"]


def _list(token: str, tenant):
    return Api("acme.localhost", token).get(f"/api/v1/tenant/{tenant.pk}/conversations/")


# --- what ended -----------------------------------------------------------------------------------
def _password(user, tenant):
    people_service.set_password(actor=None, user=user, password="another-long-password")


def _deactivate(user, tenant):
    people_service.deactivate(actor=None, user=user)


def _dismiss(user, tenant):
    with context.platform():
        membership = user.memberships.select_related("tenant", "user").get()
    people_service.remove_membership(actor=None, membership=membership)


def _suspend(user, tenant):
    tenancy.suspend_tenant(actor=None, tenant=tenant)


@pytest.mark.parametrize("end", [_password, _deactivate, _dismiss, _suspend])
def test_tokens_end_at_once(ana, acme, end):
    grant = Api("acme.localhost").post(LOGIN, ANA).json()
    assert _list(grant["access"], acme).status_code == 200

    end(ana, acme)

    check_problem(_list(grant["access"], acme), 401, "token_invalid")
    again = Api("acme.localhost").post(REFRESH, {"refresh": grant["refresh"]})
    check_problem(again, 401, "token_invalid")


@pytest.mark.parametrize("end", [_password, _deactivate, _dismiss])
def test_what_ended_does_not_begin_again(ana, acme, end):
    """A person who comes back signs in again; the old tokens stay dead."""
    grant = Api("acme.localhost").post(LOGIN, ANA).json()
    end(ana, acme)
    with context.platform():
        User.objects.filter(pk=ana.pk).update(is_active=True)
        ana.memberships.get_or_create(tenant=acme, defaults={"role": "ADMIN"})

    check_problem(_list(grant["access"], acme), 401, "token_invalid")
    again = Api("acme.localhost").post(REFRESH, {"refresh": grant["refresh"]})
    check_problem(again, 401, "token_invalid")


# --- forms of another host ------------------------------------------------------------------------
def _strict(host: str) -> tuple[Client, str]:
    """Return a browser that checks forms, and the token of the log-in form there."""
    browser = Client(SERVER_NAME=host, enforce_csrf_checks=True)
    html = browser.get("/login/").content.decode()
    return browser, html.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]


def test_the_form_of_one_tenant_is_refused_by_another(people):
    """Cookie and token of acme's form, as a sibling's page could plant them, sent to globex."""
    browser, token = _strict("acme.localhost")
    form = {"email": "admin@globex.test", "password": "demo", "csrfmiddlewaretoken": token}

    def send(**headers: str) -> int:
        return browser.post(
            "/login/", form, SERVER_NAME="globex.localhost", headers=headers
        ).status_code

    assert send(origin="http://acme.localhost") == 403
    assert send(origin="null") == 403
    assert send(origin="http://globex.localhost.evil.test") == 403
    assert send(origin="https://globex.localhost") == 403
    assert send(origin="http://globex.localhost") == 302


def test_with_tls_a_form_says_where_it_comes_from(people):
    browser, token = _strict("globex.localhost")
    form = {"email": "admin@globex.test", "password": "demo", "csrfmiddlewaretoken": token}

    def send(**headers: str) -> int:
        return browser.post("/login/", form, secure=True, headers=headers).status_code

    assert send() == 403
    assert send(referer="https://acme.localhost/login/") == 403
    assert send(referer="http://globex.localhost/login/") == 403
    assert send(referer="https://globex.localhost/login/") == 302


# --- headers that name another place --------------------------------------------------------------
@pytest.mark.parametrize("header", ELSEWHERE)
def test_no_header_leads_a_page_elsewhere(page, acme, header):
    browser = page("ana@acme.test")

    answer = browser.get("/inbox/", headers={header: ELSEWHERE[header]})

    assert answer.status_code == 200
    assert answer.wsgi_request.tenant == acme
    assert (answer.wsgi_request.method, answer.wsgi_request.path) == ("GET", "/inbox/")


def test_a_forwarded_scheme_is_not_believed_without_a_proxy_of_ours(acme):
    browser = Client(SERVER_NAME="acme.localhost")

    answer = browser.get("/login/", headers={"X-Forwarded-Proto": "https"})

    assert not answer.wsgi_request.is_secure()


# --- tokens in addresses --------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["access_token", "token", "jwt", "authorization", "api_key"])
def test_a_token_in_an_address_is_nobodys_and_in_no_log(ana, acme, caplog, name):
    caplog.set_level("DEBUG")
    access = Api("acme.localhost").post(LOGIN, ANA).json()["access"]

    answer = Api("acme.localhost").get(f"/api/v1/tenant/{acme.pk}/conversations/?{name}={access}")

    check_problem(answer, 401, "not_authenticated")
    assert access not in caplog.text
    assert access not in answer.content.decode()


# --- without Redis --------------------------------------------------------------------------------
@pytest.fixture
def _away(monkeypatch):
    """Redis, where requests are counted, is not there."""
    away = Redis(host="127.0.0.1", port=ports.free(), socket_connect_timeout=0.2)
    monkeypatch.setattr(buckets, "_redis", lambda: away)


@pytest.mark.usefixtures("_away")
def test_people_sign_in_without_redis(people, acme):
    browser = Client(SERVER_NAME="acme.localhost")
    assert browser.post("/login/", ANA).status_code == 302
    assert browser.get("/inbox/").status_code == 200

    grant = Api("acme.localhost").post(LOGIN, ANA).json()
    assert _list(grant["access"], acme).status_code == 200
    newer = Api("acme.localhost").post(REFRESH, {"refresh": grant["refresh"]})
    assert newer.status_code == 200
    assert (
        Api("acme.localhost", newer.json()["access"]).post("/api/v1/auth/logout").status_code == 204
    )


@pytest.mark.usefixtures("_away")
def test_guessing_is_slowed_down_without_redis(people):
    answers = [Api("acme.localhost").post(LOGIN, {**ANA, "password": "x"}) for _ in range(8)]

    assert answers[-1].status_code == 429


@pytest.mark.usefixtures("_away")
def test_guessing_tokens_is_slowed_down_without_redis(people):
    tries = throttling.FREE_PER_ADDRESS + 1
    answers = [Api("acme.localhost").post(REFRESH, {"refresh": "x"}) for _ in range(tries)]

    assert [one.status_code for one in answers] == [401] * (tries - 1) + [429]


@pytest.mark.usefixtures("_away")
def test_programs_come_in_without_redis(people, acme):
    key = key_of(people["admin@acme.test"], acme, "conversations:read")

    assert _list(key, acme).status_code == 200
    assert _list(key[:-1] + "x", acme).status_code == 401
