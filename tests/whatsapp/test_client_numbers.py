"""The calls about numbers and accounts: typed answers, cursors, and tokens that show nowhere."""

import json
import logging
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
import responses

from tests.whatsapp.raw_meta import refused
from whatsapp import errors
from whatsapp.client import CloudApiClient
from whatsapp.client.numbers import Callbacks, Numbers, Subscription

TOKEN = "EAAsecrettoken123"
BASE = "https://graph.test/v25.0"
MANAGE, SEND = "whatsapp_business_management", "whatsapp_business_messaging"


@pytest.fixture
def meta():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def numbers() -> Numbers:
    return Numbers(CloudApiClient("https://graph.test", "v25.0", TOKEN))


def listed(phone_number_id="7", **other) -> dict:
    return {
        "id": phone_number_id,
        "display_phone_number": "+1 631-555-5555",
        "verified_name": "Loja",
        "status": "CONNECTED",
        "quality_rating": "GREEN",
        "name_status": "APPROVED",
        "platform_type": "CLOUD_API",
        "throughput": {"level": "STANDARD"},
        "whatsapp_business_manager_messaging_limit": "TIER_2K",
        **other,
    }


def page(*ids: str, after="c", more=False) -> dict:
    paging = {"cursors": {"before": "b", "after": after}}
    if more:
        paging["next"] = f"{BASE}/102/phone_numbers?access_token={TOKEN}&after={after}"
    return {"data": [listed(one) for one in ids], "paging": paging}


def query_of(call) -> dict[str, str]:
    return {key: value[0] for key, value in parse_qs(urlsplit(call.request.url).query).items()}


def test_a_number_is_read_with_all_that_is_asked_for(meta, numbers):
    meta.get(f"{BASE}/7", json=listed(is_on_biz_app=True))

    number = numbers.number("7")

    assert (number.display_phone_number, number.verified_name) == ("+1 631-555-5555", "Loja")
    assert (number.status, number.quality, number.name_status) == ("CONNECTED", "GREEN", "APPROVED")
    assert (number.throughput, number.messaging_limit) == ("STANDARD", "TIER_2K")
    assert (number.is_registered, number.is_on_biz_app) == (True, True)
    asked = query_of(meta.calls[0])["fields"].split(",")
    assert {"status", "throughput", "whatsapp_business_manager_messaging_limit"} <= set(asked)


@pytest.mark.parametrize(
    ("odd", "registered"),
    [
        ({"status": None, "throughput": "fast", "quality_rating": 3}, False),
        ({"status": "PENDING"}, False),
        ({"platform_type": "NOT_APPLICABLE"}, False),
        ({"status": "FLAGGED", "verified_name": "x" * 999}, True),
    ],
)
def test_odd_answers_about_a_number_are_no_fault(meta, numbers, odd, registered):
    meta.get(f"{BASE}/7", json=listed(7, **odd))

    number = numbers.number("7")

    assert number.phone_number_id == "7"
    assert number.is_registered is registered
    assert len(number.verified_name) <= 120


def test_an_accounts_numbers_are_read_by_cursors(meta, numbers):
    meta.get(f"{BASE}/102/phone_numbers", json=page("1", "2", after="one", more=True))
    meta.get(f"{BASE}/102/phone_numbers", json=page("3", after="two"))

    assert [one.phone_number_id for one in numbers.numbers_of("102")] == ["1", "2", "3"]
    assert [query_of(call).get("after") for call in meta.calls] == [None, "one"]
    assert all(TOKEN not in call.request.url for call in meta.calls)


def test_a_list_that_turns_in_circles_ends(meta, numbers):
    meta.get(f"{BASE}/102/phone_numbers", json=page("1", after="same", more=True))

    assert len(list(numbers.numbers_of("102"))) == 2


def test_what_a_token_may_do(meta, numbers):
    meta.get(
        f"{BASE}/debug_token",
        json={
            "data": {
                "app_id": 1000,
                "type": "SYSTEM_USER",
                "is_valid": True,
                "expires_at": 1800000000,
                "data_access_expires_at": 0,
                "scopes": [MANAGE, SEND],
                "granular_scopes": [{"scope": MANAGE, "target_ids": ["102"]}, {"scope": SEND}],
            }
        },
    )

    facts = numbers.token("EAAthe-token-looked-at")

    assert (facts.is_valid, facts.app_id, facts.kind) == (True, "1000", "SYSTEM_USER")
    assert facts.expires_at == datetime.fromtimestamp(1800000000, tz=UTC)
    assert facts.data_access_expires_at is None
    assert facts.reaches(MANAGE, "102") and not facts.reaches(MANAGE, "103")
    assert facts.reaches(SEND, "103")  # no list of targets: everything


@pytest.mark.parametrize("data", [None, [], {}, {"is_valid": "yes", "scopes": 3}])
def test_an_answer_that_says_nothing_makes_no_token_valid(meta, numbers, data):
    meta.get(f"{BASE}/debug_token", json={"data": data})

    facts = numbers.token("EAAthe-token-looked-at")

    assert not facts.is_valid
    assert not facts.reaches(MANAGE, "102")


def test_the_token_looked_at_is_in_no_error_and_no_log(meta, numbers, caplog):
    caplog.set_level(logging.DEBUG)
    body = {"error": {"code": 100, "message": "Bad input_token EAAthe-token-looked-at"}}
    meta.get(f"{BASE}/debug_token", json=body, status=400)

    with pytest.raises(errors.RefusedError) as refusal:
        numbers.token("EAAthe-token-looked-at")

    assert "[secret]" in refusal.value.detail
    assert "EAAthe-token-looked-at" not in f"{refusal.value}{refusal.value.detail}{caplog.text}"


def test_subscriptions_and_overrides(meta, numbers):
    app = {"id": "1000", "name": "Platform", "link": "https://x.test"}
    meta.get(
        f"{BASE}/102/subscribed_apps",
        json={
            "data": [
                {"whatsapp_business_api_data": app, "override_callback_uri": "https://y.test/"},
                {"whatsapp_business_api_data": {"id": 2000}},
                "nonsense",
            ]
        },
    )
    where = {"phone_number": "https://p.test", "application": "https://a.test"}
    meta.get(f"{BASE}/7", json={"webhook_configuration": where, "id": "7"})

    assert numbers.subscriptions("102") == [
        Subscription("1000", "Platform", "https://y.test/"),
        Subscription("2000", "", ""),
        Subscription("", "", ""),
    ]
    assert numbers.callbacks("7") == Callbacks("https://p.test", "", "https://a.test")
    assert numbers.callbacks("7").override == "https://p.test"


def test_subscribe_and_register(meta, numbers):
    meta.post(f"{BASE}/102/subscribed_apps", json={"success": True})
    meta.post(f"{BASE}/7/register", json={"success": True})

    numbers.subscribe("102")
    numbers.register("7", pin="123456")

    assert json.loads(meta.calls[1].request.body) == {
        "messaging_product": "whatsapp",
        "pin": "123456",
    }


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"json": refused(190), "status": 401}, errors.TokenError),
        ({"json": refused(100), "status": 400}, errors.RefusedError),
        ({"json": refused(80007), "status": 400}, errors.NotSentError),
        ({"body": "<html>", "status": 502}, errors.MaybeSentError),
        ({"body": "<html>", "status": 200}, errors.MaybeSentError),
        ({"json": {}, "status": 200}, errors.MaybeSentError),
    ],
)
def test_every_bad_end_is_an_error_of_ours(meta, numbers, answer, kind):
    for method, path in (("GET", "7"), ("POST", "7/register"), ("POST", "102/subscribed_apps")):
        meta.add(method, f"{BASE}/{path}", **answer)

    for call in (
        lambda: numbers.number("7"),
        lambda: numbers.register("7", pin="123456"),
        lambda: numbers.subscribe("102"),
    ):
        with pytest.raises(kind):
            call()
