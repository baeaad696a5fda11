"""The pages of numbers: what they show, and that they work without scripts."""

import re

import pytest
from django.utils import timezone

from tenants import context
from tests.api import Queries
from tests.conftest import PHONES
from tests.whatsapp.numbers_at_meta import NUMBER, TOKEN, WABA
from whatsapp.findings import Grade
from whatsapp.models import Job, NumberFact, Phone
from whatsapp.services import facts, health

pytestmark = pytest.mark.django_db
NEW = {"phone_number_id": "106540352249999", "waba_id": WABA, "access_token": TOKEN}


@pytest.fixture
def place(phones):
    return f"/settings/numbers/{phones['acme'].pk}/"


@pytest.fixture
def admin(page, phones):
    return page("admin@acme.test")


def told(acme, phone, *words, **columns) -> None:
    found = [facts.judged(*word, at=timezone.now(), source="WEBHOOK") for word in words]
    with context.tenant(acme.schema_name):
        health.checked(phone=phone, found=found, is_proven=True, at=timezone.now())
        Phone.objects.update(**columns)


def jobs_of(tenant) -> list[Job]:
    with context.tenant(tenant.schema_name):
        return list(Job.objects.order_by("pk"))


def job_of(tenant, **columns) -> Job:
    with context.tenant(tenant.schema_name):
        return Job.objects.create(kind="NUMBER_CHECK", subject=NUMBER, **columns)


@pytest.mark.parametrize("who", ["admin", "ana", "vera"])
def test_everybody_sees_how_the_numbers_are(page, acme, phones, place, who):
    told(acme, phones["acme"], ("quality", "RED"), last_webhook_at=timezone.now())
    reader = page(f"{who}@acme.test")

    listed = reader.get("/settings/numbers/").content.decode()
    shown = reader.get(place).content.decode()

    for html in (listed, shown):
        assert PHONES["acme"][2] in html
        assert 'data-health="DEGRADED"' in html
        assert "Stop broadcasts" in html
        assert "Last message or status: just now" in html
        assert PHONES["globex"][2] not in html
    assert NUMBER in shown
    for act in ("check", "token", "disconnect", "Connect a number"):
        assert (act in f"{shown}{listed}") is (who == "admin") or act in ("check", "token")
    assert ('name="access_token"' in shown) is (who == "admin")
    assert ("Repair and check" in shown) is (who == "admin")


def test_a_number_that_needs_a_token_says_that_nothing_is_lost(admin, acme, phones, place):
    with context.tenant(acme.schema_name):
        health.token_refused(
            tenant=acme, phone_id=phones["acme"].pk, sealed=phones["acme"].access_token_sealed
        )

    html = admin.get(place).content.decode()

    assert 'data-health="AUTH_ERROR"' in html
    assert "stored as always" in html


def test_the_list_costs_the_same_for_any_number_of_numbers(admin, acme, phones):
    with Queries() as few:
        admin.get("/settings/numbers/")
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
        assert admin.get("/settings/numbers/").content.count(b"77777") == 0

    assert len(many) == len(few)


def test_a_number_is_connected_from_its_form(admin, acme):
    answer = admin.post("/settings/numbers/connect", {**NEW, "pin": "", "name": ""})

    (job,) = jobs_of(acme)
    assert answer.status_code == 302
    assert answer["Location"] == f"/settings/numbers/connect/{job.pk}"
    assert job.kind == "NUMBER_CONNECT"
    html = admin.get(answer["Location"]).content.decode()
    assert "Connect a number" in html and TOKEN not in html
    assert f'hx-get="/settings/jobs/{job.pk}"' in html


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ({"phone_number_id": "12ab"}, "digits only"),
        ({"waba_id": ""}, "required"),
        ({"access_token": ""}, "required"),
        ({"access_token": "short"}, "The access token is needed"),
        ({"pin": "12345"}, "six digits"),
        ({"phone_number_id": PHONES["globex"][0]}, "connected already"),
    ],
)
def test_a_form_that_cannot_be_says_why(admin, acme, other, sentence):
    answer = admin.post("/settings/numbers/connect", {**NEW, **other})

    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    assert TOKEN not in answer.content.decode()
    assert jobs_of(acme) == []


def test_the_end_of_connecting_leads_on(admin, acme, phones):
    with context.tenant(acme.schema_name):
        done = Job.objects.create(
            kind="NUMBER_CONNECT", subject=NUMBER, state="DONE", result={"phone": 1}
        )
        failed = Job.objects.create(kind="NUMBER_CONNECT", subject=NUMBER, state="FAILED")

    assert (
        "/settings/numbers/1/" in admin.get(f"/settings/numbers/connect/{done.pk}").content.decode()
    )
    assert b"Try again" in admin.get(f"/settings/numbers/connect/{failed.pk}").content
    other = job_of(acme)
    assert admin.get(f"/settings/numbers/connect/{other.pk}").status_code == 404


@pytest.mark.parametrize(("form", "repair"), [({}, False), ({"repair": "1"}, True)])
def test_a_check_is_started_and_followed(admin, acme, place, form, repair):
    assert admin.post(f"{place}check", form)["Location"] == place

    (job,) = jobs_of(acme)
    assert (job.kind, job.arguments["repair"]) == ("NUMBER_CHECK", repair)
    html = admin.get(place).content.decode()
    assert f'id="job-{job.pk}"' in html and "hx-trigger" in html


def test_a_jobs_progress_is_drawn_step_by_step(admin, acme):
    steps = [
        {"step": "token", "state": Grade.OK, "code": "token_valid", "values": {}},
        {"step": "number", "state": Grade.RUNNING, "code": "", "values": {}},
        {"step": "status", "state": Grade.SKIPPED, "code": "", "values": {}},
        {"step": "limit", "state": Grade.OK, "code": "limit", "values": {"word": "<b>"}},
        {"step": "unheard_of", "state": Grade.OK, "code": "unheard_of", "values": {}},
    ]
    running = job_of(acme, state="RUNNING", steps=steps)

    answer = admin.get(f"/settings/jobs/{running.pk}")
    html = answer.content.decode()

    assert re.findall(r'data-state="(\w+)"', html) == ["OK", "RUNNING", "SKIPPED", "OK", "OK"]
    assert "Meta takes the token." in html and "Asking WhatsApp" in html
    assert "<b>" not in html
    assert "HX-Refresh" not in answer.headers

    with context.tenant(acme.schema_name):
        Job.objects.update(state="DONE")
    ended = admin.get(f"/settings/jobs/{running.pk}")
    assert ended["HX-Refresh"] == "true"
    assert "hx-get" not in ended.content.decode()


def test_a_new_token_is_given(admin, acme, place):
    assert admin.post(f"{place}token", {"access_token": TOKEN})["Location"] == place

    (job,) = jobs_of(acme)
    assert job.kind == "NUMBER_TOKEN" and TOKEN not in job.secret_sealed

    refused = admin.post(f"{place}token", {"access_token": "short"})
    assert refused.status_code == 400
    assert "The access token is needed" in refused.content.decode()
    assert len(jobs_of(acme)) == 1


def test_disconnecting_asks_first(admin, acme, place):
    assert b"Disconnect +55 11 4000-1001?" in admin.get(f"{place}disconnect").content
    with context.tenant(acme.schema_name):
        assert Phone.objects.get().is_connected

    assert admin.post(f"{place}disconnect")["Location"] == "/settings/numbers/"

    with context.tenant(acme.schema_name):
        assert not Phone.objects.get().is_connected
    assert "not connected any more" in admin.get(place).content.decode()
    assert admin.post(f"{place}check").status_code == 409


ACTS = ["connect", "{pk}/check", "{pk}/token", "{pk}/disconnect"]


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("who", ["ana", "vera"])
def test_only_admins_change_numbers(page, acme, phones, act, who):
    address = f"/settings/numbers/{act.format(pk=phones['acme'].pk)}"

    assert page(f"{who}@acme.test").post(address, NEW).status_code == 403
    assert jobs_of(acme) == []


@pytest.mark.parametrize("act", ["", "check", "token", "disconnect"])
def test_another_tenants_number_is_missing(page, acme, globex, phones, act):
    with context.tenant(globex.schema_name):
        other = Phone.objects.create(pk=900_001, phone_number_id="777777", waba_id=WABA)
    address = f"/settings/numbers/{other.pk}/{act}"
    admin = page("admin@acme.test")

    answer = admin.post(address, {"access_token": TOKEN}) if act else admin.get(address)

    assert answer.status_code == 404


def test_another_tenants_job_is_missing(page, acme, globex, phones):
    job = job_of(globex)

    assert page("admin@acme.test").get(f"/settings/jobs/{job.pk}").status_code == 404
    assert page("vera@globex.test").get(f"/settings/jobs/{job.pk}").status_code == 200
