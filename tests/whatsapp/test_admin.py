"""The console's page of numbers."""

import pytest

from tenants import context, secrets
from tenants.models import AuditEvent
from tests.conftest import PHONES
from whatsapp.models import Phone
from whatsapp.webhooks.models import PhoneRoute

TOKEN = "EAAB0123456789abcdef"


@pytest.fixture
def form(acme, meta_app) -> dict[str, object]:
    """A new number of acme, filled in."""
    phone_number_id, waba_id, number = PHONES["acme"]
    return {
        "tenant": acme.pk,
        "app": meta_app.pk,
        "phone_number_id": phone_number_id,
        "waba_id": waba_id,
        "display_phone_number": number,
        "name": "Loja",
        "access_token": TOKEN,
    }


def route_of(phone_number_id: str) -> PhoneRoute | None:
    with context.platform():
        return PhoneRoute.objects.filter(phone_number_id=phone_number_id).first()


def token_in(tenant) -> str:
    with context.tenant(tenant.schema_name):
        sealed = Phone.objects.get().access_token_sealed
    return secrets.open(
        sealed, tenant=str(tenant.pk), table="whatsapp_phone", column="access_token"
    )


def test_a_number_is_connected(console, acme, form):
    answer = console.post("/admin/webhooks/phoneroute/add/", form)

    assert answer.status_code == 302, answer.content.decode()
    assert route_of(PHONES["acme"][0]).tenant_id == acme.pk
    assert token_in(acme) == TOKEN


def test_a_second_claim_is_refused_without_the_owners_name(console, globex, form):
    console.post("/admin/webhooks/phoneroute/add/", form)
    html = console.post(
        "/admin/webhooks/phoneroute/add/", {**form, "tenant": globex.pk}
    ).content.decode()

    assert "already exists" in html
    with context.tenant(globex.schema_name):
        assert not Phone.objects.exists()


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ({"phone_number_id": "12ab"}, "digits only"),
        ({"access_token": ""}, "required"),
        ({"access_token": "short"}, "access token is needed"),
        ({"tenant": ""}, "required"),
        ({"app": "999"}, "valid choice"),
    ],
)
def test_nonsense_is_refused(console, form, other, sentence):
    html = console.post("/admin/webhooks/phoneroute/add/", {**form, **other}).content.decode()

    assert sentence in html
    assert TOKEN not in html
    with context.platform():
        assert not PhoneRoute.objects.exists()


def test_a_token_goes_in_and_never_comes_out(console, acme, form):
    console.post("/admin/webhooks/phoneroute/add/", form)
    route = route_of(PHONES["acme"][0])
    address = f"/admin/webhooks/phoneroute/{route.pk}/change/"

    shown = console.get(address).content.decode()
    with context.tenant(acme.schema_name):
        sealed = Phone.objects.get().access_token_sealed
    assert "set on" in shown
    assert TOKEN not in shown
    assert sealed not in shown

    console.post(address, {"access_token": "EAAnew-token-of-acme"})
    assert token_in(acme) == "EAAnew-token-of-acme"
    console.post(address, {"access_token": ""})
    assert token_in(acme) == "EAAnew-token-of-acme"


def test_a_number_does_not_move_by_its_form(console, acme, globex, form):
    console.post("/admin/webhooks/phoneroute/add/", form)
    route = route_of(PHONES["acme"][0])
    moved = {"tenant": globex.pk, "phone_number_id": "999999", "access_token": ""}
    console.post(f"/admin/webhooks/phoneroute/{route.pk}/change/", moved)

    assert route_of(PHONES["acme"][0]).tenant_id == acme.pk


def test_releasing_asks_first(console, form):
    console.post("/admin/webhooks/phoneroute/add/", form)
    route = route_of(PHONES["acme"][0])
    address = f"/admin/webhooks/phoneroute/{route.pk}/release/"

    assert "Release?" in console.get(address).content.decode()
    assert route_of(PHONES["acme"][0]) is not None

    answer = console.post(address, {"confirmed": "yes", "reason": "a test"})
    assert answer["Location"] == "/admin/webhooks/phoneroute/"
    assert route_of(PHONES["acme"][0]) is None
    with context.platform():
        assert AuditEvent.objects.get(action="number.released").reason == "a test"


@pytest.mark.parametrize("field", ["tenant", "app"])
@pytest.mark.parametrize("odd", ["abc", "99999999999999999999999", "-1", "\x00", "1' OR '1'='1"])
def test_ids_that_are_none_are_refused(console, form, field, odd):
    answer = console.post("/admin/webhooks/phoneroute/add/", {**form, field: odd})

    assert answer.status_code in (200, 400)
    assert route_of(PHONES["acme"][0]) is None
