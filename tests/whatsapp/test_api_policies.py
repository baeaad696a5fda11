import json

import pytest

from tenants import context
from tenants.models import AuditEvent
from tests.api import api_of, check_problem
from whatsapp.models import Phone

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(acme, phones):
    return f"/api/v1/tenant/{acme.pk}/phones/{phones['acme'].pk}/read-policy"


def patch(api, place, body):
    return api.send("PATCH", place, json.dumps(body).encode(), "application/json")


def kept(tenant):
    with context.tenant(tenant.schema_name):
        return Phone.objects.get().read_policy


def test_an_admin_decides_when_customers_see_that_they_were_read(people, place, acme):
    admin = api_of(people["admin@acme.test"])

    response = patch(admin, place, {"read_policy": "NEVER"})

    assert response.status_code == 200
    assert response.json()["read_policy"] == kept(acme) == "NEVER"
    with context.platform():
        (event,) = AuditEvent.objects.filter(action="number.read_policy_changed")
        assert event.changes == {"from": "ON_OPEN", "to": "NEVER"}


def test_a_choice_that_changes_nothing_leaves_no_trace(people, place):
    assert patch(api_of(people["admin@acme.test"]), place, {"read_policy": "ON_OPEN"}).status_code

    with context.platform():
        assert not AuditEvent.objects.filter(action="number.read_policy_changed").exists()


@pytest.mark.parametrize("who", ["ana@acme.test", "vera@acme.test"])
def test_nobody_else_decides(people, place, acme, who):
    check_problem(patch(api_of(people[who]), place, {"read_policy": "NEVER"}), 403, "forbidden")

    assert kept(acme) == "ON_OPEN"


def test_another_tenants_number_is_missing(people, place, acme, globex, phones):
    stranger = api_of(people["admin@globex.test"], public=True)
    own = api_of(people["admin@acme.test"])

    check_problem(patch(stranger, place, {"read_policy": "NEVER"}), 404, "not_found")
    missing = f"/api/v1/tenant/{acme.pk}/phones/999/read-policy"
    check_problem(patch(own, missing, {"read_policy": "NEVER"}), 404, "not_found")
    assert kept(acme) == kept(globex) == "ON_OPEN"


@pytest.mark.parametrize(
    "body", [{}, {"read_policy": "never"}, {"read_policy": None}, [], {"x": 1}]
)
def test_anything_else_is_refused(people, place, acme, body):
    response = patch(api_of(people["admin@acme.test"]), place, body)

    check_problem(response, 400, "invalid")
    assert kept(acme) == "ON_OPEN"
