"""Jobs: what a task does at Meta's, how it ends, and who finds what no nudge reached."""

import json
import threading
from datetime import timedelta

import pytest
import responses
from django.utils import timezone

from tenants import context
from tests.polling import until
from tests.whatsapp.raw_meta import refused
from tests.whatsapp.templates import URL, WABA, listed, template
from whatsapp.errors import MaybeSentError, NotSentError
from whatsapp.findings import Grade
from whatsapp.models import AccountEvent, Job, MessageTemplate, Phone
from whatsapp.services import jobs, kinds, working
from whatsapp.services.kinds import JobKind

pytestmark = pytest.mark.django_db


@pytest.fixture
def meta():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture(autouse=True)
def _in_acme(acme, phones, settings):
    settings.GRAPH_API_URL = "https://graph.facebook.com"
    with context.tenant(acme.schema_name):
        yield


def _page(*templates: dict, after: str = "c", more: bool = False) -> dict:
    paging = {"cursors": {"before": "b", "after": after}}
    return {
        "data": list(templates),
        "paging": {**paging, "next": f"{URL}?x=1"} if more else paging,
        "summary": {"total_count": 3},
    }


def _run(kind: str = "TEMPLATES_SYNC", **arguments) -> Job:
    single = kind == "TEMPLATES_SYNC"
    job = jobs.start(author=None, kind=kind, subject=WABA, arguments=arguments, single=single)
    working.run(job_id=job.pk)
    job.refresh_from_db()
    return job


def _statuses() -> dict[str, str]:
    return dict(MessageTemplate.objects.values_list("name", "status"))


def test_a_sync_reads_every_page_and_shows_its_progress(meta):
    meta.get(URL, json=_page(listed("a"), listed("b", status="PAUSED"), after="1", more=True))
    meta.get(URL, json=_page(listed("c", language="en"), after="2"))

    job = _run()

    assert (job.state, job.done, job.total) == ("DONE", 3, 3)
    assert job.result == {"templates": 3, "gone": 0}
    assert job.finished_at is not None
    assert _statuses() == {"a": "APPROVED", "b": "PAUSED", "c": "APPROVED"}
    row = MessageTemplate.objects.get(name="a")
    assert (row.quality, row.category, row.is_sendable) == ("GREEN", "UTILITY", True)
    assert row.synced_at is not None


def test_a_sync_again_changes_and_marks_what_is_gone(meta):
    template("gone")
    template("kept", status="PENDING")
    template("elsewhere", waba_id="999999")
    meta.get(URL, json=_page(listed("kept", components=[{"type": "BODY", "text": "x"}])))

    job = _run()
    again = _run()

    assert job.result == {"templates": 1, "gone": 1}
    assert again.result == {"templates": 1, "gone": 0}
    assert _statuses() == {"gone": "DELETED", "kept": "APPROVED", "elsewhere": "APPROVED"}
    assert MessageTemplate.objects.get(name="kept").components == [{"type": "BODY", "text": "x"}]


def test_what_a_webhook_said_later_stays(meta):
    later = timezone.now() + timedelta(minutes=1)
    template("a", status="PAUSED", status_at=later, quality="RED", quality_at=later)
    template("b", status="PENDING", status_at=later)
    meta.get(URL, json=_page(listed("a")))

    _run()

    row = MessageTemplate.objects.get(name="a")
    assert (row.status, row.quality, row.category) == ("PAUSED", "RED", "UTILITY")
    assert _statuses()["b"] == "PENDING"  # made after the list was read


def test_an_event_that_came_before_its_row_is_not_lost(meta):
    AccountEvent.objects.create(
        digest=b"1",
        waba_id=WABA,
        field="message_template_status_update",
        value={"event": "REJECTED", "message_template_name": "a", "reason": "SCAM"}
        | {"message_template_language": "pt-BR"},
        provider_at=timezone.now() + timedelta(seconds=1),
    )
    meta.get(URL, json=_page(listed("a")))

    _run()

    row = MessageTemplate.objects.get(name="a")
    assert (row.status, row.reason) == ("REJECTED", "SCAM")


@pytest.mark.parametrize("odd", ["\x00", "\ud800"], ids=["NUL", "half a pair"])
def test_odd_characters_do_not_stop_a_sync(meta, odd):
    meta.get(URL, json=_page(listed("a", components=[{"type": "BODY", "text": f"x{odd}"}])))

    assert _run().state == "DONE"


def test_one_sync_waits_at_most():
    first = jobs.start(author=None, kind="TEMPLATES_SYNC", subject=WABA, single=True)

    assert jobs.start(author=None, kind="TEMPLATES_SYNC", subject=WABA, single=True) == first
    assert jobs.start(author=None, kind="TEMPLATES_SYNC", subject="999999", single=True) != first


def test_a_job_runs_once(meta):
    meta.get(URL, json=_page())
    job = _run()

    working.run(job_id=job.pk)
    working.run(job_id=999999)

    assert len(meta.calls) == 1


def test_create_edit_and_delete_are_followed_by_a_sync(meta):
    meta.post(URL, json={"id": "7", "status": "PENDING", "category": "MARKETING"})
    meta.post("https://graph.facebook.com/v25.0/7", json={"success": True})
    meta.delete(URL, json={"success": True})

    created = _run("TEMPLATE_CREATE", name="x")
    edited = _run("TEMPLATE_EDIT", template_id="7", changes={"components": []})
    deleted = _run("TEMPLATE_DELETE", name="x", template_id="7")

    assert [job.state for job in (created, edited, deleted)] == ["DONE"] * 3
    assert created.result == {"template_id": "7", "status": "PENDING", "category": "MARKETING"}
    assert Job.objects.filter(kind="TEMPLATES_SYNC", state="QUEUED").count() == 1


def test_a_refusal_ends_a_job_with_metas_words(meta):
    error = {"code": 100, "error_user_msg": "Já existe."}
    meta.post(URL, json={"error": error}, status=400)

    job = _run("TEMPLATE_CREATE", name="x")

    assert (job.state, job.error, job.error_code) == ("FAILED", "Já existe.", 100)


def test_a_limit_is_sat_out(meta):
    meta.get(URL, json=refused(80007), status=400)

    job = _run()

    assert (job.state, job.attempts, job.error_code) == ("QUEUED", 1, 80007)
    assert job.due_at > timezone.now()
    working.run(job_id=job.pk)
    assert len(meta.calls) == 1  # it is not due yet
    for _ in range(4):
        Job.objects.filter(pk=job.pk).update(due_at=timezone.now())
        working.run(job_id=job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("FAILED", 5)


def test_a_template_is_not_created_twice_when_nobody_knows(meta):
    meta.post(URL, body="<html>", status=500)

    job = _run("TEMPLATE_CREATE", name="x")

    assert job.state == "FAILED"
    assert Job.objects.filter(kind="TEMPLATES_SYNC", state="QUEUED").exists()


def test_a_dead_token_marks_the_number(meta):
    meta.get(URL, json=refused(190), status=401)

    job = _run()

    assert (job.state, job.error_code) == ("FAILED", 190)
    assert Phone.objects.get().health == "AUTH_ERROR"
    assert _run().state == "FAILED"
    assert len(meta.calls) == 1  # without a token nothing is asked


def ended(job: Job) -> Job:
    until(lambda: Job.objects.get(pk=job.pk).finished_at is not None)
    return Job.objects.get(pk=job.pk)


@pytest.mark.django_db(transaction=True)
def test_the_sweeper_does_what_no_nudge_reached(meta):
    meta.get(URL, json=_page(listed("a")))
    job = jobs.start(author=None, kind="TEMPLATES_SYNC", subject=WABA, single=True)
    working.sweep()
    assert not meta.calls  # a nudge may still come

    Job.objects.filter(pk=job.pk).update(due_at=timezone.now() - timedelta(minutes=1))
    working.sweep()

    assert ended(job).state == "DONE"


@pytest.mark.django_db(transaction=True)
def test_meta_s_silence_holds_up_no_sweeper(meta):
    goes_on = threading.Event()

    def silent(request):
        goes_on.wait(30)
        return 200, {}, json.dumps(_page(listed("a")))

    meta.add_callback("GET", URL, silent)
    job = jobs.start(author=None, kind="TEMPLATES_SYNC", subject=WABA, single=True)
    Job.objects.filter(pk=job.pk).update(due_at=timezone.now() - timedelta(minutes=1))

    working.sweep()
    working.sweep()
    assert Job.objects.get(pk=job.pk).finished_at is None

    goes_on.set()
    assert ended(job).state == "DONE"


@pytest.mark.django_db(transaction=True)
def test_a_job_whose_worker_died_runs_again(meta):
    meta.get(URL, json=_page(listed("a")))
    job = jobs.start(author=None, kind="TEMPLATES_SYNC", subject=WABA, single=True)
    past = timezone.now() - timedelta(minutes=1)
    Job.objects.filter(pk=job.pk).update(state="RUNNING", lease_until=past, due_at=past)

    working.sweep()

    assert ended(job).state == "DONE"


def test_the_sweeper_fetches_templates_whose_parts_changed(meta):
    template("a", synced_at=None)
    template("b", synced_at=None, status="DELETED", waba_id="999999")

    working.sweep()
    working.sweep()

    syncs = Job.objects.filter(kind=Job.Kind.TEMPLATES_SYNC)
    assert list(syncs.values_list("subject", "state")) == [(WABA, "QUEUED")]


def test_jobs_of_another_tenant_are_not_touched(meta, globex):
    job = jobs.start(author=None, kind="TEMPLATES_SYNC", subject=WABA, single=True)
    with context.tenant(globex.schema_name):
        working.run(job_id=job.pk)
        working.sweep()
        assert not MessageTemplate.objects.exists()

    assert Job.objects.get(pk=job.pk).state == "QUEUED"


def _secret_job(run, **more) -> Job:
    kinds.register(JobKind("A_TEST", run, **more))
    return jobs.start(author=None, kind="A_TEST", subject="1", secret={"access_token": "EAA-x"})


def _finished(job: Job) -> Job:
    working.run(job_id=job.pk)
    job.refresh_from_db()
    return job


@pytest.mark.parametrize("ends", ["DONE", "FAILED"])
def test_a_secret_is_sealed_for_the_job_alone_and_wiped_when_it_ends(ends):
    read = []

    def run(work):
        read.append(work.secrets)
        if ends == "FAILED":
            raise kinds.StepFailedError("It cannot be.")

    job = _secret_job(run)
    assert job.secret_sealed
    assert "EAA-x" not in f"{job.secret_sealed}{job.arguments}"

    assert _finished(job).state == ends
    assert read == [{"access_token": "EAA-x"}]
    assert job.secret_sealed == ""


def test_a_secret_stays_while_a_limit_is_sat_out():
    def run(work):
        raise NotSentError("busy")

    assert _finished(_secret_job(run)).state == "QUEUED"
    assert Job.objects.get().secret_sealed


def test_steps_are_seen_while_the_job_runs():
    seen = []

    def run(work):
        work.begin("one")
        seen.append(Job.objects.get().steps)
        work.found("one", Grade.WARNING, "a_code", name="x")
        work.begin("two")
        work.found("two", Grade.OK)

    job = _finished(_secret_job(run))

    assert [row["state"] for row in seen[0]] == ["RUNNING"]
    assert job.steps == [
        {"step": "one", "state": "WARNING", "code": "a_code", "values": {"name": "x"}},
        {"step": "two", "state": "OK", "code": "", "values": {}},
    ]
    assert [(told.title, told.what) for told in job.told_steps] == [("one", "a_code"), ("two", "")]


def test_a_job_that_breaks_its_worker_ends_and_forgets_its_secret():
    def run(work):
        raise RuntimeError("a fault of ours")

    job = _secret_job(run)
    for _ in range(5):
        with pytest.raises(RuntimeError):
            working.run(job_id=job.pk)
        Job.objects.update(lease_until=timezone.now())

    assert _finished(job).state == "FAILED"
    assert job.secret_sealed == ""


def test_what_must_not_be_asked_twice_says_so():
    asked = []

    def run(work):
        raise MaybeSentError("nobody knows")

    job = _finished(_secret_job(run, doubted=lambda work: asked.append(work.job.pk)))

    assert (job.state, asked) == ("FAILED", [job.pk])


def test_old_jobs_that_nobody_asked_for_are_forgotten_but_the_newest(people):
    now, old = timezone.now(), timezone.now() - timedelta(days=31)
    boss = people["admin@acme.test"]

    def made(subject: str, *, author=None, finished_at=old) -> int:
        given = {"kind": "NUMBER_CHECK", "subject": subject, "state": "DONE"}
        return Job.objects.create(**given, author=author, finished_at=finished_at).pk

    outdated, asked, young = made("1"), made("1", author=boss), made("1", finished_at=now)
    newest, lone = made("1"), made("2")
    waiting = jobs.start(author=None, kind="NUMBER_CHECK", subject="1").pk

    jobs.forget(before=now - timedelta(days=30))

    kept = set(Job.objects.values_list("pk", flat=True))
    assert kept == {asked, young, lone, waiting}
    assert outdated not in kept and newest not in kept  # one that waits is newer
