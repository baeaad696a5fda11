"""What Meta does to numbers, accounts and tokens: the state, the webhook, the consequences."""

import json

import pytest

from tests.whatsapp.simulator.conftest import ACME, ACME_WABA, MARIA, wait_until

TEMPLATE = {
    "type": "template",
    "template": {"name": "boas_vindas", "language": {"code": "pt_BR"}},
}


def changes(receiver, count=1):
    """Return the webhooks' entry ids, fields and values, once there are ``count``."""
    wait_until(lambda: len(receiver.deliveries) >= count)
    found = []
    for delivery in receiver.deliveries:
        assert delivery.is_signed
        for entry in json.loads(delivery.body)["entry"]:
            found += [(entry["id"], c["field"], c["value"]) for c in entry["changes"]]
    return sorted(found, key=lambda one: one[1])


def fields(call, names):
    return call("GET", f"/v25.0/{ACME}?fields={names}").json


def test_bad_quality_flags_a_number_and_better_lifts_it(call, sim, receiver):
    sim.change_number(ACME, quality_rating="YELLOW")
    sim.change_number(ACME, quality_rating="RED")
    known = fields(call, "quality_rating,quality_score")
    assert known == {"quality_rating": "RED", "quality_score": {"score": "RED"}, "id": ACME}
    sim.change_number(ACME, quality_rating="GREEN")

    found = changes(receiver, 2)

    assert {value["event"] for _, _, value in found} == {"FLAGGED", "UNFLAGGED"}
    assert {field for _, field, _ in found} == {"phone_number_quality_update"}
    assert found[0][0] == ACME_WABA
    assert found[0][2]["display_phone_number"] == "551140001001"


def test_the_limit_grows_for_the_portfolio(call, sim, receiver):
    sim.change_number(ACME, messaging_limit="TIER_2K")

    (capability, quality) = changes(receiver, 2)

    assert capability[1:] == (
        "business_capability_update",
        {"max_daily_conversations_per_business": 2000, "max_phone_numbers_per_waba": 25},
    )
    assert quality[2]["event"] == "UPGRADE"
    assert (quality[2]["old_limit"], quality[2]["current_limit"]) == ("TIER_250", "TIER_2K")
    limit = "whatsapp_business_manager_messaging_limit"
    assert fields(call, limit)[limit] == "TIER_2K"


def test_throughput_is_raised(call, sim, receiver):
    sim.change_number(ACME, throughput="HIGH")

    assert changes(receiver)[0][2]["event"] == "THROUGHPUT_UPGRADE"
    assert fields(call, "throughput")["throughput"] == {"level": "HIGH"}


@pytest.mark.parametrize(
    ("decision", "status"),
    [("APPROVED", "APPROVED"), ("REJECTED", "DECLINED"), ("PENDING", "PENDING_REVIEW")],
)
def test_a_name_is_decided_on(call, sim, receiver, decision, status):
    sim.change_number(ACME, name="Acme Modas", name_decision=decision, rejection_reason="NAME")

    (_, field, value) = changes(receiver)[0]

    assert field == "phone_number_name_update"
    assert (value["decision"], value["requested_verified_name"]) == (decision, "Acme Modas")
    known = fields(call, "verified_name,name_status,new_name_status")
    approved = decision == "APPROVED"
    assert known["verified_name"] == ("Acme Modas" if approved else "Loja Acme")
    assert known["new_name_status"] == ("NONE" if approved else status)
    assert known["name_status"] == "APPROVED"


@pytest.mark.parametrize(
    ("status", "code", "template_code"),
    [
        ("FLAGGED", None, None),
        ("RESTRICTED", None, 131048),
        ("BANNED", 131031, 131031),
        ("RATE_LIMITED", 130429, 130429),
        ("DISCONNECTED", 133010, 133010),
        ("DELETED", 133010, 133010),
    ],
)
def test_a_state_of_a_number_lets_it_send_or_not(call, sim, status, code, template_code):
    sim.change_number(ACME, status=status)

    assert fields(call, "status")["status"] == status
    for answer, wanted in ((call.send(), code), (call.send(**TEMPLATE), template_code)):
        assert (answer.json.get("error") or {}).get("code") == wanted
    health = fields(call, "health_status")["health_status"]
    blocked = code not in {None, 130429}
    assert health["can_send_message"] == ("BLOCKED" if blocked else "LIMITED")


def test_a_quiet_change_is_found_by_asking_alone(call, sim, receiver):
    sim.change_number(ACME, quality_rating="RED", messaging_limit="TIER_10K", quiet=True)
    sim.change_account(ACME_WABA, review="REJECTED", quiet=True)
    sim.inbound(phone_number_id=ACME, sender=MARIA, text="Oi")

    wait_until(lambda: receiver.messages)

    assert len(receiver.deliveries) == 1
    assert fields(call, "quality_rating")["quality_rating"] == "RED"


def test_an_account_is_disabled_and_reinstated(call, sim, receiver):
    sim.change_account(ACME_WABA, event="DISABLED_UPDATE")
    (_, field, value) = changes(receiver)[0]
    assert (field, value["event"]) == ("account_update", "DISABLED_UPDATE")
    assert value["ban_info"]["waba_ban_state"] == "DISABLE"
    assert call.send().error["code"] == 368
    answer = call("GET", f"/v25.0/{ACME_WABA}?fields=health_status").json
    assert answer["health_status"]["can_send_message"] == "BLOCKED"

    lifted = {"ban_info": {"waba_ban_state": "REINSTATE"}}
    sim.change_account(ACME_WABA, event="DISABLED_UPDATE", details=lifted)

    assert call.send().status == 200


def test_a_restricted_account_answers_but_does_not_begin(call, sim):
    sim.change_account(ACME_WABA, event="ACCOUNT_RESTRICTION")
    assert call.send().status == 200
    assert call.send(**TEMPLATE).error["code"] == 368

    answers = [{"restriction_type": "RESTRICTED_CUSTOMER_INITIATED_MESSAGING"}]
    details = {"restriction_info": answers}
    sim.change_account(ACME_WABA, event="ACCOUNT_RESTRICTION", details=details)
    assert call.send().error["code"] == 368

    sim.change_account(ACME_WABA, event="ACCOUNT_RESTRICTION", details={"restriction_info": []})
    assert call.send(**TEMPLATE).status == 200


def test_a_partner_that_was_removed_has_lost_everything(call, sim, receiver):
    sim.change_account(ACME_WABA, event="PARTNER_REMOVED")

    (entry_id, _, value) = changes(receiver)[0]
    assert entry_id == f"9{ACME_WABA}"
    assert value["waba_info"]["waba_id"] == ACME_WABA
    assert call("GET", f"/v25.0/{ACME}").error["error_subcode"] == 33
    assert sim.number(ACME)["account"]["subscribed"] is False

    sim.change_account(ACME_WABA, event="PARTNER_ADDED")
    assert call("GET", f"/v25.0/{ACME}").status == 200


def test_a_deleted_account_is_gone(call, sim, receiver):
    sim.change_account(ACME_WABA, event="ACCOUNT_DELETED")

    assert changes(receiver)[0][2] == {"event": "ACCOUNT_DELETED"}
    assert call("GET", f"/v25.0/{ACME_WABA}").error["error_subcode"] == 33


def test_an_unsubscribed_account_is_told_nothing_of_itself_either(call, sim, receiver):
    sim.change_account(ACME_WABA, subscribed=False)
    sim.change_number(ACME, quality_rating="RED")
    sim.inbound(phone_number_id=ACME, sender=MARIA, text="Oi")
    assert call("GET", f"/v25.0/{ACME_WABA}/subscribed_apps").json == {"data": []}

    sim.change_account(ACME_WABA, subscribed=True)
    sim.change_account(ACME_WABA, review="PENDING")

    assert changes(receiver) == [(ACME_WABA, "account_review_update", {"decision": "PENDING"})]


def test_a_reset_heals_everything(call, sim):
    sim.change_number(ACME, status="BANNED", quality_rating="RED", quiet=True)
    sim.change_token(ACME, state="revoked")
    made = sim.sign_up()

    sim.reset()

    assert call("GET", f"/v25.0/{ACME}?fields=status,quality_rating").json["status"] == "CONNECTED"
    numbers = [n["phone_number_id"] for n in call("GET", "/simulator/numbers").json["numbers"]]
    assert made["phone_number_id"] not in numbers


@pytest.mark.parametrize(
    ("endpoint", "body", "status", "words"),
    [
        ("numbers", {}, 404, "no such number"),
        ("numbers", {"phone_number_id": ACME, "quality_rating": "BLUE"}, 400, "GREEN, YELLOW"),
        ("numbers", {"phone_number_id": ACME, "speed": 1}, 400, "speed"),
        ("numbers", {"phone_number_id": ACME, "quiet": "no"}, 400, "true or false"),
        ("numbers", {"phone_number_id": ACME, "name": 7}, 400, "a text"),
        ("accounts", {}, 404, "no such account"),
        ("accounts", {"waba_id": ACME_WABA, "event": "PARTY"}, 400, "ACCOUNT_DELETED"),
        ("accounts", {"waba_id": ACME_WABA, "details": []}, 400, "an object"),
        ("accounts", {"waba_id": ACME_WABA, "review": "GOOD"}, 400, "APPROVED"),
        ("accounts", {"waba_id": ACME_WABA, "subscribed": 1}, 400, "true or false"),
        ("tokens", {}, 404, "no such number"),
        ("tokens", {"token": "x"}, 404, "no such token"),
        ("tokens", {"phone_number_id": ACME, "state": "tired"}, 400, "expired"),
        ("tokens", {"phone_number_id": ACME, "scopes": "all"}, 400, "a list"),
        ("tokens", {"phone_number_id": ACME, "expires_at": True}, 400, "unix seconds"),
        ("signups", {"phone_number_id": "7"}, 404, "no such number"),
        ("signups", {"verified_name": 7}, 400, "a text"),
        ("signups", {"coexistence": "no"}, 400, "true or false"),
        ("signups", {"code": "x"}, 400, "code"),
    ],
)
def test_a_wish_that_cannot_be_met_changes_nothing(call, endpoint, body, status, words):
    before = call("GET", "/simulator/numbers").json

    answer = call("POST", f"/simulator/{endpoint}", body)

    assert answer.status == status
    assert words in answer.json["error"]
    assert call("GET", "/simulator/numbers").json == before
