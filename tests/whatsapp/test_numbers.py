"""Who owns a number, and what is known of its token."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from tenants import context, secrets
from tenants.errors import DomainError
from tenants.models import AuditEvent, Tenant
from tests.conftest import PHONES
from whatsapp.models import Phone
from whatsapp.services import numbers
from whatsapp.webhooks.models import MetaApp, PhoneRoute

TOKEN = "EAAB0123456789abcdef"


def connect(tenant: Tenant, app: MetaApp, **other: str) -> PhoneRoute:
    phone_number_id, waba_id, number = PHONES["acme"]
    given = {
        "phone_number_id": phone_number_id,
        "waba_id": waba_id,
        "display_phone_number": number,
        "name": tenant.name,
        "access_token": TOKEN,
        **other,
    }
    return numbers.connect(actor=None, tenant=tenant, app=app, **given)


def phone_of(tenant: Tenant) -> Phone:
    with context.tenant(tenant.schema_name):
        return Phone.objects.get()


def actions() -> list[str]:
    with context.platform():
        return list(AuditEvent.objects.order_by("id").values_list("action", flat=True))


def test_a_connected_number_has_a_route_and_a_sealed_token(acme, meta_app):
    route = connect(acme, meta_app)

    phone = phone_of(acme)
    assert (route.tenant, route.app) == (acme, meta_app)
    assert TOKEN not in phone.access_token_sealed
    opened = secrets.open(
        phone.access_token_sealed,
        tenant=str(acme.pk),
        table="whatsapp_phone",
        column="access_token",
    )
    assert opened == TOKEN
    assert actions() == ["number.connected"]


def test_a_number_of_somebody_else_is_refused_without_a_name(acme, globex, meta_app):
    connect(acme, meta_app)

    with pytest.raises(numbers.NumberTakenError) as refusal:
        connect(globex, meta_app)

    assert "acme" not in str(refusal.value).lower()
    with context.tenant(globex.schema_name):
        assert not Phone.objects.exists()
    assert actions() == ["number.connected"]


def test_connecting_again_renews_the_token(acme, meta_app):
    connect(acme, meta_app)
    before = phone_of(acme)
    with context.tenant(acme.schema_name):
        Phone.objects.update(health=Phone.Health.AUTH_ERROR, status=Phone.Status.INACTIVE)

    connect(acme, meta_app, access_token="EAAnew-token-of-acme")

    after = phone_of(acme)
    assert after.pk == before.pk
    assert after.access_token_sealed != before.access_token_sealed
    assert (after.status, after.health) == ("ACTIVE", "UNKNOWN")


def test_a_replaced_token_ends_the_error(acme, meta_app):
    route = connect(acme, meta_app)
    with context.tenant(acme.schema_name):
        Phone.objects.update(health=Phone.Health.AUTH_ERROR)

    numbers.replace_token(actor=None, route=route, access_token="EAAnew-token-of-acme")

    assert phone_of(acme).health == "UNKNOWN"
    assert actions() == ["number.connected", "number.token_replaced"]


def test_a_released_number_forgets_its_token_and_can_be_claimed(acme, globex, meta_app):
    route = connect(acme, meta_app)

    numbers.release(actor=None, route=route)
    connect(globex, meta_app)

    assert phone_of(acme).access_token_sealed == ""
    assert phone_of(acme).status == "INACTIVE"
    with context.platform():
        assert PhoneRoute.objects.get().tenant == globex
    assert actions() == ["number.connected", "number.released", "number.connected"]


def test_a_number_goes_through_the_platforms_app_or_the_tenants_own(acme, globex, meta_app):
    with context.platform():
        own = MetaApp.objects.create(name="Own", app_id="2000", tenant=acme)

    connect(acme, own)
    with pytest.raises(numbers.ForeignAppError):
        connect(globex, own, phone_number_id="106540352242999")


@pytest.mark.parametrize(
    "other",
    [
        {"phone_number_id": ""},
        {"phone_number_id": "12ab"},
        {"phone_number_id": "1" * 41},
        {"phone_number_id": "\uff11\uff12\uff13\uff14\uff15\uff16"},
        {"waba_id": "x"},
        {"access_token": ""},
        {"access_token": "short"},
        {"access_token": "EAA\x00\x00\x00\x00\x00\x00"},
        {"access_token": "EAA" + "x" * 5000},
    ],
)
def test_nonsense_claims_nothing(acme, meta_app, other):
    with pytest.raises(numbers.NumberInvalidError):
        connect(acme, meta_app, **other)

    with context.platform():
        assert not PhoneRoute.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_claim_a_number_at_once_one_gets_it(acme, globex, meta_app):
    start = Barrier(2)

    def claim(tenant: Tenant) -> str:
        start.wait()
        try:
            connect(tenant, meta_app)
        except DomainError as refusal:
            return refusal.code
        finally:
            connections.close_all()
        return "mine"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(claim, [acme, globex])) == ["mine", "number_taken"]

    counts = []
    for tenant in (acme, globex):
        with context.tenant(tenant.schema_name):
            counts.append(Phone.objects.count())
    assert sorted(counts) == [0, 1]
