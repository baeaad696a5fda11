"""Notes: for the team alone, changed by who wrote them, and the route that sends again."""

import pytest
from django.utils import timezone

from conversations.models import Conversation, Message, Note
from tenants import context
from tenants.feed.models import Change
from tests.api import Api, api_of, check_problem, key_of
from tests.conversations.sending import conversation_with, message_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def conversation(phones, acme) -> Conversation:
    with context.tenant(acme.schema_name):
        return conversation_with("5511987654321", phone=phones["acme"], opened_at=timezone.now())


@pytest.fixture
def place(acme, conversation) -> str:
    return f"/api/v1/tenant/{acme.pk}/conversations/{conversation.pk}/notes"


@pytest.fixture
def ana(people) -> Api:
    return api_of(people["ana@acme.test"])


@pytest.fixture
def admin(people) -> Api:
    return api_of(people["admin@acme.test"])


def kept(tenant) -> list[str]:
    with context.tenant(tenant.schema_name):
        return list(Note.objects.order_by("pk").values_list("body", flat=True))


def test_a_note_is_written_changed_and_forgotten(ana, place, acme):
    made = ana.post(place, {"body": " Prefere retirar na loja.\n"})
    note = f"{place}/{made.json()['id']}"

    assert made.status_code == 201
    assert made.json()["body"] == "Prefere retirar na loja."
    assert made.json()["author"]["name"] == "Ana"
    changed = ana.tell("PATCH", note, {"body": "Retira na loja."}).json()
    assert (changed["body"], changed["edited_at"] is None) == ("Retira na loja.", False)
    assert ana.tell("DELETE", note).status_code == 204
    (listed,) = ana.get(place).json()["results"]
    assert (listed["body"], listed["deleted_at"] is None) == ("", False)
    check_problem(ana.tell("PATCH", note, {"body": "x"}), 404, "not_found")
    check_problem(ana.tell("DELETE", note), 404, "not_found")
    assert kept(acme) == [""]
    with context.tenant(acme.schema_name):
        assert Change.objects.filter(kind="CONVERSATION").count() == 3


def test_nothing_of_it_is_ever_sent(ana, place, acme):
    ana.post(place, {"body": "Cliente difícil"})

    with context.tenant(acme.schema_name):
        assert not Message.objects.exists()


def test_it_is_changed_by_who_wrote_it_or_an_admin(people, ana, admin, place, acme):
    mine = ana.post(place, {"body": "a"}).json()["id"]
    theirs = admin.post(place, {"body": "b"}).json()["id"]
    program = Api("localhost", key_of(people["admin@acme.test"], acme, "conversations:write"))
    its = program.post(place, {"body": "c"}).json()

    assert (its["author"], its["api_key"]["name"]) == (None, "Loja")
    check_problem(ana.tell("PATCH", f"{place}/{theirs}", {"body": "x"}), 403, "not_yours")
    check_problem(program.tell("DELETE", f"{place}/{mine}"), 403, "not_yours")
    assert program.tell("PATCH", f"{place}/{its['id']}", {"body": "d"}).status_code == 200
    assert admin.tell("DELETE", f"{place}/{mine}").status_code == 204
    assert kept(acme) == ["", "b", "d"]


@pytest.mark.parametrize("body", [{}, {"body": ""}, {"body": 1}, {"body": "x" * 4001}, {"x": "y"}])
def test_an_odd_note_is_refused(ana, place, acme, body):
    check_problem(ana.post(place, body), 400, "invalid")
    assert kept(acme) == []


def test_what_no_database_can_hold_is_cleaned(ana, place, acme):
    assert ana.post(place, {"body": "a\x00b"}).status_code in (201, 400)
    assert all("\x00" not in body for body in kept(acme))


def test_it_belongs_to_its_conversation_and_tenant(people, ana, place, acme, phones):
    note = ana.post(place, {"body": "a"}).json()["id"]
    with context.tenant(acme.schema_name):
        other = conversation_with("5511987654322", phone=phones["acme"], opened_at=None)
    elsewhere = f"/api/v1/tenant/{acme.pk}/conversations/{other.pk}/notes/{note}"
    stranger = api_of(people["admin@globex.test"], public=True)
    viewer = api_of(people["vera@acme.test"])

    check_problem(ana.tell("DELETE", elsewhere), 404, "not_found")
    check_problem(stranger.post(place, {"body": "x"}), 404, "not_found")
    check_problem(stranger.get(place), 404, "not_found")
    check_problem(viewer.post(place, {"body": "x"}), 403, "forbidden")
    assert viewer.get(place).status_code == 200
    assert kept(acme) == ["a"]


def test_a_failed_message_is_sent_again_once(ana, conversation, acme, people):
    with context.tenant(acme.schema_name):
        failed = message_in(conversation, status="FAILED", error_code=131000)
        sent = message_in(conversation, status="DELIVERED")
    base = f"/api/v1/tenant/{acme.pk}/messages"

    again = ana.post(f"{base}/{failed.pk}/retry")

    assert again.status_code == 202
    assert (again.json()["retry_of"], again.json()["status"]) == (failed.pk, "PENDING")
    assert ana.get(f"{base}/{again.json()['id']}/").json() == again.json()
    check_problem(ana.post(f"{base}/{failed.pk}/retry"), 409, "send_again_refused")
    check_problem(ana.post(f"{base}/{sent.pk}/retry"), 409, "send_again_refused")
    check_problem(ana.post(f"{base}/999999/retry"), 404, "not_found")
    viewer = api_of(people["vera@acme.test"])
    check_problem(viewer.post(f"{base}/{failed.pk}/retry"), 403, "forbidden")
