"""The sweeper finds what no nudge reached, leads alone, and outlives what fails."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from conversations.models import Conversation, Message, StatusEvent
from conversations.services import delivery, retention, sweep
from conversations.services.sweep import Sweeper
from tenants import context
from tenants.feed import live
from tenants.feed.live import Draft
from tenants.feed.models import Change, IdempotencyKey
from tenants.models import LoginFailure
from tenants.services import tenancy
from tests.conversations.events import body, change, deliver, fates, parked, status, text
from tests.conversations.sending import conversation_with, message_in
from tests.polling import until
from whatsapp.webhooks.models import DeliveryClaim, ParkedUnit, WebhookDelivery
from whatsapp.webhooks.services import parking

pytestmark = pytest.mark.django_db(transaction=True)
MANAGE = Path(__file__).parents[2] / "manage.py"


@pytest.fixture
def sweeper():
    sweeper = Sweeper(stopping=lambda: False)
    yield sweeper
    sweeper.close()


def age(**fields) -> None:
    """Make all deliveries older."""
    with context.platform():
        received_at = timezone.now() - timedelta(**fields)
        WebhookDelivery.objects.update(received_at=received_at)


def message_count(tenant) -> int:
    with context.tenant(tenant.schema_name):
        return Message.objects.count()


def test_what_is_new_for_too_long_is_worked_on(acme, meta_app, phones, sweeper):
    deliver(meta_app, body(change(messages=[text("wamid.1")])))
    assert sweeper.round()
    assert message_count(acme) == 0

    age(seconds=6)
    sweeper.round()

    assert message_count(acme) == 1


def test_units_to_be_replayed_need_no_nudge(acme, meta_app, phones, sweeper):
    deliver(meta_app, b"not json")
    age(seconds=6)
    sweeper.round()
    with context.platform():
        parking.replay(actor=None, reason="a test", units=list(ParkedUnit.objects.all()))
        assert ParkedUnit.objects.get().state == "NEW"

    sweeper.round()

    assert parked() == [("QUARANTINED", "PARKED", "JSONDecodeError")]


def test_what_was_held_comes_in_once_the_tenant_is_active_again(acme, meta_app, phones, sweeper):
    tenancy.suspend_tenant(actor=None, tenant=acme)
    (made,) = deliver(meta_app, body(change(messages=[text("wamid.1")])))
    age(seconds=6)
    sweeper.round()
    assert parked() == [("HELD", "PARKED", "NotActive")]

    tenancy.resume_tenant(actor=None, tenant=acme)
    sweeper.round()

    assert message_count(acme) == 1
    assert fates(made) == (1, 1, 0, 0, 0)


def test_statuses_that_passed_their_message_find_it(acme, meta_app, phones, sweeper):
    deliver(meta_app, body(change(statuses=[status("wamid.out", "read")])))
    age(seconds=6)
    sweeper.round()
    with context.tenant(acme.schema_name):
        thread = conversation_with("5511988887777", phone=phones["acme"], opened_at=timezone.now())
        message = message_in(thread, status="ACCEPTED", wamid="wamid.out")

    sweeper.round()

    with context.tenant(acme.schema_name):
        assert Message.objects.get(pk=message.pk).status == "READ"


def test_one_leads_and_the_next_takes_over(db, sweeper):
    second = Sweeper(stopping=lambda: False)
    assert sweeper.round()
    assert not second.round()

    sweeper.close()

    try:
        until(second.round)  # the server lets go of the lock when it has ended the session
        assert not sweeper.round()
    finally:
        second.close()


def test_a_leader_whose_session_ended_notices_and_leads_again(db, sweeper):
    assert sweeper.round()
    with context.platform(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'balcao sweeper' AND datname = current_database()"
        )

    assert not sweeper.round()
    until(sweeper.round)


def test_one_tenant_s_failure_stops_nobody(acme, globex, phones, sweeper, monkeypatch, caplog):
    swept = []

    def fail(*, tenant, **_):
        if tenant.subdomain == "acme":
            raise ZeroDivisionError
        swept.append(tenant.subdomain)

    monkeypatch.setattr(delivery, "sweep", fail)
    monkeypatch.setattr(sweep.inbound, "process_deliveries", lambda **_: 1 / 0)
    monkeypatch.setattr(sweep, "_overdue", lambda: True)

    assert sweeper.round()

    assert swept == ["globex"]
    assert "sweeper: deliveries failed" in caplog.text
    assert "sweeper: messages of t_acme failed" in caplog.text


def test_a_suspended_tenant_is_left_alone(acme, globex, phones, sweeper, monkeypatch):
    swept = []
    monkeypatch.setattr(delivery, "sweep", lambda *, tenant, **_: swept.append(tenant.subdomain))
    tenancy.suspend_tenant(actor=None, tenant=acme)

    sweeper.round()

    assert swept == ["globex"]


def test_raw_bodies_go_after_their_days_unless_something_waits(acme, meta_app, phones, settings):
    settings.WEBHOOK_RETENTION_DAYS = 7
    good = body(change(messages=[text("wamid.1")]))
    made = deliver(meta_app, good, b"not json", b"not json either", good)
    sweep.inbound.process_deliveries()
    (fresh,) = deliver(meta_app, good)
    with context.platform():
        old = timezone.now() - timedelta(days=8)
        WebhookDelivery.objects.exclude(pk=fresh.pk).update(received_at=old)
        parking.discard(
            actor=None, reason="a test", units=[ParkedUnit.objects.get(delivery=made[2])]
        )

    retention.purge_platform(now=timezone.now(), stopping=lambda: False)

    with context.platform():
        left = list(WebhookDelivery.objects.order_by("pk").values_list("pk", flat=True))
    assert left == [made[1].pk, fresh.pk]


def test_nothing_new_is_purged_however_old(meta_app, phones):
    deliver(meta_app, b"{}")
    age(days=100)

    retention.purge_platform(now=timezone.now(), stopping=lambda: False)

    with context.platform():
        assert WebhookDelivery.objects.count() == 1


def test_notes_of_workers_that_died_unseen_go_after_a_day(db):
    with context.platform():
        for hours in (1, 25):
            note = DeliveryClaim.objects.create(delivery_ids=[hours])
            created_at = timezone.now() - timedelta(hours=hours)
            DeliveryClaim.objects.filter(pk=note.pk).update(created_at=created_at)

    retention.purge_platform(now=timezone.now(), stopping=lambda: False)

    with context.platform():
        assert DeliveryClaim.objects.get().delivery_ids == [1]


def test_what_is_kept_for_a_time_goes_after_it(acme, phones, monkeypatch):
    now = timezone.now()
    monkeypatch.setattr(retention, "PAGE", 2)
    with context.platform():
        for hours in (0, 2):
            row = LoginFailure.objects.create(key="k")
            LoginFailure.objects.filter(pk=row.pk).update(at=now - timedelta(hours=hours))
    with context.tenant(acme.schema_name):
        for n in range(6):
            live.publish(Draft(Change.Kind.CONVERSATION, n))
        Change.objects.filter(seq__lte=5).update(at=now - timedelta(days=8))
        for hours in (1, 25):
            IdempotencyKey.objects.create(client="user:1", key=f"{hours}", fingerprint="")
            IdempotencyKey.objects.filter(key=f"{hours}").update(
                created_at=now - timedelta(hours=hours)
            )

    retention.purge_platform(now=now, stopping=lambda: False)
    with context.tenant(acme.schema_name):
        retention.purge_tenant(tenant=acme, now=now)

        assert list(Change.objects.values_list("seq", flat=True)) == [6]
        assert IdempotencyKey.objects.get().key == "1"
        assert not StatusEvent.objects.exists()
        assert not Conversation.objects.exists()
    with context.platform():
        assert LoginFailure.objects.count() == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["term", "int"])
def test_the_command_ends_when_it_is_told_to(acme, meta_app, phones, number):
    place = connection.get_connection_params()
    url = "postgres://{user}:{password}@{host}:{port}/{dbname}".format(**place)
    deliver(meta_app, body(change(messages=[text("wamid.1")])))
    age(seconds=6)
    environment = {**os.environ, "DATABASE_URL": url}
    process = subprocess.Popen([sys.executable, str(MANAGE), "sweeper"], env=environment)
    try:
        until(lambda: message_count(acme) == 1)
        process.send_signal(number)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
