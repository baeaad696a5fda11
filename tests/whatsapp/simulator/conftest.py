"""A running simulator and a business's server that remembers each byte it gets."""

import hashlib
import hmac
import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from whatsapp.simulator import Config, Simulator

SECRET = "the-app-secret"
ACME, GLOBEX = "106540352242922", "106540352242923"
ACME_WABA, GLOBEX_WABA = "102290129340398", "102290129340399"
MARIA, JOAO = "5511987654321", "553188776655"
PATIENCE_SECONDS = 30


def config_for(callback_url: str, **changes: Any) -> dict[str, Any]:
    return {
        "callback_url": callback_url,
        "app_id": "1000",
        "app_secret": SECRET,
        "verify_token": "verify-me",
        "seed": "tests",
        "phones": [
            {
                "phone_number_id": ACME,
                "waba_id": ACME_WABA,
                "display_phone_number": "+55 11 4000-1001",
                "verified_name": "Loja Acme",
                "token": "token-of-acme",
            },
            {
                "phone_number_id": GLOBEX,
                "waba_id": GLOBEX_WABA,
                "display_phone_number": "+55 21 4000-2002",
                "verified_name": "Clínica Globex",
                "token": "token-of-globex",
            },
        ],
        "customers": [
            {"wa_id": MARIA, "name": "Maria Souza"},
            {"wa_id": JOAO, "name": "João Pereira", "last_wrote_at": 0},
        ],
        **changes,
    }


@dataclass(frozen=True)
class Delivery:
    """A webhook as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def is_signed(self) -> bool:
        digest = hmac.new(SECRET.encode(), self.body, hashlib.sha256).hexdigest()
        return self.headers["x-hub-signature-256"] == f"sha256={digest}"

    @property
    def values(self) -> list[dict[str, Any]]:
        entries = json.loads(self.body)["entry"]
        return [change["value"] for entry in entries for change in entry["changes"]]


class Receiver:
    """The business's server: answers 200, or what ``answers`` says next."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.answers: list[int] = []
        self.challenges: list[dict[str, str]] = []
        self.echo = True
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def forget(self) -> None:
        with self._lock:
            self.deliveries, self.answers, self.challenges, self.echo = [], [], [], True

    def take(self, delivery: Delivery) -> int:
        with self._lock:
            self.deliveries.append(delivery)
            return self.answers.pop(0) if self.answers else 200

    @property
    def statuses(self) -> list[dict[str, Any]]:
        return [s for d in self.deliveries for v in d.values for s in v.get("statuses", [])]

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [m for d in self.deliveries for v in d.values for m in v.get("messages", [])]

    def _handler(receiver) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                self.answer(receiver.take(Delivery(self.path, headers, body)), b"")

            def do_GET(self) -> None:
                query = {k: v[0] for k, v in parse_qs(urlsplit(self.path).query).items()}
                receiver.challenges.append(query)
                body = query["hub.challenge"].encode() if receiver.echo else b"no"
                self.answer(200, body)

            def answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                pass

        return Handler


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        return self.json["error"]


class Caller:
    """Speaks plain HTTP to the simulator."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str = "token-of-acme",  # noqa: S107 (it opens nothing)
        headers: dict[str, str] | None = None,
        timeout: float = PATIENCE_SECONDS,
    ) -> Answer:
        sent = {"Content-Type": "application/json", **(headers or {})}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.simulator.port, timeout=timeout)
        try:
            connection.request(method, path, None if body is None else data, sent)
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, names, response.read())
        finally:
            connection.close()

    def send(self, text: str = "Oi!", /, *, to: str = f"+{MARIA}", **more: Any) -> Answer:
        """Send a text as acme does."""
        body = {
            "messaging_product": "whatsapp",
            "to": to,
            "type": "text",
            "text": {"body": text},
            **more,
        }
        return self("POST", f"/v25.0/{ACME}/messages", body)


def wait_until(condition: Callable[[], Any]) -> Any:
    """Return what ``condition`` gives as soon as it is true."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if result := condition():
            return result
        time.sleep(0.01)
    raise AssertionError(f"It did not happen within {PATIENCE_SECONDS} s.")


@pytest.fixture(scope="session")
def _receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture(scope="session")
def _simulator(_receiver) -> Iterator[Simulator]:
    config = Config.parse(config_for(f"{_receiver.url}/webhook"))
    with Simulator(config).running() as simulator:
        yield simulator


@pytest.fixture
def sim(_simulator) -> Simulator:
    """A simulator that remembers nothing, with a ladder that does not make tests wait."""
    _simulator.reset()
    _simulator.change(
        callback_url=_simulator.config.callback_url,
        sent_seconds=0.01,
        delivered_seconds=0.02,
        read_seconds=0.03,
        retry_scale=0.01,
    )
    return _simulator


@pytest.fixture
def receiver(sim, _receiver) -> Receiver:
    _receiver.forget()
    return _receiver


@pytest.fixture
def call(sim, receiver) -> Caller:
    return Caller(sim)
