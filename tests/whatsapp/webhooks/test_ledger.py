"""What became of everything that came in: its sums, its page, and what stays of the forgotten."""

import hashlib
import json
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from conversations.models import Message
from conversations.services import inbound
from tenants import context
from tenants.models import Tenant
from tests.conversations.events import body, change, deliver, fates, text
from whatsapp.webhooks import ledger
from whatsapp.webhooks.ledger import Ledger
from whatsapp.webhooks.models import (
    LedgerDay,
    ParkedUnit,
    PhoneRoute,
    PrunedBody,
    WebhookDelivery,
)
from whatsapp.webhooks.services import parking, retention

pytestmark = pytest.mark.django_db(transaction=True)
LEDGER = "/admin/webhooks/webhookdelivery/ledger/"


def today() -> date:
    return datetime.now(UTC).date()


def now_of(**how) -> Ledger:
    return ledger.of(first=today() - timedelta(days=30), last=today(), **how)


def age(days: int) -> None:
    with context.platform():
        WebhookDelivery.objects.update(received_at=timezone.now() - timedelta(days=days))


def prune(days: int = 7) -> int:
    return retention.purge(before=timezone.now() - timedelta(days=days))


def parked(reason: str) -> list[ParkedUnit]:
    with context.platform():
        return list(ParkedUnit.objects.filter(reason=reason, state="PARKED"))


@pytest.fixture
def good():
    return body(change(messages=[text("wamid.1"), text("wamid.2")]))


@pytest.fixture
def everything(acme, globex, phones, meta_app, good):
    """A delivery of every fate."""
    stranger = {"metadata": {"phone_number_id": "999", "display_phone_number": "9"}}
    with context.platform():
        Tenant.objects.filter(pk=globex.pk).update(status="SUSPENDED")
    deliver(
        meta_app,
        good,
        good,
        b"not json",
        b"nor this",
        body(change(messages=[text("wamid.3")], **stranger)),
        body(change("globex", messages=[text("wamid.4")])),
        body(change(messages=[text("wamid.5", type="hologram", hologram={})])),
    )
    inbound.process_deliveries()
    with context.platform():
        parking.discard(actor=None, reason="a test", units=parked("QUARANTINED")[:1])
    deliver(meta_app, body(change(messages=[text("wamid.6")])))


def test_every_unit_has_a_fate(everything):
    found = now_of()

    assert found.received == 8
    assert found.unprocessed == 1
    assert (found.stored, found.duplicate, found.placeholder) == (2, 2, 1)
    assert found.parked == {"QUARANTINED": 1, "UNROUTED": 1, "HELD": 1}
    assert found.discarded == 1
    assert found.units == 9
    assert found.unaccounted == 0


def test_what_is_missing_is_said(everything):
    with context.platform():
        ParkedUnit.objects.filter(reason="HELD").delete()

    assert now_of().unaccounted == 1


def test_it_stays_right_whatever_is_decided(everything, globex):
    with context.platform():
        Tenant.objects.filter(pk=globex.pk).update(status="ACTIVE")
        parking.replay(actor=None, reason="a test", units=[*parked("HELD"), *parked("UNROUTED")])
    assert now_of().unaccounted == 0

    inbound.process_deliveries()

    found = now_of()
    assert (found.stored, found.parked) == (4, {"QUARANTINED": 1, "UNROUTED": 1})
    assert found.unaccounted == 0


def test_other_days_and_other_apps_are_left_out(everything, meta_app):
    yesterday = today() - timedelta(days=1)

    assert ledger.of(first=yesterday, last=yesterday) == Ledger()
    assert now_of(app_id=meta_app.pk + 1) == Ledger()
    assert now_of(app_id=meta_app.pk) == now_of()


def test_the_sums_stay_when_bodies_are_forgotten(everything):
    inbound.process_deliveries()
    age(days=8)
    before = now_of()

    assert prune() == 5  # what waits keeps its delivery

    assert now_of() == before
    assert prune() == 0
    assert now_of() == before


def test_sums_of_one_day_add_up(meta_app, phones, good):
    for _ in range(2):
        deliver(meta_app, good)
        inbound.process_deliveries()
        age(days=8)
        prune()

    with context.platform():
        row = LedgerDay.objects.get()
    assert (row.received, row.units_total, row.units_stored, row.units_duplicate) == (2, 4, 2, 2)


def test_a_body_that_comes_again_after_weeks_changes_nothing(acme, meta_app, phones, good):
    """Even if the messages that it brought are forgotten, too."""
    deliver(meta_app, good)
    inbound.process_deliveries()
    age(days=60)
    prune()
    with context.tenant(acme.schema_name):
        Message.objects.all().delete()

    (again,) = deliver(meta_app, good)
    inbound.process_deliveries()

    assert fates(again) == (2, 0, 2, 0, 0)
    with context.tenant(acme.schema_name):
        assert not Message.objects.exists()


def test_another_body_with_the_same_message_is_no_repeat_of_it(acme, meta_app, phones, good):
    deliver(meta_app, good)
    inbound.process_deliveries()
    age(days=8)
    prune()

    (other,) = deliver(meta_app, body(change(messages=[text("wamid.2"), text("wamid.7")])))
    inbound.process_deliveries()

    assert fates(other) == (2, 1, 1, 0, 0)


def test_a_replay_is_done_though_its_body_is_known(acme, globex, meta_app, phones):
    """The same body came twice: once it was thrown away and forgotten, once it waits."""
    held = body(change("globex", messages=[text("wamid.1")]))
    with context.platform():
        Tenant.objects.filter(pk=globex.pk).update(status="SUSPENDED")
    first, second = deliver(meta_app, held, held)
    inbound.process_deliveries()
    with context.platform():
        parking.discard(actor=None, reason="a test", units=[ParkedUnit.objects.get(delivery=first)])
        WebhookDelivery.objects.filter(pk=first.pk).update(
            received_at=timezone.now() - timedelta(days=8)
        )
    assert prune() == 1
    with context.platform():
        Tenant.objects.filter(pk=globex.pk).update(status="ACTIVE")
        parking.replay(actor=None, reason="a test", units=[ParkedUnit.objects.get(delivery=second)])

    inbound.process_deliveries()

    with context.tenant(globex.schema_name):
        assert Message.objects.count() == 1


def test_hashes_are_forgotten_in_their_time(meta_app, phones, good):
    deliver(meta_app, good)
    inbound.process_deliveries()
    age(days=8)
    prune()

    assert retention.forget_hashes(before=today() - timedelta(days=8)) == 0
    with context.platform():
        kept = bytes(PrunedBody.objects.get().sha256)
    assert kept == hashlib.sha256(good).digest()
    assert retention.forget_hashes(before=today() - timedelta(days=7)) == 1


# --- The console, and the command -------------------------------------------------------------


def test_the_page_says_it(console, everything):
    html = console.get(LEDGER).content.decode()

    assert "Unaccounted: 0" in html
    assert "Unknown number" in html and "Tenant suspended" in html


def test_the_browser_s_own_field_has_the_days_in_every_language(console):
    html = console.get(LEDGER, headers={"Accept-Language": "pt-BR"}).content.decode()

    assert f'value="{today().isoformat()}"' in html


def test_the_page_says_loudly_what_is_missing(console, everything):
    with context.platform():
        ParkedUnit.objects.filter(reason="HELD").delete()

    html = console.get(LEDGER).content.decode()

    assert "Unaccounted: 1" in html and "Unaccounted: 0" not in html


@pytest.mark.parametrize(
    "query",
    ["first=nonsense", "first=2026-13-01", "first=2026-11-02&last=2026-11-01", "app=x", "app=999"],
)
def test_nonsense_is_refused_in_words(console, meta_app, query):
    response = console.get(f"{LEDGER}?{query}")

    assert response.status_code == 400
    assert "Unaccounted" not in response.content.decode()


def test_the_page_is_for_super_admins_on_the_public_host(client, page, acme):
    assert client.get(LEDGER, SERVER_NAME="localhost").status_code == 302
    assert page("admin@acme.test").get(LEDGER).status_code == 404


def test_the_command_says_it_as_json(everything, capsys):
    call_command("ledger")

    told = json.loads(capsys.readouterr().out)
    assert (told["received"], told["unaccounted"]) == (8, 0)
    assert told["parked"] == {"QUARANTINED": 1, "UNROUTED": 1, "HELD": 1}


def test_the_command_fails_when_something_is_missing(everything, capsys):
    with context.platform():
        ParkedUnit.objects.filter(reason="HELD").delete()

    with pytest.raises(SystemExit, match="1"):
        call_command("ledger")


def test_what_was_sent_on_to_a_number_is_taken_in_as_its(acme, meta_app, phones):
    unknown = {"metadata": {"phone_number_id": "999", "display_phone_number": "9"}}
    deliver(meta_app, body(change(messages=[text("wamid.1")], **unknown)))
    inbound.process_deliveries()
    with context.platform():
        (unit,) = parked("UNROUTED")
        route = PhoneRoute.objects.get(phone_number_id=phones["acme"].phone_number_id)
        parking.route(actor=None, unit=unit, route=route, reason="a test")

    inbound.process_deliveries()

    with context.tenant(acme.schema_name):
        assert Message.objects.get().wamid == "wamid.1"
    found = now_of()
    assert (found.stored, found.parked, found.unaccounted) == (1, {}, 0)
