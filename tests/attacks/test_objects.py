"""Ids, members, parameters and cursors that are not the asker's, at every route of the API.

Which role gets what, and that a foreign id is 404, is the table in tests/access. Here every route
is asked in one test, so that a new one is attacked from its first day.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from conversations.models import ConversationLabel, Label, Message
from tenants import context
from tenants.models import AuditEvent, Membership, User
from tests.access import doors
from tests.access.things import Things, ids_apart
from tests.api import Api, api_of, check_problem
from tests.conversations.sending import conversation_with
from tests.conversations.uploading import kept
from tests.whatsapp.templates import template

pytestmark = pytest.mark.django_db

MISSING = 2**62
LEAKS = {
    "phone__tenant__name": "Globex",
    "contact__notes__startswith": "a",
    "ordering": "access_token",
    "order_by": "user__password",
    "fields": "password",
    "expand": "tenant",
    "include": "*",
    "format": "admin",
    "tenant": "globex",
    "schema": "t_globex",
    "id__gt": "0",
    "q": "%",
    "page_size": "1000000000",
    "_method": "DELETE",
}
MEMBERS = {
    "id": 1,
    "pk": 1,
    "tenant": "globex",
    "tenant_id": "00000000-0000-0000-0000-000000000000",
    "schema_name": "t_globex",
    "is_staff": True,
    "is_superuser": True,
    "wamid": "wamid.x",
    "direction": "INBOUND",
    "created_at": "2020-01-01T00:00:00Z",
    "token_version": 7,
    "author": 1,
    "created_by": 1,
    "secret_hash": "x",
    "access_token_sealed": "x",
    "__proto__": {"is_superuser": True},
}
CURSORS = [
    "x",
    "x.y",
    "0",
    "-1",
    "\x00",
    "é",
    "a" * 300,
    "bnwyMDI2fDE",
    "' OR 1=1",
    "../..",
    "null",
]
# They take a file, or parts of one.
OF_FILES = {("media/", "POST"), ("broadcasts/", "POST")}


def routes(*methods: str) -> list[tuple[str, str]]:
    """Return the routes of the API that have one of the methods, in order."""
    return sorted((route, method) for route, method in doors.of_api() if method in methods)


@pytest.fixture(autouse=True)
def _ids_apart(globex) -> None:
    ids_apart(globex)


@pytest.fixture
def things(actor, phones) -> dict[str, Things]:
    return {name: Things(actor(f"admin@{name}.test"), phones[name]) for name in ("acme", "globex")}


@pytest.fixture
def boss(people) -> Api:
    return api_of(people["admin@acme.test"])


def path_of(tenant, tail: str) -> str:
    return f"/api/v1/tenant/{tenant.pk}/{tail}"


def send(api: Api, method: str, path: str, body: Any = None) -> Any:
    return api.tell(method, path, body or {})


# --- ids ------------------------------------------------------------------------------------------
def test_a_foreign_id_and_one_that_there_is_not_are_told_the_same(boss, acme, globex, things):
    """At every route, by every method: not even the words differ."""
    differ = []
    for route, method in routes("GET", "POST", "PUT", "PATCH", "DELETE"):
        if "<int:pk>" not in route:
            continue
        nobodys = re.sub(r"<int:\w+>", str(MISSING), route)
        theirs = send(boss, method, path_of(acme, things["globex"].address(route)))
        missing = send(boss, method, path_of(acme, nobodys))
        # 400 where a body is read first, whoever's id it is.
        if theirs.status_code not in {400, 404} or theirs.content != missing.content:
            differ.append((method, route, theirs.status_code, theirs.content, missing.content))

    assert differ == []


@pytest.fixture
def talk(acme, phones):
    with context.tenant(acme.schema_name):
        return conversation_with("5511987654321", phone=phones["acme"], opened_at=timezone.now())


@pytest.fixture
def theirs(globex, phones, actor, people) -> dict[str, int]:
    """Return ids of things of globex."""
    with context.tenant(globex.schema_name):
        other = conversation_with("5521987654321", phone=phones["globex"], opened_at=timezone.now())
        return {
            "conversation": other.pk,
            "contact": other.contact_id,
            "phone": phones["globex"].pk,
            "template": template("theirs", waba_id=phones["globex"].waba_id, template_id="9").pk,
            "media": kept(actor("admin@globex.test")).pk,
            "label": Label.objects.create(name="Theirs").pk,
            "user": people["ana@globex.test"].pk,
        }


def _nested(talk, theirs) -> Iterator[tuple[str, str, dict[str, Any]]]:
    said = {"type": "text", "text": {"body": "Hi"}}
    place = f"conversations/{talk.pk}/"
    yield "POST", "messages/send", {"conversation": theirs["conversation"], **said}
    yield "POST", "messages/send", {"to": "5511900000001", "phone": theirs["phone"], **said}
    yield (
        "POST",
        "messages/send",
        {"conversation": talk.pk, "type": "image", "image": {"id": theirs["media"]}},
    )
    yield (
        "POST",
        "messages/template",
        {"conversation": talk.pk, "template": {"id": theirs["template"]}},
    )
    yield "POST", "messages/template", {"conversation": talk.pk, "template": theirs["template"]}
    yield "PUT", f"{place}assignee", {"user": theirs["user"]}
    yield "PUT", f"{place}labels", {"labels": [theirs["label"]]}
    yield "PUT", f"{place}labels/{theirs['label']}", {}
    yield "POST", f"contacts/{talk.contact_id}/merge", {"other": theirs["contact"]}


def test_a_foreign_id_in_a_body_is_nobodys(boss, acme, talk, theirs):
    taken = []
    for method, tail, body in _nested(talk, theirs):
        answer = send(boss, method, path_of(acme, tail), body)
        if answer.status_code not in {400, 404, 409}:
            taken.append((tail, body, answer.status_code, answer.content))

    assert not taken, "\n".join(map(str, taken))
    with context.tenant(acme.schema_name):
        assert not Message.objects.exists()
        talk.refresh_from_db()
        assert talk.assignee_id is None


def test_of_ids_of_both_none_is_taken(boss, acme, talk, theirs):
    with context.tenant(acme.schema_name):
        ours = Label.objects.create(name="Ours").pk

    answer = send(
        boss,
        "PUT",
        path_of(acme, f"conversations/{talk.pk}/labels"),
        {"labels": [ours, theirs["label"]]},
    )

    assert answer.status_code in {400, 404}
    assert "Theirs" not in answer.content.decode()
    with context.tenant(acme.schema_name):
        assert not ConversationLabel.objects.exists()


# --- parameters -----------------------------------------------------------------------------------
def test_no_route_takes_a_parameter_that_it_does_not_name(boss, acme, things):
    taken = []
    for route, _method in routes("GET"):
        path = path_of(acme, things["acme"].address(route))
        answer = boss.client.get(path, LEAKS, headers=boss.headers)
        document = answer.json() if answer.status_code == 400 else {}
        named = {error.get("parameter") for error in document.get("errors", [])}
        if not named >= LEAKS.keys():
            taken.append((route, answer.status_code, answer.content[:200]))

    assert not taken, "\n".join(map(str, taken))


def test_no_list_takes_a_cursor_that_it_did_not_give(boss, people, acme, globex, things):
    lists = [route for route, _method in routes("GET") if _has_pages(boss, acme, route)]
    assert len(lists) > 5
    neighbour = api_of(people["admin@globex.test"])
    taken = []
    for route in lists:
        path = path_of(acme, things["acme"].address(route))
        for cursor in [*CURSORS, *_cursors(neighbour, globex, things["globex"], route)]:
            answer = boss.client.get(path, {"cursor": cursor}, headers=boss.headers)
            if answer.status_code != 400:
                taken.append((route, cursor, answer.status_code))

    assert not taken, "\n".join(map(str, taken))


def _has_pages(boss: Api, acme, route: str) -> bool:
    if "<" in route:
        return False
    answer = boss.get(path_of(acme, route))
    return answer.status_code == 200 and "next" in answer.json()


def _cursors(neighbour: Api, globex, things: Things, route: str) -> list[str]:
    """Return a cursor of theirs for the same list, if it has a second page."""
    found = neighbour.get(path_of(globex, route) + "?limit=1").json()["next"]
    return [] if found is None else [found.partition("cursor=")[2].partition("&")[0]]


# --- members --------------------------------------------------------------------------------------
def test_no_route_takes_a_member_that_is_not_a_clients_to_say(boss, acme, things, people):
    before = _rows(people)
    taken = []
    for route, method in routes("POST", "PUT", "PATCH"):
        if (route, method) in OF_FILES:
            continue
        path = path_of(acme, things["acme"].address(route))
        answer = send(boss, method, path, MEMBERS)
        if answer.status_code != 400 or not _names_all(answer.json()):
            taken.append((method, route, answer.status_code, answer.content[:200]))

    assert not taken, "\n".join(map(str, taken))
    assert _rows(people) == before


def _names_all(document: dict[str, Any]) -> bool:
    found = {error.get("pointer", "").removeprefix("#/") for error in document.get("errors", [])}
    return found >= MEMBERS.keys()


def _rows(people: dict[str, User]) -> list[Any]:
    """Return what everybody of the cast may do."""
    with context.platform():
        users = User.objects.filter(email__in=people).order_by("pk")
        members = Membership.objects.filter(user__email__in=people).order_by("pk")
        return [
            *users.values_list("email", "is_superuser", "is_active", "token_version"),
            *members.values_list("user", "tenant", "role"),
        ]


# --- methods --------------------------------------------------------------------------------------
def test_no_page_or_route_knows_odd_methods(boss, page, acme, things):
    browser = page("admin@acme.test")
    taken = []
    pages = {route for route, _method in doors.of_pages()} - {"i18n/setlang/"}
    for method in ("TRACE", "PROPFIND"):
        for route in pages:
            answer = browser.generic(method, f"/{things['acme'].address(route)}")
            if answer.status_code != 405:
                taken.append((method, route, answer.status_code))
        for route, _method in routes("GET"):
            answer = boss.send(method, path_of(acme, things["acme"].address(route)))
            if answer.status_code != 405:
                taken.append((method, route, answer.status_code))

    assert not taken, "\n".join(map(str, taken))


def test_looking_changes_nothing(boss, page, acme, things):
    """HEAD and OPTIONS of every route and page leave no trace in the audit log, and break nowhere.

    GET is the table's.
    """
    browser = page("admin@acme.test")
    addresses = [things["acme"].address(route) for route, _method in doors.of_api()]
    shown = [things["acme"].address(route) for route, _method in doors.of_pages()]
    with context.platform():
        before = AuditEvent.objects.count()
    for method in ("HEAD", "OPTIONS"):
        for address in addresses:
            assert boss.send(method, path_of(acme, address)).status_code < 500
        for address in shown:
            assert browser.generic(method, f"/{address}").status_code < 500

    with context.platform():
        assert AuditEvent.objects.count() == before


def test_a_route_of_the_public_host_serves_the_tokens_tenant_only(people, acme, globex):
    boss = api_of(people["admin@acme.test"], public=True)

    assert boss.get(path_of(acme, "users/")).status_code == 200
    check_problem(boss.get(path_of(globex, "users/")), 404, "not_found")
    assert Client(SERVER_NAME="localhost").get("/settings/people/").status_code == 404
