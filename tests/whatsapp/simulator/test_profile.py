"""What customers read of a business."""

import pytest

from tests.files import JPEG
from tests.whatsapp.simulator.conftest import ACME, GLOBEX

PATH = f"/v25.0/{ACME}/whatsapp_business_profile"
WHATSAPP = {"messaging_product": "whatsapp"}
FULL = {
    "about": "Aberto até as 18h",
    "address": "Rua das Flores, 10",
    "description": "Roupas e calçados",
    "email": "oi@acme.example",
    "websites": ["https://acme.example/", "http://loja.acme.example"],
    "vertical": "RETAIL",
}


def test_a_profile_starts_empty_takes_every_field_and_gives_the_wanted_ones(call):
    assert call("GET", PATH).json == {"data": [WHATSAPP]}

    assert call("POST", PATH, {**WHATSAPP, **FULL}).json == {"success": True}

    assert call("GET", PATH).json == {"data": [{**WHATSAPP, **FULL}]}
    known = call("GET", f"{PATH}?fields=about,vertical,profile_picture_url").json["data"][0]
    assert known == {**WHATSAPP, "about": FULL["about"], "vertical": "RETAIL"}


def test_only_what_is_given_changes_and_an_empty_text_removes(call):
    call("POST", PATH, {**WHATSAPP, **FULL})

    call("POST", PATH, {**WHATSAPP, "email": "", "websites": [], "vertical": ""})

    known = call("GET", PATH).json["data"][0]
    assert known.keys() == {"messaging_product", "about", "address", "description"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"messaging_product": "sms"}, "messaging_product"),
        ({"about": ""}, "about must be 1 to 139"),
        ({"about": "x" * 140}, "about must be 1 to 139"),
        ({"address": "x" * 257}, "0 to 256"),
        ({"description": "x" * 513}, "0 to 512"),
        ({"email": f"{'x' * 120}@acme.example"}, "0 to 128"),
        ({"email": "acme.example"}, "valid email"),
        ({"email": 7}, "must be a string"),
        ({"websites": "https://acme.example"}, "a list"),
        ({"websites": ["https://a.example"] * 3}, "at most 2"),
        ({"websites": ["https://a.example/" + "x" * 256]}, "at most 256"),
        ({"websites": ["acme.example"]}, "http:// or https://"),
        ({"websites": [7]}, "websites"),
        ({"vertical": "SHOP"}, "one of"),
        ({"vertical": "retail"}, "one of"),
        ({"profile_picture_handle": "4:nothing"}, "not a handle"),
        ({"profile_picture_handle": 7}, "must be a string"),
        ({"name": "Acme"}, "Unexpected key"),
    ],
)
def test_what_meta_would_not_take_changes_nothing(call, change, words):
    answer = call("POST", PATH, {**WHATSAPP, "about": "Oi", **change})

    assert (answer.status, answer.error["code"]) == (400, 100)
    assert words in answer.error["message"]
    assert call("GET", PATH).json == {"data": [WHATSAPP]}


def test_a_profile_without_its_product_is_refused(call):
    assert "required" in call("POST", PATH, {"about": "Oi"}).error["message"]
    assert call("GET", f"{PATH}?fields=about,name").error["code"] == 100
    other = f"/v25.0/{GLOBEX}/whatsapp_business_profile"
    assert call("GET", other).error["error_subcode"] == 33


def upload(call, data=JPEG, **change):
    query = {"file_name": "logo.jpg", "file_length": len(data), "file_type": "image/jpeg", **change}
    text = "&".join(f"{name}={value}" for name, value in query.items())
    return call("POST", f"/v25.0/1000/uploads?{text}")


def test_a_picture_is_uploaded_in_steps_and_shown(call):
    session = upload(call).json["id"]
    half = len(JPEG) // 2
    first = call("POST", f"/v25.0/{session}", JPEG[:half], headers={"file_offset": "0"})
    assert first.json == {"id": session, "file_offset": half}
    assert call("GET", f"/v25.0/{session}").json["file_offset"] == half

    rest = call("POST", f"/v25.0/{session}", JPEG[half:], headers={"file_offset": str(half)})
    change = {**WHATSAPP, "profile_picture_handle": rest.json["h"]}
    assert call("POST", PATH, change).json == {"success": True}

    url = call("GET", PATH).json["data"][0]["profile_picture_url"]
    picture = call("GET", url.removeprefix(call.simulator.url), token="")
    assert (picture.body, picture.headers["content-type"]) == (JPEG, "image/jpeg")


@pytest.mark.parametrize(
    "change",
    [{"file_type": "image/gif"}, {"file_length": 0}, {"file_length": "x"}],
)
def test_a_wrong_upload_does_not_begin(call, change):
    assert upload(call, **change).error["code"] == 100


def test_bytes_that_do_not_fit_are_refused(call):
    session = upload(call).json["id"]

    assert call("POST", f"/v25.0/{session}", JPEG).error["code"] == 100
    wrong = {"file_offset": "7"}
    assert call("POST", f"/v25.0/{session}", JPEG, headers=wrong).error["code"] == 100
    right = {"file_offset": "0"}
    assert call("POST", f"/v25.0/{session}", JPEG + b"x", headers=right).error["code"] == 100
    assert call("GET", "/v25.0/upload:1").error["error_subcode"] == 33
    assert call("GET", "/pictures/1", token="").status == 404
