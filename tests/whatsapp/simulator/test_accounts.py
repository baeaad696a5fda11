"""What an account says of itself, and who hears its webhooks."""

import pytest

from tests.whatsapp.simulator.conftest import ACME, ACME_WABA, GLOBEX_WABA, MARIA, wait_until

WABA = f"/v25.0/{ACME_WABA}"
APPS = f"{WABA}/subscribed_apps"


def test_an_account_says_who_owns_it_and_how_it_stands(call):
    wanted = (
        "id,name,currency,timezone_id,message_template_namespace,account_review_status,country,"
        "owner_business_info{name,id},on_behalf_of_business_info,business_verification_status,"
        "health_status,whatsapp_business_manager_messaging_limit"
    )

    known = call("GET", f"{WABA}?fields={wanted}").json

    assert known["name"] == "Loja Acme"
    assert known["account_review_status"] == "APPROVED"
    assert known["owner_business_info"]["id"] == f"9{ACME_WABA}"
    assert known["health_status"]["can_send_message"] == "AVAILABLE"
    assert known["whatsapp_business_manager_messaging_limit"] == "TIER_250"
    assert call("GET", WABA).json.keys() == {
        "id",
        "name",
        "currency",
        "timezone_id",
        "message_template_namespace",
    }
    assert call("GET", f"{WABA}?fields=speed").error["code"] == 100


def test_an_override_needs_a_subscription_first(call, receiver):
    call("DELETE", APPS)
    wanted = {"override_callback_uri": f"{receiver.url}/own", "verify_token": "mine"}

    answer = call("POST", APPS, wanted)

    assert answer.error["code"] == 100
    assert "must be subscribed" in answer.error["message"]
    assert receiver.challenges == []


@pytest.mark.parametrize(
    "change",
    [
        {"override_callback_uri": 7},
        {"override_callback_uri": "http://127.0.0.1:9/" + "x" * 200},
        {"override_callback_uri": "https://example.com/"},
        {"verify_token": None},
        {"verify_token": ""},
        {"subscribed_fields": ["messages"]},
    ],
)
def test_a_wrong_override_is_refused(call, receiver, change):
    own = {"override_callback_uri": f"{receiver.url}/own", "verify_token": "mine"}

    answer = call("POST", APPS, {**own, **change})

    assert (answer.status, answer.error["code"]) == (400, 100)
    assert "override_callback_uri" not in call("GET", APPS).json["data"][0]


def test_an_override_is_told_and_removed_by_an_empty_post(call, sim, receiver):
    own = {"override_callback_uri": f"{receiver.url}/own", "verify_token": "mine"}
    call("POST", APPS, own)
    assert call("GET", APPS).json["data"][0]["override_callback_uri"] == f"{receiver.url}/own"
    known = call("GET", f"/v25.0/{ACME}?fields=webhook_configuration").json
    assert known["webhook_configuration"] == {
        "whatsapp_business_account": f"{receiver.url}/own",
        "application": f"{receiver.url}/webhook",
    }

    call("POST", APPS, {})

    assert "override_callback_uri" not in call("GET", APPS).json["data"][0]


def test_what_concerns_the_account_never_follows_an_override(call, sim, receiver):
    own = {"override_callback_uri": f"{receiver.url}/own", "verify_token": "mine"}
    call("POST", APPS, own)

    call("POST", f"/v25.0/{ACME}", {"pin": "654321"})
    sim.inbound(phone_number_id=ACME, sender=MARIA, text="Oi")

    wait_until(lambda: len(receiver.deliveries) == 2)
    paths = {delivery.path: delivery.values[0] for delivery in receiver.deliveries}
    assert paths["/webhook"]["event"] == "PIN_CHANGED"
    assert paths["/own"]["messages"][0]["text"]["body"] == "Oi"


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_the_account_of_another_does_not_exist(call, method):
    answer = call(method, f"/v25.0/{GLOBEX_WABA}/subscribed_apps", {} if method == "POST" else None)

    assert (answer.error["code"], answer.error["error_subcode"]) == (100, 33)
