"""Where events go: by their own number, through that number's app, to an active tenant."""

from pathlib import Path

import pytest

from conversations.models import Message
from conversations.services import inbound
from tenants import context
from tenants.models import AuditEvent, Tenant
from tenants.services import tenancy
from tests.conftest import PHONES
from tests.conversations.events import (
    body,
    change,
    deliver,
    fates,
    parked,
    text,
    unaccounted,
)
from whatsapp.models import AccountEvent, Phone
from whatsapp.webhooks.models import MetaApp, ParkedUnit, PhoneRoute, WebhookDelivery
from whatsapp.webhooks.services import parking

pytestmark = pytest.mark.django_db(transaction=True)
FILES = Path(__file__).parent.parent / "payloads"


def wamids(tenant) -> list[str]:
    with context.tenant(tenant.schema_name):
        return sorted(Message.objects.values_list("wamid", flat=True))


def fields(tenant) -> list[str]:
    with context.tenant(tenant.schema_name):
        return list(AccountEvent.objects.values_list("field", flat=True))


@pytest.fixture
def acmes_app(acme) -> MetaApp:
    """An app that acme brought along; no number belongs to it yet."""
    with context.platform():
        return MetaApp.objects.create(
            name="Acme's own",
            app_id="2000",
            tenant=acme,
            app_secret_sealed="k1:x",
            verify_token_sealed="k1:x",
        )


def test_every_change_goes_by_its_own_number(acme, globex, meta_app, phones):
    raw = body(
        change("globex", messages=[text("wamid.g1")]),
        change("acme", messages=[text("wamid.a1"), text("wamid.a2")]),
        change("globex", messages=[text("wamid.g2")]),
        waba_id=PHONES["acme"][1],
    )
    deliver(meta_app, raw)

    inbound.process_deliveries()

    assert wamids(acme) == ["wamid.a1", "wamid.a2"]
    assert wamids(globex) == ["wamid.g1", "wamid.g2"]


def test_an_unknown_number_is_parked_and_the_rest_is_stored(acme, meta_app, phones):
    stranger = change(messages=[text("wamid.x")])
    stranger["value"]["metadata"]["phone_number_id"] = "999"
    (delivery,) = deliver(meta_app, body(stranger, change(messages=[text("wamid.1")])))

    inbound.process_deliveries()

    assert fates(delivery) == (2, 1, 0, 0, 1)
    assert wamids(acme) == ["wamid.1"]
    with context.platform():
        unit = ParkedUnit.objects.get()
    assert (unit.reason, unit.unit_index, unit.phone_number_id) == ("UNROUTED", 0, "999")
    assert (unit.field, unit.tenant_id) == ("messages", None)


def test_one_tenant_s_app_says_nothing_about_another_tenant_s_number(
    acme, globex, acmes_app, phones
):
    with context.platform():
        PhoneRoute.objects.filter(tenant=acme).update(app=acmes_app)
    event = {"field": "account_update", "value": {"event": "DISABLED_UPDATE"}}
    shown = {"field": "phone_number_quality_update", "value": {}}
    shown["value"]["display_phone_number"] = PHONES["globex"][2]
    forged = body(change("globex", messages=[text("wamid.x")]), event, waba_id=PHONES["globex"][1])
    (delivery, by_display) = deliver(acmes_app, forged, body(shown, waba_id="1"))

    inbound.process_deliveries()

    assert fates(delivery) == (2, 0, 0, 0, 2)
    assert fates(by_display) == (1, 0, 0, 0, 1)
    assert parked() == [("UNROUTED", "PARKED", "NoRoute")] * 3
    assert not wamids(globex)
    assert not fields(globex)


def test_an_event_of_an_account_goes_to_every_tenant_that_has_a_number_on_it(
    acme, globex, meta_app, phones
):
    with context.platform():
        PhoneRoute.objects.update(waba_id="5")
    raw = body({"field": "account_update", "value": {"event": "X"}}, waba_id="5", time=1739321024)
    first, again = deliver(meta_app, raw, raw)

    inbound.process_deliveries()

    assert fates(first) == (1, 0, 0, 1, 0)
    assert fates(again) == (1, 0, 1, 0, 0)
    assert fields(acme) == fields(globex) == ["account_update"]


def test_an_event_that_knows_only_the_shown_number_finds_its_tenant(acme, globex, meta_app, phones):
    value = {"display_phone_number": "551140001001", "event": "FLAGGED"}
    deliver(meta_app, body({"field": "phone_number_quality_update", "value": value}, waba_id="7"))

    inbound.process_deliveries()

    assert (fields(acme), fields(globex)) == (["phone_number_quality_update"], [])


def test_an_event_that_shows_no_number_is_not_for_a_number_without_digits(
    acme, globex, meta_app, phones
):
    with context.platform():
        PhoneRoute.objects.filter(tenant=acme).update(display_phone_number="Loja")
    event = {"field": "account_update", "value": {"event": "X"}}
    ours, nobodys = deliver(  # in one batch: the first one brings acme's route along
        meta_app, body(event, waba_id=PHONES["acme"][1]), body(event, waba_id="7")
    )

    inbound.process_deliveries()

    assert fates(ours) == (1, 0, 0, 1, 0)
    assert fates(nobodys) == (1, 0, 0, 0, 1)
    assert parked() == [("UNROUTED", "PARKED", "NoRoute")]


@pytest.mark.parametrize("status", ["SUSPENDED", "CANCELLED", "BROKEN", "PROVISIONING"])
def test_what_comes_for_a_tenant_that_is_not_active_is_held(acme, globex, meta_app, phones, status):
    with context.platform():
        Tenant.objects.filter(pk=acme.pk).update(status=status)
    both = body(change(messages=[text("wamid.1")]), change("globex", messages=[text("wamid.2")]))
    (delivery,) = deliver(meta_app, both)

    inbound.process_deliveries()

    assert fates(delivery) == (2, 1, 0, 0, 1)
    assert parked() == [("HELD", "PARKED", "NotActive")]
    assert wamids(acme) == []
    assert wamids(globex) == ["wamid.2"]


def test_what_was_held_comes_in_order_after_the_tenant_is_resumed(acme, meta_app, phones, claims):
    tenancy.suspend_tenant(actor=None, tenant=acme)
    first, second = deliver(
        meta_app,
        body(change(messages=[text("wamid.1"), text("wamid.2")])),
        body(change(messages=[text("wamid.3")])),
    )
    inbound.process_deliveries()
    assert parking.wake_held(claims, limit=10) == 0

    tenancy.resume_tenant(actor=None, tenant=acme)
    assert parking.wake_held(claims, limit=10) == 3
    inbound.process_deliveries()

    assert wamids(acme) == ["wamid.1", "wamid.2", "wamid.3"]
    assert (fates(first), fates(second)) == ((2, 2, 0, 0, 0), (1, 1, 0, 0, 0))
    assert parked() == [("HELD", "DONE", "NotActive")] * 3
    assert unaccounted() == 0


def test_an_event_held_for_one_of_two_tenants_counts_as_parked_until_both_have_it(
    acme, globex, meta_app, phones, claims
):
    with context.platform():
        PhoneRoute.objects.update(waba_id="5")
    tenancy.suspend_tenant(actor=None, tenant=acme)
    raw = body({"field": "account_update", "value": {"event": "X"}}, waba_id="5")
    (delivery,) = deliver(meta_app, raw)
    inbound.process_deliveries()
    assert fates(delivery) == (1, 0, 0, 0, 1)
    assert (fields(acme), fields(globex)) == ([], ["account_update"])

    tenancy.resume_tenant(actor=None, tenant=acme)
    parking.wake_held(claims, limit=10)
    inbound.process_deliveries()

    assert fates(delivery) == (1, 0, 0, 1, 0)
    assert fields(acme) == fields(globex) == ["account_update"]


def replay_all(person=None) -> int:
    with context.platform():
        units = list(ParkedUnit.objects.order_by("pk"))
    return parking.replay(actor=person, reason="a test", units=units)


def test_an_unknown_number_s_message_comes_in_after_the_number_is_connected(
    acme, meta_app, phones, people
):
    with context.platform():
        route = PhoneRoute.objects.get(tenant=acme)
        PhoneRoute.objects.filter(pk=route.pk).delete()
    (delivery,) = deliver(meta_app, body(change(messages=[text("wamid.1"), text("wamid.2")])))
    inbound.process_deliveries()
    assert replay_all() == 2
    inbound.process_deliveries()
    assert parked() == [("UNROUTED", "PARKED", "NoRoute")] * 2
    assert fates(delivery) == (2, 0, 0, 0, 2)

    with context.platform():
        route.save(force_insert=True)
    assert replay_all(people["admin@balcao.test"]) == 2
    assert replay_all() == 0
    inbound.process_deliveries()

    assert wamids(acme) == ["wamid.1", "wamid.2"]
    assert fates(delivery) == (2, 2, 0, 0, 0)
    assert replay_all() == 0
    with context.platform():
        assert AuditEvent.objects.filter(action="parked_unit.replayed").count() == 4


def test_a_replayed_unit_that_has_to_be_held_now_waits_for_its_tenant(
    acme, meta_app, phones, claims
):
    with context.platform():
        route = PhoneRoute.objects.get(tenant=acme)
        PhoneRoute.objects.filter(pk=route.pk).delete()
    (delivery,) = deliver(meta_app, body(change(messages=[text("wamid.1")])))
    inbound.process_deliveries()
    with context.platform():
        route.save(force_insert=True)
    tenancy.suspend_tenant(actor=None, tenant=acme)
    replay_all()
    inbound.process_deliveries()
    assert parked() == [("UNROUTED", "DONE", "NoRoute"), ("HELD", "PARKED", "NotActive")]
    assert fates(delivery) == (1, 0, 0, 0, 1)

    tenancy.resume_tenant(actor=None, tenant=acme)
    parking.wake_held(claims, limit=10)
    inbound.process_deliveries()

    assert fates(delivery) == (1, 1, 0, 0, 0)


def test_a_number_that_moved_takes_nothing_held_along(acme, globex, meta_app, phones, claims):
    tenancy.suspend_tenant(actor=None, tenant=acme)
    (delivery,) = deliver(meta_app, body(change(messages=[text("wamid.1")])))
    inbound.process_deliveries()
    with context.platform():
        PhoneRoute.objects.filter(tenant=acme).update(tenant=globex)
    tenancy.resume_tenant(actor=None, tenant=acme)

    parking.wake_held(claims, limit=10)
    inbound.process_deliveries()

    assert parked() == [("UNROUTED", "PARKED", "NumberMoved")]
    assert wamids(acme) == wamids(globex) == []
    assert fates(delivery) == (1, 0, 0, 0, 1)


def test_a_discarded_unit_stays_where_it_is(acme, meta_app, phones, people):
    (delivery,) = deliver(meta_app, b"not json")
    inbound.process_deliveries()
    with context.platform():
        units = list(ParkedUnit.objects.all())

    assert parking.discard(actor=people["admin@balcao.test"], reason="a test", units=units) == 1
    assert parking.replay(actor=None, reason="a test", units=units) == 0
    inbound.process_deliveries()

    assert parked() == [("QUARANTINED", "DISCARDED", "JSONDecodeError")]
    assert fates(delivery) == (1, 0, 0, 0, 1)


def test_a_body_that_can_be_read_now_is_worked_on_whole(acme, meta_app, phones):
    """As after a repair of the reading: what was one unreadable unit has three now."""
    (delivery,) = deliver(meta_app, b"not json")
    inbound.process_deliveries()
    raw = body(change(messages=[text(f"wamid.{n}") for n in range(3)]))
    with context.platform():
        WebhookDelivery.objects.filter(pk=delivery.pk).update(body=raw)

    replay_all()
    inbound.process_deliveries()

    assert fates(delivery) == (3, 3, 0, 0, 0)
    assert parked() == [("QUARANTINED", "DONE", "JSONDecodeError")]
    assert len(wamids(acme)) == 3


def test_a_number_without_its_row_is_parked_for_its_tenant(acme, meta_app, phones):
    with context.tenant(acme.schema_name):
        Phone.objects.all().delete()
    deliver(meta_app, body(change(messages=[text("wamid.1")])))

    inbound.process_deliveries()

    assert parked() == [("UNROUTED", "PARKED", "NoPhone")]
    with context.platform():
        assert ParkedUnit.objects.get().tenant_id == acme.pk
