"""Nothing is decided about a parked unit without a reason, and the reason is kept and shown."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tenants import audit, context
from tenants.models import AuditEvent
from whatsapp.webhooks.models import ParkedUnit, PhoneRoute
from whatsapp.webhooks.services import parking

UNITS = "/admin/webhooks/parkedunit/"
WHY = "Meta sent it again by hand"
NO_REASONS = pytest.mark.parametrize(
    "reason", [None, "", "  \r\n\t ", "\u200b\u2060\ufeff", "\x00"], ids=ascii
)


@pytest.fixture
def route(phones) -> PhoneRoute:
    with context.platform():
        return PhoneRoute.objects.get(phone_number_id=phones["acme"].phone_number_id)


@pytest.fixture
def boss(people):
    return people["admin@balcao.test"]


def states() -> list[str]:
    with context.platform():
        return list(ParkedUnit.objects.order_by("pk").values_list("state", flat=True))


def events() -> list[AuditEvent]:
    with context.platform():
        found = AuditEvent.objects.filter(action__startswith="parked_unit.")
        return list(found.select_related("tenant").order_by("pk"))


def form(action: str, units: list[ParkedUnit], reason: str | None, **more) -> dict[str, object]:
    keys = [unit.pk for unit in units]
    typed = {} if reason is None else {"reason": reason}
    return {"action": action, "_selected_action": keys, "confirmed": "yes", **typed, **more}


# --- Without one ------------------------------------------------------------------------------


@NO_REASONS
@pytest.mark.parametrize("act", [parking.replay, parking.discard], ids=["replay", "discard"])
def test_no_unit_is_touched_without_a_reason(units, boss, act, reason):
    with pytest.raises(audit.ReasonMissingError):
        act(actor=boss, units=units, reason=reason or "")

    assert states() == ["PARKED"] * 3
    assert events() == []


@NO_REASONS
def test_no_unit_is_sent_on_without_a_reason(units, boss, route, reason):
    with pytest.raises(audit.ReasonMissingError):
        parking.route(actor=boss, unit=units[0], route=route, reason=reason or "")

    assert states() == ["PARKED"] * 3
    assert events() == []


@NO_REASONS
@pytest.mark.parametrize("action", ["replay", "discard"])
def test_the_page_asks_again_and_changes_nothing(console, units, action, reason):
    answer = console.post(UNITS, form(action, units, reason))

    assert answer.status_code == 400
    html = answer.content.decode()
    assert "Say why: this is not done without a reason" in html or "Null characters" in html
    assert states() == ["PARKED"] * 3
    assert events() == []
    # All that was chosen is chosen still: the reason alone is missing.
    assert all(f'value="{unit.pk}"' in html for unit in units)
    assert f'name="action" value="{action}"' in html


@pytest.mark.parametrize("action", ["replay", "discard"])
def test_a_unit_s_own_page_asks_again_too(console, units, action):
    answer = console.post(f"{UNITS}{units[0].pk}/{action}/", {"confirmed": "yes", "reason": " "})

    assert answer.status_code == 400
    assert "Say why" in answer.content.decode()
    assert states() == ["PARKED"] * 3


def test_sending_on_asks_again_too(console, units, route):
    address = f"{UNITS}{units[0].pk}/send-on/"

    answer = console.post(address, {"route": route.pk, "reason": ""})

    assert answer.status_code == 400
    html = answer.content.decode()
    assert "Say why" in html
    assert f'value="{route.pk}" selected' in html
    assert states() == ["PARKED"] * 3


def test_a_novel_is_no_reason(console, units):
    answer = console.post(UNITS, form("discard", units, "x" * 501))

    assert answer.status_code == 400
    html = answer.content.decode()
    assert "500 characters are enough" in html
    assert "x" * 501 in html
    assert states() == ["PARKED"] * 3


# --- With one ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "state", "name"),
    [
        ("replay", "NEW", "parked_unit.replayed"),
        ("discard", "DISCARDED", "parked_unit.discarded"),
    ],
)
def test_the_reason_is_written_with_each_unit(console, units, boss, acme, action, state, name):
    console.post(UNITS, form(action, units, f"  {WHY}\r\n"))

    assert states() == [state] * 3
    written = events()
    assert {(event.action, event.reason, event.actor_id) for event in written} == {
        (name, WHY, boss.pk)
    }
    assert [event.target for event in written] == [
        f"webhooks.ParkedUnit:{unit.pk}" for unit in sorted(units, key=lambda unit: -unit.pk)
    ]
    assert [event.tenant for event in written] == [None, acme, None]


@pytest.mark.parametrize(("action", "state"), [("replay", "NEW"), ("discard", "DISCARDED")])
def test_one_unit_is_decided_on_its_own_page(console, units, action, state):
    address = f"{UNITS}{units[1].pk}/{action}/"
    asked = console.get(address).content.decode()
    assert "Why?" in asked
    assert states() == ["PARKED"] * 3

    answer = console.post(address, {"confirmed": "yes", "reason": WHY})

    assert answer["Location"] == f"{UNITS}{units[1].pk}/change/"
    assert states() == ["PARKED", state, "PARKED"]
    assert [event.reason for event in events()] == [WHY]


def test_a_unit_that_was_decided_meanwhile_is_not_decided_again(console, units):
    address = f"{UNITS}{units[1].pk}"
    console.post(f"{address}/discard/", {"confirmed": "yes", "reason": WHY})

    html = console.post(
        f"{address}/replay/", {"confirmed": "yes", "reason": WHY}, follow=True
    ).content.decode()

    assert "Changed: 0" in html
    assert states() == ["PARKED", "DISCARDED", "PARKED"]


def test_what_was_decided_meanwhile_is_not_sent_on(console, units, route):
    console.post(UNITS, form("discard", units[:1], WHY))

    answer = console.post(f"{UNITS}{units[0].pk}/send-on/", {"route": route.pk, "reason": WHY})

    assert answer.status_code == 409
    assert "does not wait any more" in answer.content.decode()
    assert states() == ["DISCARDED", "PARKED", "PARKED"]
    assert len(events()) == 1


def test_sending_on_is_written_down_for_whom_it_concerns(console, units, route, acme):
    console.post(f"{UNITS}{units[0].pk}/send-on/", {"route": route.pk, "reason": f" {WHY}\n"})

    (event,) = events()
    assert (event.action, event.reason, event.tenant) == ("parked_unit.routed", WHY, acme)
    with context.platform():
        assert ParkedUnit.objects.get(pk=units[0].pk).tenant is None  # it may be anybody's yet


def test_what_an_error_parked_in_some_days_is_replayed_at_once(console, delivery, units):
    with context.platform():
        for number, days in ((3, 0), (4, 3)):
            old = ParkedUnit.objects.create(
                delivery=delivery, unit_index=number, reason="QUARANTINED", error="KeyError"
            )
            ParkedUnit.objects.filter(pk=old.pk).update(
                created_at=timezone.now() - timedelta(days=days)
            )
    since = (timezone.now() - timedelta(days=1)).date().isoformat()
    of_them = f"?q=KeyError&created_at__gte={since}%2000:00:00%2B00:00"

    console.post(f"{UNITS}{of_them}", form("replay", units[2:], WHY, select_across="1"))

    assert states() == ["PARKED", "PARKED", "NEW", "NEW", "PARKED"]
    assert [event.reason for event in events()] == [WHY] * 2


def test_a_unit_shows_who_decided_what_about_it_and_why(console, units, route):
    sent_on = f"{UNITS}{units[0].pk}/send-on/"
    console.post(sent_on, {"route": route.pk, "reason": "The number moved to Acme"})
    with context.platform():
        ParkedUnit.objects.update(state="PARKED")  # as when it failed again
    console.post(UNITS, form("discard", units[:1], "<b>A test</b> of theirs"))

    html = console.get(f"{UNITS}{units[0].pk}/change/").content.decode()

    first = html.index("Boss · Sent on: The number moved to Acme")
    last = html.index("Boss · Discarded: &lt;b&gt;A test&lt;/b&gt; of theirs")
    assert last < first


def test_a_unit_that_nobody_decided_shows_no_decision(console, units):
    html = console.get(f"{UNITS}{units[0].pk}/change/").content.decode()

    assert "Boss ·" not in html


def test_the_audit_log_shows_reasons(console, units):
    console.post(UNITS, form("discard", units[:1], WHY + "!" * 200))

    listed = console.get("/admin/tenants/auditevent/").content.decode()
    (event,) = events()
    shown = console.get(f"/admin/tenants/auditevent/{event.pk}/change/").content.decode()

    assert WHY in listed
    assert "!" * 200 not in listed
    assert WHY + "!" * 200 in shown


def test_a_page_of_decisions_costs_few_queries(console, units, django_assert_max_num_queries):
    for unit in units:
        parking.replay(actor=None, units=[unit], reason=WHY)

    with django_assert_max_num_queries(15):
        console.get(f"{UNITS}{units[0].pk}/change/")


# --- Who may ----------------------------------------------------------------------------------


@pytest.mark.parametrize("act", ["replay", "send-on", "discard"])
def test_only_super_admins_decide(units, page, act):
    address, reason = f"{UNITS}{units[0].pk}/{act}/", {"confirmed": "yes", "reason": WHY}

    assert Client(SERVER_NAME="localhost").post(address, reason).status_code == 302
    assert page("admin@acme.test").post(address, reason).status_code == 404
    assert states() == ["PARKED"] * 3


@pytest.mark.parametrize("act", ["replay", "send-on", "discard"])
@pytest.mark.parametrize("key", ["999999", "x", "%00"])
def test_there_is_nothing_to_decide_about_nothing(console, units, act, key):
    answer = console.post(f"{UNITS}{key}/{act}/", {"confirmed": "yes", "reason": WHY})

    assert answer.status_code in (302, 400, 404)
    assert states() == ["PARKED"] * 3
