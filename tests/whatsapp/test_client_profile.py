"""The calls about a business profile, and what comes of odd answers."""

import json

import pytest
import responses

from tests.whatsapp.raw_meta import refused
from whatsapp import errors
from whatsapp.client import CloudApiClient, profile
from whatsapp.limits.profile import PROFILE

TOKEN = "EAAsecrettoken123"
URL = "https://graph.test/v25.0/106/whatsapp_business_profile"


@pytest.fixture
def meta():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def client() -> CloudApiClient:
    return CloudApiClient("https://graph.test", "v25.0", TOKEN)


def test_a_profile_is_read(meta, client):
    full = {
        "messaging_product": "whatsapp",
        "about": "Oi",
        "websites": ["https://a.example", None, 7],
        "vertical": "RETAIL",
    }
    meta.get(URL, json={"data": [full]})

    found = profile.read(client, phone_number_id="106")

    assert (found.about, found.vertical, found.email) == ("Oi", "RETAIL", "")
    assert found.websites == ("https://a.example", "7")
    assert "fields=about%2Caddress" in meta.calls[0].request.url


@pytest.mark.parametrize(
    "data", [[], [{}], [None], [{"about": None, "websites": "x", "vertical": "UNDEFINED"}]]
)
def test_a_profile_that_was_never_set_is_empty(meta, client, data):
    meta.get(URL, json={"data": data})

    found = profile.read(client, phone_number_id="106")

    assert (found.about, found.vertical, found.websites) == ("", "", ())


def test_odd_characters_can_be_stored(meta, client):
    meta.get(URL, json={"data": [{"about": "a\x00b\ud800"}]})

    assert profile.read(client, phone_number_id="106").about == "a\ufffdb\ufffd"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"json": refused(190), "status": 401}, errors.TokenError),
        ({"json": refused(100), "status": 400}, errors.RefusedError),
        ({"json": refused(80007), "status": 400}, errors.NotSentError),
        ({"json": {"data": {}}, "status": 200}, errors.MaybeSentError),
        ({"body": "<html>", "status": 200}, errors.MaybeSentError),
        ({"body": "<html>", "status": 500}, errors.MaybeSentError),
    ],
)
def test_refusals_say_what_they_are(meta, client, answer, kind):
    meta.get(URL, **answer)

    with pytest.raises(kind):
        profile.read(client, phone_number_id="106")


def test_only_what_changes_is_written(meta, client):
    meta.post(URL, json={"success": True})

    profile.write(client, phone_number_id="106", changes={"about": "Olá"})

    body = json.loads(meta.calls[0].request.body)
    assert body == {"messaging_product": "whatsapp", "about": "Olá"}


@pytest.mark.parametrize("answer", [{"success": False}, {}, refused(100)])
def test_what_is_no_success_is_an_error(meta, client, answer):
    meta.post(URL, json=answer)

    with pytest.raises(errors.CloudApiError):
        profile.write(client, phone_number_id="106", changes={"about": "Olá"})


@pytest.mark.parametrize(
    "good",
    [
        {"about": "a"},
        {"about": "a" * 139},
        {"address": "", "description": "", "email": "", "websites": [], "vertical": ""},
        {"address": "a" * 256, "description": "a" * 512, "email": f"{'a' * 122}@b.com"},
        {"websites": ["https://a.example", f"https://a.example/{'a' * 238}"]},
        {"vertical": "OTC_DRUGS"},
    ],
)
def test_metas_limits_allow(good):
    assert list(PROFILE(good, ())) == []


@pytest.mark.parametrize(
    ("bad", "place"),
    [
        ({}, ()),
        ({"about": ""}, ("about",)),
        ({"about": "a" * 140}, ("about",)),
        ({"address": "a" * 257}, ("address",)),
        ({"description": "a" * 513}, ("description",)),
        ({"email": f"{'a' * 123}@b.com"}, ("email",)),
        ({"email": "nobody"}, ("email",)),
        ({"websites": ["https://a.example"] * 3}, ("websites",)),
        ({"websites": ["https://a.example", "a.example"]}, ("websites", 1)),
        ({"websites": [f"https://a.example/{'a' * 239}"]}, ("websites", 0)),
        ({"vertical": "BAKERY"}, ("vertical",)),
        ({"vertical": None}, ("vertical",)),
        ({"name": "x"}, ("name",)),
        ({"profile_picture_url": "x"}, ("profile_picture_url",)),
    ],
)
def test_metas_limits_name_the_place(bad, place):
    assert [one.path for one in PROFILE(bad, ())] == [place]
