import json

import pytest
import requests
import responses

from tests.whatsapp.raw_meta import accepted, refused
from whatsapp import errors
from whatsapp.client import CloudApiClient, SentMessage

TOKEN = "EAAsecrettoken123"
URL = "https://graph.test/v25.0/106540352242922/messages"
BODY = {"messaging_product": "whatsapp", "to": "+5511988887777", "text": {"body": "Olá 👋"}}


@pytest.fixture
def meta():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def client():
    return CloudApiClient("https://graph.test/", "v25.0", TOKEN)


def send(client):
    return client.send_message("106540352242922", BODY)


def test_a_message_is_posted_with_the_token_in_a_header(meta, client):
    meta.post(URL, json=accepted("wamid.1"))

    assert send(client) == SentMessage("wamid.1", "5511988887777", "", "")

    request = meta.calls[0].request
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert json.loads(request.body) == BODY
    assert "Olá 👋".encode() in request.body
    assert TOKEN not in request.url


def test_everything_that_meta_says_of_the_message_is_read(meta, client):
    document = accepted("wamid.1")
    document["contacts"][0]["user_id"] = "BR.13491208655302741918"
    document["messages"][0]["message_status"] = "held_for_quality_assessment"
    meta.post(URL, json=document)

    sent = send(client)

    assert (sent.user_id, sent.message_status) == (
        "BR.13491208655302741918",
        "held_for_quality_assessment",
    )


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, 131047, errors.RefusedError),
        (429, 130429, errors.NotSentError),
        (400, 131056, errors.NotSentError),
        (401, 190, errors.TokenError),
        (500, 131000, errors.MaybeSentError),
        (200, 131026, errors.RefusedError),
    ],
)
def test_the_code_decides(meta, client, status, code, kind):
    meta.post(URL, json=refused(code, "All the details."), status=status)

    with pytest.raises(kind) as raised:
        send(client)

    assert (raised.value.code, raised.value.detail) == (code, "All the details.")


def test_an_error_beside_a_message_is_an_error(meta, client):
    meta.post(URL, json={**accepted("wamid.1"), **refused(131026)})

    with pytest.raises(errors.RefusedError):
        send(client)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Sorry</html>",
        b"null",
        b"[]",
        b"{}",
        b'{"messages": []}',
        b'{"messages": [{"id": ""}]}',
        b'{"messages": [{"id": 7}]}',
        b'{"messages": {"id": "wamid.1"}}',
        b'{"messages": [{"id": "' + b"w" * 201 + b'"}]}',
        b"[" * 200_000,
        b'{"error": {}}',
        b'{"error": "what"}',
        b"\xff\xfe\x00",
    ],
    ids=lambda body: body[:30].decode("latin-1") or "empty",
)
def test_a_200_that_names_no_message_may_have_sent_it(meta, client, body):
    meta.post(URL, body=body)

    with pytest.raises(errors.MaybeSentError):
        send(client)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_without_json_may_have_sent_it(meta, client, status):
    meta.post(URL, body="<html>Sorry, something went wrong.</html>", status=status)

    with pytest.raises(errors.MaybeSentError):
        send(client)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "17"}, 17),
        ({"Retry-After": "99999999"}, 3600),
        ({"Retry-After": "-5"}, 0),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        (
            {
                "X-Business-Use-Case-Usage": json.dumps(
                    {"1022": [{"type": "messaging", "estimated_time_to_regain_access": 19}]}
                )
            },
            19 * 60,
        ),
        ({"X-Business-Use-Case-Usage": "[[["}, None),
        ({"X-Business-Use-Case-Usage": '{"1": [{"estimated_time_to_regain_access": 0}]}'}, None),
    ],
)
def test_how_long_meta_wants_to_be_left_alone(meta, client, headers, seconds):
    meta.post(URL, json=refused(80007), status=400, headers=headers)

    with pytest.raises(errors.NotSentError) as raised:
        send(client)

    assert raised.value.retry_after_seconds == seconds
    assert raised.value.wait == errors.TABLE[80007].wait


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        ({"code": 100, "error_data": "as a string"}, "as a string"),
        ({"code": 100, "error_user_msg": "for users", "message": "m"}, "for users"),
        ({"code": 100, "message": "only this"}, "only this"),
        ({"code": 100}, "HTTP 400 without a readable answer"),
        ({"code": 100, "message": "a\x00b\ud800c" + "x" * 900}, "ab?c" + "x" * 496),
    ],
)
def test_the_detail_is_what_meta_says_best(meta, client, error, detail):
    meta.post(URL, json={"error": error}, status=400)

    with pytest.raises(errors.RefusedError) as raised:
        send(client)

    assert raised.value.detail == detail


@pytest.mark.parametrize("code", [True, 1.5, "x", None, [], 10**30, -1])
def test_a_code_that_is_none(meta, client, code):
    meta.post(URL, json={"error": {"code": code, "message": "m"}}, status=400)

    with pytest.raises(errors.RefusedError) as raised:
        send(client)

    assert raised.value.code is None


def test_a_code_may_be_written_as_text(meta, client):
    meta.post(URL, json={"error": {"code": "131047"}}, status=400)

    with pytest.raises(errors.RefusedError) as raised:
        send(client)

    assert raised.value.code == 131047


def test_a_token_that_meta_repeats_is_left_out(meta, client):
    long_detail = "x" * 490 + TOKEN
    meta.post(URL, json=refused(190, f"Malformed access token {TOKEN}"), status=401)
    meta.post(URL, json=refused(190, long_detail), status=401)

    for _ in range(2):
        with pytest.raises(errors.TokenError) as raised:
            send(client)
        assert TOKEN[:8] not in raised.value.detail
        assert TOKEN[:8] not in str(raised.value)


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "ção", "nul\x00"])
def test_a_token_that_no_header_can_carry_is_dead(token):
    with pytest.raises(errors.TokenError) as raised:
        CloudApiClient("https://graph.test", "v25.0", token)

    assert not token or token not in str(raised.value)


def test_a_client_shows_no_token(client):
    assert TOKEN not in repr(client)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (requests.ConnectTimeout(f"with {TOKEN}"), errors.NotSentError),
        (requests.ReadTimeout(f"with {TOKEN}"), errors.MaybeSentError),
        (requests.ConnectionError(f"with {TOKEN}"), errors.MaybeSentError),
        (ConnectionResetError(104, f"with {TOKEN}"), errors.MaybeSentError),
    ],
)
def test_a_broken_connection_says_nothing_of_the_request(meta, client, error, kind):
    meta.post(URL, body=error)

    with pytest.raises(kind) as raised:
        send(client)

    assert TOKEN not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


def test_an_odd_number_id_stays_one_part_of_the_path(meta, client):
    meta.post("https://graph.test/v25.0/..%2F1%3Fa/messages", json=accepted("wamid.1"))

    assert client.send_message("../1?a", BODY).wamid == "wamid.1"
