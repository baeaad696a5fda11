"""A raw body leaves byte for byte, for super-admins, with a reason, and never unseen."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tenants import audit, context
from tenants.errors import ForbiddenError
from tenants.models import AuditEvent, User
from tests.conftest import PHONES
from tests.conversations.events import body, change, text
from tests.whatsapp.webhooks.conftest import BODY
from whatsapp.webhooks.models import ParkedUnit, WebhookDelivery
from whatsapp.webhooks.services import bodies, retention

WHY = "The customer asked what we got"
TAKEN = "delivery.body_taken_out"


@pytest.fixture
def boss(people) -> User:
    return people["admin@balcao.test"]


def address(delivery) -> str:
    return f"/admin/webhooks/webhookdelivery/{delivery.pk}/body/"


def events() -> list[AuditEvent]:
    with context.platform():
        found = AuditEvent.objects.filter(action=TAKEN).select_related("tenant", "actor")
        return list(found.order_by("pk"))


def arrive(app, raw: bytes) -> WebhookDelivery:
    with context.platform():
        return WebhookDelivery.objects.create(app=app, body=raw, sha256=b"\x01" * 32, state="DONE")


def forget_all() -> None:
    with context.platform():
        WebhookDelivery.objects.update(received_at=timezone.now() - timedelta(days=8))
    assert retention.purge(before=timezone.now() - timedelta(days=7)) == 1


# --- Byte for byte ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a": "\\u00e1\\/", "b": 1.0}\r\n',
        b"",
        b"\x00\xff\xfe not json",
        b"<script>alert(1)</script>",
        bytes(range(256)) * 4096,
    ],
    ids=["json", "empty", "no text", "html", "a megabyte"],
)
def test_what_meta_signed_leaves_as_it_came(console, meta_app, raw):
    delivery = arrive(meta_app, raw)

    answer = console.post(address(delivery), {"reason": WHY})

    assert answer.status_code == 200
    assert answer.content == raw
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == f'attachment; filename="delivery-{delivery.pk}.bin"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]


def test_the_page_shows_nothing_of_it_and_takes_nothing_out(console, delivery):
    html = console.get(f"{address(delivery)}?reason=because").content.decode()

    assert "Why?" in html
    assert f"{len(BODY)}\xa0bytes" in html
    assert "what a customer wrote" not in html
    assert events() == []


# --- A reason ---------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", [{}, {"reason": ""}, {"reason": " \r\n"}, {"reason": "\u200b"}])
def test_nothing_leaves_without_a_reason(console, delivery, boss, typed):
    answer = console.post(address(delivery), typed)

    assert answer.status_code == 400
    html = answer.content.decode()
    assert "Say why" in html
    assert "what a customer wrote" not in html
    with pytest.raises(audit.ReasonMissingError):
        bodies.take_out(actor=boss, delivery_id=delivery.pk, reason=typed.get("reason", ""))
    assert events() == []


def test_it_is_written_down_and_shown_who_took_it_and_why(console, delivery, boss):
    console.post(address(delivery), {"reason": f" {WHY}\n"})

    (event,) = events()
    assert (event.actor, event.reason, event.tenant) == (boss, WHY, None)
    assert event.target == f"webhooks.WebhookDelivery:{delivery.pk}"
    assert event.changes == {"tenants": []}
    assert event.ip_address == "127.0.0.1"
    shown = console.get(f"/admin/webhooks/webhookdelivery/{delivery.pk}/change/").content.decode()
    assert f"Boss · Downloaded: {WHY}" in shown


def test_what_is_not_written_down_does_not_leave(delivery, boss, monkeypatch):
    def fail(**_event):
        raise ZeroDivisionError

    monkeypatch.setattr(audit, "record", fail)

    with pytest.raises(ZeroDivisionError):
        bodies.take_out(actor=boss, delivery_id=delivery.pk, reason=WHY)


# --- Whose it is ------------------------------------------------------------------------------


def taken(delivery, boss) -> set[str]:
    """Take a body out, and return whose events tell of it."""
    bodies.take_out(actor=boss, delivery_id=delivery.pk, reason=WHY)
    written = events()
    names = {event.tenant.subdomain for event in written if event.tenant}
    keys = {str(event.tenant_id) for event in written if event.tenant}
    assert all(set(event.changes["tenants"]) == keys for event in written)
    assert len(written) == max(len(names), 1)
    return names


def test_a_tenant_whose_number_it_names_is_named(phones, meta_app, boss):
    delivery = arrive(meta_app, body(change(messages=[text("wamid.1")])))

    assert taken(delivery, boss) == {"acme"}


def test_of_a_body_for_two_both_are_named_and_it_is_shown_once(console, phones, meta_app, boss):
    both = body(
        change("acme", messages=[text("wamid.1")]), change("globex", messages=[text("wamid.2")])
    )
    delivery = arrive(meta_app, both)

    assert taken(delivery, boss) == {"acme", "globex"}
    shown = console.get(f"/admin/webhooks/webhookdelivery/{delivery.pk}/change/").content.decode()
    assert shown.count(f"Downloaded: {WHY}") == 1


def test_a_tenant_whose_account_it_names_is_named(phones, meta_app, boss):
    event = {"field": "account_update", "value": {"event": "X"}}
    delivery = arrive(meta_app, body(event, waba_id=PHONES["globex"][1]))

    assert taken(delivery, boss) == {"globex"}


def test_a_tenant_whose_app_brought_it_is_named(own_app, globex, boss):
    assert taken(arrive(own_app(tenant=globex), b"not json"), boss) == {"globex"}


def test_a_tenant_that_a_part_of_it_waits_for_is_named(units, boss):
    with context.platform():
        delivery = WebhookDelivery.objects.get(pk=units[0].delivery_id)

    assert taken(delivery, boss) == {"acme"}


def test_a_tenant_that_a_part_of_it_was_sent_on_to_is_named(phones, delivery, boss):
    with context.platform():
        ParkedUnit.objects.create(
            delivery=delivery,
            unit_index=0,
            reason="UNROUTED",
            routed_to=phones["globex"].phone_number_id,
        )

    assert taken(delivery, boss) == {"globex"}


# --- What is gone -----------------------------------------------------------------------------


def test_a_body_that_was_forgotten_says_so(console, delivery, boss):
    forget_all()

    for answer in (
        console.get(address(delivery)),
        console.post(address(delivery), {"reason": WHY}),
    ):
        assert answer.status_code == 410
        html = answer.content.decode()
        assert "No body is kept of this delivery" in html
        assert "after 7 days" in html
        assert "Why?" not in html
    with pytest.raises(bodies.BodyForgottenError):
        bodies.take_out(actor=boss, delivery_id=delivery.pk, reason=WHY)
    assert events() == []


@pytest.mark.parametrize(
    ("key", "status"), [("x", 404), ("-1", 404), ("1e3", 404), ("9" * 30, 410), ("%00", 404)]
)
def test_nonsense_is_no_delivery(console, delivery, key, status):
    answer = console.post(f"/admin/webhooks/webhookdelivery/{key}/body/", {"reason": WHY})

    assert answer.status_code == status


# --- Who may ----------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["admin", "ana", "vera"])
def test_a_tenant_s_people_get_none_on_their_host(page, delivery, role):
    answer = page(f"{role}@acme.test").post(address(delivery), {"reason": WHY})

    assert answer.status_code == 404
    assert events() == []


@pytest.mark.parametrize("role", ["admin@acme.test", "ana@acme.test", "admin@balcao.test"])
def test_who_is_no_super_admin_any_more_gets_none(people, delivery, role):
    somebody = User.objects.filter(pk=people[role].pk)
    browser = Client(SERVER_NAME="localhost")
    with context.platform():
        somebody.update(is_superuser=True)
    browser.post("/admin/login/", {"username": role, "password": "demo"})
    with context.platform():
        somebody.update(is_superuser=False)

    answer = browser.post(address(delivery), {"reason": WHY})

    assert answer.status_code == 403
    assert b"what a customer wrote" not in answer.content
    assert browser.get(address(delivery)).status_code == 302
    assert events() == []


def test_a_stranger_is_sent_to_the_login(delivery):
    answer = Client(SERVER_NAME="localhost").post(address(delivery), {"reason": WHY})

    assert answer.status_code == 302
    assert answer["Location"].startswith("/admin/login/")
    assert events() == []


@pytest.mark.parametrize("change", [{"is_superuser": False}, {"is_active": False}])
def test_the_service_looks_for_itself(delivery, boss, change):
    for name, value in change.items():
        setattr(boss, name, value)

    with pytest.raises(ForbiddenError):
        bodies.take_out(actor=boss, delivery_id=delivery.pk, reason=WHY)
    assert events() == []


def test_a_password_alone_takes_nothing_out(people, delivery):
    browser = Client(SERVER_NAME="localhost")
    browser.post("/admin/login/", {"username": "admin@balcao.test", "password": "demo"})

    assert browser.post(address(delivery), {"reason": WHY}).status_code == 302
    assert events() == []


def test_a_form_of_another_site_takes_nothing_out(console, delivery):
    strict = Client(enforce_csrf_checks=True, SERVER_NAME="localhost")
    strict.cookies = console.cookies

    assert strict.post(address(delivery), {"reason": WHY}).status_code == 403
    assert events() == []
