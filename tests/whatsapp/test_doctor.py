"""The check of a number: what it finds, what it keeps, and that no blip takes a number away."""

import json
import re
from datetime import timedelta

import pytest
import requests
import responses
from django.utils import timezone

from tenants import context
from tenants.models import AuditEvent
from tests.whatsapp.numbers_at_meta import SEND, TOKEN, Meta
from whatsapp.models import Job, NumberFact, Phone
from whatsapp.services import connections, echo, facts, health, numbers, working
from whatsapp.webhooks.models import MetaApp

pytestmark = pytest.mark.django_db


@pytest.fixture
def meta(settings):
    settings.GRAPH_API_URL = "https://graph.facebook.com"
    settings.PUBLIC_URL = "https://our.test"
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield Meta(mock)


@pytest.fixture(autouse=True)
def _without_patience(monkeypatch):
    monkeypatch.setattr(echo, "PATIENCE_SECONDS", 0.1)


@pytest.fixture
def admin(actor):
    return actor("admin@acme.test")


@pytest.fixture
def phone(acme, phones) -> Phone:
    with context.tenant(acme.schema_name):
        sealed = numbers.sealed_token(tenant=acme, access_token=TOKEN)
        Phone.objects.update(access_token_sealed=sealed, last_webhook_at=timezone.now())
        return Phone.objects.get()


def check(admin, phone, **more) -> Job:
    with context.tenant(admin.tenant.schema_name):
        job = connections.check(actor=admin, phone=phone, **more)
        working.run(job_id=job.pk)
        job.refresh_from_db()
        phone.refresh_from_db()
        return job


def found(job: Job) -> dict[str, tuple[str, str]]:
    return {row["step"]: (row["state"], row["code"]) for row in job.steps}


def kept(tenant) -> dict[str, tuple[str, str]]:
    with context.tenant(tenant.schema_name):
        rows = NumberFact.objects.values_list("matter", "grade", "code")
        return {matter: (grade, code) for matter, grade, code in rows}


def test_a_number_in_order_works(admin, acme, phone, meta):
    job = check(admin, phone)

    assert job.state == "DONE"
    assert found(job) == {
        "app": ("OK", "app_ready"),
        "token": ("OK", "token_valid"),
        "expiry": ("OK", "token_for_ever"),
        "scopes": ("OK", "scopes_complete"),
        "number": ("OK", "number_found"),
        "status": ("OK", "status_connected"),
        "quality": ("OK", "quality_green"),
        "name": ("OK", "name_approved"),
        "limit": ("OK", "limit"),
        "throughput": ("OK", "throughput"),
        "platform": ("OK", "platform_cloud"),
        "subscription": ("OK", "subscribed"),
        "callback": ("OK", "callback_ours"),
        "webhook": ("OK", "webhook_minutes"),
        "door": ("OK", "door_open"),
    }
    assert phone.health == "OK"
    assert timezone.now() - phone.health_checked_at < timedelta(minutes=1)
    assert kept(acme) == {step: end for step, end in found(job).items() if step != "webhook"}
    assert all(told.what and told.what != told.code for told in job.told_steps)


def _in_days(days: int) -> int:
    return int((timezone.now() + timedelta(days=days)).timestamp())


@pytest.mark.parametrize(
    ("change", "step", "end", "state"),
    [
        (lambda m: m.token.update(expires_at=_in_days(3)), "expiry", "token_ends_soon", "OK"),
        (lambda m: m.token.update(expires_at=_in_days(90)), "expiry", "token_ends", "OK"),
        (lambda m: m.token.update(scopes=[SEND]), "scopes", "scopes_missing", "DEGRADED"),
        (lambda m: m.number.update(status="FLAGGED"), "status", "status_limited", "DEGRADED"),
        (lambda m: m.number.update(status="BANNED"), "status", "status_off", "DEGRADED"),
        (lambda m: m.number.update(status="SOMETHING"), "status", "status_other", "OK"),
        (lambda m: m.number.update(quality_rating="YELLOW"), "quality", "quality_yellow", "OK"),
        (lambda m: m.number.update(quality_rating="RED"), "quality", "quality_red", "DEGRADED"),
        (lambda m: m.number.update(name_status="DECLINED"), "name", "name_declined", "OK"),
        (lambda m: m.subscribed.clear(), "subscription", "subscription_missing", "DEGRADED"),
        (lambda m: m.refuse("GET number", 100), "number", "number_hidden", "DEGRADED"),
        (lambda m: m.refuse("GET debug_token", 190, 401), "token", "app_refused", "DEGRADED"),
        (lambda m: setattr(m, "door", 401), "door", "door_closed", "DEGRADED"),
        (lambda m: setattr(m, "door", requests.ConnectTimeout()), "door", "door_unreachable", "OK"),
        (lambda m: setattr(m, "works", False), "door", "door_slow", "OK"),
        (
            lambda m: m.number.update(
                webhook_configuration={"phone_number": "https://x.test/hook?secret=1"}
            ),
            *("callback", "callback_elsewhere", "OK"),
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_fix(admin, acme, phone, meta, change, step, end, state):
    change(meta)

    job = check(admin, phone)

    assert job.state == "DONE"
    assert found(job)[step][1] == end
    assert phone.health == state
    (told,) = [told for told in job.told_steps if told.step == step]
    assert bool(told.fix) == (told.state in {"WARNING", "PROBLEM"})
    assert "secret=1" not in f"{job.steps}"
    assert TOKEN not in f"{job.steps}{kept(acme)}"


def test_only_metas_plain_word_calls_for_a_new_token(admin, acme, phone, meta):
    meta.token["is_valid"] = False

    job = check(admin, phone)
    again = check(admin, phone)

    assert found(job)["token"] == found(again)["token"] == ("PROBLEM", "token_invalid")
    assert found(job)["number"][0] == found(job)["callback"][0] == "SKIPPED"
    assert phone.health == "AUTH_ERROR"
    assert kept(acme)["token"] == ("PROBLEM", "token_invalid")
    assert meta.asked == ["GET debug_token"] * 2
    with context.platform():
        assert AuditEvent.objects.filter(action="number.token_refused").count() == 1


def test_a_token_refused_in_a_call_is_refused(admin, phone, meta):
    meta.refuse("GET subscribed_apps", 190, 401, "Session has expired")

    job = check(admin, phone)

    assert found(job)["token"] == ("PROBLEM", "token_refused")
    assert found(job)["subscription"][0] == found(job)["callback"][0] == "SKIPPED"
    assert phone.health == "AUTH_ERROR"


@pytest.mark.parametrize(
    "blip",
    [
        requests.ConnectTimeout(),
        requests.ReadTimeout(),
        (500, {}),
        (503, {"error": {"code": 2, "message": "down"}}),
        (400, {"error": {"code": 80007, "message": "slow down"}}),
    ],
    ids=["no connection", "silence", "500", "2", "80007"],
)
@pytest.mark.parametrize("call", ["GET debug_token", "GET number"])
@pytest.mark.parametrize("before", ["OK", "UNKNOWN", "DEGRADED"])
def test_a_blip_changes_nothing(admin, acme, phone, meta, blip, call, before):
    with context.tenant(acme.schema_name):
        Phone.objects.update(health=before)
    meta.instead[call] = blip

    job = check(admin, phone)

    assert job.state == "QUEUED"
    assert phone.health == before
    assert kept(acme) == {}


def test_a_number_heals_by_metas_plain_word_alone(admin, acme, phone, meta):
    with context.tenant(acme.schema_name):
        health.token_refused(tenant=acme, phone_id=phone.pk, sealed=phone.access_token_sealed)
    meta.refuse("GET debug_token", 190, 401)  # the app's own secret: says nothing of the token
    check(admin, phone)
    assert phone.health == "AUTH_ERROR"

    meta.instead.clear()
    check(admin, phone)

    assert phone.health == "OK"
    assert kept(acme)["token"] == ("OK", "token_valid")


def test_a_call_refused_during_the_check_counts_more_than_what_was_said_before(
    admin, acme, phone, meta
):
    def refuse_meanwhile(request):
        with context.tenant(acme.schema_name):
            health.token_refused(tenant=acme, phone_id=phone.pk, sealed=phone.access_token_sealed)
        return (200, {}, json.dumps({"data": []}))

    subscriptions = "https://graph.facebook.com/v25.0/102290129340398/subscribed_apps"
    meta.mock.remove("GET", re.compile(".*"))
    meta.mock.add_callback("GET", subscriptions, refuse_meanwhile)
    meta.mock.add_callback("GET", re.compile(".*"), meta.answering("GET"))

    check(admin, phone)

    assert phone.health == "AUTH_ERROR"
    assert kept(acme)["token"] == ("PROBLEM", "token_refused")


def test_a_problem_that_is_over_leaves_the_number_working(admin, acme, phone, meta):
    meta.number["quality_rating"] = "RED"
    check(admin, phone)
    with context.tenant(acme.schema_name):
        NumberFact.objects.update(at=timezone.now() - timedelta(hours=1))
    meta.number["quality_rating"] = "GREEN"

    check(admin, phone)

    assert phone.health == "OK"


def test_what_a_webhook_said_later_stays(admin, acme, phone, meta):
    later = timezone.now() + timedelta(minutes=1)
    fact = facts.judged("quality", "RED", at=later, source="WEBHOOK")
    with context.tenant(acme.schema_name):
        health.checked(phone=phone, found=[fact], is_proven=False, at=timezone.now())

    check(admin, phone)

    assert kept(acme)["quality"] == ("PROBLEM", "quality_red")
    assert phone.health == "DEGRADED"


def test_a_token_replaced_during_the_check_is_not_judged_by_its_forerunner(
    admin, acme, phone, meta
):
    def replace(request):
        with context.tenant(acme.schema_name):
            Phone.objects.update(access_token_sealed="another")
        return (200, {}, '{"data": {"is_valid": false}}')

    meta.mock.reset()
    meta.mock.add_callback("GET", "https://graph.facebook.com/v25.0/debug_token", replace)
    meta.mock.add("POST", re.compile("https://our.test/.*"), status=200)

    check(admin, phone)

    assert phone.health == "UNKNOWN"
    assert kept(acme) == {}


def test_repairing_subscribes_the_account(admin, phone, meta):
    meta.subscribed.clear()

    job = check(admin, phone, repair=True)

    assert found(job)["subscription"] == ("OK", "subscribed_now")
    assert meta.subscribed == ["1000"]


def test_an_app_that_is_switched_off_is_named(admin, phone, meta):
    with context.platform():
        MetaApp.objects.update(is_active=False)

    job = check(admin, phone)

    assert found(job)["app"] == ("PROBLEM", "app_inactive")
    assert phone.health == "DEGRADED"


def test_a_number_that_nobody_hears_of_is_named(admin, acme, phone, meta):
    with context.tenant(acme.schema_name):
        Phone.objects.update(last_webhook_at=None)
    assert found(check(admin, phone))["webhook"] == ("WARNING", "webhook_never")

    with context.tenant(acme.schema_name):
        Phone.objects.update(last_webhook_at=timezone.now() - timedelta(days=5))
    assert found(check(admin, phone))["webhook"] == ("WARNING", "webhook_days")


def test_a_token_that_cannot_be_opened_ends_the_check(admin, acme, phone, meta):
    with context.tenant(acme.schema_name):
        Phone.objects.update(access_token_sealed="k1:nonsense")

    job = check(admin, phone)

    assert job.state == "FAILED"
    assert phone.health == "AUTH_ERROR"
    assert meta.asked == []


def test_one_check_waits_at_most(admin, acme, phone):
    with context.tenant(acme.schema_name):
        first = connections.check(actor=admin, phone=phone)
        assert connections.check(actor=admin, phone=phone) == first


# --- by itself ------------------------------------------------------------------------------------
def test_the_sweeper_has_numbers_checked_in_their_time(acme, phone):
    now = timezone.now()
    with context.tenant(acme.schema_name):
        Phone.objects.update(check_due_at=now)
        working.sweep()
        working.sweep()

        assert Job.objects.filter(kind="NUMBER_CHECK").count() == 1
        due_at = Phone.objects.get().check_due_at
    assert timedelta(hours=4) < due_at - now < timedelta(hours=8)


def test_nobody_looks_at_a_number_that_was_let_go(acme, admin, phone):
    with context.tenant(acme.schema_name):
        Phone.objects.update(check_due_at=timezone.now())
        connections.disconnect(actor=admin, phone=phone)
        working.sweep()

        assert not Job.objects.filter(kind="NUMBER_CHECK").exists()
        assert Phone.objects.get().check_due_at is None
