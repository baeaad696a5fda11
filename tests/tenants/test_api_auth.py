"""The routes to sign in, stay signed in and sign out."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.contrib.auth.hashers import get_hasher
from django.db import connection
from django.utils import timezone

from tenants import context, throttling
from tenants.models import LoginFailure, Membership, RefreshSession, User
from tenants.serializers import UNKNOWN_SHOWN
from tenants.services import sessions
from tenants.services.tokens import Kind
from tests.api import Api, check_problem, open_session

LOGIN = "/api/v1/auth/login"
REFRESH = "/api/v1/auth/refresh"
LOGOUT = "/api/v1/auth/logout"
ACME = Api("acme.localhost")
ANA = {"email": "ana@acme.test", "password": "demo"}

pytestmark = pytest.mark.django_db


@pytest.fixture
def grant(people) -> dict:
    return ACME.post(LOGIN, ANA).json()


def _list(api: Api, tenant) -> int:
    return api.get(f"/api/v1/tenant/{tenant.pk}/conversations/").status_code


# --- signing in -----------------------------------------------------------------------------------
@pytest.mark.parametrize("spelling", [LOGIN, f"{LOGIN}/"])
def test_a_login_on_the_tenants_host_answers_everything_a_client_needs(people, acme, spelling):
    response = ACME.post(spelling, ANA)

    assert response.status_code == 200
    body = response.json()
    assert set(body) == {"access", "refresh", "expires_in", "tenant", "role"}
    assert body["expires_in"] == 600
    assert body["tenant"] == str(acme.pk)
    assert body["role"] == "OPERATOR"
    assert response["Cache-Control"] == "private, no-store"
    assert _list(Api("acme.localhost", body["access"]), acme) == 200


@pytest.mark.parametrize("by", ["id", "subdomain", "capitals"])
def test_on_the_public_host_the_tenant_is_named(people, acme, by):
    named = {"id": str(acme.pk), "subdomain": "acme", "capitals": "ACME"}[by]

    response = Api().post(LOGIN, {**ANA, "tenant": named})

    assert response.status_code == 200
    assert response.json()["tenant"] == str(acme.pk)


def test_on_the_public_host_a_tenant_is_needed(people):
    problem = check_problem(Api().post(LOGIN, ANA), 400, "invalid")

    assert [error["pointer"] for error in problem["errors"]] == ["#/tenant"]


@pytest.mark.parametrize(
    ("host", "changes"),
    [
        pytest.param("acme.localhost", {"password": "wrong"}, id="password"),
        pytest.param("acme.localhost", {"email": "nobody@acme.test"}, id="nobody"),
        pytest.param("globex.localhost", {}, id="works elsewhere"),
        pytest.param("acme.localhost", {"tenant": "globex"}, id="another tenant than the host's"),
        pytest.param("localhost", {"tenant": "globex"}, id="no membership"),
        pytest.param("localhost", {"tenant": "nobody"}, id="no such tenant"),
        pytest.param("localhost", {"tenant": "public"}, id="the shared schema's name"),
        pytest.param("acme.localhost", {"email": "admin@balcao.test"}, id="super-admin"),
    ],
)
def test_every_refusal_is_the_same(people, host, changes):
    response = Api(host).post(LOGIN, {**ANA, **changes})

    problem = check_problem(response, 401, "credentials_refused")
    assert problem["detail"] == "This e-mail address and password do not open this account."
    assert response["WWW-Authenticate"] == "Bearer"


def test_the_disabled_and_the_suspended_are_refused_alike(people, acme):
    with context.platform():
        User.objects.filter(email=ANA["email"]).update(is_active=False)
    disabled = ACME.post(LOGIN, ANA)
    with context.platform():
        User.objects.filter(email=ANA["email"]).update(is_active=True)
        type(acme).objects.filter(pk=acme.pk).update(status="SUSPENDED")
    suspended = ACME.post(LOGIN, ANA)

    assert disabled.json() == suspended.json()
    check_problem(suspended, 401, "credentials_refused")


def test_every_refusal_hashes_one_password(people, monkeypatch):
    hashed = []
    hasher = type(get_hasher())
    encode = hasher.encode
    monkeypatch.setattr(
        hasher, "encode", lambda self, *args: hashed.append(1) or encode(self, *args)
    )

    for changes in ({"password": "wrong"}, {"email": "nobody@acme.test"}, {"tenant": "globex"}):
        hashed.clear()
        ACME.post(LOGIN, {**ANA, **changes})
        assert len(hashed) == 1, changes


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        pytest.param({"email": "ana@acme.test"}, "#/password", id="no password"),
        pytest.param({"email": "no address", "password": "x"}, "#/email", id="no address"),
        pytest.param({**ANA, "password": 5}, "#/password", id="a number"),
        pytest.param({**ANA, "role": "ADMIN"}, "#/role", id="unknown member"),
        pytest.param({**ANA, "tenant": "a b"}, "#/tenant", id="no tenant's name"),
        pytest.param({**ANA, "tenant": ["acme"]}, "#/tenant", id="a list"),
        pytest.param([ANA], "#", id="a list for an object"),
    ],
)
def test_a_malformed_login_says_where(people, body, pointer):
    problem = check_problem(ACME.post(LOGIN, body), 400, "invalid")

    assert pointer in [error["pointer"] for error in problem["errors"]]


def test_of_very_many_unknown_members_the_first_ones_are_named(people):
    body = {**ANA, **{f"member{number}": number for number in range(5000)}}

    problem = check_problem(ACME.post(LOGIN, body), 400, "invalid")

    pointers = [error["pointer"] for error in problem["errors"]]
    assert pointers == [f"#/member{number}" for number in range(UNKNOWN_SHOWN)]


def test_guessing_is_slowed_down_and_the_owner_gets_his_turn(people):
    for _ in range(throttling.FREE_PER_ACCOUNT):
        check_problem(ACME.post(LOGIN, {**ANA, "password": "x"}), 401, "credentials_refused")

    response = ACME.post(LOGIN, ANA)

    check_problem(response, 429, "too_many_failures")
    assert int(response["Retry-After"]) >= 1
    with context.platform():
        LoginFailure.objects.update(at=timezone.now() - 2 * throttling.WINDOW)
    assert ACME.post(LOGIN, ANA).status_code == 200


def test_a_forwarded_address_is_not_believed_without_a_proxy_of_ours(people):
    for number in range(throttling.FREE_PER_ADDRESS):
        body = {"email": f"{number}@acme.test", "password": "x"}
        ACME.post(LOGIN, body, X_Forwarded_For=f"203.0.113.{number}")

    response = ACME.post(LOGIN, ANA, X_Forwarded_For="198.51.100.1")

    check_problem(response, 429, "too_many_failures")


def test_behind_our_proxy_the_address_is_the_one_that_the_proxy_saw(people, settings):
    settings.TRUSTED_PROXY_COUNT = 1
    for number in range(throttling.FREE_PER_ADDRESS):
        body = {"email": f"{number}@acme.test", "password": "x"}
        ACME.post(LOGIN, body, X_Forwarded_For=f"198.51.100.{number}, 203.0.113.7")

    slowed = ACME.post(LOGIN, ANA, X_Forwarded_For="198.51.100.250, 203.0.113.7")
    other = ACME.post(LOGIN, ANA, X_Forwarded_For="203.0.113.8")

    check_problem(slowed, 429, "too_many_failures")
    assert other.status_code == 200


# --- staying signed in ----------------------------------------------------------------------------
def test_a_refresh_gives_a_new_pair(grant, acme):
    response = ACME.post(REFRESH, {"refresh": grant["refresh"]})

    assert response.status_code == 200
    body = response.json()
    assert body["refresh"] != grant["refresh"]
    assert body["role"] == "OPERATOR"
    assert _list(Api("acme.localhost", body["access"]), acme) == 200
    assert ACME.post(REFRESH, {"refresh": body["refresh"]}).status_code == 200


def test_a_spent_refresh_token_ends_its_session_and_no_other(grant, acme, people):
    other = ACME.post(LOGIN, ANA).json()
    newest = ACME.post(REFRESH, {"refresh": grant["refresh"]}).json()

    check_problem(ACME.post(REFRESH, {"refresh": grant["refresh"]}), 401, "token_invalid")

    check_problem(ACME.post(REFRESH, {"refresh": newest["refresh"]}), 401, "token_invalid")
    assert _list(Api("acme.localhost", newest["access"]), acme) == 401
    assert _list(Api("acme.localhost", other["access"]), acme) == 200


@pytest.mark.django_db(transaction=True)
def test_of_many_refreshes_at_once_one_wins(grant):
    barrier = Barrier(8)

    def refresh(_number):
        barrier.wait(30)
        try:
            return Api("acme.localhost").post(REFRESH, {"refresh": grant["refresh"]}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(refresh, range(8)))

    assert answers == [200] + [401] * 7


def test_a_refresh_of_another_tenant_is_refused_and_leaves_the_session_alone(grant):
    response = Api("globex.localhost").post(REFRESH, {"refresh": grant["refresh"]})

    check_problem(response, 401, "token_invalid")
    assert ACME.post(REFRESH, {"refresh": grant["refresh"]}).status_code == 200


def test_the_public_host_refreshes_for_every_tenant(grant):
    assert Api().post(REFRESH, {"refresh": grant["refresh"]}).status_code == 200


def test_an_access_token_is_no_refresh_token_and_the_reverse(grant, acme):
    check_problem(ACME.post(REFRESH, {"refresh": grant["access"]}), 401, "token_invalid")
    assert _list(Api("acme.localhost", grant["refresh"]), acme) == 401


@pytest.mark.parametrize(
    "ended",
    ["disabled", "deleted", "membership", "token_version", "suspended", "expired", "tenant_closed"],
)
def test_whoever_has_ended_gets_neither_a_refresh_nor_an_answer(grant, acme, people, ended):
    ana = people[ANA["email"]]
    with context.platform():
        mine = User.objects.filter(pk=ana.pk)
        tenant = type(acme).objects.filter(pk=acme.pk)
        {
            "disabled": lambda: mine.update(is_active=False),
            "deleted": lambda: _delete(ana),
            "membership": lambda: Membership.objects.filter(user=ana).delete(),
            "token_version": lambda: mine.update(token_version=1),
            "suspended": lambda: tenant.update(status="SUSPENDED"),
            "tenant_closed": lambda: tenant.update(status="CANCELLED"),
            "expired": lambda: RefreshSession.objects.update(expires_at=timezone.now()),
        }[ended]()

    public = Api("localhost", grant["access"])
    check_problem(public.get(f"/api/v1/tenant/{acme.pk}/conversations/"), 401, "token_invalid")
    check_problem(Api().post(REFRESH, {"refresh": grant["refresh"]}), 401, "token_invalid")


def _delete(user):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM tenants_membership WHERE user_id = %s", [user.pk])
        cursor.execute("DELETE FROM tenants_refreshsession WHERE user_id = %s", [user.pk])
        cursor.execute("DELETE FROM tenants_user WHERE id = %s", [user.pk])


def test_a_new_role_works_at_once_with_the_old_token(grant, acme, people):
    api = Api("acme.localhost", grant["access"])
    with context.platform():
        Membership.objects.filter(user=people[ANA["email"]]).update(role="VIEWER")

    response = api.post(f"/api/v1/tenant/{acme.pk}/messages/send", {})

    check_problem(response, 403, "forbidden")


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "\u00e9", "x" * 5000, None, 7, {"a": 1}])
def test_a_refresh_of_nonsense_is_refused(people, token):
    assert ACME.post(REFRESH, {"refresh": token}).status_code in {400, 401}


def test_guessing_tokens_is_slowed_down_and_the_owner_gets_his_turn(grant):
    for _ in range(throttling.FREE_PER_ADDRESS):
        check_problem(ACME.post(REFRESH, {"refresh": "x"}), 401, "token_invalid")

    response = ACME.post(REFRESH, {"refresh": grant["refresh"]})

    check_problem(response, 429, "too_many_failures")
    assert 1 <= int(response["Retry-After"]) <= throttling.DELAY_MAX_SECONDS + 1
    with context.platform():
        LoginFailure.objects.update(at=timezone.now() - timedelta(minutes=2))
    assert ACME.post(REFRESH, {"refresh": grant["refresh"]}).status_code == 200


def test_wrong_tokens_slow_down_neither_another_address_nor_who_signs_in(grant, settings):
    settings.TRUSTED_PROXY_COUNT = 1
    for number in range(throttling.FREE_PER_ADDRESS):
        ACME.post(REFRESH, {"refresh": "x"}, X_Forwarded_For=f"2001:db8:1:2::{number:x}")

    near, far = "2001:db8:1:2:ffff::1", "2001:db8:1:3::1"
    slowed = ACME.post(REFRESH, {"refresh": grant["refresh"]}, X_Forwarded_For=near)
    other = ACME.post(REFRESH, {"refresh": grant["refresh"]}, X_Forwarded_For=far)

    check_problem(slowed, 429, "too_many_failures")
    assert other.status_code == 200
    assert ACME.post(LOGIN, ANA, X_Forwarded_For=near).status_code == 200


def test_wrong_passwords_do_not_slow_down_who_stays_signed_in(grant):
    for number in range(throttling.FREE_PER_ADDRESS):
        ACME.post(LOGIN, {"email": f"{number}@acme.test", "password": "x"})

    check_problem(ACME.post(LOGIN, ANA), 429, "too_many_failures")
    assert ACME.post(REFRESH, {"refresh": grant["refresh"]}).status_code == 200


# --- signing out ----------------------------------------------------------------------------------
def test_a_logout_ends_this_session_at_once_and_no_other(grant, acme):
    other = ACME.post(LOGIN, ANA).json()
    api = Api("acme.localhost", grant["access"])

    assert api.post(LOGOUT).status_code == 204

    assert _list(api, acme) == 401
    check_problem(ACME.post(REFRESH, {"refresh": grant["refresh"]}), 401, "token_invalid")
    assert _list(Api("acme.localhost", other["access"]), acme) == 200


def test_a_logout_by_refresh_token_needs_no_access_token(grant, acme):
    assert ACME.post(LOGOUT, {"refresh": grant["refresh"]}).status_code == 204
    assert _list(Api("acme.localhost", grant["access"]), acme) == 401


def test_a_logout_of_nobody_is_refused(people):
    response = ACME.post(LOGOUT, {})

    check_problem(response, 401, "not_authenticated")
    assert response["WWW-Authenticate"] == "Bearer"


def test_a_logout_with_another_tenants_refresh_token_ends_nothing(grant, acme):
    response = Api("globex.localhost").post(LOGOUT, {"refresh": grant["refresh"]})

    check_problem(response, 401, "token_invalid")
    assert _list(Api("acme.localhost", grant["access"]), acme) == 200


def test_old_sessions_are_purged_and_live_ones_are_not(people, acme):
    open_session(people[ANA["email"]], acme)
    later = timezone.now() + 3 * Kind.REFRESH.lifetime

    assert sessions.purge(now=timezone.now()) == 0
    assert sessions.purge(now=later) == 1
