"""The routes about numbers: what they show, what they start, and whom they refuse."""

import json

import pytest
from django.utils import timezone

from tenants import context
from tests.api import Queries, api_of, check_problem
from tests.conftest import PHONES
from tests.whatsapp.numbers_at_meta import NUMBER, TOKEN, WABA
from whatsapp.models import Job, NumberFact, Phone
from whatsapp.services import facts, health
from whatsapp.webhooks.models import PhoneRoute

pytestmark = pytest.mark.django_db
NEW = {"phone_number_id": "106540352249999", "waba_id": WABA, "access_token": TOKEN}


@pytest.fixture
def base(acme, phones):
    return f"/api/v1/tenant/{acme.pk}/phones"


@pytest.fixture
def admin(people):
    return api_of(people["admin@acme.test"])


@pytest.fixture
def red(acme, phones):
    """A word of Meta's on the quality of acme's number."""
    fact = facts.judged("quality", "RED", at=timezone.now(), source="WEBHOOK")
    with context.tenant(acme.schema_name):
        health.checked(phone=phones["acme"], found=[fact], is_proven=True, at=timezone.now())


def jobs_of(tenant) -> list[Job]:
    with context.tenant(tenant.schema_name):
        return list(Job.objects.order_by("pk"))


def test_everybody_reads_the_numbers_and_their_evidence(people, base, phones, red):
    viewer = api_of(people["vera@acme.test"])

    listed = viewer.get(f"{base}/").json()["results"]
    one = viewer.get(f"{base}/{phones['acme'].pk}/").json()

    assert listed == [one]
    assert (one["phone_number_id"], one["health"]) == (NUMBER, "DEGRADED")
    (fact,) = one["facts"]
    assert (fact["matter"], fact["word"], fact["state"]) == ("quality", "RED", "PROBLEM")
    assert fact["what"].startswith("Low")
    assert fact["fix"]
    assert "token-of" not in json.dumps(listed) and "sealed" not in json.dumps(listed)


def test_a_list_costs_the_same_for_any_number_of_numbers(people, base, acme, phones, red):
    viewer = api_of(people["vera@acme.test"])
    with Queries() as few:
        viewer.get(f"{base}/")
    with context.tenant(acme.schema_name):
        for index in range(5):
            phone = Phone.objects.create(phone_number_id=f"77777{index}", waba_id=WABA)
            NumberFact.objects.create(
                phone=phone,
                matter="quality",
                word="RED",
                grade="PROBLEM",
                code="quality_red",
                source="CHECK",
                at=timezone.now(),
            )
    with Queries() as many:
        assert len(viewer.get(f"{base}/").json()["results"]) == 6

    assert len(many) == len(few)


def test_connecting_starts_a_job_that_holds_the_token_sealed(admin, base, acme):
    response = admin.post(f"{base}/", {**NEW, "pin": "123456", "name": "Loja"})

    assert response.status_code == 202
    (job,) = jobs_of(acme)
    assert response.json()["id"] == job.pk
    assert (job.kind, job.subject) == ("NUMBER_CONNECT", NEW["phone_number_id"])
    assert TOKEN not in f"{response.content}{job.arguments}{job.secret_sealed}"
    assert "123456" not in f"{response.content}{job.arguments}{job.secret_sealed}"
    with context.platform():
        assert not PhoneRoute.objects.filter(phone_number_id=NEW["phone_number_id"]).exists()


def test_a_number_of_somebody_else_is_taken_and_nobody_is_named(admin, base, acme):
    response = admin.post(f"{base}/", {**NEW, "phone_number_id": PHONES["globex"][0]})

    check_problem(response, 409, "number_taken")
    assert b"lobex" not in response.content
    assert jobs_of(acme) == []


@pytest.mark.parametrize(
    ("other", "place"),
    [
        ({"phone_number_id": "12ab"}, "#/phone_number_id"),
        ({"waba_id": ""}, "#/waba_id"),
        ({"access_token": ""}, "#/access_token"),
        ({"access_token": "x" * 2049}, "#/access_token"),
        ({"pin": "12345"}, "#/pin"),
        ({"meta_app": -1}, "#/meta_app"),
        ({"status": "ACTIVE"}, "#/status"),
    ],
)
def test_bad_input_names_its_place(admin, base, acme, other, place):
    problem = check_problem(admin.post(f"{base}/", {**NEW, **other}), 400, "invalid")

    assert [error["pointer"] for error in problem["errors"]] == [place]
    assert jobs_of(acme) == []


def test_a_token_that_cannot_be_one_is_refused(admin, base, acme):
    response = admin.post(f"{base}/", {**NEW, "access_token": "short"})

    check_problem(response, 400, "number_invalid")


def test_an_app_of_somebody_else_is_missing(admin, base):
    check_problem(admin.post(f"{base}/", {**NEW, "meta_app": 999}), 404, "not_found")


@pytest.mark.parametrize(
    ("route", "body", "kind"),
    [
        ("check", {}, "NUMBER_CHECK"),
        ("check", {"repair": True}, "NUMBER_CHECK"),
        ("token", {"access_token": TOKEN}, "NUMBER_TOKEN"),
    ],
)
def test_checking_and_a_new_token_are_jobs(admin, base, acme, phones, route, body, kind):
    response = admin.post(f"{base}/{phones['acme'].pk}/{route}", body)

    assert response.status_code == 202
    assert response.json()["kind"] == kind
    (job,) = jobs_of(acme)
    assert job.arguments.get("repair", False) is body.get("repair", False)
    shown = admin.get(f"/api/v1/tenant/{acme.pk}/jobs/{job.pk}/").json()
    assert shown["subject"] == NUMBER
    assert TOKEN not in json.dumps(shown)


@pytest.mark.parametrize(
    ("route", "body"),
    [("check", {"repair": "maybe"}), ("check", {"x": 1}), ("token", {}), ("token", {"x": 1})],
)
def test_bad_input_about_a_number_is_refused(admin, base, phones, route, body):
    check_problem(admin.post(f"{base}/{phones['acme'].pk}/{route}", body), 400, "invalid")


def test_disconnecting_forgets_the_token_and_keeps_the_history(admin, base, acme, phones):
    place = f"{base}/{phones['acme'].pk}/"

    assert admin.send("DELETE", place).status_code == 204

    shown = admin.get(place).json()
    assert shown["status"] == "INACTIVE"
    with context.tenant(acme.schema_name):
        assert Phone.objects.get().access_token_sealed == ""
    with context.platform():
        assert not PhoneRoute.objects.filter(phone_number_id=NUMBER).exists()
    check_problem(admin.send("DELETE", place), 409, "number_away")
    check_problem(admin.post(f"{place}check", {}), 409, "number_away")


ACTS = [
    ("POST", "", NEW),
    ("PATCH", "{id}/", {"name": "Loja"}),
    ("PUT", "{id}/", {"name": "Loja"}),
    ("POST", "{id}/check", {}),
    ("POST", "{id}/token", {"access_token": TOKEN}),
    ("DELETE", "{id}/", None),
]


def act(api, base, phones, method, route, body):
    return api.tell(method, f"{base}/{route.format(id=phones['acme'].pk)}", body)


@pytest.mark.parametrize("who", ["ana@acme.test", "vera@acme.test"])
@pytest.mark.parametrize(("method", "route", "body"), ACTS)
def test_only_admins_change_anything(people, base, acme, phones, who, method, route, body):
    response = act(api_of(people[who]), base, phones, method, route, body)

    check_problem(response, 403, "forbidden")
    assert jobs_of(acme) == []


@pytest.mark.parametrize(
    ("method", "route", "body"), [*ACTS, ("GET", "", None), ("GET", "{id}/", None)]
)
def test_another_tenants_numbers_are_missing(people, base, acme, phones, method, route, body):
    stranger = api_of(people["admin@globex.test"], public=True)
    response = act(stranger, base, phones, method, route, body)

    check_problem(response, 404, "not_found")
    assert jobs_of(acme) == []


@pytest.mark.parametrize(("method", "route", "body"), [*ACTS[1:], ("GET", "{id}/", None)])
def test_a_number_that_is_not_there_is_missing(admin, base, method, route, body):
    response = admin.tell(method, f"{base}/{route.format(id=999)}", body)

    check_problem(response, 404, "not_found")
