"""A tenant is made whole or not at all, and nothing of a failed one is left."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import DatabaseError, connection
from django.test import Client

from tenants import audit, context
from tenants.models import AuditEvent, Domain, Membership, Plan, Tenant, User
from tenants.services import people as people_service
from tenants.services import tenancy

NAME = "hooli"
SCHEMA = f"t_{NAME}"


@pytest.fixture
def plan(db) -> Plan:
    with context.platform():
        return Plan.objects.get(code=Plan.Code.STARTER)


@pytest.fixture
def _clean() -> Iterator[None]:
    """Drop what a test that commits has made."""
    yield
    with context.platform(), connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        Membership.objects.filter(tenant__subdomain=NAME).delete()
        Domain.objects.filter(tenant__subdomain=NAME).delete()
        Tenant.objects.filter(subdomain=NAME).delete()


def open_hooli(plan: Plan, **other: str) -> Tenant:
    given = {
        "admin_email": "gavin@hooli.test",
        "admin_name": "Gavin",
        "admin_password": "correct horse battery",
        **other,
    }
    return tenancy.open_tenant(actor=None, name="Hooli", subdomain=NAME, plan=plan, **given)


def schemas() -> set[str]:
    with context.platform(), connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 't\\_%'")
        return {name for (name,) in cursor.fetchall()}


def tables(schema: str) -> set[str]:
    with context.platform(), connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema])
        return {name for (name,) in cursor.fetchall()}


def test_a_new_tenant_has_row_host_schema_and_admin(plan, acme):
    tenant = open_hooli(plan)

    assert tenant.is_active
    assert tables(SCHEMA) == tables("t_acme")
    assert Client(SERVER_NAME="hooli.localhost").get("/login/").status_code == 200
    with context.platform():
        assert Domain.objects.get(tenant=tenant).domain == "hooli.localhost"
        assert Membership.objects.get(tenant=tenant).role == "ADMIN"
        actions = AuditEvent.objects.order_by("id").values_list("action", flat=True)
        assert list(actions) == ["user.created", "tenant.created"]


def test_a_new_tenant_starts_without_rows(plan, acme, phones):
    open_hooli(plan)

    with context.tenant(SCHEMA), connection.cursor() as cursor:
        for table in tables(SCHEMA) - {"django_migrations"}:
            cursor.execute(f'SELECT count(*) FROM {SCHEMA}."{table}"')  # noqa: S608 - our own names
            assert cursor.fetchone() == (0,), table


def test_the_address_of_somebody_known_needs_no_password(plan, people):
    tenant = open_hooli(plan, admin_email="ANA@acme.test", admin_name="", admin_password="")

    with context.platform():
        assert Membership.objects.get(tenant=tenant).user == people["ana@acme.test"]
        assert User.objects.get(pk=people["ana@acme.test"].pk).check_password("demo")


def test_a_new_address_without_a_good_password_makes_nothing(plan):
    with pytest.raises(people_service.WeakPasswordError):
        open_hooli(plan, admin_password="demo")

    _assert_nothing_is_left()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_clean")
@pytest.mark.parametrize("step", ["schema", "membership", "audit"])
def test_a_failure_in_the_middle_leaves_nothing(plan, acme, monkeypatch, step):
    def fail(*args: object, **kwargs: object) -> None:
        raise DatabaseError("the disk is full")

    original = Tenant.create_schema

    def half(self: Tenant, **options: object) -> None:
        original(self, **options)
        assert tables(SCHEMA)
        fail()

    if step == "schema":
        monkeypatch.setattr(Tenant, "create_schema", half)
    elif step == "membership":
        monkeypatch.setattr(Membership.objects, "create", fail)
    else:
        monkeypatch.setattr(audit, "record", fail)

    with pytest.raises(DatabaseError, match="the disk is full"):
        open_hooli(plan)

    assert context.current_schema() == "nowhere"
    _assert_nothing_is_left()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_clean")
def test_after_a_failure_the_same_name_can_be_taken(plan, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(Tenant, "create_schema", lambda *a, **k: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            open_hooli(plan)

    assert open_hooli(plan).schema_name == SCHEMA
    assert tables(SCHEMA)


@pytest.mark.parametrize(
    "subdomain",
    [
        "",
        "ab",
        "a" * 41,
        "Acme",
        "1abc",
        "-abc",
        "abc-",
        "a_b",
        "a.b",
        "xn--abc",
        "admin",
        "webhooks",
    ],
)
def test_an_impossible_or_reserved_name_is_refused(plan, subdomain):
    with pytest.raises(tenancy.SubdomainError):
        tenancy.create_tenant(actor=None, name="X", subdomain=subdomain, plan=plan)


def test_a_taken_name_is_refused(plan, acme):
    with pytest.raises(tenancy.SubdomainTakenError):
        tenancy.create_tenant(actor=None, name="X", subdomain="acme", plan=plan)


def test_a_schema_that_is_left_over_is_nobody_elses(plan, acme):
    with context.platform(), connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {SCHEMA}")
        cursor.execute(f"CREATE TABLE {SCHEMA}.conversations_message (text text)")

    with pytest.raises(tenancy.SubdomainTakenError):
        open_hooli(plan)

    with context.platform():
        assert not Tenant.objects.filter(subdomain=NAME).exists()


def test_a_host_that_leads_to_somebody_else_is_taken(plan, acme):
    with context.platform():
        Domain.objects.create(domain=f"{NAME}.localhost", tenant=acme, is_primary=False)

    with pytest.raises(tenancy.SubdomainTakenError):
        open_hooli(plan)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_clean")
def test_of_two_at_once_one_gets_the_name(acme):
    with context.platform():
        plan = Plan.objects.get(code=Plan.Code.STARTER)
        admin = people_service.create_user(
            actor=None, email="gavin@hooli.test", name="Gavin", password="correct horse battery"
        )
    both = Barrier(2)

    def take(_number: int) -> str:
        both.wait(30)
        try:
            tenancy.create_tenant(actor=None, name="Hooli", subdomain=NAME, plan=plan, admin=admin)
        except tenancy.SubdomainTakenError:
            return "taken"
        finally:
            connection.close()
        return "made"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(take, range(2))) == ["made", "taken"]


def test_suspending_and_resuming_say_whether_they_changed_something(acme):
    assert tenancy.suspend_tenant(actor=None, tenant=acme)
    assert not tenancy.suspend_tenant(actor=None, tenant=acme)
    assert tenancy.resume_tenant(actor=None, tenant=acme)
    assert not tenancy.resume_tenant(actor=None, tenant=acme)

    with context.platform():
        actions = AuditEvent.objects.order_by("id").values_list("action", flat=True)
        assert list(actions) == ["tenant.suspended", "tenant.resumed"]


def _assert_nothing_is_left() -> None:
    assert SCHEMA not in schemas()
    with context.platform():
        assert not Tenant.objects.filter(subdomain=NAME).exists()
        assert not Domain.objects.filter(domain=f"{NAME}.localhost").exists()
        assert not User.objects.filter(email="gavin@hooli.test").exists()
        assert not AuditEvent.objects.exists()
