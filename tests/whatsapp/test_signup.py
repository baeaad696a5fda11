"""Embedded Signup: page, API, the exchange of the code, and the whole way at the simulator."""

import logging
from datetime import timedelta

import pytest
import responses
from django.utils import timezone

from tenants import context
from tenants.models import AuditEvent
from tests.api import Api, api_of, check_problem
from tests.conftest import APP_SECRET
from tests.whatsapp import simulated
from tests.whatsapp.raw_meta import refused
from whatsapp import errors
from whatsapp.client import CloudApiClient, signup
from whatsapp.models import Job, Phone
from whatsapp.services import working
from whatsapp.webhooks.models import MetaApp, PhoneRoute

pytestmark = pytest.mark.django_db

CODE = "AQBhlXsctMxJYbwbrpybxlo9tLPGy-QAmjBJA03j"
IDS = {"waba_id": "102290129340777", "phone_number_id": "106540352242777"}
GIVEN = {"code": CODE, **IDS}
URL = "https://graph.test/v25.0/oauth/access_token"
PAGE = "/settings/numbers/signup"


@pytest.fixture(autouse=True)
def offered(settings):
    settings.META_SIGNUP_CONFIG_ID = "4711"
    settings.GRAPH_API_URL = "https://graph.test"


@pytest.fixture
def place(acme, phones) -> str:
    return f"/api/v1/tenant/{acme.pk}/phones/signup"


@pytest.fixture
def boss(people) -> Api:
    return api_of(people["admin@acme.test"])


@pytest.fixture
def meta():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def run(tenant) -> Job:
    with context.tenant(tenant.schema_name):
        job = Job.objects.get(kind="SIGNUP")
        working.run(job_id=job.pk)
        job.refresh_from_db()
        return job


def steps(job: Job) -> dict[str, str]:
    return {step["step"]: step["code"] for step in job.steps}


def count(tenant) -> int:
    with context.tenant(tenant.schema_name):
        return Job.objects.count()


# --- at the simulator -----------------------------------------------------------------------------
@pytest.fixture
def sim(settings, phones):
    with simulated.serving(settings, app_secret=APP_SECRET) as simulator:
        yield simulator


def signed_up(boss, place, found, **more):
    given = {name: found[name] for name in ("code", "waba_id", "phone_number_id")}
    return boss.post(place, {**given, **more})


def test_a_new_number_is_signed_up_registered_and_connected(sim, boss, place, acme):
    found = sim.sign_up()

    assert signed_up(boss, place, found, pin="482913").status_code == 202
    job = run(acme)

    assert (job.state, job.error) == ("DONE", "")
    assert steps(job)["code"] == "code_exchanged"
    assert steps(job)["registration"] == "registered_now"
    assert steps(job)["subscription"] == "subscribed_now"
    number = sim.number(found["phone_number_id"])
    assert number["pin"] == "482913"
    with context.tenant(acme.schema_name):
        phone = Phone.objects.get(phone_number_id=found["phone_number_id"])
        assert job.result == {"phone": phone.pk}
        assert job.secret_sealed == ""
    with context.platform():
        assert PhoneRoute.objects.get(phone_number_id=found["phone_number_id"]).tenant == acme


def test_a_number_that_stays_in_the_app_is_not_registered(sim, boss, place, acme):
    signed_up(boss, place, sim.sign_up(coexistence=True))

    job = run(acme)

    assert (job.state, steps(job)["registration"]) == ("DONE", "registered_by_app")


def test_without_its_pin_a_new_number_is_not_connected(sim, boss, place, acme):
    signed_up(boss, place, sim.sign_up())

    job = run(acme)

    assert (job.state, steps(job)["registration"]) == ("FAILED", "pin_needed")


@pytest.mark.parametrize("claim", ["waba_id", "phone_number_id"])
def test_what_the_browser_claims_is_proved(sim, boss, place, acme, phones, claim):
    own, other = sim.sign_up(), sim.sign_up()

    signed_up(boss, place, {**own, claim: other[claim]}, pin="482913")
    job = run(acme)

    assert job.state == "FAILED"
    assert steps(job).get("scopes", "") == "scopes_elsewhere" or (
        steps(job)["number"] == "number_elsewhere"
    )
    with context.tenant(acme.schema_name):
        assert Phone.objects.count() == 1


def test_a_code_works_once(sim, boss, place, acme):
    found = sim.sign_up(coexistence=True)
    signed_up(boss, place, found)
    assert run(acme).state == "DONE"
    with context.tenant(acme.schema_name):
        Job.objects.all().delete()

    signed_up(boss, place, found)

    job = run(acme)
    assert (job.state, steps(job)) == ("FAILED", {"code": "code_refused"})


# --- the job --------------------------------------------------------------------------------------
def test_a_code_that_came_too_late_is_not_even_tried(meta, boss, place, acme):
    boss.post(place, GIVEN)
    with context.tenant(acme.schema_name):
        Job.objects.update(created_at=timezone.now() - timedelta(seconds=31))

    job = run(acme)

    assert not meta.calls
    assert (job.state, steps(job)) == ("FAILED", {"code": "code_expired"})
    with context.tenant(acme.schema_name):
        (told,) = job.told_steps
    assert "30 seconds" in told.what
    assert "again" in told.fix


def test_after_the_exchange_a_broken_run_goes_on_with_the_token(meta, boss, place, acme):
    meta.post(URL, json={"access_token": "EAAtoken-of-the-customer", "token_type": "bearer"})
    meta.get("https://graph.test/v25.0/debug_token", body=ConnectionResetError())
    boss.post(place, GIVEN)
    assert run(acme).state == "QUEUED"

    with context.tenant(acme.schema_name):
        Job.objects.update(due_at=timezone.now(), created_at=timezone.now() - timedelta(hours=1))
    run(acme)

    asked = [call.request.url.partition("?")[0] for call in meta.calls]
    assert asked.count(URL) == 1
    assert len(asked) == 3


def test_the_code_is_written_nowhere(meta, boss, place, acme, caplog):
    meta.post(URL, json=refused(100), status=400)
    with caplog.at_level(logging.DEBUG):
        answer = boss.post(place, GIVEN)
        with context.tenant(acme.schema_name):
            row = Job.objects.get()
            assert CODE not in f"{row.arguments} {row.secret_sealed}"
        job = run(acme)

    assert CODE not in answer.content.decode() + caplog.text
    assert APP_SECRET not in caplog.text
    assert CODE not in meta.calls[0].request.url
    assert job.secret_sealed == ""
    with context.platform():
        assert CODE not in str(list(AuditEvent.objects.values_list("changes", flat=True)))


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"json": refused(100), "status": 400}, "code_refused"),
        ({"json": refused(1), "status": 400}, "code_refused"),
        ({"json": refused(190), "status": 401}, "code_refused"),
        ({"json": {}, "status": 200}, "code_lost"),
        ({"body": "<html>", "status": 500}, "code_lost"),
        ({"body": ConnectionResetError()}, "code_lost"),
    ],
)
def test_the_exchange_says_how_it_ended(meta, boss, place, acme, answer, code):
    meta.post(URL, **answer)
    boss.post(place, GIVEN)

    job = run(acme)

    assert (job.state, steps(job)) == ("FAILED", {"code": code})


def test_an_error_of_the_exchange_holds_neither_code_nor_secret(meta):
    client = CloudApiClient("https://graph.test", "v25.0", "1000|the-app-secret")
    said = f"code {CODE} and the-app-secret of 1000|the-app-secret"
    meta.post(URL, json={"error": {"code": 100, "message": said}}, status=400)

    with pytest.raises(errors.RefusedError) as raised:
        signup.exchange(client, app_id="1000", app_secret="the-app-secret", code=CODE)

    assert CODE not in repr(raised.value)
    assert "the-app-secret" not in repr(raised.value)


# --- the API --------------------------------------------------------------------------------------
def test_where_no_sign_up_is_offered_there_is_none(boss, place, page, settings, acme):
    settings.META_SIGNUP_CONFIG_ID = ""

    check_problem(boss.post(place, GIVEN), 404, "not_found")
    admin = page("admin@acme.test")
    assert admin.get(PAGE).status_code == 404
    assert PAGE not in admin.get("/settings/numbers/").content.decode()
    assert count(acme) == 0


def test_an_installation_without_its_app_offers_none(boss, place, acme):
    with context.platform():
        MetaApp.objects.update(is_active=False)

    check_problem(boss.post(place, GIVEN), 404, "not_found")


def test_a_number_of_another_tenant_is_refused_without_a_name(boss, place, acme, globex, phones):
    taken = {**GIVEN, "phone_number_id": phones["globex"].phone_number_id}

    problem = check_problem(boss.post(place, taken), 409, "number_taken")

    assert "lobex" not in str(problem)
    assert count(acme) == 0


@pytest.mark.parametrize("who", ["ana@acme.test", "vera@acme.test"])
def test_signing_up_is_for_admins(people, place, page, acme, who):
    check_problem(api_of(people[who]).post(place, GIVEN), 403, "forbidden")
    assert page(who).get(PAGE).status_code == 403
    assert page(who).post(PAGE, GIVEN).status_code == 403
    assert count(acme) == 0


def test_another_tenants_door_does_not_exist(people, place, page, boss, acme):
    public = api_of(people["admin@globex.test"], public=True)
    check_problem(public.post(place, GIVEN), 404, "not_found")
    job = boss.post(place, GIVEN).json()["id"]

    assert page("admin@acme.test").get(f"{PAGE}/{job}").status_code == 200
    assert page("admin@globex.test").get(f"{PAGE}/{job}").status_code == 404
    assert page("ana@acme.test").get(f"{PAGE}/{job}").status_code == 403


@pytest.mark.parametrize(
    ("odd", "code"),
    [
        ({"code": ""}, "invalid"),
        ({"code": "with a blank in it"}, "code_invalid"),
        ({"waba_id": "x"}, "invalid"),
        ({"phone_number_id": None}, "invalid"),
        ({"pin": "12345"}, "invalid"),
        ({"x": 1}, "invalid"),
    ],
)
def test_odd_sign_ups_are_refused(boss, place, acme, odd, code):
    check_problem(boss.post(place, {**GIVEN, **odd}), 400, code)
    assert count(acme) == 0


# --- the page -------------------------------------------------------------------------------------
def test_the_page_loads_metas_script_and_nothing_unsafe(page, phones, meta_app):
    admin = page("admin@acme.test")

    answer = admin.get(PAGE)

    shown = answer.content.decode()
    policy = answer["Content-Security-Policy"]
    assert 'src="https://connect.facebook.net/en_US/sdk.js"' in shown
    assert f'data-app="{meta_app.app_id}"' in shown
    assert "script-src 'self' https://connect.facebook.net" in policy
    assert "unsafe" not in policy
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin-allow-popups"
    listed = admin.get("/settings/numbers/")
    assert PAGE in listed.content.decode()
    assert "facebook" not in listed["Content-Security-Policy"]


def test_the_page_hands_over_what_meta_gave(page, acme, phones):
    admin = page("admin@acme.test")

    answer = admin.post(PAGE, {**GIVEN, "pin": "482913"})

    with context.tenant(acme.schema_name):
        job = Job.objects.get()
    assert answer["Location"] == f"{PAGE}/{job.pk}"
    assert job.subject == IDS["phone_number_id"]
    assert admin.get(answer["Location"]).status_code == 200


@pytest.mark.parametrize(
    ("odd", "sentence"),
    [
        ({"code": ""}, "was not finished"),
        ({"phone_number_id": ""}, "was not finished"),
        ({"phone_number_id": "x"}, "digits only"),
        ({"pin": "1"}, "Enter a valid value"),
    ],
)
def test_the_page_says_what_is_missing(page, acme, phones, odd, sentence):
    answer = page("admin@acme.test").post(PAGE, {**GIVEN, **odd})

    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    assert CODE not in answer.content.decode()
    assert count(acme) == 0
