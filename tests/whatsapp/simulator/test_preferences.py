"""The settings of a number."""

import pytest

from tests.whatsapp.simulator.conftest import ACME, GLOBEX

PATH = f"/v25.0/{ACME}/settings"


def test_settings_start_as_meta_has_them_and_change_one_by_one(call):
    known = call("GET", PATH).json
    assert known["calling"]["status"] == "DISABLED"
    assert known["user_identity_change"] == {"enable_identity_key_check": False}

    change = {"user_identity_change": {"enable_identity_key_check": True}}
    assert call("POST", PATH, change).json == {"success": True}
    assert call("POST", PATH, {"calling": {"status": "ENABLED"}}).json == {"success": True}

    known = call("GET", PATH).json
    assert known["user_identity_change"] == {"enable_identity_key_check": True}
    assert known["calling"] == {"status": "ENABLED", "call_icon_visibility": "DEFAULT"}


def test_where_data_lie_is_chosen_before_the_registration(call):
    change = {
        "storage_configuration": {
            "status": "IN_COUNTRY_STORAGE_ENABLED",
            "data_localization_region": "BR",
        }
    }
    assert "deregistered" in call("POST", PATH, change).error["message"]

    call("POST", f"/v25.0/{ACME}/deregister")

    assert call("POST", PATH, change).json == {"success": True}
    assert call("GET", PATH).json["storage_configuration"]["data_localization_region"] == "BR"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"colour": {}},
        {"calling": True},
        {"calling": {}},
        {"calling": {"status": "on"}},
        {"calling": {"status": "ENABLED", "call_icon_visibility": "NO"}},
        {"calling": {"status": "ENABLED", "x": 1}},
        {"user_identity_change": {"enable_identity_key_check": "yes"}},
        {"user_identity_change": {"identity_check": True}},
        {"storage_configuration": {"status": "HERE"}},
        {"calling": {"status": "ENABLED"}, "user_identity_change": {}},
    ],
)
def test_wrong_settings_change_nothing(call, body):
    before = call("GET", PATH).json

    answer = call("POST", PATH, body)

    assert (answer.status, answer.error["code"]) == (400, 100)
    assert call("GET", PATH).json == before


def test_the_settings_of_another_do_not_exist(call):
    assert call("GET", f"/v25.0/{GLOBEX}/settings").error["error_subcode"] == 33
