"""What no client library would send, to the servers that we run pages and sockets with."""

import base64
import os
import re
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.serving import served

pytestmark = pytest.mark.e2e
SERVERS = {
    "granian": "-m granian --interface wsgi --blocking-threads 2 config.wsgi:application --port",
    "daphne": "-m daphne -v 0 -b 127.0.0.1 config.asgi:application -p",
}
OWN, OWN_OR_REFUSED, REFUSED = {200}, {200, 400, 404}, {400, 404}
# A request for acme's log-in page, and the statuses that may be its answer.
HEADS = [
    ("GET /login/ HTTP/1.1|Host: acme.localhost", OWN),
    ("GET /login/ HTTP/1.1|Host: ACME.localhost.:80", OWN),
    ("GET /login/ HTTP/1.1|Host: acme.localhost|Host: globex.localhost", REFUSED),
    ("GET /login/ HTTP/1.1|Host: acme.localhost, globex.localhost", REFUSED),
    ("GET http://globex.localhost/login/ HTTP/1.1|Host: acme.localhost", OWN_OR_REFUSED),
    ("GET //globex.localhost/login/ HTTP/1.1|Host: acme.localhost", REFUSED),
    ("GET /login/ HTTP/1.1", REFUSED),
    ("GET /login/ HTTP/1.0", REFUSED),
    ("GET /login/ HTTP/1.1|Host:", REFUSED),
    ("GET /login/ HTTP/1.1|Host: a.localhost@acme.localhost", REFUSED),
    ("GET /login/ HTTP/1.1|Host: acme\xa7.localhost", REFUSED),
    ("GET /login/ HTTP/1.1|Host : acme.localhost", OWN_OR_REFUSED),
    ("GET /login/ HTTP/1.1|X: y|  Host: acme.localhost", REFUSED),
    ("GET /login/ HTTP/1.1|Host: " + "a" * 300 + ".localhost", REFUSED),
]
# What a page sends on its socket; each ends it.
TEXT, BINARY, PING = 0x81, 0x82, 0x89
FRAMES = {
    "no text": lambda: frame(TEXT, b"\xff\xfe"),
    "not masked": lambda: bytes([TEXT, 1]) + b".",
    "a megabyte": lambda: frame(TEXT, b"x" * 2**20),
    "a megabyte of bytes": lambda: frame(BINARY, b"x" * 2**20),
    "an unknown kind": lambda: frame(0x83, b"x"),
    "a reserved bit": lambda: frame(0xC1, b"x"),
    "a ping in parts": lambda: frame(PING & 0x7F, b"x"),
    "a thousand": lambda: frame(TEXT, b".") * 1000,
}


@pytest.fixture(params=SERVERS)
def port(request, transactional_db, acme, globex, tmp_path) -> Iterator[int]:
    with served(SERVERS[request.param], tmp_path / "log") as port:
        yield port


def answer(port: int, data: bytes) -> tuple[int, str]:
    """Return the status of the answer and its text; the server ends the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as raw:
        raw.sendall(data)
        text = b"".join(iter(lambda: raw.recv(65536), b"")).decode(errors="replace")
    found = re.match(r"HTTP/1\.[01] (\d{3})", text)
    return int(found[1]) if found else 0, text


def head(written: str) -> bytes:
    lines = [*written.split("|"), "Connection: close", "", ""]
    return "\r\n".join(lines).encode("latin-1")


def frame(kind: int, data: bytes) -> bytes:
    """Write a frame as a browser does, masked with nothing."""
    size = len(data)
    length = bytes([0x80 | size]) if size < 126 else b"\xff" + struct.pack(">Q", size)
    return bytes([kind]) + length + bytes(4) + data


def test_a_host_is_one_name_or_nobodys(port):
    """One server for all: starting it costs seconds."""
    wrong = []
    for written, statuses in HEADS:
        status, text = answer(port, head(written))
        is_own = "<h1>Acme</h1>" in text
        if status not in statuses or is_own != (status == 200) or "Globex" in text:
            wrong.append((written, status))

    assert wrong == []


def test_a_frame_that_is_none_ends_its_socket_and_nothing_else(transactional_db, page, tmp_path):
    cookie = page("ana@acme.test").cookies["session"].value
    with served(SERVERS["daphne"], tmp_path / "log") as port:
        left = [name for name, data in FRAMES.items() if not _is_ended_by(port, cookie, data())]
        status, _ = answer(port, head("GET /login/ HTTP/1.1|Host: acme.localhost"))

    assert left == []
    assert status == 200


def _is_ended_by(port: int, cookie: str, data: bytes) -> bool:
    key = base64.b64encode(os.urandom(16)).decode()
    asked = [
        "GET /ws/inbox/ HTTP/1.1",
        f"Host: acme.localhost:{port}",
        f"Origin: http://acme.localhost:{port}",
        f"Cookie: session={cookie}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {key}",
        "",
        "",
    ]
    with socket.create_connection(("127.0.0.1", port), timeout=30) as raw:
        raw.sendall("\r\n".join(asked).encode())
        assert raw.recv(65536).startswith(b"HTTP/1.1 101")
        with suppress(ConnectionError):
            raw.sendall(data)
            while raw.recv(65536):
                pass
        return True
