"""Business profiles by the API, on their page and in their jobs, at the simulator."""

from datetime import timedelta

import pytest
import responses
from django.utils import timezone

from tenants import context
from tenants.models import AuditEvent
from tests.api import Api, api_of, check_problem
from tests.conftest import PHONES
from tests.whatsapp import simulated
from tests.whatsapp.raw_meta import refused
from whatsapp.models import BusinessProfile, Job, Phone
from whatsapp.services import profile_jobs, working

pytestmark = pytest.mark.django_db

NUMBER = PHONES["acme"][0]


@pytest.fixture
def place(acme, phones) -> str:
    return f"/api/v1/tenant/{acme.pk}/phones/{phones['acme'].pk}/profile"


@pytest.fixture
def page_place(phones) -> str:
    return f"/settings/numbers/{phones['acme'].pk}/profile"


@pytest.fixture
def boss(people) -> Api:
    return api_of(people["admin@acme.test"])


@pytest.fixture
def known(acme, phones) -> BusinessProfile:
    with context.tenant(acme.schema_name):
        return BusinessProfile.objects.create(
            phone=phones["acme"],
            about="Pão quente",
            websites=["https://a.example"],
            vertical="RETAIL",
            read_at=timezone.now(),
        )


def patch(api: Api, path: str, body: object):
    return api.tell("PATCH", path, body)


def run_all(tenant) -> list[Job]:
    with context.tenant(tenant.schema_name):
        for job in Job.objects.filter(state="QUEUED").order_by("pk"):
            working.run(job_id=job.pk)
        return list(Job.objects.order_by("pk"))


def kept(tenant) -> BusinessProfile:
    with context.tenant(tenant.schema_name):
        return BusinessProfile.objects.get()


# --- with the simulator ---------------------------------------------------------------------------
def test_a_change_reaches_meta_and_comes_back(boss, place, acme, settings):
    with simulated.serving(settings) as meta:
        answer = patch(boss, place, {"about": "Olá!", "websites": ["https://b.example"]})
        (job,) = run_all(acme)

        assert answer.status_code == 202
        assert (job.kind, job.state, job.error) == ("PROFILE_EDIT", "DONE", "")
        assert meta.number(NUMBER)["profile"] == {
            "about": "Olá!",
            "websites": ["https://b.example"],
        }
    shown = boss.get(place).json()
    assert (shown["about"], shown["websites"]) == ("Olá!", ["https://b.example"])
    assert shown["read_at"] is not None
    with context.platform():
        (event,) = AuditEvent.objects.filter(action="number.profile_edit_asked")
    assert event.changes == {"fields": ["about", "websites"]}


def test_what_was_changed_elsewhere_is_read_anew(boss, place, acme, phones, known, settings):
    with simulated.serving(settings):
        first = boss.post(f"{place}/refresh")
        again = boss.post(f"{place}/refresh")
        run_all(acme)

    assert first.status_code == 202
    assert first.json() == again.json()
    assert (kept(acme).about, kept(acme).websites) == ("", [])


# --- jobs -----------------------------------------------------------------------------------------
def test_profiles_are_read_once_a_day(acme, phones):
    now = timezone.now()

    def asked() -> list[str]:
        profile_jobs.renew(now=now)
        return list(Job.objects.order_by("pk").values_list("kind", "subject"))

    with context.tenant(acme.schema_name):
        assert asked() == [("PROFILE_READ", NUMBER)]
        assert asked() == [("PROFILE_READ", NUMBER)]
        Job.objects.all().delete()
        profile = BusinessProfile.objects.create(phone=phones["acme"], read_at=now)
        assert asked() == []
        profile.read_at = now - timedelta(days=1, minutes=1)
        profile.save()
        Phone.objects.update(health="AUTH_ERROR")
        assert asked() == []
        Phone.objects.update(health="OK")
        assert asked() == [("PROFILE_READ", NUMBER)]


def test_a_dead_token_marks_the_number(acme, phones, settings, boss, place):
    settings.GRAPH_API_URL = "https://graph.test"
    patch(boss, place, {"about": "Olá"})
    with responses.RequestsMock() as meta:
        url = f"https://graph.test/v25.0/{NUMBER}/whatsapp_business_profile"
        meta.post(url, json=refused(190), status=401)
        (job,) = run_all(acme)

    assert (job.state, job.error_code) == ("FAILED", 190)
    with context.tenant(acme.schema_name):
        assert Phone.objects.get().health == "AUTH_ERROR"


# --- the API --------------------------------------------------------------------------------------
def test_everybody_reads_what_is_kept(people, place, known):
    vera = api_of(people["vera@acme.test"])

    shown = vera.get(place).json()

    assert (shown["about"], shown["vertical"]) == ("Pão quente", "RETAIL")


def test_what_was_never_read_is_empty(boss, place):
    shown = boss.get(place).json()

    assert (shown["about"], shown["websites"], shown["read_at"]) == ("", [], None)


def test_only_admins_change_it(people, place, acme):
    for who in ("ana@acme.test", "vera@acme.test"):
        other = api_of(people[who])
        check_problem(patch(other, place, {"about": "x"}), 403, "forbidden")
        check_problem(other.post(f"{place}/refresh"), 403, "forbidden")
    assert run_all(acme) == []


def test_another_tenants_number_does_not_exist(people, place, acme, globex, phones):
    public = api_of(people["admin@globex.test"], public=True)
    own = api_of(people["admin@globex.test"])
    missing = f"/api/v1/tenant/{globex.pk}/phones/999/profile"

    for answer in (
        public.get(place),
        patch(public, place, {"about": "x"}),
        public.post(f"{place}/refresh"),
        own.get(missing),
        patch(own, missing, {"about": "x"}),
        own.post(f"{missing}/refresh"),
    ):
        check_problem(answer, 404, "not_found")
    assert run_all(acme) == []


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"about": "a" * 140, "email": "nobody"}, ["#/about", "#/email"]),
        ({"websites": ["https://a.example", "x"]}, ["#/websites/1"]),
        ({"vertical": "BAKERY"}, ["#/vertical"]),
        ({"about": 3}, ["#/about"]),
        ({"x": 1}, ["#/x"]),
        ({}, ["#"]),
    ],
)
def test_what_meta_would_refuse_is_named(boss, place, acme, body, pointers):
    problem = check_problem(patch(boss, place, body), 400, "invalid")

    assert [error["pointer"] for error in problem["errors"]] == pointers
    assert run_all(acme) == []


def test_a_number_that_was_let_go_has_no_profile_to_change(boss, place, acme):
    with context.tenant(acme.schema_name):
        Phone.objects.update(status="INACTIVE")

    check_problem(patch(boss, place, {"about": "x"}), 409, "number_away")
    check_problem(boss.post(f"{place}/refresh"), 409, "number_away")


# --- the page -------------------------------------------------------------------------------------
FORM = {
    "about": "Pão quente",
    "description": "",
    "address": "",
    "email": "",
    "website_1": "https://a.example",
    "website_2": "",
    "vertical": "RETAIL",
}


def test_the_page_shows_the_profile_and_sends_what_changed(page, page_place, known, acme):
    admin = page("admin@acme.test")
    shown = admin.get(page_place).content.decode()
    assert "Pão quente" in shown
    assert "https://a.example" in shown

    answer = admin.post(page_place, {**FORM, "about": "Bolo", "website_2": "https://b.example"})

    assert answer["Location"] == page_place
    with context.tenant(acme.schema_name):
        (job,) = Job.objects.all()
    changes = {"about": "Bolo", "websites": ["https://a.example", "https://b.example"]}
    assert job.arguments["changes"] == changes
    waiting = admin.get(page_place).content.decode()
    assert "Waiting for WhatsApp" in waiting
    assert "Bolo" in waiting  # what is on its way is shown, not what was


def test_the_page_says_why_whatsapp_refused(page, page_place, known, acme):
    admin = page("admin@acme.test")
    admin.post(page_place, {**FORM, "about": "Bolo"})
    with context.tenant(acme.schema_name):
        Job.objects.update(state="FAILED", error="No such thing.")

    shown = admin.get(page_place).content.decode()

    assert "No such thing." in shown
    assert "Bolo" in shown


def test_the_page_sends_nothing_when_nothing_changed(page, page_place, known, acme):
    admin = page("admin@acme.test")

    assert admin.post(page_place, FORM)["Location"] == page_place
    page_again = admin.get(page_place).content.decode()
    assert 'class="toast good"' in page_again  # a word of success is no alarm
    assert run_all(acme) == []


def test_the_page_names_what_is_wrong_beside_its_field(page, page_place, known, acme):
    bad = {**FORM, "about": "", "website_1": "", "website_2": "x", "email": "nobody"}

    answer = page("admin@acme.test").post(page_place, bad)

    shown = answer.content.decode()
    assert answer.status_code == 400
    assert shown.count('class="error"') == 3
    assert "This has to be an e-mail address." in shown
    assert page("admin@acme.test").post(page_place, {**FORM, "vertical": "X"}).status_code == 400
    assert run_all(acme) == []


def test_the_page_reads_it_anew(page, page_place, acme, phones):
    admin = page("admin@acme.test")

    assert admin.post(f"{page_place}/refresh")["Location"] == page_place
    with context.tenant(acme.schema_name):
        assert Job.objects.get().kind == "PROFILE_READ"


def test_the_page_is_for_the_tenants_admins(page, page_place, phones):
    for path, method in (
        (page_place, "GET"),
        (page_place, "POST"),
        (f"{page_place}/refresh", "POST"),
    ):
        assert page("ana@acme.test").generic(method, path).status_code == 403
        missing = path.replace(f"/{phones['acme'].pk}/", "/999/")
        assert page("admin@globex.test").generic(method, missing).status_code == 404
