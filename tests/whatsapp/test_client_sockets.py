"""The client against real sockets: what libraries' mocks cannot show."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.whatsapp import raw_meta
from whatsapp import errors
from whatsapp.client import CloudApiClient, wire

BODY = {"messaging_product": "whatsapp", "to": "+5511988887777"}
TOKEN = "EAAsecrettoken123"


def send(url, body=BODY):
    return CloudApiClient(url, "v25.0", TOKEN).send_message("1065", body)


def outcome(script):
    """Return how a send ends whose answer ``script`` writes, in a thread without connections."""
    with raw_meta.serving(script) as meta, ThreadPoolExecutor(1) as pool:
        error = pool.submit(send, meta.url).exception(60)
        assert len(meta.requests) <= 1
        return error


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(wire, "READ_SECONDS", 1.0)
    monkeypatch.setattr(wire, "TOTAL_SECONDS", 3.0)


def test_a_connection_is_kept_for_the_next_message():
    with raw_meta.serving(lambda to, _: raw_meta.answer(to, raw_meta.accepted("w"))) as meta:
        with ThreadPoolExecutor(1) as pool:
            for _ in range(3):
                assert pool.submit(send, meta.url).result(60).wamid == "w"

        assert (meta.connections, len(meta.requests)) == (1, 3)
        assert meta.requests[0].line == "POST /v25.0/1065/messages HTTP/1.1"
        assert meta.requests[0].headers["authorization"] == f"Bearer {TOKEN}"


def test_a_connection_that_idled_too_long_is_not_trusted(monkeypatch):
    monkeypatch.setattr(wire, "KEEP_ALIVE_SECONDS", -1.0)
    with raw_meta.serving(lambda to, _: raw_meta.answer(to, raw_meta.accepted("w"))) as meta:
        with ThreadPoolExecutor(1) as pool:
            for _ in range(3):
                pool.submit(send, meta.url).result(60)

        assert meta.connections == 3


def test_a_kept_connection_that_the_server_closed_is_replaced():
    closed = threading.Event()

    def once(connection, _request):
        raw_meta.answer(connection, raw_meta.accepted("w"))
        connection.shutdown(socket.SHUT_RDWR)
        closed.set()

    with raw_meta.serving(once) as meta, ThreadPoolExecutor(1) as pool:
        pool.submit(send, meta.url).result(60)
        assert closed.wait(30)
        assert pool.submit(send, meta.url).result(60).wamid == "w"
        assert (meta.connections, len(meta.requests)) == (2, 2)


def test_a_kept_connection_that_dies_under_the_request_may_have_sent_it():
    def second_dies(connection, request):
        if request.nth == 1:
            raw_meta.answer(connection, raw_meta.accepted("w"))
        else:
            raw_meta.reset(connection)

    with raw_meta.serving(second_dies) as meta, ThreadPoolExecutor(1) as pool:
        pool.submit(send, meta.url).result(60)
        assert type(pool.submit(send, meta.url).exception(60)) is errors.MaybeSentError
        assert len(meta.requests) == 2


def test_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(errors.NotSentError) as raised:
        send(f"http://127.0.0.1:{port}")

    assert raised.value.wait == errors.UNREACHABLE


def test_a_name_that_does_not_resolve():
    with pytest.raises(errors.NotSentError):
        send("http://nothing.invalid")


def test_a_server_that_takes_no_connection(monkeypatch):
    monkeypatch.setattr(wire, "CONNECT_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())

        with pytest.raises(errors.NotSentError):
            send(f"http://127.0.0.1:{full.getsockname()[1]}")

        for one in waiting:
            one.close()


def test_a_server_that_does_not_speak_tls_was_sent_nothing(monkeypatch):
    monkeypatch.setattr(wire, "CONNECT_SECONDS", 0.5)
    with raw_meta.serving(lambda to, _: raw_meta.answer(to, {})) as meta:
        with pytest.raises(errors.NotSentError):
            send(meta.url.replace("http:", "https:"))

        # A random greeting may hold a line's end, and then counts as a line of something.
        assert not any("POST" in request.line for request in meta.requests)


def test_a_connection_that_closes_before_the_request_is_whole_sent_nothing():
    """A body larger than every buffer: the kernel cannot have taken all of it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def close_at_once():
            connection, _ = listener.accept()
            connection.recv(10)
            raw_meta.reset(connection)

        thread = threading.Thread(target=close_at_once)
        thread.start()
        with pytest.raises(errors.NotSentError):
            send(
                f"http://127.0.0.1:{listener.getsockname()[1]}",
                {"text": {"body": "x" * 32_000_000}},
            )
        thread.join(30)


def test_a_reset_after_the_request_may_have_sent_it():
    assert type(outcome(lambda to, _: raw_meta.reset(to))) is errors.MaybeSentError


def test_a_close_after_the_request_may_have_sent_it():
    def close(connection, _request):
        connection.shutdown(socket.SHUT_RDWR)

    assert type(outcome(close)) is errors.MaybeSentError


def test_an_answer_that_breaks_off_may_have_sent_it():
    def half(connection, _request):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{")
        connection.shutdown(socket.SHUT_RDWR)

    assert type(outcome(half)) is errors.MaybeSentError


@pytest.mark.usefixtures("impatient")
def test_silence_may_have_sent_it():
    assert type(outcome(lambda _to, _: time.sleep(5))) is errors.MaybeSentError


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n"])
def test_a_byte_now_and_then_does_not_last_for_ever(head):
    cut = threading.Event()

    def drip(connection, _request):
        connection.sendall(head or b"HTTP/1.1 200 OK\r\nX-Slow: ")
        try:
            for _ in range(200):
                time.sleep(0.05)
                connection.sendall(b"x")
        except OSError:
            cut.set()

    # Each byte comes in time: only the whole can be too slow, and it is cut off while more comes.
    assert type(outcome(drip)) is errors.MaybeSentError
    assert cut.wait(10)


def test_an_answer_of_ten_megabytes_is_not_read_to_its_end():
    written = []

    def flood(connection, _request):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 200000000\r\n\r\n")
        for _ in range(200):
            connection.sendall(b" " * 1_000_000)
            written.append(1)

    assert type(outcome(flood)) is errors.MaybeSentError
    assert len(written) < 100


def test_a_page_of_html_with_500_may_have_sent_it():
    def sorry(connection, _request):
        raw_meta.answer(connection, status="500 Oops", body=b"<html>Sorry</html>")

    error = outcome(sorry)

    assert (type(error), error.code) == (errors.MaybeSentError, None)


def test_a_redirect_is_refused_and_the_token_stays_here():
    with raw_meta.serving(lambda to, _: raw_meta.answer(to, raw_meta.accepted("w"))) as elsewhere:

        def go(connection, _request):
            headers = {"Location": f"{elsewhere.url}/v25.0/1065/messages"}
            raw_meta.answer(connection, {}, status="307 Temporary Redirect", headers=headers)

        assert type(outcome(go)) is errors.RefusedError
        assert elsewhere.connections == 0


def test_proxies_and_credentials_of_the_environment_are_not_used(monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret")
    monkeypatch.setenv("NETRC", str(netrc))
    with raw_meta.serving(lambda to, _: raw_meta.answer(to, raw_meta.accepted("w"))) as meta:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)

        assert send(meta.url).wamid == "w"
        assert meta.requests[0].headers["authorization"] == f"Bearer {TOKEN}"


def test_no_cookie_passes_from_one_call_to_the_next():
    def baker(connection, _request):
        headers = {"Set-Cookie": "tenant=acme; Path=/"}
        raw_meta.answer(connection, raw_meta.accepted("w"), headers=headers)

    with raw_meta.serving(baker) as meta, ThreadPoolExecutor(1) as pool:
        for _ in range(2):
            pool.submit(send, meta.url).result(60)

        assert all("cookie" not in request.headers for request in meta.requests)
