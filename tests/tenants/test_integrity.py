"""A tenant without all of its tables is broken, and says so instead of failing."""

import io

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client

from tenants import context
from tenants.models import AuditEvent, Tenant
from tenants.services import integrity, tenancy


@pytest.fixture
def torn(acme) -> Tenant:
    """Acme without a table (the test's transaction brings it back)."""
    with context.tenant(acme.schema_name), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE conversations_idempotencykey RENAME TO gone")
    return acme


def status_of(tenant: Tenant) -> str:
    with context.platform():
        return Tenant.objects.get(pk=tenant.pk).status


def test_whole_tenants_are_left_alone(acme, globex):
    assert integrity.check_schemas() == {}
    assert status_of(acme) == status_of(globex) == "ACTIVE"
    with context.platform():
        assert not AuditEvent.objects.exists()


def test_a_torn_tenant_is_broken_and_the_others_work(torn, globex):
    assert integrity.check_schemas() == {"t_acme": ["conversations_idempotencykey"]}

    assert Client(SERVER_NAME="acme.localhost").get("/login/").status_code == 503
    assert Client(SERVER_NAME="globex.localhost").get("/login/").status_code == 200
    with context.platform():
        event = AuditEvent.objects.get()
    assert (event.action, event.tenant_id) == ("tenant.broken", torn.pk)


def test_a_repaired_tenant_works_again(torn):
    integrity.check_schemas()
    with context.tenant(torn.schema_name), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE gone RENAME TO conversations_idempotencykey")

    assert integrity.check_schemas() == {}

    assert Client(SERVER_NAME="acme.localhost").get("/login/").status_code == 200
    with context.platform():
        actions = list(AuditEvent.objects.order_by("id").values_list("action", flat=True))
    assert actions == ["tenant.broken", "tenant.repaired"]


def test_a_suspended_tenant_stays_suspended(torn):
    tenancy.suspend_tenant(actor=None, tenant=torn)

    integrity.check_schemas()

    assert status_of(torn) == "SUSPENDED"


def test_migrating_looks_and_leaves_every_schema(torn):
    err = io.StringIO()
    with context.platform():
        call_command("migrate_schemas", verbosity=0, stderr=err)

    assert "t_acme answers 503" in err.getvalue()
    assert status_of(torn) == "BROKEN"
    assert context.current_schema() == "nowhere"
