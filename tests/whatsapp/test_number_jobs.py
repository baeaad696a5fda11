"""Connecting a number, replacing its token: each step is proved, a failed one claims nothing."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import requests
import responses
from django.db import connections as databases

from tenants import context
from tenants.models import AuditEvent
from tests.conftest import PHONES
from tests.whatsapp.numbers_at_meta import MANAGE, NUMBER, TOKEN, WABA, Meta
from whatsapp.models import Job, NumberFact, Phone
from whatsapp.services import connections, numbers, working
from whatsapp.webhooks.models import MetaApp, PhoneRoute

pytestmark = pytest.mark.django_db


@pytest.fixture
def meta(settings):
    settings.GRAPH_API_URL = "https://graph.facebook.com"
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield Meta(mock)


@pytest.fixture
def admin(actor, meta_app):
    return actor("admin@acme.test")


def connect(admin, **other) -> Job:
    given = {"phone_number_id": NUMBER, "waba_id": WABA, "access_token": TOKEN, **other}
    with context.tenant(admin.tenant.schema_name):
        job = connections.connect(actor=admin, **given)
        working.run(job_id=job.pk)
        job.refresh_from_db()
        return job


def states(job: Job) -> dict[str, tuple[str, str]]:
    return {row["step"]: (row["state"], row["code"]) for row in job.steps}


def problem(job: Job) -> tuple[str, str]:
    """The step that stopped it; its finding has a fix, and no secret is left anywhere."""
    (bad,) = [told for told in job.told_steps if told.state == "PROBLEM"]
    assert bad.fix, bad
    assert job.state == "FAILED"
    assert job.secret_sealed == ""
    assert TOKEN not in f"{job.steps}{job.error}{job.arguments}{job.result}"
    with context.platform():
        assert not PhoneRoute.objects.exists()
    return bad.step, bad.code


def nothing_of(tenant) -> bool:
    with context.tenant(tenant.schema_name):
        return not Phone.objects.exists() and not NumberFact.objects.exists()


def test_a_number_is_connected_step_by_step(admin, meta, meta_app):
    job = connect(admin)

    assert job.state == "DONE", job.steps
    assert {step: state for step, (state, _) in states(job).items()} == dict.fromkeys(
        ["app", "token", "expiry", "scopes", "number", "registration", "subscription", "claim"],
        "OK",
    )
    with context.tenant(admin.tenant.schema_name):
        phone = Phone.objects.get()
        assert (phone.phone_number_id, phone.waba_id, phone.name) == (NUMBER, WABA, "Loja")
        assert (phone.health, phone.status) == ("OK", "ACTIVE")
        assert phone.check_due_at is not None
        assert numbers.opened_token(tenant=admin.tenant, phone=phone) == TOKEN
        known = dict(NumberFact.objects.values_list("matter", "word"))
        after = set(Job.objects.filter(state="QUEUED").values_list("kind", flat=True))
    assert known["limit"] == "TIER_2K" and known["quality"] == "GREEN"
    assert after == {"NUMBER_CHECK", "TEMPLATES_SYNC"}
    assert job.result == {"phone": phone.pk}
    assert job.secret_sealed == ""
    with context.platform():
        route = PhoneRoute.objects.get()
        assert (route.tenant, route.app, route.phone_number_id) == (admin.tenant, meta_app, NUMBER)
        log = list(AuditEvent.objects.order_by("id").values_list("action", "actor__email"))
    assert log == [
        ("number.connect_asked", "admin@acme.test"),
        ("number.connected", "admin@acme.test"),
    ]
    assert "POST register" not in meta.asked and "POST subscribed_apps" not in meta.asked


def test_an_account_that_is_not_subscribed_is_subscribed(admin, meta):
    meta.subscribed = ["2000"]

    assert states(connect(admin))["subscription"] == ("OK", "subscribed_now")
    assert meta.subscribed == ["2000", "1000"]


def test_a_number_that_is_not_registered_is_registered_with_its_pin(admin, meta):
    meta.number |= {"status": "PENDING", "platform_type": "NOT_APPLICABLE"}

    assert problem(connect(admin)) == ("registration", "pin_needed")
    job = connect(admin, pin="123456")

    assert states(job)["registration"] == ("OK", "registered_now")
    assert "123456" not in f"{job.steps}{job.arguments}"


def test_a_number_of_the_business_app_is_not_registered(admin, meta):
    meta.number |= {"is_on_biz_app": True}

    job = connect(admin, pin="123456")

    assert states(job)["registration"] == ("SKIPPED", "registered_by_app")
    assert "POST register" not in meta.asked
    with context.tenant(admin.tenant.schema_name):
        fact = NumberFact.objects.get(matter="platform")
    assert fact.word == "COEXISTENCE" and "20" in fact.told.what


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda meta: meta.token.update(is_valid=False), ("token", "token_invalid")),
        (lambda meta: meta.token.update(app_id="2000"), ("token", "token_of_other_app")),
        (lambda meta: meta.refuse("GET debug_token", 100), ("token", "token_of_other_app")),
        (lambda meta: meta.refuse("GET debug_token", 190, 401), ("token", "app_refused")),
        (lambda meta: meta.token.update(scopes=[MANAGE]), ("scopes", "scopes_missing")),
        (
            lambda meta: meta.token.update(
                granular_scopes=[{"scope": MANAGE, "target_ids": ["999"]}]
            ),
            ("scopes", "scopes_elsewhere"),
        ),
        (lambda meta: meta.number.update(id="999999"), ("number", "number_elsewhere")),
        (lambda meta: meta.refuse("GET phone_numbers", 100), ("number", "account_hidden")),
        (
            lambda meta: meta.refuse("GET subscribed_apps", 100),
            ("subscription", "subscription_refused"),
        ),
        (lambda meta: meta.refuse("GET subscribed_apps", 190, 401), ("subscription", "error.190")),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else "",
)
def test_a_failed_step_names_its_fix_and_leaves_nothing(admin, meta, change, found):
    change(meta)

    assert problem(connect(admin)) == found
    assert nothing_of(admin.tenant)


def test_a_wrong_pin_is_not_tried_again(admin, meta):
    meta.number |= {"status": "PENDING"}
    meta.refuse("POST register", 133005)

    assert problem(connect(admin, pin="654321")) == ("registration", "registration_refused")
    assert meta.asked.count("POST register") == 1


def test_a_blip_is_waited_out_and_the_token_kept_meanwhile(admin, meta):
    meta.instead["GET phone_numbers"] = requests.ConnectTimeout()

    job = connect(admin)

    assert (job.state, states(job)["number"]) == ("QUEUED", ("PROBLEM", "unreachable"))
    assert job.secret_sealed
    del meta.instead["GET phone_numbers"]
    with context.tenant(admin.tenant.schema_name):
        Job.objects.filter(pk=job.pk).update(due_at=job.created_at)
        working.run(job_id=job.pk)
        assert Job.objects.get(pk=job.pk).state == "DONE"


def test_a_number_of_somebody_else_is_refused_at_once_without_a_name(admin, phones, meta):
    taken = PHONES["globex"][0]

    with pytest.raises(numbers.NumberTakenError) as refusal:
        connect(admin, phone_number_id=taken)

    assert "globex" not in str(refusal.value).lower()
    assert meta.asked == []


def test_whoever_cannot_prove_that_a_number_is_his_keeps_nobody_from_it(admin, actor, globex, meta):
    meta.refuse("GET phone_numbers", 100)
    problem(connect(admin))

    del meta.instead["GET phone_numbers"]
    assert connect(actor("admin@globex.test")).state == "DONE"


@pytest.mark.django_db(transaction=True)
def test_of_two_who_connect_one_number_at_once_one_gets_it(admin, actor, globex, meta):
    actors = [admin, actor("admin@globex.test")]
    start = Barrier(2)

    def run(one) -> Job:
        with context.tenant(one.tenant.schema_name):
            job = connections.connect(
                actor=one, phone_number_id=NUMBER, waba_id=WABA, access_token=TOKEN
            )
        start.wait(10)
        try:
            with context.tenant(one.tenant.schema_name):
                working.run(job_id=job.pk)
                job.refresh_from_db()
        finally:
            databases.close_all()
        return job

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(run, actors))

    assert sorted(job.state for job in done) == ["DONE", "FAILED"]
    (lost,) = [job for job in done if job.state == "FAILED"]
    (bad,) = [told for told in lost.told_steps if told.state == "PROBLEM"]
    assert (bad.code, lost.secret_sealed) == ("number_taken", "")
    assert not any(name in f"{lost.steps}" for name in ("acme", "globex", "Acme", "Globex"))
    counts = []
    for one in actors:
        with context.tenant(one.tenant.schema_name):
            counts.append(Phone.objects.count())
    assert sorted(counts) == [0, 1]


def test_an_own_app_connects_through_itself_only(admin, globex, meta, meta_app):
    with context.platform():
        foreign = MetaApp.objects.create(name="Globex", app_id="3000", tenant=globex)

    with pytest.raises(connections.NotFoundError):
        connect(admin, app_id=foreign.pk)


def test_without_an_app_there_is_nothing_to_connect_through(actor):
    with pytest.raises(connections.NoPlatformAppError):
        connect(actor("admin@acme.test"))


@pytest.mark.parametrize(
    ("other", "error"),
    [
        ({"phone_number_id": "12ab"}, numbers.NumberInvalidError),
        ({"access_token": "a b c d e f g"}, numbers.NumberInvalidError),
        ({"pin": "12345"}, connections.PinInvalidError),
        ({"pin": "\u0661\u0662\u0663\u0664\u0665\u0666"}, connections.PinInvalidError),
    ],
)
def test_nonsense_starts_no_job(admin, meta, other, error):
    with pytest.raises(error):
        connect(admin, **other)

    with context.tenant(admin.tenant.schema_name):
        assert not Job.objects.exists()


def test_a_number_that_comes_back_is_called_as_before(admin, phones, meta):
    with context.tenant(admin.tenant.schema_name):
        Phone.objects.update(name="Balcão da loja")

    assert connect(admin, name="").state == "DONE"
    with context.tenant(admin.tenant.schema_name):
        assert Phone.objects.get().name == "Balcão da loja"


# --- a new token ----------------------------------------------------------------------------------
@pytest.fixture
def phone(acme, phones) -> Phone:
    with context.tenant(acme.schema_name):
        Phone.objects.update(health="AUTH_ERROR")
        return Phone.objects.get()


def replace(admin, phone, token=TOKEN) -> Job:
    with context.tenant(admin.tenant.schema_name):
        job = connections.replace_token(actor=admin, phone=phone, access_token=token)
        working.run(job_id=job.pk)
        job.refresh_from_db()
        phone.refresh_from_db()
        return job


def test_a_new_token_counts_once_meta_confirmed_it(admin, phone, meta):
    job = replace(admin, phone)

    assert (job.state, states(job)["claim"]) == ("DONE", ("OK", "token_stored"))
    assert phone.health == "OK"
    assert numbers.opened_token(tenant=admin.tenant, phone=phone) == TOKEN


def test_a_token_that_meta_does_not_take_changes_nothing(admin, phone, meta):
    before = phone.access_token_sealed
    meta.token["is_valid"] = False

    job = replace(admin, phone)

    assert job.state == "FAILED"
    assert (phone.access_token_sealed, phone.health) == (before, "AUTH_ERROR")
    assert job.secret_sealed == ""


def test_a_token_of_another_account_changes_nothing(admin, phone, meta):
    meta.number["id"] = "999999"

    assert states(replace(admin, phone))["number"] == ("PROBLEM", "number_elsewhere")
    assert phone.health == "AUTH_ERROR"


def test_a_number_that_was_let_go_gets_no_token(admin, phone, meta):
    with context.tenant(admin.tenant.schema_name):
        connections.disconnect(actor=admin, phone=phone)
        phone.refresh_from_db()

    with pytest.raises(connections.NumberAwayError):
        replace(admin, phone)


def test_a_number_let_go_while_meta_was_asked_gets_no_token(admin, phone, meta):
    with context.tenant(admin.tenant.schema_name):
        job = connections.replace_token(actor=admin, phone=phone, access_token=TOKEN)
        meta.meanwhile = lambda: connections.disconnect(actor=admin, phone=phone)
        working.run(job_id=job.pk)
        job.refresh_from_db()
        phone.refresh_from_db()

    assert (job.state, states(job)["claim"]) == ("FAILED", ("PROBLEM", "number_away"))
    assert (phone.status, phone.access_token_sealed) == ("INACTIVE", "")
