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


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
