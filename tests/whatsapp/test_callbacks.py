"""Callback overrides by the API, in their jobs and at the simulator."""

import json

import pytest
import responses

from tenants import context
from tenants.models import AuditEvent
from tests.api import Api, api_of, check_problem
from tests.conftest import PHONES
from tests.whatsapp import simulated
from tests.whatsapp.raw_meta import refused
from whatsapp.limits.callbacks import OVERRIDE
from whatsapp.models import Job, Phone
from whatsapp.services import working

pytestmark = pytest.mark.django_db

NUMBER, WABA, _ = PHONES["acme"]
GRAPH = "https://graph.test/v25.0"
TOKEN = "a-token-of-that-server"
OTHER = {"override_callback_uri": "https://hooks.example.com/wa", "verify_token": TOKEN}


@pytest.fixture
def places(acme, phones) -> tuple[str, str]:
    base = f"/api/v1/tenant/{acme.pk}"
    number = f"{base}/phones/{phones['acme'].pk}/callback-override"
    return number, f"{base}/accounts/{WABA}/callback-override"


@pytest.fixture
def boss(people) -> Api:
    return api_of(people["admin@acme.test"])


@pytest.fixture
def meta(settings):
    settings.GRAPH_API_URL = "https://graph.test"
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def run_first(tenant) -> Job:
    with context.tenant(tenant.schema_name):
        job = Job.objects.filter(kind__startswith="CALLBACK").order_by("-pk").first()
        working.run(job_id=job.pk)
        job.refresh_from_db()
        return job


def count(tenant) -> int:
    with context.tenant(tenant.schema_name):
        return Job.objects.count()


def test_a_number_gets_an_address_of_its_own_and_loses_it(acme, boss, places, meta):
    meta.post(f"{GRAPH}/{NUMBER}", json={"success": True})
    place, _account = places

    assert boss.post(place, OTHER).status_code == 202
    job = run_first(acme)
    assert (job.state, job.result) == (
        "DONE",
        {"override_callback_uri": OTHER["override_callback_uri"]},
    )
    assert boss.send("DELETE", place).status_code == 202
    assert run_first(acme).state == "DONE"

    first, second = (json.loads(call.request.body) for call in meta.calls)
    assert first == {"webhook_configuration": OTHER}
    assert second == {"webhook_configuration": {"override_callback_uri": ""}}
    with context.platform():
        actions = list(
            AuditEvent.objects.filter(action__startswith="callback.")
            .order_by("pk")
            .values_list("action", flat=True)
        )
    assert actions == ["callback.set_asked", "callback.remove_asked"]


def test_an_account_gets_an_address_of_its_own_and_loses_it(acme, boss, places, meta):
    meta.post(f"{GRAPH}/{WABA}/subscribed_apps", json={"success": True})
    _number, place = places

    assert boss.post(place, OTHER).status_code == 202
    assert run_first(acme).state == "DONE"
    assert boss.send("DELETE", place).status_code == 202
    assert run_first(acme).state == "DONE"

    assert [json.loads(call.request.body) for call in meta.calls] == [OTHER, {}]


def test_the_numbers_are_looked_at_again(acme, boss, places, meta):
    meta.post(f"{GRAPH}/{WABA}/subscribed_apps", json={"success": True})
    boss.post(places[1], OTHER)
    run_first(acme)

    with context.tenant(acme.schema_name):
        assert Job.objects.get(kind="NUMBER_CHECK").subject == NUMBER


def test_the_verify_token_is_kept_sealed_and_not_for_long(acme, boss, places, meta):
    meta.post(f"{GRAPH}/{NUMBER}", json=refused(2200), status=400)
    answer = boss.post(places[0], OTHER)
    with context.tenant(acme.schema_name):
        job = Job.objects.get()
        assert TOKEN not in f"{job.arguments} {job.secret_sealed} {answer.content.decode()}"
        assert job.secret_sealed

    job = run_first(acme)

    assert (job.state, job.error_code, job.secret_sealed) == ("FAILED", 2200, "")


def test_it_is_meta_who_makes_the_handshake(acme, boss, places, settings):
    """The simulator reaches loopback only, and refuses what it cannot reach."""
    with simulated.serving(settings):
        boss.post(places[0], OTHER)
        refused_ = run_first(acme)
        boss.send("DELETE", places[0])
        removed = run_first(acme)

    assert (refused_.state, refused_.error_code) == ("FAILED", 100)
    assert removed.state == "DONE"


@pytest.mark.parametrize("who", ["ana@acme.test", "vera@acme.test"])
def test_overrides_are_for_admins(people, places, acme, who):
    other = api_of(people[who])

    for place in places:
        check_problem(other.post(place, OTHER), 403, "forbidden")
        check_problem(other.send("DELETE", place), 403, "forbidden")
    assert count(acme) == 0


def test_another_tenants_numbers_and_accounts_do_not_exist(people, places, acme, globex):
    public = api_of(people["admin@globex.test"], public=True)
    own = api_of(people["admin@globex.test"])
    theirs = f"/api/v1/tenant/{globex.pk}"
    foreign = (
        f"{theirs}/phones/999/callback-override",
        f"{theirs}/accounts/{WABA}/callback-override",
    )

    for api, asked in ((public, places), (own, foreign)):
        for place in asked:
            check_problem(api.post(place, OTHER), 404, "not_found")
            check_problem(api.send("DELETE", place), 404, "not_found")
    assert count(acme) == count(globex) == 0


@pytest.mark.parametrize(
    ("odd", "pointer"),
    [
        ({"override_callback_uri": "http://hooks.example.com/wa"}, "#/override_callback_uri"),
        ({"override_callback_uri": "https://10.0.0.1/wa"}, "#/override_callback_uri"),
        ({"override_callback_uri": 3}, "#/override_callback_uri"),
        ({"verify_token": ""}, "#/verify_token"),
        ({"x": 1}, "#/x"),
    ],
)
def test_odd_addresses_are_refused(boss, places, acme, odd, pointer):
    for place in places:
        problem = check_problem(boss.post(place, {**OTHER, **odd}), 400, "invalid")
        assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert count(acme) == 0


def test_a_number_that_was_let_go_has_no_override(boss, places, acme):
    with context.tenant(acme.schema_name):
        Phone.objects.update(status="INACTIVE")

    check_problem(boss.post(places[0], OTHER), 409, "number_away")
    check_problem(boss.send("DELETE", places[0]), 409, "number_away")
    check_problem(boss.post(places[1], OTHER), 404, "not_found")


@pytest.mark.parametrize(
    "good",
    [
        "https://hooks.example.com/wa",
        "https://hooks.example.com:8443/wa?x=1",
        "https://8.8.8.8/wa",
        f"https://hooks.example.com/{'a' * 174}",
    ],
)
def test_public_addresses_pass(good):
    assert list(OVERRIDE({"override_callback_uri": good, "verify_token": "x"}, ())) == []


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "hooks.example.com",
        "https://",
        "ftp://hooks.example.com/",
        "https://user:pw@hooks.example.com/",
        "https://localhost/",
        "https://hooks.localhost/",
        "https://printer.local/",
        "https://intranet/",
        "https://127.0.0.1/",
        "https://192.168.1.1/",
        "https://[::1]/",
        "https://[fe80::1]/",
        "https://169.254.169.254/latest",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://127.1/",
        "https://hooks.example.com:0/",
        "https://hooks.example.com:99999/",
        "https://hooks.example.com\\@10.0.0.1/",
        "https://hooks.exämple.com/",
        "https://hooks.example.com/ x",
        "https://hooks.example.com/#x",
        f"https://hooks.example.com/{'a' * 175}",
    ],
)
def test_private_and_odd_addresses_do_not(bad):
    found = list(OVERRIDE({"override_callback_uri": bad, "verify_token": "x"}, ()))

    assert [one.path for one in found] == [("override_callback_uri",)]
