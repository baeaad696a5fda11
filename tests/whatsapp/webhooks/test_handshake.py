"""The GET with which Meta asks whether an address is ours."""

import pytest

from tests.conftest import VERIFY_TOKEN
from tests.whatsapp.webhooks.door import PATH


def asked(**changes: str) -> dict[str, str]:
    known = {"hub_mode": "subscribe", "hub_verify_token": VERIFY_TOKEN, "hub_challenge": "115"}
    return known | changes


def test_whoever_knows_the_token_gets_the_challenge_back(door):
    answer = door.get(**asked())

    assert (answer.status, answer.body) == (200, b"115")
    assert answer.headers[b"content-type"].startswith(b"text/plain")


@pytest.mark.parametrize("path", [PATH, "/webhook/whatsapp", "/api/v1/webhook/whatsapp/123"])
def test_the_platforms_token_works_on_every_path(door, path):
    assert door.get(path, **asked()).status == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"hub_verify_token": "wrong"},
        {"hub_verify_token": ""},
        {"hub_verify_token": VERIFY_TOKEN.upper()},
        {"hub_verify_token": VERIFY_TOKEN + " "},
        {"hub_verify_token": "é\U0001f600\x00"},
        {"hub_mode": "unsubscribe"},
        {"hub_mode": ""},
    ],
)
def test_whoever_does_not_is_refused(door, changes):
    answer = door.get(**asked(**changes))

    assert answer.status == 403
    assert VERIFY_TOKEN.encode() not in answer.body


@pytest.mark.parametrize(
    "challenge",
    ["", "<script>alert(1)</script>", "1.5", "-1", "١٢٣", "1 2", "1\n", "\x00", "1" * 100_000],
    ids=["none", "script", "decimal", "minus", "arabic", "space", "newline", "nul", "100 kB"],
)
def test_a_challenge_is_digits_or_it_is_not_echoed(door, challenge):
    answer = door.get(**asked(hub_challenge=challenge))

    assert answer.status == 400
    assert b"script" not in answer.body


@pytest.mark.parametrize(
    "query",
    [
        b"",
        b"hub.mode=subscribe&hub.challenge=115",
        b"hub.mode[]=subscribe&hub.challenge[]=115&hub.verify_token[]=%s",
        b"hub.mode=subscribe&hub.challenge=115&hub.verify_token=%s&hub.verify_token=%s",
        b"hub.mode=subscribe&hub.challenge=1&hub.challenge=2&hub.verify_token=%s",
        b"hub.mode=subscribe&hub.challenge=115&hub.verify_token=%s&" + b"x=1&" * 50,
        b"\xff\xfe=%%%",
        b"&&&===",
    ],
    ids=["empty", "no token", "arrays", "two tokens", "two challenges", "many", "bytes", "noise"],
)
def test_a_query_of_another_shape_is_refused(door, query):
    query = query.replace(b"%s", VERIFY_TOKEN.encode())

    assert door.get_raw(query).status in (400, 403)


def test_a_tenants_own_app_has_its_own_token_on_its_own_path(door, own_app):
    app = own_app("2000")
    fields = asked(hub_verify_token="verify 2000")

    assert door.get(f"/webhook/whatsapp/apps/{app.app_key}", **fields).status == 200
    assert door.get(PATH, **fields).status == 403


def test_an_app_without_a_token_matches_no_empty_one(door, own_app):
    app = own_app("2000", verify_token_sealed="")

    path = f"/webhook/whatsapp/apps/{app.app_key}"
    assert door.get(path, **asked(hub_verify_token="")).status == 403
