"""Poison, deaths, rivals and broken tenants: nothing is lost, nothing doubled, others go on."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection
from django.db.models import Count, F, Q

from conversations.models import Contact, Conversation, Message
from conversations.services import batches, inbound, reading, sessions
from tenants import context, permissions
from tenants.db import raw
from tenants.feed.models import Change, Counter
from tests.conversations.events import (
    NOON,
    body,
    change,
    contact,
    deliver,
    fates,
    parked,
    status,
    text,
    unaccounted,
)
from tests.polling import until_waiting
from whatsapp.webhooks.models import DeliveryClaim, ParkedUnit, WebhookDelivery
from whatsapp.webhooks.services import deliveries, parking

pytestmark = pytest.mark.django_db(transaction=True)


def one(wamid: str, *, tenant: str = "acme", **more) -> bytes:
    return body(change(tenant, messages=[text(wamid, **more)]))


def wamids(tenant) -> list[str]:
    with context.tenant(tenant.schema_name):
        return sorted(Message.objects.values_list("wamid", flat=True))


def attempts() -> list[int]:
    with context.platform():
        return list(WebhookDelivery.objects.order_by("pk").values_list("attempts", flat=True))


@contextmanager
def altered(tenant, statement: str, back: str):
    with context.tenant(tenant.schema_name), connection.cursor() as cursor:
        cursor.execute(statement)
    try:
        yield
    finally:
        with context.tenant(tenant.schema_name), connection.cursor() as cursor:
            cursor.execute(back)


def poison(tenant):
    """A rule of the database's that texts of "poison" break."""
    table = "ALTER TABLE conversations_message"
    return altered(
        tenant,
        f"{table} ADD CONSTRAINT no_poison CHECK (text <> 'poison')",
        f"{table} DROP CONSTRAINT no_poison",
    )


def test_a_poisonous_unit_is_parked_alone_and_comes_in_after_the_repair(
    acme, globex, meta_app, phones
):
    raws = [one(f"wamid.{n}", wa_id=f"55119{n:08}") for n in range(20)]
    several = body(
        change(
            messages=[text("wamid.a"), text("wamid.p", body="poison"), text("wamid.b")],
            statuses=[status("wamid.x", "sent")],
        )
    )
    made = deliver(meta_app, *raws[:10], several, *raws[10:], one("wamid.g", tenant="globex"))

    with poison(acme):
        inbound.process_deliveries()

        assert parked() == [("QUARANTINED", "PARKED", "CheckViolation 23514")]
        assert fates(made[10]) == (4, 3, 0, 0, 1)
        assert len(wamids(acme)) == 22
        assert wamids(globex) == ["wamid.g"]
        assert unaccounted() == 0
    with context.platform():
        units = list(ParkedUnit.objects.all())
    assert units[0].unit_index == 1
    parking.replay(actor=None, reason="a test", units=units)
    inbound.process_deliveries()

    assert "wamid.p" in wamids(acme)
    assert fates(made[10]) == (4, 4, 0, 0, 0)


def test_changes_stay_dense_when_a_batch_is_taken_apart(acme, meta_app, phones):
    deliver(meta_app, one("wamid.1"), one("wamid.2", body="poison"), one("wamid.3"))

    with poison(acme):
        inbound.process_deliveries()

    with context.tenant(acme.schema_name):
        seqs = list(Change.objects.order_by("seq").values_list("seq", flat=True))
        assert seqs == list(range(1, Counter.objects.get().value + 1))
        assert Message.objects.count() == Conversation.objects.get().unread_count == 2


def test_a_kill_after_the_tenant_s_commit_makes_no_double(acme, meta_app, phones, monkeypatch):
    raw_body = body(
        change(
            contacts=[contact()], messages=[text("wamid.1")], statuses=[status("wamid.x", "sent")]
        )
    )
    (delivery,) = deliver(meta_app, raw_body)
    with monkeypatch.context() as patch:
        patch.setattr(deliveries, "settle", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            inbound.process_deliveries()
    assert wamids(acme) == ["wamid.1"]
    assert fates(delivery) == (0, 0, 0, 0, 0)

    inbound.process_deliveries()

    assert wamids(acme) == ["wamid.1"]
    assert fates(delivery) == (2, 0, 2, 0, 0)
    with context.tenant(acme.schema_name):
        assert Conversation.objects.get().unread_count == 1
        kinds = Change.objects.order_by("seq").values_list("kind", flat=True)
        assert list(kinds) == ["CONTACT_NEW", "ARRIVAL", "OPENED"]
        assert Counter.objects.get().value == 3


def test_an_error_of_ours_is_no_death_and_leaves_no_note(acme, meta_app, phones, monkeypatch):
    deliver(meta_app, one("wamid.1"))
    with monkeypatch.context() as patch:
        patch.setattr(batches, "_apply", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            inbound.process_deliveries()

    inbound.process_deliveries()

    assert attempts() == [0]
    with context.platform():
        assert not DeliveryClaim.objects.exists()


def die_with(limit: int) -> None:
    """Claim as a worker does, and be gone without a word."""
    opened = sessions.fresh()
    deliveries.claim(opened.claims, opened.work, limit=limit)
    opened.close()


def test_deliveries_of_a_dead_worker_are_worked_on_one_at_a_time(acme, meta_app, phones):
    made = deliver(meta_app, *(one(f"wamid.{n}") for n in range(4)))
    die_with(limit=3)

    opened = sessions.fresh()
    worker = inbound.Worker(opened)
    rounds = [worker.round() for _ in range(5)]
    opened.close()

    assert rounds == [1, 1, 1, 1, 0]
    assert attempts() == [1, 1, 1, 0]
    assert [fates(delivery) for delivery in made] == [(1, 1, 0, 0, 0)] * 4
    with context.platform():
        assert not DeliveryClaim.objects.exists()


def test_a_body_that_three_workers_died_of_is_parked_unread(acme, meta_app, phones):
    (killer, good) = deliver(meta_app, one("wamid.1"), one("wamid.2"))
    for _ in range(3):
        die_with(limit=1)

    inbound.process_deliveries()

    assert parked() == [("QUARANTINED", "PARKED", "WorkerDied")]
    assert (fates(killer), fates(good)) == ((1, 0, 0, 0, 1), (1, 1, 0, 0, 0))
    assert attempts() == [3, 0]

    with context.platform():
        units = list(ParkedUnit.objects.all())
    parking.replay(actor=None, reason="a test", units=units)
    inbound.process_deliveries()
    assert fates(killer) == (1, 1, 0, 0, 0)


KILLER = """
import os, signal, django
django.setup()
from conversations.services import inbound
from whatsapp import payloads
read = payloads.parse
def parse(body, **more):
    if b"deadly" in body:
        os.kill(os.getpid(), signal.SIGKILL)
    return read(body, **more)
payloads.parse = parse
end = -1
while end:
    child = os.fork()
    if not child:
        inbound.process_deliveries()
        os._exit(0)
    end = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(end, flush=True)
"""


def test_a_body_that_kills_the_process_is_parked_and_all_others_are_stored(acme, meta_app, phones):
    raws = [one(f"wamid.{n}", body="deadly" if n == 2 else "oi") for n in range(6)]
    made = deliver(meta_app, *raws)
    place = connection.get_connection_params()
    url = "postgres://{user}:{password}@{host}:{port}/{dbname}".format(**place)
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }

    run = subprocess.run(
        [sys.executable, "-c", KILLER],
        env=environment,
        check=True,
        timeout=120,
        stdout=subprocess.PIPE,
    )

    assert run.stdout.split() == [b"-9", b"-9", b"-9", b"0"]
    assert parked() == [("QUARANTINED", "PARKED", "WorkerDied")]
    assert fates(made[2]) == (1, 0, 0, 0, 1)
    assert wamids(acme) == ["wamid.0", "wamid.1", "wamid.3", "wamid.4", "wamid.5"]
    assert unaccounted() == 0


def test_a_broken_tenant_does_not_stop_the_others(acme, globex, meta_app, phones):
    renamed = "ALTER TABLE {} RENAME TO {}"
    there, away = "conversations_message", "conversations_message_gone"
    made = deliver(meta_app, one("wamid.1"), one("wamid.2", tenant="globex"), one("wamid.3"))

    with altered(acme, renamed.format(there, away), renamed.format(away, there)):
        inbound.process_deliveries()

    assert parked() == [("QUARANTINED", "PARKED", "UndefinedTable 42P01")] * 2
    assert wamids(globex) == ["wamid.2"]
    with context.platform():
        parking.replay(actor=None, reason="a test", units=list(ParkedUnit.objects.all()))
    inbound.process_deliveries()
    assert wamids(acme) == ["wamid.1", "wamid.3"]
    assert [fates(delivery) for delivery in made] == [(1, 1, 0, 0, 0)] * 3


def test_a_tenant_that_is_locked_waits_and_the_others_go_on(
    acme, globex, meta_app, phones, claims, monkeypatch
):
    monkeypatch.setitem(sessions._WORK, "lock_timeout", "100ms")
    deliver(meta_app, one("wamid.1"), one("wamid.2", tenant="globex"))

    with context.raw_transaction(claims, acme.schema_name):
        claims.execute("LOCK TABLE conversations_message")
        claims.execute("SELECT 1").fetchone()  # or the lock may still be on its way
        inbound.process_deliveries()
        assert wamids(globex) == ["wamid.2"]
        with context.platform():
            assert WebhookDelivery.objects.filter(state="NEW").count() == 1
    assert parked() == []

    inbound.process_deliveries()
    assert wamids(acme) == ["wamid.1"]
    assert attempts() == [0, 0]


def test_an_error_of_a_statement_that_nobody_waited_for_is_noticed(
    acme, globex, meta_app, phones, claims, monkeypatch
):
    """The contact's new name waits for a rival in vain; everything after it is not executed."""
    monkeypatch.setitem(sessions._WORK, "lock_timeout", "100ms")
    deliver(meta_app, body(change(contacts=[contact()], messages=[text("wamid.1")])))
    inbound.process_deliveries()
    newer = change(contacts=[contact(name="Bia")], messages=[text("wamid.2", at=NOON + 1)])
    deliver(meta_app, body(newer, change("globex", messages=[text("wamid.g")])))

    with context.raw_transaction(claims, acme.schema_name):
        claims.execute("SELECT FROM conversations_contact FOR UPDATE").fetchone()
        inbound.process_deliveries()
        assert wamids(acme) == ["wamid.1"]
        assert wamids(globex) == ["wamid.g"]
    assert parked() == []

    inbound.process_deliveries()
    assert wamids(acme) == ["wamid.1", "wamid.2"]
    assert attempts() == [0, 0]


def test_a_session_that_postgres_ended_costs_nothing(acme, meta_app, phones, monkeypatch):
    deliver(meta_app, one("wamid.1"))
    opened = sessions.fresh()
    other = raw.connect(name="test")
    other.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'balcao work' AND datname = current_database()"
    )
    other.close()

    with pytest.raises(psycopg.OperationalError):
        inbound.Worker(opened).round()
    assert not opened.usable
    inbound.process_deliveries()

    assert wamids(acme) == ["wamid.1"]
    assert attempts() == [0]


def test_workers_side_by_side_make_no_double_and_lose_nothing(
    acme, globex, meta_app, phones, people
):
    """While an operator reads: unread is what came after the last message read."""
    raws = [
        body(
            change(
                tenant,
                contacts=[contact(person, f"Name {n}")],
                messages=[
                    text(f"wamid.{n}", wa_id=person, at=NOON + n),
                    text(f"wamid.{n // 2}.twice", wa_id=person, at=NOON + n),
                ],
                statuses=[status(f"wamid.{n}.out", "sent")],
            )
        )
        for n in range(240)
        for tenant in ("acme", "globex")
        for person in [f"55119{n % 7:08}"]
    ]
    deliver(meta_app, *raws, *raws[::3])
    ana = permissions.Actor(tenant=acme, user=people["ana@acme.test"], role="OPERATOR")

    def read() -> int:
        try:
            with context.tenant(acme.schema_name):
                for thread in Conversation.objects.all():
                    reading.mark_read(actor=ana, conversation=thread, up_to_id=2**62)
        finally:
            connection.close()
        return 0

    with ThreadPoolExecutor(5) as pool:
        jobs = [pool.submit(inbound.process_deliveries, limit=5) for _ in range(4)]
        jobs += [pool.submit(read) for _ in range(10)]
        assert sum(job.result() for job in jobs) == 640

    assert unaccounted() == 0
    for tenant in (acme, globex):
        with context.tenant(tenant.schema_name):
            assert Message.objects.count() == 360
            assert Contact.objects.count() == Conversation.objects.count() == 7
            assert Counter.objects.get().value == Change.objects.count()
            unread = Count("messages", Q(messages__pk__gt=F("read_up_to_id")))
            for thread in Conversation.objects.annotate(unread=unread):
                assert thread.unread_count == thread.unread
                newest = thread.messages.order_by("-timestamp", "-pk").first()
                assert thread.last_message_id == newest.pk
    with context.platform():
        assert not DeliveryClaim.objects.exists()


def test_a_deadlock_is_tried_again(acme, meta_app, phones, claims, monkeypatch):
    """A rival that takes two conversations the other way round."""
    deliver(meta_app, body(change(messages=[text("w.1", wa_id="1"), text("w.2", wa_id="2")])))
    inbound.process_deliveries()
    with context.tenant(acme.schema_name):
        first, second = Conversation.objects.order_by("pk").values_list("pk", flat=True)
    deliver(meta_app, body(change(messages=[text("w.3", wa_id="1"), text("w.4", wa_id="2")])))

    lock = "SELECT 1 FROM conversations_conversation WHERE id = %s FOR UPDATE"
    claims.execute("SET deadlock_timeout = '20s'")  # the other side is the victim
    with ThreadPoolExecutor(1) as pool:
        with context.raw_transaction(claims, acme.schema_name):
            claims.execute(lock, (second,)).fetchone()
            job = pool.submit(inbound.process_deliveries)
            until_waiting("balcao work")
            claims.execute(lock, (first,)).fetchone()
        assert job.result() == 1
    inbound.process_deliveries()  # for the rare case that the rival won three times

    assert wamids(acme) == ["w.1", "w.2", "w.3", "w.4"]
    assert parked() == []
