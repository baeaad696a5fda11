"""Guessing at the doors where people sign in, planting cookies there, and looking behind them.

In tests/tenants: planted sessions (test_views.py), waits (test_throttling.py). In tests/config:
keys that anybody could know (test_keys.py).
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.hashers import get_hasher
from django.test import Client

from tenants import throttling
from tests.api import Api, Queries

pytestmark = pytest.mark.django_db

ANA = {"email": "ana@acme.test", "password": "demo"}
LOGIN = "/api/v1/auth/login"
TRIES = 300
# Waits that can be over while so many tries are made: 1, 2, 4, ... 60 seconds after each other.
TURNS_MEANWHILE = 8
# What scanners ask for, and ways out of the folder of static files.
PROBES = [
    "/.env",
    "/.git/config",
    "/debug",
    "/debug/",
    "/__debug__/",
    "/server-status",
    "/phpinfo.php",
    "/config/settings.py",
    "/static/../config/settings.py",
    "/static/..%2f..%2fconfig/settings.py",
    "/static/%2e%2e/%2e%2e/.env",
    "/static//etc/passwd",
    "/media/../../etc/passwd",
    "/api/v1/",
    "/api/v1/auth/",
    "/api/v1/tenant/",
    "/api/v1/auth/login?format=api",
    "/api-auth/login/",
    "/admin/doc/",
    "/%00",
]
START = "import django; django.setup(); print('started')"
INSIDE = ["Traceback", "DJANGO_SETTINGS", "settings.py", "urlconf", "SECRET_KEY", "site-packages"]


@pytest.fixture
def hashed(monkeypatch) -> list[int]:
    """Write down each hash that is made of a password."""
    made: list[int] = []
    hasher = type(get_hasher())
    encode = hasher.encode
    monkeypatch.setattr(hasher, "encode", lambda self, *args: made.append(1) or encode(self, *args))
    return made


# --- guessing -------------------------------------------------------------------------------------
def test_of_many_passwords_from_as_many_networks_a_few_are_looked_at(people, hashed, settings):
    settings.TRUSTED_PROXY_COUNT = 1
    api = Api("acme.localhost")

    answers = {
        api.post(
            LOGIN, {**ANA, "password": f"{number}"}, X_Forwarded_For=f"2001:db8:{number:x}::1"
        ).status_code
        for number in range(TRIES)
    }

    assert answers == {401, 429}
    assert 0 <= len(hashed) - throttling.FREE_PER_ACCOUNT <= TURNS_MEANWHILE


def test_of_one_password_for_many_people_a_few_are_looked_at(people, hashed, settings):
    settings.TRUSTED_PROXY_COUNT = 1
    api = Api("acme.localhost")

    answers = {
        api.post(
            LOGIN,
            {"email": f"{number}@acme.test", "password": "demo"},
            X_Forwarded_For=f"2001:db8:1:2::{number:x}",
        ).status_code
        for number in range(TRIES)
    }

    assert answers == {401, 429}
    assert 0 <= len(hashed) - throttling.FREE_PER_ADDRESS <= TURNS_MEANWHILE


# --- who has an account ---------------------------------------------------------------------------
def _by_page(email: str, password: str):
    return Client(SERVER_NAME="acme.localhost").post(
        "/login/", {"email": email, "password": password}
    )


def _by_api(email: str, password: str):
    return Api("acme.localhost").post(LOGIN, {"email": email, "password": password})


def _by_console(email: str, password: str):
    return Client(SERVER_NAME="localhost").post(
        "/admin/login/", {"username": email, "password": password}
    )


@pytest.mark.parametrize("door", [_by_page, _by_api, _by_console])
def test_an_account_that_there_is_takes_the_work_of_one_that_there_is_not(people, hashed, door):
    """Hashes and statements are what takes time: the same ones take the same time."""
    work = []
    door("warm@acme.test", "wrong")
    for email in ("ana@acme.test", "nobody@acme.test", "admin@balcao.test"):
        hashed.clear()
        with Queries() as queries:
            answer = door(email, "wrong")
        text = re.sub(r'value="[^"]*"', "", answer.content.decode()).replace(email, "")
        shapes = [re.sub(r"'[^']*'|\d+", "?", sql) for sql in queries.statements]
        work.append((answer.status_code, text, len(hashed), shapes))

    assert work[0] == work[1] == work[2]
    assert work[0][2] == 1


# --- cookies --------------------------------------------------------------------------------------
def _started(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own, with the settings read from another environment."""
    given = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", **environment}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(django_settings.BASE_DIR),
        env=given,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_with_tls_a_cookie_is_one_hosts_and_no_sibling_can_plant_it():
    names = ("SESSION_COOKIE", "CSRF_COOKIE")
    code = (
        "from django.conf import settings as s\n"
        f"for one in {names}:\n"
        "    print(getattr(s, one + '_NAME'), getattr(s, one + '_SECURE'),"
        " getattr(s, one + '_SAMESITE'), getattr(s, one + '_DOMAIN'), getattr(s, one + '_PATH'))\n"
        "print(s.SESSION_COOKIE_HTTPONLY, s.SECURE_HSTS_SECONDS > 0)"
    )

    done = _started(code, PUBLIC_URL="https://balcao.example")

    assert done.stdout.splitlines() == [
        "__Host-session True Lax None /",
        "__Host-csrf True Lax None /",
        "True True",
    ], done.stderr


def test_a_session_of_a_sibling_in_ones_own_cookie_is_nobodys(page):
    """What globex could plant for the whole domain, alone and beside the right one."""
    planted = page("admin@globex.test").cookies["session"].value
    mine = page("ana@acme.test").cookies["session"].value

    def ask(cookie: str):
        return Client(SERVER_NAME="acme.localhost").get("/inbox/", headers={"cookie": cookie})

    assert ask(f"session={planted}").status_code == 302
    assert ask(f"session={mine}; session={planted}").status_code == 302
    answer = ask(f"session={planted}; session={mine}")
    assert answer.status_code == 200
    assert answer.wsgi_request.user.email == "ana@acme.test"


def test_sessions_side_by_side_end_one_by_one(page):
    desk, phone = page("ana@acme.test"), page("ana@acme.test")
    assert desk.cookies["session"].value != phone.cookies["session"].value

    desk.post("/logout/")

    assert desk.get("/inbox/").status_code == 302
    assert phone.get("/inbox/").status_code == 200


# --- what is not for everybody --------------------------------------------------------------------
@pytest.mark.parametrize("host", ["localhost", "acme.localhost"])
@pytest.mark.parametrize("path", PROBES)
def test_what_scanners_ask_for_is_not_there_and_tells_nothing(acme, settings, host, path):
    settings.WHITENOISE_USE_FINDERS = True

    answer = Client(SERVER_NAME=host).get(path)

    # The console sends whoever is not signed in to its log-in, whatever was asked for.
    assert answer.status_code in (400, 401, 404, 405) or path.startswith("/admin/")
    text = b"".join(answer).decode() + str(answer.headers)
    assert not [word for word in INSIDE if word in text]


def test_the_apis_description_knows_nothing_of_the_console(acme):
    paths = Api().get("/api/schema/").json()["paths"]

    assert paths
    assert all(path.startswith("/api/v1/") for path in paths)


def test_with_keys_of_ones_own_it_starts():
    done = _started(START, DEBUG="false")

    assert done.stdout == "started\n", done.stderr


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"SECRET_KEY": "change-me-0123456789abcdefghijklmnopqrstuvwxyzABCDEF"}, "SECRET_KEY"),
        ({"FIELD_KEYS": ""}, "FIELD_KEYS"),
        ({"FIELD_KEYS": "k1:short"}, "FIELD_KEYS"),
    ],
    ids=["none", "an example's", "no field key", "a broken field key"],
)
def test_nothing_starts_with_a_key_that_anybody_could_know(changes, word):
    done = _started(START, DEBUG="false", **changes)

    assert done.returncode != 0
    assert "started" not in done.stdout
    assert word in done.stderr
