"""No request of ours goes anywhere but to the public internet, and each ends in time."""

import os
import socket
import ssl
import time
from pathlib import Path

import pytest

from tenants import egress
from tenants.egress import AddressRefusedError, AddressUnknownError, NoAnswerError
from tests.tenants.receiving import certified, receiving, silence

PUBLIC = "93.184.216.34"


@pytest.fixture
def resolver(monkeypatch):
    """Answer for names as a test says: ``resolver["a.example"] = [["8.8.8.8"], ["10.0.0.1"]]``.

    Each look-up takes the next answer, the last one stays. Everything else goes to the real one.
    """
    answers, real = {}, socket.getaddrinfo
    answers["asked"] = []

    def look_up(host, port, *args, **kwargs):
        if host not in answers:
            return real(host, port, *args, **kwargs)
        answers["asked"].append(host)
        rows = answers[host].pop(0) if len(answers[host]) > 1 else answers[host][0]
        return [
            (
                socket.AF_INET6 if ":" in ip else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (ip, port),
            )
            for ip in rows
        ]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return answers


@pytest.fixture
def receiver(settings):
    settings.EGRESS_LOOPBACK = True
    with receiving() as made:
        yield made


@pytest.fixture
def no_connections(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError(f"connected to {args}")

    monkeypatch.setattr(socket, "create_connection", refuse)


def post(url, **kwargs):
    return egress.post(url, body=b"{}", headers={"Content-Type": "application/json"}, **kwargs)


EVIL = [
    "https://127.0.0.1/",
    "https://localhost/",
    "https://LOCALHOST./",
    "https://0/",
    "https://0.0.0.0/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://127.1/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:7f00:1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::7f00:1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b:1::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[2001::1]/",
    "https://[fd00:ec2::254]/",
    "https://[fe80::1]/",
    "https://[fec0::1]/",
    "https://[ff0e::1]/",
    "https://169.254.169.254/latest/meta-data/",
    "https://192.0.0.192/opc/v2/",
    "https://100.100.100.200/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.0.1/",
    "https://198.18.0.1/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://①②⑦.⓪.⓪.①/",
    "http://8.8.8.8/",
    "https://8.8.8.8:6379/",
    "https://8.8.8.8:5432/",
    "https://8.8.8.8:22/",
    "https://8.8.8.8:80/",
    "https://user:pw@8.8.8.8/",
    "https://8.8.8.8\\@127.0.0.1/",
    "https://127.0.0.1#@8.8.8.8/",
    "https://8.8.8.8/\r\nHost: x",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "unix:///var/run/docker.sock",
    "//8.8.8.8/",
    "",
]


@pytest.mark.parametrize("url", EVIL)
def test_an_evil_address_is_refused_when_it_is_saved_and_when_it_is_used(url, no_connections):
    with pytest.raises(AddressRefusedError):
        egress.check(url)
    with pytest.raises(AddressRefusedError):
        post(url)


@pytest.mark.parametrize(
    "found",
    [
        ["10.0.0.7"],
        ["169.254.169.254"],
        [PUBLIC, "127.0.0.1"],
        ["127.0.0.1", PUBLIC],
        ["2606:4700::1111", "::ffff:10.0.0.1"],
        ["64:ff9b::a00:1"],
        ["fe80::1%eth0"],
    ],
)
@pytest.mark.parametrize("name", ["hooks.example", "metadata.google.internal"])
def test_a_name_is_what_it_resolves_to_all_of_it(name, found, resolver, no_connections):
    resolver[name] = [found]

    with pytest.raises(AddressRefusedError):
        egress.check(f"https://{name}/")
    with pytest.raises(AddressRefusedError):
        post(f"https://{name}/")


def test_a_name_that_nobody_knows(resolver, no_connections):
    resolver["hooks.example"] = [[]]

    with pytest.raises(AddressUnknownError):
        egress.check("https://hooks.example/")


def test_a_public_name_passes(resolver):
    resolver["hooks.example"] = [[PUBLIC, "2606:4700::1111"]]

    egress.check("https://hooks.example/path?x=1")


def test_a_name_that_moves_after_it_was_saved_is_refused(resolver, no_connections):
    resolver["hooks.example"] = [[PUBLIC], ["127.0.0.1"]]

    egress.check("https://hooks.example/")
    with pytest.raises(AddressRefusedError):
        post("https://hooks.example/")


def test_the_connection_goes_to_what_was_checked(resolver, monkeypatch):
    resolver["hooks.example"] = [[PUBLIC], ["127.0.0.1"]]
    connected = []

    def connect(place, timeout):
        connected.append(place)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)

    with pytest.raises(NoAnswerError) as failed:
        post("https://hooks.example/")
    assert failed.value.code == "refused"
    assert connected == [(PUBLIC, 443)]
    assert resolver["asked"] == ["hooks.example"], "one look-up: nothing can change in between"


def test_loopback_needs_a_word_of_the_settings(receiver, settings):
    assert post(receiver.url).status == 200
    settings.EGRESS_LOOPBACK = False

    with pytest.raises(AddressRefusedError):
        post(receiver.url)
    assert len(receiver.got) == 1


def test_a_name_may_not_lead_to_loopback_even_then(receiver, resolver):
    resolver["hooks.example"] = [["127.0.0.1"]]

    with pytest.raises(AddressRefusedError):
        post("https://hooks.example/")


def test_plain_http_in_debug_only(settings, resolver):
    resolver["hooks.example"] = [[PUBLIC]]
    with pytest.raises(AddressRefusedError):
        egress.check("http://hooks.example/")

    settings.DEBUG = True

    egress.check("http://hooks.example/")
    with pytest.raises(AddressRefusedError):
        egress.check("http://hooks.example:8080/")


def test_what_is_sent_and_what_comes_back(receiver):
    receiver.status, receiver.body = 429, b"later"
    receiver.headers = {"Retry-After": "17"}

    answer = egress.post(f"{receiver.url}?a=1", body=b'{"a": 1}', headers={"webhook-id": "x"})

    assert (answer.status, answer.body, answer.retry_after) == (429, b"later", "17")
    (got,) = receiver.got
    assert (got.path, got.body) == ("/hook?a=1", b'{"a": 1}')
    assert got.headers["webhook-id"] == "x"
    assert got.headers["Host"] == f"127.0.0.1:{receiver.port}"
    assert "Authorization" not in got.headers and "Cookie" not in got.headers


def test_a_redirect_is_an_answer_and_no_way(receiver):
    with receiving() as inside:
        receiver.status, receiver.headers = 302, {"Location": inside.url}

        assert post(receiver.url).status == 302
        assert inside.got == []


def test_no_proxy_of_the_environment_is_asked(receiver, monkeypatch):
    with receiving() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "https_proxy"):
            monkeypatch.setitem(os.environ, name, f"http://127.0.0.1:{proxy.port}")

        assert post(receiver.url).status == 200
        assert proxy.got == []


def test_of_a_long_answer_the_beginning_is_read(receiver):
    def endless(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(10**9))
        handler.end_headers()
        while True:
            handler.wfile.write(b"x" * 65536)

    receiver.answering = endless

    answer = post(receiver.url)

    assert answer.status == 200
    assert len(answer.body) == 64 * 1024


def drip_body(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for _ in range(150):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.05)


def drip_headers(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
    for _ in range(150):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.05)


def test_a_byte_now_and_then_does_not_last_for_ever(receiver):
    receiver.answering = drip_headers
    began = time.monotonic()

    with pytest.raises(NoAnswerError) as failed:
        post(receiver.url, seconds=0.5)

    assert failed.value.code == "timeout"
    assert time.monotonic() - began < 5


def test_what_a_dripping_answer_says_first_counts(receiver):
    receiver.answering = drip_body
    began = time.monotonic()

    assert post(receiver.url, seconds=0.5).status == 200
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_silence_ends(settings, scheme):
    settings.EGRESS_LOOPBACK = True
    began = time.monotonic()
    with silence() as port, pytest.raises(NoAnswerError) as failed:
        post(f"{scheme}://127.0.0.1:{port}/", seconds=0.5)

    assert failed.value.code == "timeout"
    assert time.monotonic() - began < 5


def test_a_resolver_that_never_answers_is_left_behind(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(2) or [])
    began = time.monotonic()

    with pytest.raises(NoAnswerError):
        post("https://hooks.example/", seconds=0.2)
    assert time.monotonic() - began < 1.9


@pytest.mark.parametrize(
    "junk", [b"", b"\x00\x01\x02\r\n\r\n", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 abc\r\n\r\n"]
)
def test_nonsense_is_no_answer(receiver, junk):
    def answer(handler):
        handler.wfile.write(junk)
        handler.close_connection = True

    receiver.answering = answer

    with pytest.raises(NoAnswerError) as failed:
        post(receiver.url)
    assert failed.value.code == "broken"


def test_nobody_there(settings):
    settings.EGRESS_LOOPBACK = True
    with silence() as port:
        pass

    with pytest.raises(NoAnswerError) as failed:
        post(f"http://127.0.0.1:{port}/")
    assert failed.value.code == "refused"


def trust(monkeypatch, cert: Path):
    context = ssl.create_default_context(cafile=cert)
    monkeypatch.setattr(egress, "_tls", lambda: context)


def test_name_and_host_are_kept_behind_the_checked_address(settings, monkeypatch, tmp_path):
    settings.EGRESS_LOOPBACK = True
    server, cert = certified(tmp_path, "localhost")
    trust(monkeypatch, cert)
    with receiving(server) as receiver:
        assert post(f"https://localhost:{receiver.port}/x").status == 200

    assert receiver.server_names == ["localhost"]
    assert receiver.got[0].headers["Host"] == f"localhost:{receiver.port}"


def test_a_certificate_of_another_name_is_none(settings, monkeypatch, tmp_path):
    settings.EGRESS_LOOPBACK = True
    server, cert = certified(tmp_path, "another.example")
    trust(monkeypatch, cert)
    with receiving(server) as receiver, pytest.raises(NoAnswerError) as failed:
        post(f"https://localhost:{receiver.port}/x")

    assert failed.value.code == "tls"
    assert receiver.got == []


def test_a_certificate_of_nobody_s_is_none(settings, tmp_path):
    settings.EGRESS_LOOPBACK = True
    server, _ = certified(tmp_path, "localhost")
    with receiving(server) as receiver, pytest.raises(NoAnswerError) as failed:
        post(f"https://localhost:{receiver.port}/x")

    assert failed.value.code == "tls"
