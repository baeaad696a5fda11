import hashlib
import hmac
import json

import pytest

from whatsapp import signature

SECRET = "an app secret"
BODY = b'{"text":"Ol\\u00e1 \\ud83d\\ude00 \\/ 1.0"}'


def sign(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@pytest.mark.parametrize("header", [sign(BODY), sign(BODY).encode()], ids=["text", "bytes"])
def test_a_signature_over_the_raw_bytes_is_taken(header):
    assert signature.verify(BODY, header, [SECRET])


def test_any_of_several_secrets_will_do():
    assert signature.verify(BODY, sign(BODY, "the old one"), [SECRET, "the old one"])


def test_a_secret_beyond_ascii_works():
    assert signature.verify(BODY, sign(BODY, "segredo não óbvio"), ["segredo não óbvio"])


def test_the_bytes_count_and_not_what_they_say():
    assert not signature.verify(json.dumps(json.loads(BODY)).encode(), sign(BODY), [SECRET])


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        b"",
        "sha256=",
        sign(BODY)[7:],
        sign(BODY)[:-1],
        sign(BODY) + "0",
        sign(BODY) + "\n",
        " " + sign(BODY),
        sign(BODY).upper(),
        "sha256=" + sign(BODY)[7:].upper(),
        "sha1=" + hmac.new(SECRET.encode(), BODY, hashlib.sha1).hexdigest(),
        "sha1=" + sign(BODY)[7:],
        sign(BODY, "another"),
        "sha256=" + "é" * 64,
        "sha256=" + "\ud800" * 64,
        "sha256=" + "٣" * 64,
        b"sha256=" + b"\xff" * 64,
        "sha256=" + "0" * 1_000_000,
    ],
)
def test_anything_else_is_refused(header):
    assert not signature.verify(BODY, header, [SECRET])


def test_without_a_secret_nothing_is_signed():
    assert not signature.verify(BODY, sign(BODY), [])


def test_what_we_sign_is_signed_as_meta_signs():
    assert signature.verify(b"{}", signature.sign(b"{}", "a secret"), ["a secret"])
    assert not signature.verify(b"{ }", signature.sign(b"{}", "a secret"), ["a secret"])
