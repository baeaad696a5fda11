"""The audit log is written with what it tells of, and never changed."""

import pytest
from django.db import DatabaseError, connection, transaction

from tenants import audit, context, trace
from tenants.models import AuditEvent


def test_an_event_carries_the_running_request(acme, people):
    token = trace.current.set(trace.Request(id="a-request", ip_address="192.0.2.7"))
    with context.platform():
        event = audit.record(
            actor=people["admin@balcao.test"], action="tenant.seen", target=acme, tenant=acme
        )
    trace.current.reset(token)

    assert (event.request_id, event.ip_address) == ("a-request", "192.0.2.7")
    assert event.target == f"tenants.Tenant:{acme.pk}"


def test_an_event_vanishes_with_what_it_tells_of(acme):
    @transaction.atomic
    def fail() -> None:
        audit.record(actor=None, action="tenant.seen", target=acme, tenant=acme)
        raise ZeroDivisionError

    with context.platform():
        with pytest.raises(ZeroDivisionError):
            fail()
        assert not AuditEvent.objects.exists()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tenants_auditevent SET action = 'nothing'",
        "DELETE FROM tenants_auditevent",
        "TRUNCATE tenants_auditevent",
        "UPDATE public.tenants_auditevent SET actor_id = NULL WHERE id > 0",
    ],
)
def test_what_is_written_stays(acme, statement):
    with context.platform():
        audit.record(actor=None, action="tenant.seen", target=acme, tenant=acme)
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            _execute(statement)
        assert AuditEvent.objects.get().action == "tenant.seen"


def test_nor_can_the_models_change_it(acme):
    with context.platform():
        event = audit.record(actor=None, action="tenant.seen", target=acme, tenant=acme)
        event.action = "nothing"
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            event.save()
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            event.delete()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  it was ours \r\n by mistake ", "it was ours by mistake"),
        ("é um teste", "é um teste"),
        ("a\x00b\u202ec", "a b c"),
        ("x" * 500, "x" * 500),
        (" " * 600 + "x", "x"),
    ],
    ids=["lines", "letters", "control characters", "long", "spaces"],
)
def test_a_reason_is_one_line(typed, kept):
    assert audit.stated(typed) == kept


@pytest.mark.parametrize("typed", ["", " ", "\n\t", "\x00", "\u200b\u00ad"])
def test_what_looks_empty_is_no_reason(typed):
    with pytest.raises(audit.ReasonMissingError):
        audit.stated(typed)


def test_a_reason_has_an_end():
    with pytest.raises(audit.ReasonTooLongError):
        audit.stated("x" * 501)


def test_what_was_done_to_one_thing_is_found(acme, globex, people):
    boss = people["admin@balcao.test"]
    with context.platform():
        for tenant, why in ((acme, "first"), (globex, "another"), (acme, "last")):
            audit.record(actor=boss, action="tenant.seen", target=tenant, reason=why)
        found = [(event.reason, event.actor) for event in audit.about(acme)]

    assert found == [("last", boss), ("first", boss)]


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
