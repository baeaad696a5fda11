"""A business with a Meta app of its own: its tokens, its subscription, its signature."""

import hashlib
import hmac
from collections.abc import Iterator

import pytest

from tests.whatsapp.simulator.conftest import (
    ACME,
    ACME_WABA,
    MARIA,
    Caller,
    config_for,
    wait_until,
)
from whatsapp.simulator import Config, ConfigError, Simulator

APPS = f"/v25.0/{ACME_WABA}/subscribed_apps"
OWN = {
    "app_id": "2000",
    "app_secret": "acmes-own-secret",
    "verify_token": "acmes-word",
}


@pytest.fixture
def own(receiver) -> dict:
    return {**OWN, "callback_url": f"{receiver.url}/own"}


@pytest.fixture
def token(call, own) -> str:
    answer = call("POST", "/simulator/apps", {**own, "phone_number_id": ACME}, token="")
    return str(answer.json["token"])


def is_signed(delivery, secret) -> bool:
    digest = hmac.new(secret.encode(), delivery.body, hashlib.sha256).hexdigest()
    return delivery.headers["x-hub-signature-256"] == f"sha256={digest}"


def test_an_own_app_shakes_hands_and_subscribes_beside_the_platforms(call, sim, receiver, token):
    (challenge,) = receiver.challenges
    assert challenge["hub.verify_token"] == "acmes-word"
    assert call("POST", APPS, {}, token=token).json == {"success": True}
    apps = call("GET", APPS).json["data"]
    assert [app["whatsapp_business_api_data"]["id"] for app in apps] == ["1000", "2000"]

    sim.inbound(phone_number_id=ACME, sender=MARIA, text="Oi")

    wait_until(lambda: len(receiver.deliveries) == 2)
    paths = {delivery.path: delivery for delivery in receiver.deliveries}
    assert paths.keys() == {"/webhook", "/own"}
    assert paths["/webhook"].is_signed
    assert is_signed(paths["/own"], "acmes-own-secret")
    assert paths["/own"].body == paths["/webhook"].body


def test_each_app_has_its_own_subscription_and_override(call, sim, receiver, token):
    call("POST", APPS, {}, token=token)
    call("DELETE", APPS)
    override = {"override_callback_uri": f"{receiver.url}/there", "verify_token": "x"}
    assert "must be subscribed" in call("POST", APPS, override).error["message"]
    assert call("POST", APPS, override, token=token).status == 200
    fields = f"/v25.0/{ACME}?fields=webhook_configuration"
    assert call("GET", fields, token=token).json["webhook_configuration"] == {
        "whatsapp_business_account": f"{receiver.url}/there",
        "application": f"{receiver.url}/own",
    }

    sim.inbound(phone_number_id=ACME, sender=MARIA, text="Oi")
    sim.change_number(ACME, quality_rating="RED")

    wait_until(lambda: len(receiver.deliveries) == 2)
    assert {d.path for d in receiver.deliveries} == {"/there", "/own"}
    assert all(is_signed(d, "acmes-own-secret") for d in receiver.deliveries)


def test_a_batch_is_signed_for_its_app(call, sim, receiver, token):
    call("POST", APPS, {}, token=token)
    sim.change(batch_size=2)

    for text in ("Um", "Dois"):
        sim.inbound(phone_number_id=ACME, sender=MARIA, text=text)

    wait_until(lambda: len(receiver.deliveries) == 2)
    assert sorted(d.path for d in receiver.deliveries if len(d.values[0]["messages"]) == 2) == [
        "/own",
        "/webhook",
    ]


def test_only_its_own_app_sees_into_a_token(call, own, token):
    path = f"/v25.0/debug_token?input_token={token}"

    data = call("GET", path, token="2000|acmes-own-secret").json["data"]
    assert (data["app_id"], data["is_valid"]) == ("2000", True)
    data = call("GET", path, token="1000|the-app-secret").json["data"]
    assert (data["error"]["code"], data["is_valid"]) == (100, False)
    assert call("GET", path, token="2000|the-app-secret").status == 401


def test_an_own_app_may_stand_in_the_configuration(receiver, own):
    data = config_for(f"{receiver.url}/webhook", apps=[own])
    data["phones"][0]["app_id"] = "2000"
    with Simulator(Config.parse(data)).running() as started:
        apps = Caller(started)("GET", APPS).json["data"]
        started.inbound(phone_number_id=ACME, sender=MARIA, text="Oi")
        wait_until(lambda: receiver.deliveries)

    assert [app["whatsapp_business_api_data"]["id"] for app in apps] == ["2000"]
    assert [delivery.path for delivery in receiver.deliveries] == ["/own"]


@pytest.mark.parametrize(
    "change",
    [
        {"app_secret": ""},
        {"callback_url": "https://example.com/"},
        {"app_id": "3000"},
    ],
)
def test_a_wrong_app_in_the_configuration_is_named(own, change):
    data = config_for(own["callback_url"], apps=[{**own, **change}])
    data["phones"][0]["app_id"] = "2000"

    with pytest.raises(ConfigError, match=r"apps\[0\]|on this machine|not among the apps"):
        Config.parse(data)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"app_id": "1000"}, 400),
        ({"app_secret": ""}, 400),
        ({"verify_token": 7}, 400),
        ({"callback_url": "http://example.com/"}, 400),
        ({"callback_url": "http://127.0.0.1:9/"}, 502),
        ({"phone_number_id": "7"}, 404),
        ({"name": "x"}, 400),
    ],
)
def test_an_app_that_cannot_be_added_is_not_there(call, own, change, status):
    answer = call("POST", "/simulator/apps", {**own, "phone_number_id": ACME, **change})

    assert answer.status == status
    assert call(
        "GET", "/v25.0/debug_token?input_token=x", token="2000|acmes-own-secret"
    ).status == (401)


def test_an_app_that_does_not_answer_the_handshake_is_not_added(call, own, receiver):
    receiver.echo = False

    answer = call("POST", "/simulator/apps", {**own, "phone_number_id": ACME})

    assert (answer.status, answer.json["error"]) == (502, "the answer is not the challenge")


@pytest.fixture(autouse=True)
def _forgotten(sim) -> Iterator[None]:
    yield
    sim.reset()
