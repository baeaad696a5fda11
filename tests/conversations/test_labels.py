"""Labels: made by admins, put on and taken off by who answers, and the routes of both."""

import pytest
from django.utils import timezone

from conversations.models import Conversation, ConversationLabel, Label
from conversations.services import labels as services
from tenants import context
from tenants.errors import NotFoundError
from tenants.feed.models import Change
from tests.api import Api, api_of, check_problem, key_of
from tests.conversations.sending import conversation_with, message_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def base(acme) -> str:
    return f"/api/v1/tenant/{acme.pk}"


@pytest.fixture
def admin(people) -> Api:
    return api_of(people["admin@acme.test"])


@pytest.fixture
def ana(people) -> Api:
    return api_of(people["ana@acme.test"])


@pytest.fixture
def conversation(phones, acme) -> Conversation:
    with context.tenant(acme.schema_name):
        made = conversation_with("5511987654321", phone=phones["acme"], opened_at=timezone.now())
        made.last_message = message_in(made, status="RECEIVED", wamid="w1")
        made.last_message_at = made.last_message.timestamp
        made.save()
        return made


@pytest.fixture
def labels(acme) -> list[Label]:
    with context.tenant(acme.schema_name):
        return [Label.objects.create(name=name) for name in ("Trocas", "Atacado")]


def changes(tenant) -> int:
    with context.tenant(tenant.schema_name):
        return Change.objects.count()


def test_a_label_is_made_changed_and_deleted(admin, ana, base):
    made = admin.post(f"{base}/labels/", {"name": "  Trocas ", "color": "ORANGE"})
    place = made["Location"]

    assert made.status_code == 201
    assert made.json() == {"id": made.json()["id"], "name": "Trocas", "color": "ORANGE", "used": 0}
    changed = admin.tell("PATCH", place, {"name": "Troca"}).json()
    assert (changed["name"], changed["color"]) == ("Troca", "ORANGE")
    assert ana.get(f"{base}/labels/").json()["results"] == [changed]
    assert admin.send("DELETE", place).status_code == 204
    check_problem(admin.get(place), 404, "not_found")


def test_a_name_is_one_label_in_any_case(admin, base, labels):
    check_problem(admin.post(f"{base}/labels/", {"name": "TROCAS"}), 409, "label_exists")
    other = f"{base}/labels/{labels[1].pk}/"
    check_problem(admin.tell("PATCH", other, {"name": "trocas"}), 409, "label_exists")


def test_one_that_is_used_goes_only_if_that_is_meant(admin, ana, base, conversation, labels, acme):
    place = f"{base}/labels/{labels[0].pk}/"
    ana.tell("PUT", f"{base}/conversations/{conversation.pk}/labels/{labels[0].pk}")

    refused = check_problem(admin.send("DELETE", place), 409, "label_in_use")
    assert "1 conversation" in refused["detail"]
    assert admin.send("DELETE", f"{place}?take_off=true").status_code == 204
    with context.tenant(acme.schema_name):
        assert not ConversationLabel.objects.exists()
    assert changes(acme) == 2


def test_a_conversation_is_labelled_once_and_found_by_it(ana, base, conversation, labels, acme):
    first, second = labels
    place = f"{base}/conversations/{conversation.pk}/labels"

    for _ in range(2):
        shown = ana.tell("PUT", f"{place}/{first.pk}").json()["results"]
    assert [one["name"] for one in shown] == ["Trocas"]
    both = ana.tell("PUT", place, {"labels": [first.pk, second.pk, first.pk]}).json()
    assert [one["name"] for one in both["results"]] == ["Atacado", "Trocas"]
    assert both == ana.get(place).json()
    read = ana.get(f"{base}/conversations/{conversation.pk}/").json()
    assert read["labels"] == both["results"]

    def found(query: str) -> int:
        return len(ana.get(f"{base}/conversations/?label={query}").json()["results"])

    assert found(f"{first.pk},{second.pk}") == 1
    left = ana.tell("DELETE", f"{place}/{first.pk}").json()["results"]
    assert [one["name"] for one in left] == ["Atacado"]
    assert (found(f"{second.pk}"), found(f"{first.pk},{second.pk}")) == (1, 0)
    assert changes(acme) == 3


def test_one_that_was_deleted_meanwhile_stays_deleted(acme, actor, labels):
    admin = actor("admin@acme.test")
    with context.tenant(acme.schema_name):
        Label.objects.all().delete()

        with pytest.raises(NotFoundError):
            services.change(actor=admin, label=labels[0], name="Troca")
        with pytest.raises(NotFoundError):
            services.delete(actor=admin, label=labels[0])
        assert not Label.objects.exists()


@pytest.mark.parametrize("wanted", [[0], ["1"], [True], None, "1", [2**63], list(range(1, 52))])
def test_an_odd_set_is_refused(ana, base, conversation, labels, wanted, acme):
    place = f"{base}/conversations/{conversation.pk}/labels"

    check_problem(ana.tell("PUT", place, {"labels": wanted}), 400, "invalid")
    problem = check_problem(ana.tell("PUT", place, {"labels": [999]}), 400, "label_unknown")
    assert problem["errors"][0]["pointer"] == "#/labels"
    assert changes(acme) == 0


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "\u2003 "},
        {"name": "a" * 41},
        {"name": "A", "color": "orange"},
        {"x": 1},
    ],
)
def test_an_odd_label_is_refused(admin, base, body, acme):
    check_problem(admin.post(f"{base}/labels/", body), 400, "invalid")
    with context.tenant(acme.schema_name):
        assert not Label.objects.exists()


def test_another_tenants_are_missing(people, base, globex, conversation, labels, acme):
    with context.tenant(globex.schema_name):
        for number in range(5):
            theirs = Label.objects.create(name=f"L{number}")
    own = api_of(people["admin@acme.test"])
    stranger = api_of(people["admin@globex.test"], public=True)
    place = f"{base}/conversations/{conversation.pk}/labels"

    check_problem(stranger.get(f"{base}/labels/"), 404, "not_found")
    for method, path in (
        ("GET", f"{base}/labels/{theirs.pk}/"),
        ("DELETE", f"{base}/labels/{theirs.pk}/"),
        ("PUT", f"{place}/{theirs.pk}"),
        ("DELETE", f"{place}/{theirs.pk}"),
    ):
        check_problem(own.tell(method, path), 404, "not_found")
    check_problem(own.tell("PUT", place, {"labels": [theirs.pk]}), 400, "label_unknown")


def test_an_operator_makes_none_and_a_program_does(people, ana, base, acme):
    program = Api("localhost", key_of(people["admin@acme.test"], acme, "conversations:write"))

    check_problem(ana.post(f"{base}/labels/", {"name": "A"}), 403, "forbidden")
    assert program.post(f"{base}/labels/", {"name": "A"}).status_code == 201
