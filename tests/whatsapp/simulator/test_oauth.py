"""Tokens: what one may do, how one ends, and how a code becomes one."""

import hashlib
import hmac
import json
from urllib.parse import urlencode

import pytest

from tests.whatsapp.simulator.conftest import ACME, ACME_WABA, GLOBEX_WABA, SECRET

APP_TOKEN = f"1000|{SECRET}"
CLIENT = {"client_id": "1000", "client_secret": SECRET}


def debug(call, token):
    path = f"/v25.0/debug_token?input_token={token}"
    return call("GET", path, token=APP_TOKEN).json["data"]


def exchange(call, **wanted):
    return call("GET", f"/v25.0/oauth/access_token?{urlencode({**CLIENT, **wanted})}", token="")


def test_a_good_token_tells_its_scopes_and_accounts(call):
    data = debug(call, "token-of-acme")

    assert data["app_id"] == "1000"
    assert data["is_valid"] is True
    assert data["expires_at"] == 0
    assert data["scopes"] == ["whatsapp_business_management", "whatsapp_business_messaging"]
    assert [g["target_ids"] for g in data["granular_scopes"]] == [[ACME_WABA], [ACME_WABA]]


@pytest.mark.parametrize(("state", "subcode"), [("expired", 463), ("revoked", 467)])
def test_a_token_that_ended_opens_nothing_and_says_so(call, sim, state, subcode):
    sim.change_token(ACME, state=state)

    for answer in (call("GET", f"/v25.0/{ACME}"), call.send()):
        assert (answer.status, answer.error["code"]) == (401, 190)
        assert answer.error["error_subcode"] == subcode
    data = debug(call, "token-of-acme")
    assert (data["is_valid"], data["error"]["code"]) == (False, 190)
    assert data["error"]["subcode"] == subcode
    assert (data["expires_at"] > 0) is (state == "expired")

    sim.change_token(ACME, state="valid")
    assert call("GET", f"/v25.0/{ACME}").status == 200


def test_a_token_ends_at_its_time(call, sim):
    sim.change_token(ACME, expires_at=4102444800)
    assert debug(call, "token-of-acme")["expires_at"] == 4102444800
    assert call("GET", f"/v25.0/{ACME}").status == 200

    sim.change_token(ACME, expires_at=1)
    assert call("GET", f"/v25.0/{ACME}").error["error_subcode"] == 463


def test_a_missing_scope_closes_its_edges_alone(call, sim):
    sim.change_token(ACME, scopes=["whatsapp_business_management"])
    assert call("GET", f"/v25.0/{ACME}").status == 200
    for path in (f"/v25.0/{ACME}/messages", f"/v25.0/{ACME}/block_users"):
        answer = call("POST", path, {})
        assert (answer.status, answer.error["code"]) == (403, 10)

    sim.change_token(ACME, scopes=["whatsapp_business_messaging"])
    assert call.send().status == 200
    for path in (f"/v25.0/{ACME}", f"/v25.0/{ACME_WABA}", f"/v25.0/{ACME_WABA}/subscribed_apps"):
        answer = call("GET", path)
        assert (answer.status, answer.error["code"]) == (403, 200)
    assert debug(call, "token-of-acme")["scopes"] == ["whatsapp_business_messaging"]


def test_a_token_may_keep_its_accounts_to_itself(call, sim):
    sim.change_token(ACME, target_ids=False)

    scopes = debug(call, "token-of-acme")["granular_scopes"]

    assert all("target_ids" not in one for one in scopes)


def test_the_app_gets_its_own_token(call):
    answer = exchange(call, grant_type="client_credentials")

    assert answer.json == {"access_token": APP_TOKEN, "token_type": "bearer"}
    assert call("GET", f"/v25.0/{ACME}", token=APP_TOKEN).error["error_subcode"] == 33


def test_a_signup_gives_a_code_the_code_a_token_and_the_token_the_account(call, sim):
    made = sim.sign_up(verified_name="Padaria", display_phone_number="+55 31 4000-3003")
    assert made["event"]["type"] == "WA_EMBEDDED_SIGNUP"
    assert made["event"]["event"] == "FINISH"
    assert made["event"]["data"]["waba_id"] == made["waba_id"]

    answer = exchange(call, code=made["code"])

    assert answer.json["token_type"] == "bearer"
    token = answer.json["access_token"]
    assert debug(call, token)["granular_scopes"][0]["target_ids"] == [made["waba_id"]]
    path = f"/v25.0/{made['phone_number_id']}"
    known = call("GET", f"{path}?fields=verified_name,status,is_pin_enabled", token=token).json
    assert (known["verified_name"], known["status"]) == ("Padaria", "PENDING")
    assert known["is_pin_enabled"] is False
    apps = f"/v25.0/{made['waba_id']}/subscribed_apps"
    assert call("GET", apps, token=token).json == {"data": []}
    assert call("POST", apps, {}, token=token).json == {"success": True}
    pin = {"messaging_product": "whatsapp", "pin": "246810"}
    assert call("POST", f"{path}/register", pin, token=token).json == {"success": True}
    assert call("GET", path, token="token-of-acme").error["error_subcode"] == 33


def test_a_code_is_good_once(call, sim):
    code = sim.sign_up()["code"]
    exchange(call, code=code)

    answer = exchange(call, code=code)

    assert (answer.status, answer.error["code"], answer.error["error_subcode"]) == (400, 100, 36009)


def test_a_code_is_good_for_thirty_seconds(call, sim):
    made = sim.sign_up()
    sim.engine.world.registry.codes[made["code"]].expires_at -= 30

    assert exchange(call, code=made["code"]).error["error_subcode"] == 36007


def test_a_customer_may_bring_a_number_that_is_known(call, sim):
    made = sim.sign_up(phone_number_id=ACME)

    token = exchange(call, code=made["code"]).json["access_token"]

    assert made["waba_id"] == ACME_WABA
    assert call("GET", f"/v25.0/{ACME}", token=token).status == 200
    sim.change_token(ACME, state="revoked")
    assert call("GET", f"/v25.0/{ACME}", token=token).status == 401


def test_a_token_made_by_hand_opens_the_new_account_at_once(call, sim):
    made = sim.sign_up(by_hand=True)

    data = debug(call, made["token"])

    assert data["granular_scopes"][0]["target_ids"] == [made["waba_id"]]
    assert "code" not in made


def test_a_proof_of_the_secret_is_checked_where_it_is_given(call):
    proof = hmac.new(SECRET.encode(), b"token-of-acme", hashlib.sha256).hexdigest()

    assert call("GET", f"/v25.0/{ACME}?appsecret_proof={proof}").status == 200
    answer = call("GET", f"/v25.0/{ACME}?appsecret_proof={proof[::-1]}")
    assert (answer.status, answer.error["code"]) == (400, 100)
    assert "appsecret_proof" in answer.error["message"]


def test_a_number_of_the_business_app_is_not_registered_again(call, sim):
    made = sim.sign_up(coexistence=True)
    assert made["event"]["event"] == "FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING"
    token = exchange(call, code=made["code"]).json["access_token"]
    path = f"/v25.0/{made['phone_number_id']}"

    known = call("GET", f"{path}?fields=status,is_on_biz_app", token=token).json
    assert (known["status"], known["is_on_biz_app"]) == ("CONNECTED", True)
    pin = {"messaging_product": "whatsapp", "pin": "246810"}
    assert call("POST", f"{path}/register", pin, token=token).error["code"] == 100
    assert call("POST", f"{path}/deregister", token=token).error["code"] == 100


def test_the_secret_need_not_stand_in_the_address(call, sim):
    body = {**CLIENT, "code": sim.sign_up()["code"]}

    answer = call("POST", "/v25.0/oauth/access_token", body, token="")

    assert answer.json["token_type"] == "bearer"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"client_id": "7"}, 101),
        ({"client_id": ""}, 100),
        ({"client_secret": "wrong"}, 1),
        ({"client_secret": "sécret"}, 1),
        ({"code": "wrong"}, 100),
        ({"code": ""}, 100),
        ({"scope": "all"}, 100),
    ],
)
def test_a_wrong_exchange_is_refused_and_the_code_stays_good(call, sim, change, code):
    good = sim.sign_up()["code"]

    answer = exchange(call, **{"code": good, **change})

    assert (answer.status, answer.error["code"]) == (400, code)
    assert exchange(call, code=good).status == 200


def test_codes_and_tokens_stay_out_of_the_log(call, sim):
    code = sim.sign_up()["code"]
    token = exchange(call, code=code).json["access_token"]

    shown = json.dumps(call("GET", "/simulator/state").json)

    for secret in (code, token, SECRET, "token-of-acme"):
        assert secret not in shown
    assert "token-of-globex" not in json.dumps(call("GET", "/simulator/numbers").json)


def test_a_token_of_one_is_no_key_to_another(call, sim):
    for path in (f"/v25.0/{GLOBEX_WABA}", f"/v25.0/{GLOBEX_WABA}/phone_numbers"):
        assert call("GET", path).error["error_subcode"] == 33
