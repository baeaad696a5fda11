"""From a number that somebody owns to one that may send, and back."""

import pytest

from tests.whatsapp.simulator.conftest import ACME, ACME_WABA, wait_until

REGISTER = {"messaging_product": "whatsapp", "pin": "123456"}


def of(phone_number_id, edge):
    return f"/v25.0/{phone_number_id}/{edge}"


def new_number(call):
    wanted = {"cc": "55", "phone_number": "1140001003", "verified_name": "Loja"}
    return call("POST", f"/v25.0/{ACME_WABA}/phone_numbers", wanted).json["id"]


def code_of(call, phone_number_id):
    query = f"/simulator/numbers?phone_number_id={phone_number_id}"
    return call("GET", query).json["numbers"][0]["verification_code"]


def test_a_new_number_is_verified_registered_and_can_send(call, receiver):
    number = new_number(call)
    assert call("POST", of(number, "register"), REGISTER).error["code"] == 133006
    text = {"messaging_product": "whatsapp", "to": "5511987654321", "text": {"body": "Oi"}}
    assert call("POST", of(number, "messages"), text).error["code"] == 133010

    wanted = {"code_method": "SMS", "language": "pt_BR"}
    assert call("POST", of(number, "request_code"), wanted).json == {"success": True}
    assert call("POST", of(number, "verify_code"), {"code": "1"}).error["code"] == 136025
    code = code_of(call, number)
    answer = call("POST", of(number, "verify_code"), {"code": f"{code[:3]}-{code[3:]}"})
    assert answer.json == {"success": True}
    assert call("POST", of(number, "request_code"), wanted).error["code"] == 136024

    assert call("POST", of(number, "register"), REGISTER).json == {"success": True}
    known = call("GET", of(number, "?fields=status,is_pin_enabled,platform_type")).json
    assert (known["status"], known["is_pin_enabled"]) == ("CONNECTED", True)
    assert call("POST", of(number, "messages"), text).status == 200
    values = [v for d in wait_until(lambda: receiver.deliveries) for v in d.values]
    assert any(value.get("event") == "ONBOARDING" for value in values)


def test_a_registered_number_may_register_again_with_its_pin_alone(call):
    assert call("POST", of(ACME, "register"), REGISTER).json == {"success": True}

    answer = call("POST", of(ACME, "register"), {**REGISTER, "pin": "000000"})

    assert (answer.status, answer.error["code"]) == (400, 133005)


def test_a_number_can_be_given_up(call):
    assert call("POST", of(ACME, "deregister")).json == {"success": True}

    known = call("GET", of(ACME, "?fields=status,throughput,health_status")).json
    assert known["status"] == "DISCONNECTED"
    assert known["throughput"] == {"level": "NOT_APPLICABLE"}
    assert known["health_status"]["can_send_message"] == "BLOCKED"
    assert call.send().error["code"] == 133010
    assert call("POST", of(ACME, "deregister")).error["code"] == 133010


def test_too_many_tries_lock_the_number(call):
    for _ in range(10):
        call("POST", of(ACME, "register"), {**REGISTER, "pin": "000000"})

    assert call("POST", of(ACME, "register"), REGISTER).error["code"] == 133016
    assert call("POST", of(ACME, "deregister")).error["code"] == 133016


@pytest.mark.parametrize(
    ("edge", "body"),
    [
        ("register", {}),
        ("register", {"pin": "123456"}),
        ("register", {"messaging_product": "sms", "pin": "123456"}),
        ("register", {"messaging_product": "whatsapp"}),
        ("register", {**REGISTER, "pin": 123456}),
        ("register", {**REGISTER, "pin": "12345a"}),
        ("register", {**REGISTER, "cert": "x"}),
        ("register", {**REGISTER, "data_localization_region": "BRA"}),
        ("deregister", {"pin": "123456"}),
        ("request_code", {}),
        ("request_code", {"code_method": "EMAIL", "language": "pt_BR"}),
        ("request_code", {"code_method": "SMS"}),
        ("request_code", {"code_method": "SMS", "language": "pt_BR", "to": "x"}),
        ("verify_code", {}),
        ("verify_code", {"code": 123456}),
        ("verify_code", {"code": "123456", "pin": "1"}),
    ],
)
def test_a_wrong_request_is_refused_and_not_counted_as_a_try(call, edge, body):
    for _ in range(11):
        answer = call("POST", of(ACME, edge), body)
        assert (answer.status, answer.error["code"]) == (400, 100)
