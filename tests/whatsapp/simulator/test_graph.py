"""Tokens, objects and what a business reads and sets about itself."""

import pytest

from tests.whatsapp.simulator.conftest import (
    ACME,
    ACME_WABA,
    GLOBEX,
    GLOBEX_WABA,
    MARIA,
    wait_until,
)


@pytest.mark.parametrize("prefix", ["", "/v18.0", "/v25.0", "/v26.0"])
def test_any_version_and_none_is_answered(call, prefix):
    answer = call("GET", f"{prefix}/{ACME}")

    assert answer.status == 200
    assert answer.json["id"] == ACME
    assert answer.json["verified_name"] == "Loja Acme"


@pytest.mark.parametrize("token", ["", "wrong", "1000|wrong"])
def test_without_a_good_token_there_is_nothing(call, token):
    answer = call("GET", f"/v25.0/{ACME}", token=token)

    assert answer.status == 401
    assert answer.error["code"] == 190
    assert answer.error["type"] == "OAuthException"
    assert answer.error["fbtrace_id"]
    assert "www-authenticate" in answer.headers


def test_a_token_may_stand_in_the_query(call):
    assert call("GET", f"/{ACME}?access_token=token-of-acme", token="").status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/v25.0/{GLOBEX}"),
        ("GET", f"/v25.0/{GLOBEX_WABA}/phone_numbers"),
        ("POST", f"/v25.0/{GLOBEX_WABA}/subscribed_apps"),
        ("POST", f"/v25.0/{GLOBEX}/messages"),
        ("GET", "/v25.0/999"),
        ("GET", "/v25.0"),
    ],
)
def test_what_belongs_to_others_does_not_exist(call, method, path):
    answer = call(method, path, {} if method == "POST" else None)

    assert answer.status == 400
    assert (answer.error["code"], answer.error["error_subcode"]) == (100, 33)
    assert answer.error["type"] == "GraphMethodException"
    assert f"Unsupported {method.lower()} request" in answer.error["message"]


def test_an_edge_that_does_not_exist_is_refused(call):
    assert call("GET", f"/v25.0/{ACME}/nothing").error["code"] == 2500
    assert call("DELETE", f"/v25.0/{ACME}").error["code"] == 2500


def test_only_the_wanted_fields_come(call):
    answer = call(
        "GET", f"/v25.0/{ACME}?fields=status,throughput,whatsapp_business_manager_messaging_limit"
    )

    assert answer.json == {
        "status": "CONNECTED",
        "throughput": {"level": "STANDARD"},
        "whatsapp_business_manager_messaging_limit": "TIER_250",
        "id": ACME,
    }


def test_an_unknown_field_is_refused(call):
    answer = call("GET", f"/v25.0/{ACME}?fields=status,speed")

    assert answer.status == 400
    assert "nonexisting field (speed)" in answer.error["message"]


def test_an_account_lists_its_numbers(call):
    answer = call("GET", f"/v25.0/{ACME_WABA}/phone_numbers?fields=id,display_phone_number")

    assert answer.json["data"] == [{"id": ACME, "display_phone_number": "+55 11 4000-1001"}]


def test_an_account_can_be_read(call):
    answer = call("GET", f"/v25.0/{ACME_WABA}?fields=id,name,currency,speed")
    assert answer.error["code"] == 100

    answer = call("GET", f"/v25.0/{ACME_WABA}?fields=id,name,currency")
    assert answer.json == {"id": ACME_WABA, "name": "Loja Acme", "currency": "BRL"}


def test_an_account_that_is_not_subscribed_hears_nothing(call, sim, receiver):
    assert call("DELETE", f"/v25.0/{ACME_WABA}/subscribed_apps").json == {"success": True}
    assert call("GET", f"/v25.0/{ACME_WABA}/subscribed_apps").json == {"data": []}
    sim.inbound(phone_number_id=ACME, sender=MARIA, text="Alguém aí?")
    assert sim.webhooks()["totals"]["unsubscribed"] == 1

    assert call("POST", f"/v25.0/{ACME_WABA}/subscribed_apps").json == {"success": True}
    apps = call("GET", f"/v25.0/{ACME_WABA}/subscribed_apps").json["data"]
    assert apps[0]["whatsapp_business_api_data"]["id"] == "1000"
    sim.inbound(phone_number_id=ACME, sender=MARIA, text="E agora?")

    wait_until(lambda: receiver.messages)
    assert [message["text"]["body"] for message in receiver.messages] == ["E agora?"]


def test_overrides_go_before_the_apps_address(call, sim, receiver):
    def override(name):
        return {"override_callback_uri": f"{receiver.url}/{name}", "verify_token": "mine"}

    assert call("POST", f"/v25.0/{ACME_WABA}/subscribed_apps", override("waba")).status == 200
    sim.inbound(phone_number_id=ACME, sender=MARIA, text="1")
    wait_until(lambda: len(receiver.deliveries) == 1)
    wanted = {"webhook_configuration": override("phone")}
    assert call("POST", f"/v25.0/{ACME}", wanted).json == {"success": True}
    sim.inbound(phone_number_id=ACME, sender=MARIA, text="2")
    wait_until(lambda: len(receiver.deliveries) == 2)
    known = call("GET", f"/v25.0/{ACME}?fields=webhook_configuration").json
    assert known["webhook_configuration"]["phone_number"].endswith("/phone")
    call("POST", f"/v25.0/{ACME}", {"webhook_configuration": {"override_callback_uri": ""}})
    call("POST", f"/v25.0/{ACME_WABA}/subscribed_apps", {})
    sim.inbound(phone_number_id=ACME, sender=MARIA, text="3")
    wait_until(lambda: len(receiver.deliveries) == 3)

    assert [delivery.path for delivery in receiver.deliveries] == ["/waba", "/phone", "/webhook"]
    assert [challenge["hub.verify_token"] for challenge in receiver.challenges] == ["mine", "mine"]


def test_an_override_whose_handshake_fails_is_not_kept(call, receiver):
    receiver.echo = False
    wanted = {"override_callback_uri": f"{receiver.url}/new", "verify_token": "mine"}

    answer = call("POST", f"/v25.0/{ACME_WABA}/subscribed_apps", wanted)

    assert answer.status == 400
    assert answer.error["code"] == 2200
    known = call("GET", f"/v25.0/{ACME_WABA}/subscribed_apps").json["data"][0]
    assert "override_callback_uri" not in known


def test_an_override_stays_on_this_machine(call):
    wanted = {"override_callback_uri": "http://example.com/", "verify_token": "mine"}

    assert call("POST", f"/v25.0/{ACME_WABA}/subscribed_apps", wanted).error["code"] == 100


def test_a_token_is_looked_up(call):
    path = "/v25.0/debug_token?input_token=token-of-globex"
    data = call("GET", path, token="1000|the-app-secret").json["data"]
    assert data["is_valid"] is True
    assert data["granular_scopes"][0]["target_ids"] == [GLOBEX_WABA]

    data = call("GET", "/v25.0/debug_token?input_token=gone").json["data"]
    assert data["is_valid"] is False
    assert call("GET", "/v25.0/debug_token").error["code"] == 100


def test_the_log_shows_calls_and_never_a_token(call):
    call("GET", f"/v25.0/{ACME}?access_token=token-of-acme")
    call.send("Oi!")

    answer = call("GET", "/simulator/state")

    assert [entry["status"] for entry in answer.json["requests"]] == [200, 200]
    assert answer.json["requests"][1]["note"] == "text: Oi!"
    assert b"token-of-acme" not in answer.body
    assert b"the-app-secret" not in answer.body
