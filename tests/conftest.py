"""The cast: two tenants with the same people, and a database that forgets after every test."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import connection
from django.test import Client, TransactionTestCase, override_settings
from django_otp.oath import totp
from hypothesis import settings

from tenants import context, permissions, secrets
from tenants.models import Membership, Plan, Tenant, User
from tenants.permissions import Actor
from tenants.services import second_factor, tenancy
from whatsapp.models import Phone
from whatsapp.webhooks.models import MetaApp, PhoneRoute

# A red run there must be red here too; at a desk new examples are wanted.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")

APP_SECRET = "an-app-secret-of-the-tests"
VERIFY_TOKEN = "a-verify-token-of-the-tests"
ROLES = {"admin": "ADMIN", "ana": "OPERATOR", "vera": "VIEWER"}
PHONES = {
    "acme": ("106540352242922", "102290129340398", "+55 11 4000-1001"),
    "globex": ("106540352242923", "102290129340399", "+55 21 4000-2002"),
}
# Rows that the session's setup made and every test may lean on.
KEEP = {
    "django_migrations",
    "django_content_type",
    "auth_permission",
    "tenants_plan",
    "tenants_tenant",
    "tenants_domain",
}


class QuickHasher(PBKDF2PasswordHasher):
    """The real one with few rounds: a slow hash protects people, not tests."""

    iterations = 1000


@pytest.fixture(autouse=True, scope="session")
def _quick_passwords() -> Iterator[None]:
    with override_settings(PASSWORD_HASHERS=[f"{__name__}.QuickHasher"]):
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker) -> None:
    """Create acme and globex once."""
    with django_db_blocker.unblock(), context.platform():
        plan = Plan.objects.get(code=Plan.Code.STARTER)
        for name in ("acme", "globex"):
            if not Tenant.objects.filter(subdomain=name).exists():
                tenancy.create_tenant(actor=None, name=name.title(), subdomain=name, plan=plan)
        _empty_every_schema()


def _empty_every_schema(case: object = None) -> None:
    with context.platform(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT format('%I.%I', schemaname, tablename), tablename FROM pg_tables "
            "WHERE schemaname = 'public' "
            "OR schemaname IN (SELECT schema_name FROM public.tenants_tenant)"
        )
        tables = [name for name, table in cursor.fetchall() if table not in KEEP]
        # A table is made anew by TRUNCATE: of hundreds only those that hold something.
        looks = (f"(SELECT '{one}' FROM {one} LIMIT 1)" for one in tables)  # noqa: S608 - our names
        cursor.execute(" UNION ALL ".join(looks))
        tables = [name for (name,) in cursor.fetchall()]
        cursor.execute("ALTER TABLE tenants_auditevent DISABLE TRIGGER audit_no_truncate")
        if tables:
            cursor.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE")
        cursor.execute("ALTER TABLE tenants_auditevent ENABLE TRIGGER audit_no_truncate")
        cursor.execute("UPDATE tenants_tenant SET status = 'ACTIVE'")
        cursor.execute(
            "UPDATE tenants_plan SET messages_per_month = NULL, requests_per_hour = NULL"
        )


TransactionTestCase._fixture_teardown = _empty_every_schema  # the stock flush knows one schema only


@pytest.fixture(autouse=True)
def _nowhere() -> Iterator[None]:
    """Every test starts and ends outside every schema: forgetting the tenant is an error."""
    connection.set_schema_to_nowhere()
    yield
    connection.set_schema_to_nowhere()


@pytest.fixture
def acme(db) -> Tenant:
    with context.platform():
        return Tenant.objects.get(subdomain="acme")


@pytest.fixture
def globex(db) -> Tenant:
    with context.platform():
        return Tenant.objects.get(subdomain="globex")


@pytest.fixture
def people(acme, globex) -> dict[str, User]:
    """Everybody by address: admin@, ana@ (operator), vera@ (viewer) of both; admin@balcao.test."""
    found = {}
    with context.platform():
        for tenant in (acme, globex):
            for name, role in ROLES.items():
                user = User(email=f"{name}@{tenant.subdomain}.test", name=name.title())
                user.set_password("demo")
                user.save()
                Membership.objects.create(user=user, tenant=tenant, role=role)
                found[user.email] = user
        boss = User(email="admin@balcao.test", name="Boss", is_superuser=True)
        boss.set_password("demo")
        boss.save()
        found[boss.email] = boss
    return found


@pytest.fixture
def actor(people, acme, globex) -> Callable[[str], Actor]:
    """Return the actor of an address: ``actor("ana@acme.test")``."""

    def of(email: str) -> Actor:
        tenant = acme if email.endswith("@acme.test") else globex
        role = ROLES[email.partition("@")[0]]
        return permissions.Actor(tenant=tenant, user=people[email], role=role)

    return of


@pytest.fixture
def meta_app(db) -> MetaApp:
    """The platform's Meta app, with APP_SECRET and VERIFY_TOKEN."""
    with context.platform():
        return MetaApp.objects.create(
            name="Platform",
            app_id="1000",
            app_secret_sealed=_sealed(APP_SECRET, "app_secret"),
            verify_token_sealed=_sealed(VERIFY_TOKEN, "verify_token"),
        )


def _sealed(value: str, column: str) -> str:
    return secrets.seal(value, tenant=secrets.PLATFORM, table="webhooks_metaapp", column=column)


@pytest.fixture
def phones(acme, globex, meta_app) -> dict[str, Phone]:
    """A connected number for each tenant, by subdomain, with its route."""
    return {tenant.subdomain: connect(tenant, meta_app) for tenant in (acme, globex)}


def connect(tenant: Tenant, app: MetaApp) -> Phone:
    phone_number_id, waba_id, number = PHONES[tenant.subdomain]
    with context.platform():
        PhoneRoute.objects.create(
            phone_number_id=phone_number_id,
            waba_id=waba_id,
            display_phone_number=number,
            tenant=tenant,
            app=app,
        )
    token = secrets.seal(
        f"token-of-{tenant.subdomain}",
        tenant=str(tenant.pk),
        table="whatsapp_phone",
        column="access_token",
    )
    with context.tenant(tenant.schema_name):
        return Phone.objects.create(
            phone_number_id=phone_number_id,
            waba_id=waba_id,
            display_phone_number=number,
            name=tenant.name,
            access_token_sealed=token,
        )


@pytest.fixture
def noon() -> datetime:
    return datetime(2026, 11, 10, 12, 0, tzinfo=UTC)


@pytest.fixture
def page(client: Client, people) -> Callable[[str], Client]:
    """Return a client logged in on the tenant's host: ``page("ana@acme.test").get("/inbox/")``."""

    def logged_in(email: str) -> Client:
        subdomain = email.partition("@")[2].partition(".")[0]
        browser = Client(SERVER_NAME=f"{subdomain}.localhost")
        browser.post("/login/", {"email": email, "password": "demo"})
        return browser

    return logged_in


@pytest.fixture
def console(people) -> Client:
    """The super-admin's browser on the public host, signed in with both factors."""
    browser = Client(SERVER_NAME="localhost")
    browser.post("/admin/login/", {"username": "admin@balcao.test", "password": "demo"})
    device = second_factor.device_of(people["admin@balcao.test"])
    browser.post("/admin/second-factor/", {"code": f"{totp(device.bin_key):06d}"})
    return browser


@pytest.fixture(autouse=True)
def _buckets_of_its_own(settings):
    """Rows are flushed and their ids come again; what was reserved for them must not."""
    settings.BUCKET_KEY_PREFIX = f"{settings.BUCKET_KEY_PREFIX}{uuid4()}:"
