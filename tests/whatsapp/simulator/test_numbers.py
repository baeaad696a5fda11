"""What a number says of itself, what may be set of it, and the list of an account."""

import pytest

from tests.whatsapp.simulator.conftest import ACME, ACME_WABA, GLOBEX, wait_until

PHONES = f"/v25.0/{ACME_WABA}/phone_numbers"
ALL_FIELDS = {
    "verified_name",
    "display_phone_number",
    "status",
    "quality_rating",
    "quality_score",
    "name_status",
    "new_name_status",
    "code_verification_status",
    "account_mode",
    "platform_type",
    "throughput",
    "is_official_business_account",
    "is_pin_enabled",
    "is_on_biz_app",
    "last_onboarded_time",
    "health_status",
    "webhook_configuration",
    "whatsapp_business_manager_messaging_limit",
}


def test_every_field_can_be_asked_for(call):
    answer = call("GET", f"/v25.0/{ACME}?fields={','.join(ALL_FIELDS)}")

    assert answer.json.keys() == {*ALL_FIELDS, "id"}
    assert answer.json["health_status"]["can_send_message"] == "AVAILABLE"
    kinds = [entity["entity_type"] for entity in answer.json["health_status"]["entities"]]
    assert kinds == ["PHONE_NUMBER", "WABA", "BUSINESS", "APP"]


def test_nobody_is_told_status_and_limits_without_asking(call):
    known = call("GET", f"/v25.0/{ACME}").json

    assert known["quality_rating"] == "GREEN"
    assert not known.keys() & {"status", "health_status", "is_pin_enabled", "name_status"}
    assert "whatsapp_business_manager_messaging_limit" not in known
    old = call("GET", f"/v25.0/{ACME}?fields=messaging_limit_tier")
    assert old.json == {"id": ACME}


def test_what_stands_in_braces_behind_a_field_is_understood(call):
    answer = call("GET", f"/v25.0/{ACME}?fields=throughput{{level}},status")

    assert answer.json == {"throughput": {"level": "STANDARD"}, "status": "CONNECTED", "id": ACME}


def test_a_pin_is_set_and_told_of(call, sim, receiver):
    answer = call("POST", f"/v25.0/{ACME}", {"pin": "654321"})

    assert answer.json == {"success": True}
    (delivery,) = wait_until(lambda: receiver.deliveries)
    assert delivery.values[0] == {
        "display_phone_number": "551140001001",
        "event": "PIN_CHANGED",
        "requester": "63655",
    }
    wanted = {"messaging_product": "whatsapp", "pin": "123456"}
    assert call("POST", f"/v25.0/{ACME}/register", wanted).error["code"] == 133005


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "webhook_configuration is required"),
        ({"pin": "12345"}, "6 digits"),
        ({"pin": 123456}, "6 digits"),
        ({"pin": "١٢٣٤٥٦"}, "6 digits"),
        ({"verified_name": "New"}, 'Unexpected key "verified_name"'),
        ({"webhook_configuration": "x"}, "JSON object"),
        ({"webhook_configuration": {}}, "override_callback_uri is required"),
        ({"webhook_configuration": {"override_callback_uri": 7}}, "must be a string"),
        ({"webhook_configuration": {"override_callback_uri": "h" * 201}}, "0 to 200 characters"),
        (
            {"webhook_configuration": {"override_callback_uri": "http://127.0.0.1:9/"}},
            "verify_token is required",
        ),
        (
            {"webhook_configuration": {"override_callback_uri": "", "verify_tokn": "x"}},
            'Unexpected key "verify_tokn"',
        ),
    ],
)
def test_a_wrong_change_of_a_number_is_refused(call, body, words):
    answer = call("POST", f"/v25.0/{ACME}", body)

    assert (answer.status, answer.error["code"]) == (400, 100)
    assert words in answer.error["message"]


def test_what_is_no_json_is_refused(call):
    assert call("POST", f"/v25.0/{ACME}", b"pin=123456").error["code"] == 100


def test_an_account_gets_another_number_and_lists_it_first(call):
    wanted = {"cc": "55", "phone_number": "1140001003", "verified_name": "Loja Acme Sul"}

    new = call("POST", PHONES, wanted).json["id"]

    listed = call("GET", f"{PHONES}?fields=id,code_verification_status,status").json["data"]
    assert [phone["id"] for phone in listed] == [new, ACME]
    assert listed[0]["code_verification_status"] == "NOT_VERIFIED"
    assert listed[0]["status"] == "PENDING"
    ascending = f'{PHONES}?fields=id&sort=["last_onboarded_time_ascending"]'
    listed = call("GET", ascending.replace('"', "%22")).json["data"]
    assert [phone["id"] for phone in listed] == [ACME, new]
    assert call("GET", f"/v25.0/{new}", token="token-of-globex").error["error_subcode"] == 33


@pytest.mark.parametrize(
    "change",
    [
        {"cc": ""},
        {"cc": "fifty"},
        {"phone_number": None},
        {"phone_number": "12a4567"},
        {"verified_name": ""},
        {"phone_number": "1140001001"},
        {"country": "55"},
    ],
)
def test_a_number_that_cannot_be_added_is_refused(call, change):
    wanted = {"cc": "55", "phone_number": "1140001003", "verified_name": "Loja", **change}

    answer = call("POST", PHONES, wanted)

    assert (answer.status, answer.error["code"]) == (400, 100)
    assert len(call("GET", PHONES).json["data"]) == 1


def test_the_list_comes_in_pages(call, sim):
    for last in range(4):
        name = {"cc": "55", "phone_number": f"114000200{last}", "verified_name": "Loja"}
        call("POST", PHONES, name)
    sim.change(page_size=2)

    found, after, pages = [], "", 0
    while True:
        answer = call("GET", f"{PHONES}?fields=id&after={after}").json
        found += [phone["id"] for phone in answer["data"]]
        pages, after = pages + 1, answer["paging"]["cursors"]["after"]
        if "next" not in answer["paging"]:
            break
        assert "access_token=token-of-acme" in answer["paging"]["next"]

    assert (pages, len(set(found))) == (3, 5)


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "after=%21", "sort=name", "fields=speed"])
def test_a_wrong_list_is_refused(call, query):
    assert call("GET", f"{PHONES}?{query}").error["code"] == 100


def test_the_number_of_another_cannot_be_changed(call):
    answer = call("POST", f"/v25.0/{GLOBEX}", {"pin": "654321"})

    assert (answer.error["code"], answer.error["error_subcode"]) == (100, 33)
