"""Webhooks about numbers and accounts: what they change, and that their order changes nothing."""

from datetime import timedelta
from itertools import permutations

import pytest
from django.utils import timezone

from conversations.models import Message
from conversations.services import inbound
from tenants import context
from tests.conftest import PHONES
from tests.conversations import events
from tests.conversations.events import NOON, body, deliver, fates
from whatsapp.models import AccountEvent, NumberFact, Phone

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER, WABA, SHOWN = PHONES["acme"]
DIGITS = "551140001001"


def account(word: str, at: int = NOON, **more):
    return {"field": "account_update", "value": {"event": word, **more}}, at


def of_number(field: str, at: int = NOON, **value):
    return {"field": field, "value": {"display_phone_number": DIGITS, **value}}, at


def bring(app, *told) -> list:
    brought = []
    for change, at in told:
        brought += deliver(app, body(change, waba_id=WABA, time=at))
    inbound.process_deliveries()
    return brought


def known(tenant) -> dict[str, tuple[str, str]]:
    with context.tenant(tenant.schema_name):
        rows = NumberFact.objects.order_by("matter").values_list("matter", "word", "grade")
        return {matter: (word, grade) for matter, word, grade in rows}


def health(tenant) -> str:
    with context.tenant(tenant.schema_name):
        return Phone.objects.get().health


def proven(tenant, **columns) -> None:
    with context.tenant(tenant.schema_name):
        Phone.objects.update(health="OK", **columns)


DISABLED = account("DISABLED_UPDATE", ban_info={"waba_ban_state": "DISABLE"})
REINSTATED = account("DISABLED_UPDATE", NOON + 9, ban_info={"waba_ban_state": "REINSTATE"})


@pytest.mark.parametrize(
    ("told", "matter", "word", "grade"),
    [
        (DISABLED, "account", "DISABLE", "PROBLEM"),
        (account("PARTNER_REMOVED"), "account", "PARTNER_REMOVED", "PROBLEM"),
        (account("ACCOUNT_RECONNECTED"), "account", "ACCOUNT_RECONNECTED", "OK"),
        (
            account("ACCOUNT_VIOLATION", violation_info={"violation_type": "ADULT"}),
            *("violation", "ADULT", "WARNING"),
        ),
        (
            account(
                "ACCOUNT_RESTRICTION",
                restriction_info=[{"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING"}],
            ),
            *("restriction", "RESTRICTED_BIZ_INITIATED_MESSAGING", "PROBLEM"),
        ),
        (
            of_number("phone_number_quality_update", event="THROUGHPUT_UPGRADE"),
            *("throughput", "HIGH", "OK"),
        ),
        (
            of_number("phone_number_quality_update", event="DOWNGRADE", current_limit="TIER_250"),
            *("limit", "TIER_250", "OK"),
        ),
        (
            of_number("phone_number_quality_update", event="FLAGGED", current_limit="TIER_2K"),
            *("status", "FLAGGED", "PROBLEM"),
        ),
        (of_number("phone_number_name_update", decision="REJECTED"), "name", "REJECTED", "WARNING"),
        (
            (
                {
                    "field": "business_capability_update",
                    "value": {"max_daily_conversations_per_business": 2000},
                },
                NOON,
            ),
            *("limit", "TIER_2K", "OK"),
        ),
        (
            (
                {
                    "field": "business_capability_update",
                    "value": {"max_daily_conversation_per_phone": -1},
                },
                NOON,
            ),
            *("limit", "TIER_UNLIMITED", "OK"),
        ),
        (
            ({"field": "account_review_update", "value": {"decision": "REJECTED"}}, NOON),
            *("review", "REJECTED", "PROBLEM"),
        ),
        (
            (
                {
                    "field": "account_alerts",
                    "value": {
                        "entity_type": "PHONE_NUMBER",
                        "entity_id": NUMBER,
                        "alert_info": {"alert_severity": "CRITICAL", "alert_type": "X"},
                    },
                },
                NOON,
            ),
            *("alert", "X", "WARNING"),
        ),
        (of_number("security", event="PIN_CHANGED"), "security", "PIN_CHANGED", "WARNING"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_event_becomes_what_is_known(acme, phones, meta_app, told, matter, word, grade):
    proven(acme)

    (delivery,) = bring(meta_app, told)

    assert known(acme)[matter] == (word, grade)
    assert health(acme) == ("DEGRADED" if grade == "PROBLEM" else "OK")
    assert fates(delivery) == (1, 1, 0, 0, 0)


def test_the_order_of_events_changes_nothing(acme, phones, meta_app):
    told = [
        DISABLED,
        REINSTATED,
        of_number("phone_number_quality_update", NOON + 1, event="FLAGGED"),
        of_number("phone_number_quality_update", NOON + 2, event="UNFLAGGED"),
    ]
    ends = set()
    for order in permutations(told):
        with context.tenant(acme.schema_name):
            NumberFact.objects.all().delete()
            AccountEvent.objects.all().delete()
            Phone.objects.update(health="UNKNOWN")
        for one in order:
            bring(meta_app, one)
        bring(meta_app, *order)  # and again, all at once
        ends.add((health(acme), tuple(known(acme).items())))

    assert ends == {
        ("UNKNOWN", (("account", ("REINSTATE", "OK")), ("status", ("CONNECTED", "OK"))))
    }


def test_a_restriction_that_is_over_weighs_nothing(acme, phones, meta_app):
    now = int(timezone.now().timestamp())
    kind = {"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING"}
    proven(acme)

    bring(
        meta_app, account("ACCOUNT_RESTRICTION", restriction_info=[{**kind, "expiration": now - 5}])
    )
    assert health(acme) == "OK"

    bring(
        meta_app,
        account(
            "ACCOUNT_RESTRICTION", NOON + 1, restriction_info=[{**kind, "expiration": now + 60}]
        ),
    )
    assert health(acme) == "DEGRADED"


def test_no_event_takes_a_number_out_of_work(acme, phones, meta_app):
    proven(acme)
    bring(meta_app, DISABLED, account("ACCOUNT_DELETED", NOON + 1))
    deliver(meta_app, body(events.change(messages=[events.text("wamid.A")])))
    inbound.process_deliveries()

    assert health(acme) == "DEGRADED"
    with context.tenant(acme.schema_name):
        assert Message.objects.filter(wamid="wamid.A").exists()


def test_no_event_makes_a_refused_token_good(acme, phones, meta_app):
    with context.tenant(acme.schema_name):
        Phone.objects.update(health="AUTH_ERROR")

    bring(meta_app, REINSTATED)

    assert health(acme) == "AUTH_ERROR"


def test_an_event_of_another_number_of_the_account_means_nothing_here(acme, phones, meta_app):
    other = {"display_phone_number": "5511900000000", "event": "FLAGGED"}
    alert = {"entity_type": "PHONE_NUMBER", "entity_id": "999", "alert_type": "X"}

    bring(
        meta_app,
        ({"field": "phone_number_quality_update", "value": other}, NOON),
        ({"field": "account_alerts", "value": alert}, NOON),
    )

    assert known(acme) == {}


def test_another_tenants_number_is_untouched(acme, globex, phones, meta_app):
    bring(meta_app, DISABLED)

    assert known(globex) == {}
    assert health(globex) == "UNKNOWN"


@pytest.mark.parametrize(
    "change",
    [
        {"field": "account_update", "value": {"event": "AD_ACCOUNT_LINKED"}},
        {"field": "account_update", "value": {"event": {"a": 1}}},
        {"field": "account_update", "value": {"event": "DISABLED_UPDATE", "ban_info": 3}},
        {"field": "account_alerts", "value": {"alert_info": []}},
        {"field": "security", "value": {"display_phone_number": DIGITS, "event": None}},
    ],
)
def test_an_event_that_says_nothing_is_kept_and_changes_nothing(acme, phones, meta_app, change):
    (delivery,) = bring(meta_app, (change, NOON))

    assert known(acme) == {}
    assert fates(delivery) == (1, 0, 0, 1, 0)


def test_an_event_has_the_number_looked_at_soon(acme, phones, meta_app):
    later = timezone.now() + timedelta(hours=6)
    proven(acme, check_due_at=later)

    bring(meta_app, of_number("phone_number_quality_update", event="FLAGGED"))

    with context.tenant(acme.schema_name):
        due_at = Phone.objects.get().check_due_at
    assert timedelta(seconds=5) < due_at - timezone.now() < timedelta(seconds=61)


def test_a_number_is_heard_of_by_its_messages(acme, globex, phones, meta_app):
    deliver(meta_app, body(events.change(messages=[events.text("wamid.A")])))
    inbound.process_deliveries()

    with context.tenant(acme.schema_name):
        first = Phone.objects.get().last_webhook_at
    assert timezone.now() - first < timedelta(minutes=1)
    deliver(meta_app, body(events.change(messages=[events.text("wamid.B")])))
    inbound.process_deliveries()
    with context.tenant(acme.schema_name):
        assert Phone.objects.get().last_webhook_at == first  # not for every message
    with context.tenant(globex.schema_name):
        assert Phone.objects.get().last_webhook_at is None
