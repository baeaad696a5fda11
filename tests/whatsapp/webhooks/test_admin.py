"""The console's pages of Meta apps, deliveries and parked units."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tenants import context
from tenants.models import AuditEvent, Tenant
from tests.conftest import APP_SECRET, VERIFY_TOKEN
from tests.whatsapp.webhooks.conftest import BODY
from whatsapp.webhooks.models import MetaApp, ParkedUnit, PhoneRoute, WebhookDelivery
from whatsapp.webhooks.services import apps

SECRET = "0123456789abcdef0123456789abcdef"


def fresh(obj):
    with context.platform():
        return type(obj)._default_manager.get(pk=obj.pk)


def test_an_app_is_registered(console, acme):
    form = {"name": "Own", "app_id": "4711", "tenant": acme.pk}
    form |= {"app_secret": SECRET, "verify_token": "a-token-of-mine"}
    answer = console.post("/admin/webhooks/metaapp/add/", form)

    assert answer.status_code == 302, answer.content.decode()
    with context.platform():
        app = MetaApp.objects.get(app_id="4711")
    assert app.tenant_id == acme.pk
    assert apps.opened(app=app, column="app_secret") == SECRET


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ({"app_secret": ""}, "required"),
        ({"app_secret": "short"}, "16 printable characters"),
        ({"verify_token": "short"}, "16 printable characters"),
        ({"app_id": "1000"}, "registered already"),
        ({"tenant": ""}, "is violated"),
    ],
)
def test_an_impossible_app_is_refused(console, acme, meta_app, other, sentence):
    form = {"name": "Own", "app_id": "4711", "tenant": acme.pk}
    form |= {"app_secret": SECRET, "verify_token": "a-token-of-mine", **other}
    html = console.post("/admin/webhooks/metaapp/add/", form).content.decode()

    assert sentence in html
    assert SECRET not in html
    with context.platform():
        assert MetaApp.objects.count() == 1


def test_secrets_go_in_and_never_come_out(console, meta_app):
    html = console.get(f"/admin/webhooks/metaapp/{meta_app.pk}/change/").content.decode()

    assert f"ends with …{APP_SECRET[-4:]}" in html
    for secret in (APP_SECRET, VERIFY_TOKEN, meta_app.app_secret_sealed):
        assert secret not in html
    assert meta_app.verify_token_sealed not in html


def test_a_rotation_moves_the_secret_before_aside(console, meta_app):
    address = f"/admin/webhooks/metaapp/{meta_app.pk}"
    form = {"name": "Platform", "is_active": "on", "app_secret": SECRET, "verify_token": ""}
    console.post(f"{address}/change/", form)

    rotated = fresh(meta_app)
    assert apps.opened(app=rotated, column="app_secret") == SECRET
    assert apps.opened(app=rotated, column="verify_token") == VERIFY_TOKEN
    assert rotated.previous_secret_sealed == meta_app.app_secret_sealed
    assert "the one before is still taken" in console.get(f"{address}/change/").content.decode()

    console.post(f"{address}/forget-previous/", {"confirmed": "yes", "reason": "a test"})
    assert fresh(meta_app).previous_secret_sealed == ""
    with context.platform():
        event = AuditEvent.objects.get(action="meta_app.previous_secret_forgotten")
    assert event.reason == "a test"


def test_an_app_sealed_with_a_lost_key_says_so(console, meta_app, settings):
    settings.FIELD_KEYS = "k9:" + "A" * 43 + "="
    html = console.get(f"/admin/webhooks/metaapp/{meta_app.pk}/change/").content.decode()

    assert "not in FIELD_KEYS" in html


def test_a_delivery_shows_sizes_and_fates_and_no_body(console, delivery):
    listed = console.get("/admin/webhooks/webhookdelivery/").content.decode()
    shown = console.get(f"/admin/webhooks/webhookdelivery/{delivery.pk}/change/").content.decode()

    for html in (listed, shown):
        assert "what a customer wrote" not in html
        assert f"{len(BODY)}\xa0bytes" in html
    assert "ab" * 32 in shown


def test_a_delivery_has_no_form(console, delivery):
    address = f"/admin/webhooks/webhookdelivery/{delivery.pk}/change/"

    assert console.post(address, {"state": "NEW"}).status_code == 403
    assert console.get("/admin/webhooks/webhookdelivery/add/").status_code == 403
    assert fresh(delivery).state == "DONE"


def test_a_list_of_deliveries_does_not_count_or_read_them(
    console, delivery, django_assert_max_num_queries
):
    with context.platform():
        WebhookDelivery.objects.bulk_create(
            WebhookDelivery(app=delivery.app, body=BODY * 10, sha256=b"\x01" * 32)
            for _ in range(60)
        )
    with django_assert_max_num_queries(20) as captured:
        assert console.get("/admin/webhooks/webhookdelivery/").status_code == 200

    about = [q["sql"] for q in captured if 'FROM "webhooks_webhookdelivery"' in q["sql"]]
    assert len(about) == 1
    assert "COUNT(" not in about[0]
    assert '"webhooks_webhookdelivery"."body",' not in about[0]


@pytest.mark.parametrize("reason", ParkedUnit.Reason)
def test_parked_units_are_filtered_by_reason(console, units, reason):
    html = console.get(f"/admin/webhooks/parkedunit/?reason__exact={reason}").content.decode()

    shown = [unit for unit in units if unit.phone_number_id in html]
    assert [unit.reason for unit in shown] == [reason]


def test_replaying_asks_first_and_then_says_how_many(console, units, acme):
    chosen = {"action": "replay", "_selected_action": [unit.pk for unit in units]}
    asked = console.post("/admin/webhooks/parkedunit/", chosen).content.decode()
    assert "Replay these units?" in asked
    assert {fresh(unit).state for unit in units} == {"PARKED"}

    html = console.post(
        "/admin/webhooks/parkedunit/",
        {**chosen, "confirmed": "yes", "reason": "a test"},
        follow=True,
    ).content.decode()

    assert "Changed: 3" in html
    assert {fresh(unit).state for unit in units} == {"NEW"}


def test_all_of_a_filter_are_discarded_at_once(console, units):
    chosen = {
        "action": "discard",
        "_selected_action": [units[0].pk],
        "select_across": "1",
        "confirmed": "yes",
        "reason": "a test",
    }
    console.post("/admin/webhooks/parkedunit/?reason__exact=UNROUTED", chosen)

    states = {unit.reason: fresh(unit).state for unit in units}
    assert states == {"UNROUTED": "DISCARDED", "HELD": "PARKED", "QUARANTINED": "PARKED"}


@pytest.mark.parametrize("key", ["999999", "x", "1 OR 1=1"])
def test_nonsense_is_not_replayed(console, units, key):
    chosen = {"action": "replay", "_selected_action": [key], "confirmed": "yes", "reason": "a test"}
    answer = console.post("/admin/webhooks/parkedunit/", chosen)

    assert answer.status_code in (200, 302, 400)
    assert {fresh(unit).state for unit in units} == {"PARKED"}


# --- What came for nobody's number, sent on ---------------------------------------------------


def send_on(unit):
    return f"/admin/webhooks/parkedunit/{unit.pk}/send-on/"


def test_a_unit_of_an_unknown_number_is_sent_on(console, units, phones):
    with context.platform():
        route = PhoneRoute.objects.get(phone_number_id=phones["acme"].phone_number_id)
    asked = console.get(send_on(units[0])).content.decode()

    console.post(send_on(units[0]), {"route": route.pk, "reason": "a test"})

    assert "990" in asked and "Acme" in asked
    unit = fresh(units[0])
    assert (unit.state, unit.routed_to) == ("NEW", route.phone_number_id)
    with context.platform():
        assert AuditEvent.objects.filter(action="parked_unit.routed").count() == 1


def test_what_waits_for_another_reason_is_not_sent_on(console, units, phones):
    with context.platform():
        route = PhoneRoute.objects.get(phone_number_id=phones["acme"].phone_number_id)

    answer = console.post(send_on(units[1]), {"route": route.pk, "reason": "a test"})

    assert answer.status_code == 409
    assert "unknown number" in answer.content.decode()
    assert (fresh(units[1]).state, fresh(units[1]).routed_to) == ("PARKED", "")


def test_nothing_goes_to_a_number_of_another_app(console, units, phones):
    with context.platform():
        other = MetaApp.objects.create(
            name="Other", app_id="77", tenant=Tenant.objects.get(subdomain="globex")
        )
        PhoneRoute.objects.filter(phone_number_id=phones["globex"].phone_number_id).update(
            app=other
        )
        route = PhoneRoute.objects.get(phone_number_id=phones["globex"].phone_number_id)

    answer = console.post(send_on(units[0]), {"route": route.pk, "reason": "a test"})

    assert answer.status_code == 409
    assert "another Meta app" in answer.content.decode()
    assert fresh(units[0]).state == "PARKED"


@pytest.mark.parametrize("route", ["", "999999", "x"])
def test_nonsense_is_no_number(console, units, route):
    assert console.post(send_on(units[0]), {"route": route, "reason": "a test"}).status_code == 400
    assert fresh(units[0]).state == "PARKED"


def test_only_super_admins_send_on(client, page, units):
    assert client.get(send_on(units[0]), SERVER_NAME="localhost").status_code == 302
    assert page("admin@acme.test").get(send_on(units[0])).status_code == 404


def test_units_of_a_time_are_replayed_at_once(console, units):
    with context.platform():
        ParkedUnit.objects.filter(pk=units[0].pk).update(
            created_at=timezone.now() - timedelta(days=3)
        )
    since = (timezone.now() - timedelta(days=1)).date().isoformat()
    chosen = {
        "action": "replay",
        "_selected_action": [units[1].pk],
        "select_across": "1",
        "confirmed": "yes",
        "reason": "a test",
    }

    console.post(f"/admin/webhooks/parkedunit/?created_at__gte={since}%2000:00:00%2B00:00", chosen)

    assert [fresh(unit).state for unit in units] == ["PARKED", "NEW", "NEW"]
