import contextlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import ParseError

from config import parsers
from config.parsers import BodyTooLargeError, SafeJSONParser


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nul",
        b"\xff",
        b"\xef\xbb\xbf{}",
        '{"a": 1}'.encode("utf-16"),
        b"\x1f\x8b\x08\x00",
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b"1e999",
        b"[-1e999]",
        b"9" * 5000,
        b'{"a":1,"a":2}',
        b'[{"b":{"a":1,"a":1}}]',
        b'"a\x00"',
        b'"a\\u0000"',
        b'{"\\u0000":1}',
        b'"\\ud800"',
        b'[["\\udfff"]]',
        b'{"\\ud83d":1}',
        b"[" * 65 + b"]" * 65,
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
    ids=range(24),
)
def test_what_cannot_be_kept_or_is_ambiguous_is_refused(body):
    with pytest.raises(ParseError):
        parsers.loads(body)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"{}", {}),
        (b" [1, 2.5, -3e2, true, null]\n", [1, 2.5, -300.0, True, None]),
        (b'{"a":{"a":1}}', {"a": {"a": 1}}),
        ('"Olá 😀"'.encode(), "Olá 😀"),
        (b'"\\ud83d\\ude00"', "😀"),
        (b"[" * 64 + b"]" * 64, None),
        (b"7", 7),
    ],
)
def test_what_is_json_is_read(body, value):
    read = parsers.loads(body)

    assert value is None or read == value


@given(st.binary(max_size=200))
def test_no_body_is_an_error_of_ours(body):
    with contextlib.suppress(ParseError):
        parsers.loads(body)


def test_a_body_is_read_up_to_its_limit(settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10

    assert SafeJSONParser().parse(io.BytesIO(b'"12345678"')) == "12345678"
    with pytest.raises(BodyTooLargeError):
        SafeJSONParser().parse(io.BytesIO(b'"123456789"'))
