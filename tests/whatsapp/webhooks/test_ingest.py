"""What the door takes and what it refuses."""

import hashlib
import hmac

import pytest

from tests.conftest import APP_SECRET
from tests.whatsapp.webhooks.door import PATH, sign
from whatsapp.webhooks.ingest.app import MAX_BODY_BYTES

BODY = b'{"object":"whatsapp_business_account","entry":[],"x":{"phone_number_id" : "123"}}'
CHUNK = 64 * 1024


def header(value: bytes, name: bytes = b"x-hub-signature-256") -> list[tuple[bytes, bytes]]:
    return [(name, value)]


def chunks(body: bytes) -> list[dict[str, object]]:
    parts = [body[start : start + CHUNK] for start in range(0, len(body), CHUNK)]
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    return [*messages, {"type": "http.request", "body": b"", "more_body": False}]


def test_what_is_signed_is_stored_byte_for_byte(door, stored, meta_app):
    answer = door.post(BODY)

    assert (answer.status, answer.body) == (200, b"EVENT_RECEIVED")
    (delivery,) = stored()
    assert bytes(delivery.body) == BODY
    assert bytes(delivery.sha256) == hashlib.sha256(BODY).digest()
    assert delivery.app_id == meta_app.pk
    assert delivery.state == "NEW"
    assert delivery.phone_number_id_hint == "123"


@pytest.mark.parametrize("prefix", ["", "/api/v1"])
@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("path", ["", "/106540352242922", "/nobody", "/apps/nobody"])
def test_every_path_takes_what_the_platforms_app_signed(door, stored, prefix, path, slash):
    assert door.post(BODY, prefix + "/webhook/whatsapp" + path + slash).status == 200
    assert len(stored()) == 1


@pytest.mark.parametrize(
    "path", ["/", "/webhook", "/webhook/whatsapp//", "/webhook/whatsapp/a/b", "/webhook/whatsappx"]
)
def test_other_paths_are_not_ours(door, stored, path):
    assert not door.app.serves(path)
    assert door.post(BODY, path).status == 404
    assert not stored()


@pytest.mark.parametrize(
    "headers",
    [
        [],
        header(b""),
        header(sign(BODY).encode(), b"x-hub-signature"),
        header(sign(BODY, "not the secret").encode()),
        header(b"sha256=" + sign(BODY)[7:].upper().encode()),
        header(b"sha1=" + hmac.new(APP_SECRET.encode(), BODY, "sha1").hexdigest().encode()),
        header(sign(BODY)[7:].encode()),
        header(b"sha256=" + b"\xe9" * 64),
        header(b"sha256=" + b"0" * 1_000_000),
        header(sign(BODY).encode()) + header(sign(BODY).encode()),
    ],
    ids=[
        *("missing", "empty", "legacy", "foreign", "uppercase"),
        *("sha1", "bare", "non-ascii", "huge", "twice"),
    ],
)
def test_what_is_not_signed_is_refused_and_not_stored(door, stored, headers):
    answer = door.post(BODY, headers=headers)

    assert answer.status == 401
    assert sign(BODY)[7:].encode() not in answer.body
    assert not stored()


def test_one_byte_more_breaks_the_signature(door, stored):
    assert door.post(BODY + b" ", headers=header(sign(BODY).encode())).status == 401
    assert not stored()


def test_a_body_without_a_possible_signature_is_not_even_read(door):
    answer = door.ask("POST", messages=chunks(b"x" * 10 * CHUNK)).result(30)

    assert (answer.status, answer.messages_read) == (401, 0)


def test_a_length_beyond_the_cap_is_refused_before_the_body(door, stored):
    body = b"x" * (MAX_BODY_BYTES + 1)
    signed = header(sign(body).encode())
    length = [(b"content-length", str(len(body)).encode())]

    answer = door.ask("POST", headers=signed + length, messages=chunks(body)).result(30)

    assert (answer.status, answer.messages_read) == (413, 0)
    assert not stored()


@pytest.mark.parametrize("length", [[], [(b"content-length", b"12")], [(b"content-length", b"-1")]])
def test_a_body_beyond_the_cap_is_read_to_the_cap_only(door, stored, length):
    body = b"x" * (2 * MAX_BODY_BYTES)

    answer = door.ask(
        "POST", headers=header(sign(body).encode()) + length, messages=chunks(body)
    ).result(30)

    assert answer.status == 413
    assert answer.messages_read == MAX_BODY_BYTES // CHUNK + 1
    assert not stored()


def test_a_body_beyond_the_cap_in_one_piece_is_refused(door, stored):
    assert door.post(b"x" * (MAX_BODY_BYTES + 1)).status == 413
    assert not stored()


def test_a_body_of_exactly_the_cap_is_stored(door, stored):
    body = bytes(range(256)) * (MAX_BODY_BYTES // 256)

    answer = door.ask("POST", headers=header(sign(body).encode()), messages=chunks(body)).result(30)

    assert answer.status == 200
    assert [bytes(delivery.body) for delivery in stored()] == [body]


@pytest.mark.parametrize("after", [0, 1, 3], ids=["at once", "after a part", "before the end"])
def test_a_sender_who_leaves_before_the_end_leaves_nothing(door, stored, after):
    body = b"x" * (3 * CHUNK)
    messages = [*chunks(body)[:after], {"type": "http.disconnect"}]

    answer = door.ask("POST", headers=header(sign(body).encode()), messages=messages).result(30)

    assert answer.status is None
    assert not stored()


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"])
def test_other_methods_are_refused(door, stored, method):
    answer = door.ask(method, headers=header(sign(b"").encode())).result(30)

    assert answer.status == 405
    assert answer.headers[b"allow"] == b"GET, POST"
    assert not stored()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", ""),
        (b'{"phone_number_id":"106540352242922"}', "106540352242922"),
        (b'{"phone_number_id":"1"},{"phone_number_id":"2"}', "1"),
        (b'{"phone_number_id":106540352242922}', ""),
        (b'{"phone_number_id":"' + b"9" * 41 + b'"}', ""),
        (b'{"phone_number_id":"\\u0000"}', ""),
        (b'{"phone_number_id":"\x00"}', ""),
        (b" " * CHUNK + b'{"phone_number_id":"1"}', ""),
    ],
    ids=["empty", "one", "two", "number", "long", "escaped nul", "nul", "far away"],
)
def test_the_hint_is_the_first_number_within_reach(door, stored, body, expected):
    assert door.post(body).status == 200
    (delivery,) = stored()
    assert (bytes(delivery.body), delivery.phone_number_id_hint) == (body, expected)


def test_answers_are_plain_text_and_say_so(door):
    answer = door.post(BODY, PATH)

    assert answer.headers[b"content-type"] == b"text/plain; charset=utf-8"
    assert answer.headers[b"x-content-type-options"] == b"nosniff"
    assert answer.headers[b"content-length"] == b"14"
