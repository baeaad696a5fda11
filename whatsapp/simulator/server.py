"""Listening: on 127.0.0.1 and nowhere else, in this thread or beside a test."""

import asyncio
import base64
import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from whatsapp.simulator.app import App
from whatsapp.simulator.asgi import Scope
from whatsapp.simulator.config import Config, ConfigError
from whatsapp.simulator.engine import Engine
from whatsapp.simulator.world import World

HOST = "127.0.0.1"
_START_SECONDS = 30
_RST_ON_CLOSE = struct.pack("ii", 1, 0)
T = TypeVar("T")


class _Server(uvicorn.Server):
    """A uvicorn that knows when it listens, and which connection a request came by."""

    def __init__(self, simulator: "Simulator") -> None:
        self.connections: dict[tuple[str, int], asyncio.Transport] = {}
        self.listening = threading.Event()
        self._simulator = simulator
        connections = self.connections

        class Protocol(HttpToolsProtocol):
            def connection_made(self, transport: Any) -> None:
                super().connection_made(transport)
                connections[transport.get_extra_info("peername")[:2]] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                connections.pop(self.transport.get_extra_info("peername")[:2], None)
                super().connection_lost(exc)

        super().__init__(
            uvicorn.Config(
                simulator.app,
                http=Protocol,
                loop="asyncio",  # its sockets take SO_LINGER, which a reset needs
                ws="none",
                lifespan="on",
                log_config=None,
                log_level="critical",  # the app logs its own failures
                access_log=False,
                server_header=False,
                timeout_keep_alive=75,
                timeout_graceful_shutdown=1,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._simulator.loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self.listening.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._simulator.engine.sender.close()
        await super().shutdown(sockets)

    def reset_connection(self, scope: Scope) -> None:
        """Cut the connection of ``scope`` with a TCP reset."""
        host, port = scope["client"]
        transport = self.connections.get((host, port))
        if transport is None:
            return
        linger = transport.get_extra_info("socket")
        linger.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST_ON_CLOSE)
        transport.abort()


class Simulator:
    """A local Cloud API. Either ``serve()`` until a signal, or ``with simulator.running():``."""

    def __init__(self, config: Config, now: Callable[[], float] = time.time) -> None:
        self.config = config
        self.engine = Engine(World(config, now))
        self.app = App(self.engine, self._reset_connection)
        self.loop: asyncio.AbstractEventLoop | None = None
        self.port = 0
        self._server = _Server(self)

    @property
    def url(self) -> str:
        """Where it listens, without a final slash."""
        return f"http://{HOST}:{self.port}"

    def serve(self, ready: Callable[[], None] = lambda: None) -> None:
        """Serve until SIGINT or SIGTERM; ``ready`` is called when connections are taken.

        Raises: ConfigError, when the port is taken.
        """
        listener = self._bound()
        ready()
        self._server.run(sockets=[listener])

    @contextlib.contextmanager
    def running(self) -> Iterator["Simulator"]:
        """Serve in a thread of its own. Raises: ConfigError, when the port is taken."""
        listener = self._bound()
        run = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listener]}, name="simulator", daemon=True
        )
        run.start()
        try:
            if not self._server.listening.wait(_START_SECONDS):
                raise RuntimeError("The simulator did not start.")
            yield self
        finally:
            self._server.should_exit = True
            run.join(_START_SECONDS)
            listener.close()

    # For tests in the same process; the same acts as the JSON endpoints.

    def inbound(self, **wish: Any) -> str:
        """Let a customer write (`phone_number_id`, `sender`, `text` or `message`, `name`).

        Returns the wamid.
        """
        data = {("from" if key == "sender" else key): value for key, value in wish.items()}
        return str(self._on_loop(lambda: self.app.control.customers.inbound(data))["wamid"])

    def send_file(self, **wish: Any) -> str:
        """Let a customer send a file (`phone_number_id`, `sender`, `data` as bytes, `mime_type`).

        Returns the wamid.
        """
        data = {("from" if key == "sender" else key): value for key, value in wish.items()}
        data["data"] = base64.b64encode(data["data"]).decode()
        return str(self._on_loop(lambda: self.app.control.customers.file(data))["wamid"])

    def tap(self, **wish: Any) -> str:
        """Let a customer tap a button (`phone_number_id`, `sender`, `wamid`, `index`, `row`).

        Returns the wamid of what it sends.
        """
        data = {("from" if key == "sender" else key): value for key, value in wish.items()}
        return str(self._on_loop(lambda: self.app.control.customers.tap(data))["wamid"])

    def happen(self, what: str, **wish: Any) -> None:
        """Let something else happen (`phone_number_id`, `sender`, and what the act takes)."""
        data = {("from" if key == "sender" else key): value for key, value in wish.items()}
        self._on_loop(lambda: self.app.control.customers.happen({"what": what, **data}))

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._on_loop(lambda: self.app.control.clock({"advance_seconds": seconds}))

    def raw(self, body: Any) -> int:
        """Sign and send a whole webhook body, JSON or text, and return the webhook's id."""
        return int(
            self._on_loop(lambda: self.app.control.customers.inbound({"raw": body}))["webhook_id"]
        )

    def change(self, **knobs: Any) -> None:
        """Turn knobs, or move `callback_url`. Raises: SettingsError, ConfigError."""
        self._on_loop(lambda: self.app.control.change_settings(knobs))

    def change_number(self, phone_number_id: str, /, **wish: Any) -> dict[str, Any]:
        """Let Meta think otherwise of a number (`quality_rating`, `status`, `throughput`,
        `messaging_limit`, `name_decision` with `name`, `quiet`). Returns how it stands then.
        """
        return self._wish("change_number", {"phone_number_id": phone_number_id, **wish})

    def change_account(self, waba_id: str, /, **wish: Any) -> dict[str, Any]:
        """Change an account (`subscribed`, `review`, or an `event` with its `details`)."""
        return self._wish("change_account", {"waba_id": waba_id, **wish})

    def change_token(self, phone_number_id: str, /, **wish: Any) -> dict[str, Any]:
        """Change the tokens of a number's account (`state`, `scopes`, `expires_at`)."""
        return self._wish("change_token", {"phone_number_id": phone_number_id, **wish})

    def sign_up(self, **wish: Any) -> dict[str, Any]:
        """Let a customer finish an Embedded Signup. Returns the `code` and the ids."""
        return self._wish("sign_up", wish)

    def number(self, phone_number_id: str) -> dict[str, Any]:
        """Return how a number, its account and its token stand."""
        query = {"phone_number_id": phone_number_id}
        found: dict[str, Any] = self._on_loop(lambda: self.app.control.backstage.numbers(query))
        return dict(found["numbers"][0])

    def reset(self) -> None:
        """Forget all that happened, and all knobs."""
        if self.loop is None:
            raise RuntimeError("The simulator is not running.")
        asyncio.run_coroutine_threadsafe(self.engine.reset(), self.loop).result(_START_SECONDS)

    def conversation(self, phone_number_id: str, wa_id: str) -> list[dict[str, Any]]:
        """Return the messages of one chat, oldest first."""
        query = {"phone_number_id": phone_number_id, "wa_id": wa_id, "limit": "100000"}
        found: list[dict[str, Any]] = self._on_loop(lambda: self.app.control.conversation(query))[
            "messages"
        ]
        return found

    def messages(self) -> list[dict[str, Any]]:
        """Return what was accepted from businesses, oldest first."""
        found: list[dict[str, Any]] = self._on_loop(
            lambda: self.app.control.messages({"limit": "100000"})
        )["messages"]
        return found

    def webhooks(self) -> dict[str, Any]:
        """Return the webhooks with their attempts, and how many are in which state."""
        return self._on_loop(lambda: self.app.control.webhooks({"limit": "100000"}))

    def _wish(self, act: str, data: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = self._on_loop(
            lambda: getattr(self.app.control.backstage, act)(data)
        )
        return found

    def _reset_connection(self, scope: Scope) -> None:
        self._server.reset_connection(scope)

    def _on_loop(self, call: Callable[[], T]) -> T:
        """Run ``call`` in the thread that owns the state."""

        async def run() -> T:
            return call()

        if self.loop is None:
            raise RuntimeError("The simulator is not running.")
        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(_START_SECONDS)

    def _bound(self) -> socket.socket:
        """Bind the port; the address is no option, so that nobody else can ever reach it."""
        # With the protocol named, asyncio sets TCP_NODELAY: else each answer waits 40 ms.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, self.config.port))
            listener.listen(1024)
        except OSError as error:
            listener.close()
            text = f"Port {self.config.port} of {HOST} cannot be used: {error.strerror}."
            raise ConfigError(text) from error
        self.port = listener.getsockname()[1]
        return listener
