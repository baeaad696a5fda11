"""Who gets what from which door: the table is executed, and whoever adds a door adds its row."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import Client

from tenants.feed import live
from tenants.permissions import Scope
from tests.access import doors
from tests.access.things import Things, ids_apart
from tests.api import Api, access_token, api_of, key_of
from tests.tenants.letting_in import api_let_in, let_in
from tests.tenants.test_sockets import is_admitted

TABLE: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "table.yaml").read_text())
# What a door says to those who may: it serves, or it says what is wrong with the request.
SERVED = {200, 201, 202, 204, 301, 302, 303, 400, 409, 410, 411, 413, 415, 422}
# A super-admin who was let in gets what the role that was given gets.
LET_IN = {"looker": "VIEWER", "support": "ADMIN"}
EMAILS = {"viewer": "vera@acme.test", "operator": "ana@acme.test", "admin": "admin@acme.test"}


def rows(section: str) -> list[tuple[str, str, dict[str, str]]]:
    columns = TABLE["columns"][section].split()
    return [
        (route, method, dict(zip(columns, answers.split(), strict=True)))
        for route, methods in TABLE[section].items()
        for method, answers in methods.items()
    ]


def named(section: str) -> list[Any]:
    return [
        pytest.param(route, method, wanted, id=f"{method} {route}")
        for route, method, wanted in rows(section)
    ]


def word(answer: Any) -> str:
    """Say in the table's words what an answer is."""
    if answer.status_code == 302 and "/login/" in answer["Location"]:
        return "login"
    return "ok" if answer.status_code in SERVED else str(answer.status_code)


def _wanted_of_support(route: str, method: str, wanted: dict[str, str]) -> dict[str, str]:
    as_members = {"looker": wanted["viewer"], "support": wanted["admin"]}
    own = TABLE["support"].get(route, {}).get(method, "").split()
    return dict(zip(LET_IN, own, strict=True)) if own else as_members


@pytest.fixture
def _ids_apart(globex) -> None:
    ids_apart(globex)


@pytest.fixture
def things(_ids_apart, actor, phones) -> dict[str, Things]:
    return {name: Things(actor(f"admin@{name}.test"), phones[name]) for name in ("acme", "globex")}


@pytest.mark.parametrize(("route", "method", "wanted"), named("pages"))
def test_a_page(route, method, wanted, things, page, console, settings, people, acme):
    settings.META_SIGNUP_CONFIG_ID = "1"
    clients = {role: page(email) for role, email in EMAILS.items()}
    clients["anonymous"] = Client(SERVER_NAME="acme.localhost")
    clients["neighbour"] = page("admin@globex.test")
    clients["boss"] = console

    def ask(client: Client, owner: str) -> str:
        address = f"/{things[owner].address(route)}"
        return word(client.generic(method, address, SERVER_NAME="acme.localhost"))

    found = {who: ask(client, "acme") for who, client in clients.items()}
    found["foreign"] = ask(clients["admin"], "globex") if "<" in route else "-"
    boss = people["admin@balcao.test"]
    helpers = {who: ask(let_in(boss, acme, role), "acme") for who, role in LET_IN.items()}

    assert found == wanted
    assert helpers == _wanted_of_support(route, method, wanted)


@pytest.mark.parametrize(("route", "method", "wanted"), named("api"))
def test_a_route(route, method, wanted, things, people, acme):
    apis = {role: api_of(people[email]) for role, email in EMAILS.items()}
    apis["anonymous"] = Api("acme.localhost")
    apis["neighbour"] = api_of(people["admin@globex.test"])
    apis["neighbour"].client = Client(SERVER_NAME="acme.localhost")
    boss = people["admin@balcao.test"]
    apis["boss"] = Api("acme.localhost", access_token(boss, acme))

    def ask(api: Api, owner: str) -> str:
        address = f"/api/v1/tenant/{acme.pk}/{things[owner].address(route)}"
        return word(api.send(method, address, b"{}", "application/json"))

    found = {who: ask(api, "acme") for who, api in apis.items()}
    found["foreign"] = ask(apis["admin"], "globex") if "<" in route else "-"
    found |= {who: ask(api_let_in(boss, acme, role), "acme") for who, role in LET_IN.items()}
    admin = people["admin@acme.test"]
    programs = {scope: Api("acme.localhost", key_of(admin, acme, scope)) for scope in Scope}
    answers = {str(scope): ask(program, "acme") for scope, program in programs.items()}
    allowed = wanted["keys"].split(",")

    assert answers == {scope: "ok" if scope in allowed else "403" for scope in Scope}
    assert found == {
        **{who: answer for who, answer in wanted.items() if who != "keys"},
        **_wanted_of_support(route, method, wanted),
        "boss": "401",
    }


@pytest.mark.parametrize("route", TABLE["console"])
def test_an_address_of_the_console(route, console, page, people):
    """Nobody but the super-admin, with both factors, sees anything of it or does anything in it."""
    address = doors.console_address(route)
    anonymous = Client(SERVER_NAME="localhost")
    half = Client(SERVER_NAME="localhost")
    half.post("/admin/login/", {"username": "admin@balcao.test", "password": "demo"})
    clients = {"anonymous": anonymous, "half": half, "boss": console}
    clients["tenant_admin"] = page("admin@acme.test")

    found = {
        who: _word_of_console(client.get(address, SERVER_NAME="localhost"))
        for who, client in clients.items()
    }

    columns = TABLE["columns"]["console"].split()
    assert found == dict(zip(columns, TABLE["console"][route].split(), strict=True))


def _word_of_console(answer: Any) -> str:
    if answer.status_code == 302 and "second-factor" in answer["Location"]:
        return "factor"
    return word(answer)


@pytest.mark.parametrize("path", TABLE["sockets"])
@pytest.mark.django_db(transaction=True)
def test_a_socket(path, page, console, monkeypatch, people, acme):
    monkeypatch.setattr(live, "hub", live.Hub())  # one belongs to one event loop
    cookies = {role: page(email).cookies["session"].value for role, email in EMAILS.items()}
    cookies["anonymous"] = "x"
    cookies["neighbour"] = page("admin@globex.test").cookies["session"].value
    cookies["boss"] = console.cookies["session"].value
    columns = TABLE["columns"]["sockets"].split()
    wanted = dict(zip(columns, TABLE["sockets"][path].split(), strict=True))

    def ask(cookie: str) -> str:
        return "yes" if is_admitted(cookie, path=path) else "no"

    found = {who: ask(cookie) for who, cookie in cookies.items()}
    boss = people["admin@balcao.test"]
    helpers = {
        who: ask(let_in(boss, acme, role).cookies["session"].value) for who, role in LET_IN.items()
    }

    assert found == wanted
    assert helpers == {"looker": wanted["viewer"], "support": wanted["admin"]}


def test_every_door_has_its_row(acme):
    listed = {section: {(r, m) for r, m, _ in rows(section)} for section in ("pages", "api")}

    assert listed["pages"] == doors.of_pages()
    assert listed["api"] == doors.of_api()
    assert set(TABLE["console"]) == doors.of_console()
    assert set(TABLE["sockets"]) == doors.of_sockets()
