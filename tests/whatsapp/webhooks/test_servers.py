"""The door as it is served: by uvicorn alone, and by daphne with everything else."""

import http.client
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.conftest import VERIFY_TOKEN
from tests.serving import served
from tests.whatsapp.webhooks.door import PATH, sign
from whatsapp.webhooks.ingest.app import MAX_BODY_BYTES

pytestmark = pytest.mark.e2e
PROJECT = Path(__file__).resolve().parents[3]
BODY = b'{"object":"whatsapp_business_account","entry":[]}'
SERVERS = {
    "uvicorn": "-m uvicorn config.ingest:application --no-access-log --port",
    "daphne": "-m daphne -v 0 -b 127.0.0.1 config.asgi:application -p",
}


@pytest.fixture(params=SERVERS)
def server(request, transactional_db, meta_app, tmp_path) -> Iterator[tuple[str, int]]:
    with served(SERVERS[request.param], tmp_path / "log") as port:
        yield request.param, port


def ask(port: int, method: str, path: str, body: bytes | None = None, **headers: str):
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        client.request(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
        response = client.getresponse()
        return response.status, response.read()
    finally:
        client.close()


def test_a_real_server_takes_events_and_refuses_the_rest(server, stored):
    _, port = server
    query = {"hub.mode": "subscribe", "hub.verify_token": VERIFY_TOKEN, "hub.challenge": "42"}

    assert ask(port, "GET", f"{PATH}?{urlencode(query)}") == (200, b"42")
    signed = {"X_Hub_Signature_256": sign(BODY)}
    assert ask(port, "POST", PATH, BODY, **signed) == (200, b"EVENT_RECEIVED")
    assert ask(port, "POST", PATH, BODY, Host="whoever.example", **signed)[0] == 200
    assert ask(port, "POST", PATH, BODY)[0] == 401
    assert ask(port, "POST", PATH, BODY, X_Hub_Signature_256=sign(BODY, "no"))[0] == 401
    assert ask(port, "PUT", PATH, BODY, **signed)[0] == 405
    assert ask(port, "GET", "/health/live")[0] == 200
    assert [bytes(delivery.body) for delivery in stored()] == [BODY, BODY]


def test_a_real_server_takes_a_body_without_a_length(server, stored):
    _, port = server
    body = b"x" * 300_000
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    parts = (body[start : start + 50_000] for start in range(0, len(body), 50_000))
    headers = {"X-Hub-Signature-256": sign(body)}
    client.request("POST", PATH, parts, headers, encode_chunked=True)
    status = client.getresponse().status
    client.close()

    assert status == 200
    assert [bytes(delivery.body) for delivery in stored()] == [body]


def test_a_real_server_refuses_what_is_too_large(server, stored):
    name, port = server
    size = MAX_BODY_BYTES + 1
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: x\r\nX-Hub-Signature-256: {sign(b'')}\r\n"
        f"Content-Length: {size}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=60) as raw:
        raw.sendall(head.encode())
        if name == "daphne":  # it reads everything before it calls the app
            with suppress(OSError):
                raw.sendall(b"x" * size)
        answer = raw.recv(100)

    assert answer.startswith(b"HTTP/1.1 413")
    assert not stored()


def test_a_real_server_stores_nothing_of_a_sender_who_leaves(server, stored):
    _, port = server
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: x\r\nX-Hub-Signature-256: {sign(BODY)}\r\n"
        f"Content-Length: {len(BODY)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=60) as raw:
        raw.sendall(head.encode() + BODY[:-1])

    assert ask(port, "POST", PATH, b"later", X_Hub_Signature_256=sign(b"later"))[0] == 200
    assert [bytes(delivery.body) for delivery in stored()] == [b"later"]
