import pytest

from tenants import context
from tenants.models import AuditEvent
from tests.api import api_of, check_problem
from whatsapp.models import Phone

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(acme, phones):
    return f"/api/v1/tenant/{acme.pk}/phones/{phones['acme'].pk}/"


def patch(api, place, body):
    return api.tell("PATCH", place, body)


def kept(tenant):
    with context.tenant(tenant.schema_name):
        return Phone.objects.get().read_policy


def test_an_admin_decides_when_customers_see_that_they_were_read(people, place, acme):
    admin = api_of(people["admin@acme.test"])

    response = patch(admin, place, {"read_policy": "NEVER"})

    assert response.status_code == 200
    assert response.json()["read_policy"] == kept(acme) == "NEVER"
    with context.platform():
        (event,) = AuditEvent.objects.filter(action="number.changed")
        assert event.changes == {
            "fields": ["read_policy"],
            "read_policy": ["ON_OPEN", "NEVER"],
        }


def test_a_choice_that_changes_nothing_leaves_no_trace(people, place):
    assert patch(api_of(people["admin@acme.test"]), place, {"read_policy": "ON_OPEN"}).status_code

    with context.platform():
        assert not AuditEvent.objects.filter(action="number.changed").exists()


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_an_admin_names_a_number_and_the_log_holds_no_name(people, place, acme, method):
    admin = api_of(people["admin@acme.test"])

    response = admin.send(method, place, b'{"name": "Loja Sul"}', "application/json")

    assert response.json()["name"] == admin.get(place).json()["name"] == "Loja Sul"
    assert response.json()["read_policy"] == kept(acme) == "ON_OPEN"
    with context.platform():
        (event,) = AuditEvent.objects.filter(action="number.changed")
        assert event.changes == {"fields": ["name"]}


@pytest.mark.parametrize("who", ["ana@acme.test", "vera@acme.test"])
def test_nobody_else_decides(people, place, acme, who):
    check_problem(patch(api_of(people[who]), place, {"read_policy": "NEVER"}), 403, "forbidden")

    assert kept(acme) == "ON_OPEN"


def test_another_tenants_number_is_missing(people, place, acme, globex, phones):
    stranger = api_of(people["admin@globex.test"], public=True)
    own = api_of(people["admin@acme.test"])

    check_problem(patch(stranger, place, {"read_policy": "NEVER"}), 404, "not_found")
    missing = f"/api/v1/tenant/{acme.pk}/phones/999/"
    check_problem(patch(own, missing, {"read_policy": "NEVER"}), 404, "not_found")
    assert kept(acme) == kept(globex) == "ON_OPEN"


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"x": 1},
        {"read_policy": "never"},
        {"read_policy": None},
        {"name": ""},
        {"name": "a" * 121},
    ],
)
def test_anything_else_is_refused(people, place, acme, body):
    response = patch(api_of(people["admin@acme.test"]), place, body)

    check_problem(response, 400, "invalid")
    assert kept(acme) == "ON_OPEN"
