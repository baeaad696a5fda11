"""Fetching files from a Cloud API that misbehaves."""

import io

import pytest

from tests.whatsapp import raw_meta
from whatsapp import errors
from whatsapp.client import media
from whatsapp.client.media import Reader

TOKEN = "EAAsecrettoken123"
HOSTS = ["lookaside.fbsbx.com", ".fbcdn.net"]


def reader(url: str) -> Reader:
    return Reader(url, "v25.0", TOKEN, HOSTS)


def fetched(script, *, max_bytes: int = 1000) -> bytes:
    sink = io.BytesIO()
    with raw_meta.serving(script) as meta:
        size = reader(meta.url).download(f"{meta.url}/file?mid=1", sink, max_bytes=max_bytes)
        assert meta.requests[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert size == len(sink.getvalue())
    return sink.getvalue()


def test_a_file_is_described_for_its_number():
    document = {"url": "https://lookaside.fbsbx.com/x", "mime_type": "image/jpeg", "sha256": "ab"}
    with raw_meta.serving(lambda to, _: raw_meta.answer(to, document)) as meta:
        found = reader(meta.url).describe("../12", phone_number_id="1065")

    assert found == media.Described("https://lookaside.fbsbx.com/x", "image/jpeg", "ab")
    assert meta.requests[0].line == "GET /v25.0/..%2F12?phone_number_id=1065 HTTP/1.1"


@pytest.mark.parametrize(
    ("status", "document", "error"),
    [
        ("400 Bad Request", raw_meta.refused(100, error_subcode=33), errors.RefusedError),
        ("401 Unauthorized", raw_meta.refused(190), errors.TokenError),
        ("200 OK", {"id": "1"}, errors.CloudApiError),
        ("200 OK", {"url": 7}, errors.CloudApiError),
        ("200 OK", [], errors.CloudApiError),
        ("302 Found", {"url": "https://lookaside.fbsbx.com/x"}, errors.CloudApiError),
    ],
)
def test_a_description_that_is_none(status, document, error):
    script = lambda to, _: raw_meta.answer(to, document, status=status)  # noqa: E731
    with raw_meta.serving(script) as meta, pytest.raises(error) as caught:
        reader(meta.url).describe("1", phone_number_id="1065")

    assert TOKEN not in str(caught.value)


def test_bytes_come_as_they_are():
    assert fetched(lambda to, _: raw_meta.answer(to, body=b"\x00\r\n" * 100)) == b"\x00\r\n" * 100


@pytest.mark.parametrize(
    "headers",
    [{}, {"Content-Length": "5"}, {"Content-Length": "99999999999999999999"}],
    ids=["announced", "lying", "absurd"],
)
def test_a_file_that_is_too_large_is_not_read_to_its_end(headers):
    def script(to, _request):
        to.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(40):
            to.sendall(b"64\r\n" + b"x" * 100 + b"\r\n")
        to.sendall(b"0\r\n\r\n")

    def announced(to, _request):
        raw_meta.answer(to, body=b"x" * 4000)

    with pytest.raises(media.FileTooLargeError):
        fetched(announced if headers else script)


def test_a_file_that_ends_early_is_none():
    def script(to, _request):
        to.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhalf")
        to.close()

    with pytest.raises(errors.NotSentError):
        fetched(script)


def test_no_redirect_is_followed_with_the_token():
    with raw_meta.serving(lambda to, _: raw_meta.answer(to, {})) as other:
        headers = {"Location": other.url}

        def script(to, _request):
            raw_meta.answer(to, {}, status="302 Found", headers=headers)

        with pytest.raises(errors.CloudApiError):
            fetched(script)
        assert other.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "http://lookaside.fbsbx.com/x",
        "https://lookaside.fbsbx.com:8443/x",
        "https://lookaside.fbsbx.com.evil.example/x",
        "https://evilfbcdn.net/x",
        "https://lookaside.fbsbx.com@127.0.0.1/x",
        "https://127.0.0.1\\@lookaside.fbsbx.com/x",
        "https://example.com\\.fbcdn.net/x",
        "https://a b.fbcdn.net/x",
        "https://b\u0131g.fbcdn.net/x",
        "https://x.fbcdn.net\r\nHost: y/x",
        "http://127.0.0.1:6379/",
        "http://169.254.169.254/latest/meta-data",
        "https://[::1",
        "https://x.fbcdn.net:port/",
        "file:///etc/passwd",
        "",
    ],
)
def test_the_token_goes_to_metas_hosts_only(url):
    with pytest.raises(media.ForeignAddressError):
        reader("https://graph.facebook.com").download(url, io.BytesIO(), max_bytes=1)


@pytest.mark.parametrize(
    "url",
    [
        "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1",
        "https://scontent.xx.fbcdn.net/v/x",
        "https://graph.facebook.com/x",
        "https://lookaside.fbsbx.com:443/x",
    ],
)
def test_metas_hosts_are_asked(url):
    assert reader("https://graph.facebook.com")._is_known(url)


def test_a_full_disk_is_no_fault_of_metas():
    class Full(io.BytesIO):
        def write(self, _data) -> int:
            raise OSError(28, "No space left on device")

    script = lambda to, _: raw_meta.answer(to, body=b"x")  # noqa: E731
    with raw_meta.serving(script) as meta, pytest.raises(media.SinkError):
        reader(meta.url).download(f"{meta.url}/x", Full(), max_bytes=10)
