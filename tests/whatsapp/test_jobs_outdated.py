"""What had to wait must not undo what was asked for since."""

import json
from datetime import timedelta

import pytest
import responses
from django.utils import timezone

from tenants import context
from tests.api import Api, api_of
from tests.conftest import PHONES
from tests.whatsapp.raw_meta import refused
from whatsapp.models import Job
from whatsapp.services import working

pytestmark = pytest.mark.django_db

NUMBER, WABA, _ = PHONES["acme"]
GRAPH = "https://graph.test/v25.0"
OTHER = {"override_callback_uri": "https://hooks.example.com/wa?k=hidden", "verify_token": "token"}


@pytest.fixture
def boss(people) -> Api:
    return api_of(people["admin@acme.test"])


@pytest.fixture
def place(acme, phones) -> str:
    return f"/api/v1/tenant/{acme.pk}/phones/{phones['acme'].pk}"


@pytest.fixture
def meta(settings):
    settings.GRAPH_API_URL = "https://graph.test"
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def run(tenant, kind: str) -> Job:
    with context.tenant(tenant.schema_name):
        Job.objects.update(due_at=timezone.now() - timedelta(seconds=1))
        job = Job.objects.filter(kind=kind).order_by("pk").first()
        working.run(job_id=job.pk)
        job.refresh_from_db()
        return job


def test_an_override_that_had_to_wait_does_not_come_after_its_removal(meta, boss, place, acme):
    meta.post(f"{GRAPH}/{NUMBER}", json=refused(80007), status=400)
    boss.post(f"{place}/callback-override", OTHER)
    assert run(acme, "CALLBACK_SET").state == "QUEUED"
    meta.reset()
    meta.post(f"{GRAPH}/{NUMBER}", json={"success": True})
    boss.send("DELETE", f"{place}/callback-override")
    assert run(acme, "CALLBACK_REMOVE").state == "DONE"

    late = run(acme, "CALLBACK_SET")

    assert (late.state, late.error) == ("FAILED", working.OUTDATED)
    (only,) = meta.calls
    assert json.loads(only.request.body)["webhook_configuration"]["override_callback_uri"] == ""


def test_the_other_way_round_both_are_done(meta, boss, place, acme):
    meta.post(f"{GRAPH}/{NUMBER}", json={"success": True})
    boss.send("DELETE", f"{place}/callback-override")
    assert run(acme, "CALLBACK_REMOVE").state == "DONE"
    boss.post(f"{place}/callback-override", OTHER)

    job = run(acme, "CALLBACK_SET")

    assert job.state == "DONE"
    assert job.result == {"override_callback_uri": "https://hooks.example.com/wa"}


def test_a_newer_one_that_failed_outdates_nothing(meta, boss, place, acme):
    meta.post(f"{GRAPH}/{NUMBER}", json={"success": True})
    boss.post(f"{place}/callback-override", OTHER)
    boss.send("DELETE", f"{place}/callback-override")
    with context.tenant(acme.schema_name):
        Job.objects.filter(kind="CALLBACK_REMOVE").update(state="FAILED")

    assert run(acme, "CALLBACK_SET").state == "DONE"


def test_of_two_changes_of_a_profile_the_newer_word_on_each_matter_counts(meta, boss, place, acme):
    for changes in ({"about": "old", "email": "loja@example.com"}, {"about": "new"}):
        boss.tell("PATCH", f"{place}/profile", changes)
    page = f"{GRAPH}/{NUMBER}/whatsapp_business_profile"
    meta.post(page, json={"success": True})
    meta.get(page, json={"data": [{"messaging_product": "whatsapp"}]})

    assert run(acme, "PROFILE_EDIT").state == "DONE"

    (sent,) = [json.loads(call.request.body) for call in meta.calls if call.request.body]
    assert (sent.get("about"), sent["email"]) == (None, "loja@example.com")


def test_another_number_outdates_nothing(meta, boss, place, acme):
    meta.post(f"{GRAPH}/{WABA}/subscribed_apps", json={"success": True})
    boss.post(f"/api/v1/tenant/{acme.pk}/accounts/{WABA}/callback-override", OTHER)
    boss.send("DELETE", f"{place}/callback-override")

    assert run(acme, "CALLBACK_SET").state == "DONE"
