"""A task runs in its tenant or not at all, and a broker that is away breaks nothing."""

import socket

import pytest
from celery import current_app
from django.db import transaction

from tenants import context, queue
from tenants.models import Tenant
from tenants.services import tenancy

seen: list[tuple[str, dict]] = []


@queue.tenant_task
def note_tenant(**kwargs):
    seen.append((context.current_schema(), kwargs))


@queue.platform_task
def note_platform(**kwargs):
    seen.append((context.current_schema(), kwargs))


@queue.tenant_task
def fail(**kwargs):
    raise ZeroDivisionError


@queue.platform_task
def stray(**kwargs):
    context.platform().__enter__()  # whoever leaves his context open


@pytest.fixture(autouse=True)
def _forget(monkeypatch):
    seen.clear()
    monkeypatch.setattr(queue, "_sender", queue._Sender())  # one that nothing was lost of


@pytest.fixture
def sent(monkeypatch):
    """What would have gone to the broker."""
    calls = []
    monkeypatch.setattr(
        queue.current_app, "send_task", lambda path, kwargs, **_: calls.append((path, kwargs))
    )
    return calls


def test_a_tenants_task_runs_in_its_schema_and_leaves_it(acme):
    note_tenant(schema="t_acme", phone_id=7)

    assert seen == [("t_acme", {"phone_id": 7})]
    assert context.current_schema() == "nowhere"


def test_a_platforms_task_starts_nowhere(db):
    with context.platform():
        note_platform()

    assert seen == [("nowhere", {})]


@pytest.mark.parametrize("schema", ["t_ghost", "public", "", "nowhere", "t_acme,public"])
def test_a_task_of_a_tenant_that_does_not_exist_does_not_run(acme, schema, caplog):
    note_tenant(schema=schema)

    assert seen == []
    assert "skipped" in caplog.text
    assert context.current_schema() == "nowhere"


def test_a_task_without_a_tenant_does_not_run(acme):
    note_tenant()

    assert seen == []


@pytest.mark.parametrize("status", [s for s in Tenant.Status if s != Tenant.Status.ACTIVE])
def test_a_task_of_a_tenant_that_is_not_active_does_not_run(acme, status):
    with context.platform():
        Tenant.objects.filter(pk=acme.pk).update(status=status)

    note_tenant(schema="t_acme")

    assert seen == []


def test_a_failing_task_is_logged_and_leaves_its_schema(acme, caplog):
    fail(schema="t_acme")

    assert "task fail failed" in caplog.text
    assert context.current_schema() == "nowhere"


def test_a_task_that_leaves_a_context_open_hands_it_to_nobody(db):
    stray()
    note_platform()

    assert seen == [("nowhere", {})]


def test_what_is_enqueued_goes_out_after_the_commit_with_its_schema(
    acme, sent, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True), context.tenant("t_acme"):
        queue.enqueue("conversations.tasks.drain_outbox", phone_id=7)
        queue.nudge("conversations.tasks.process_deliveries")
        assert sent == []

    assert sent == [
        ("conversations.tasks.drain_outbox", {"schema": "t_acme", "phone_id": 7}),
        ("conversations.tasks.process_deliveries", {}),
    ]


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_is_not_sent(acme, sent):
    @transaction.atomic
    def enqueue_and_fail():
        queue.enqueue("conversations.tasks.drain_outbox", phone_id=7)
        raise ZeroDivisionError

    with context.tenant("t_acme"), pytest.raises(ZeroDivisionError):
        enqueue_and_fail()

    assert sent == []


def test_a_broker_that_is_away_breaks_nothing(
    acme, monkeypatch, caplog, django_capture_on_commit_callbacks
):
    def refuse(path, kwargs, **options):
        raise ConnectionRefusedError

    monkeypatch.setattr(queue.current_app, "send_task", refuse)
    with django_capture_on_commit_callbacks(execute=True), context.tenant("t_acme"):
        queue.enqueue("conversations.tasks.drain_outbox", phone_id=7)

    assert "lost" in caplog.text


def test_a_broker_that_never_answers_holds_nobody_up(monkeypatch, caplog):
    calls = []
    real = queue.current_app.send_task

    def count(path, **options):
        calls.append(path)
        real(path, **options)

    with socket.create_server(("127.0.0.1", 0)) as deaf:  # takes connections, and that is all
        broker = current_app.connection_for_write(
            f"redis://127.0.0.1:{deaf.getsockname()[1]}/0",
            transport_options={"socket_timeout": queue.SEND_SECONDS},
        )
        monkeypatch.setattr(queue, "_connection", lambda: broker)
        monkeypatch.setattr(queue.current_app, "send_task", count)

        queue.nudge("conversations.tasks.process_deliveries")
        queue.nudge("conversations.tasks.process_deliveries")

    assert caplog.text.count("lost") == 1
    assert len(calls) == 1  # the second one was not even tried


def test_senders_have_a_time_out_and_workers_none():
    assert queue._connection().transport_options["socket_timeout"] == queue.SEND_SECONDS
    assert "socket_timeout" not in current_app.connection_for_read().transport_options


def test_a_suspended_tenants_task_runs_again_after_it_is_resumed(acme):
    tenancy.suspend_tenant(actor=None, tenant=acme)
    note_tenant(schema="t_acme")
    tenancy.resume_tenant(actor=None, tenant=acme)
    note_tenant(schema="t_acme")

    assert len(seen) == 1
