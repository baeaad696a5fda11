"""PostgreSQL and Valkey for one folder: for `manage.py demo` and for the tests.

What DATABASE_URL or REDIS_URL name is used as it is; only the missing ones are started. They listen
on the loopback, on free ports, with a password of their own that is in no command line.
"""

import os
import secrets
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import redis

from config.demo import binaries, folder, ports, postgres, process
from config.demo.errors import DemoError

STATE = "services.json"
READY_SECONDS = 60.0
LEFTOVER_SECONDS = 15.0
ATTEMPTS = 5
DATABASE = "app"


class ServicesError(DemoError):
    """A service does not start."""


@dataclass(slots=True)
class Services:
    """Running services; ``children`` are those that we started ourselves, in order of starting."""

    database_url: str
    redis_url: str
    children: list[process.Child]
    _claim: folder.Claim
    _state: dict[str, Any]

    def record(self) -> None:
        """Note which processes are ours, for the next start should this one be killed."""
        self._state["processes"] = [
            {"pid": child.pid, "born": process.born(child.pid)}
            for child in self.children
            if child.pid
        ]
        folder.write_private(self._claim.root / STATE, self._state)

    def stop(self) -> None:
        """End what was started, last first, keep the data, and let go of the folder."""
        for child in reversed(self.children):
            child.stop()
        self._claim.release()


def start(root: Path, *, durable: bool = True, user: str = "") -> Services:
    """Start what the environment does not name, on data kept in ``root``; main thread only.

    ``durable=False`` trades the safety of the data for speed: tests. ``user`` is what a second
    copy is told about us. On Linux the services end with this process, even if it is killed.
    Raises: DemoError (FolderError, BinariesError, PostgresError, ServicesError), one sentence each.
    """
    root = root.resolve()
    claim = folder.claim(root, user=user or f"process {os.getpid()}")
    database_url, redis_url = (os.environ.get(name, "") for name in ("DATABASE_URL", "REDIS_URL"))
    services = Services(database_url, redis_url, [], claim, {})
    try:
        _start_missing(services, root, durable=durable)
    except BaseException:
        services.stop()
        raise
    return services


def remove(root: Path) -> None:
    """Remove the data of services that are not running, wherever it lies."""
    elsewhere = folder.read_private(root / STATE).get("elsewhere")
    if elsewhere:
        folder.remove(Path(elsewhere))
    folder.remove(root)


def _start_missing(services: Services, root: Path, *, durable: bool) -> None:
    state = services._state
    state.update(folder.read_private(root / STATE))
    _end_leftovers(state)
    password = state.setdefault("password", secrets.token_urlsafe(24))
    services.record()  # before the data exists: a crash must not lose the password
    if not services.redis_url:
        services.redis_url = _start_valkey(services, root, password, durable=durable)
    if not services.database_url:
        home = postgres.prepare(root, state)
        services.record()
        postgres.make(home, password, durable=durable)
        services.database_url = _start_postgres(services, home, password, durable=durable)
    services.record()


def _start_postgres(
    services: Services, home: postgres.Home, password: str, *, durable: bool
) -> str:
    def probe(port: int) -> None:
        with psycopg.connect(
            host="127.0.0.1",
            port=port,
            user=DATABASE,
            password=password,
            dbname="postgres",
            autocommit=True,
            connect_timeout=5,
        ) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if known.fetchone() is None:
                connection.execute(f"CREATE DATABASE {DATABASE}")

    port = _bring_up(services, lambda port: postgres.child(home, port, durable=durable), probe)
    return f"postgres://{DATABASE}:{password}@127.0.0.1:{port}/{DATABASE}"


def _start_valkey(services: Services, root: Path, password: str, *, durable: bool) -> str:
    def probe(port: int) -> None:
        with redis.Redis(port=port, password=password, socket_timeout=5) as client:
            client.ping()

    port = _bring_up(services, lambda port: _valkey(root, port, password, durable=durable), probe)
    return f"redis://:{password}@127.0.0.1:{port}"


def _valkey(root: Path, port: int, password: str, *, durable: bool) -> process.Child:
    data = root / "valkey"
    data.mkdir(mode=0o700, exist_ok=True)
    quoted = str(data).replace("\\", "\\\\").replace('"', '\\"')
    lines = (
        "bind 127.0.0.1",
        f"port {port}",
        f"requirepass {password}",
        f'dir "{quoted}"',
        f"appendonly {'yes' if durable else 'no'}",
        'save ""',
        "maxmemory-policy noeviction",
    )
    return process.Child(
        name="valkey",
        argv=[str(binaries.valkey_server()), "-"],
        log=root / "logs" / "valkey.log",
        env=dict(os.environ),
        input="\n".join(lines).encode() + b"\n",
        death_signal=signal.SIGTERM,
    )


def _bring_up(
    services: Services,
    describe: Callable[[int], process.Child],
    probe: Callable[[int], None],
) -> int:
    """Start a service on a free port and wait until it answers; return the port.

    Between choosing a port and listening on it another process may take it: then try another.
    """
    for _ in range(ATTEMPTS):
        port = ports.free()
        child = describe(port)
        _put_aside(child.log)
        services.children.append(child)
        child.start()
        if _answers(child, lambda port=port: probe(port)):  # type: ignore[misc]
            return port
        services.children.remove(child)
        output = child.log.read_text(errors="replace")
        if "in use" not in output:
            why = postgres.reason(output) or child.ended_how()
            raise ServicesError(f"{child.name} does not start: {why} (see {child.log}).")
    raise ServicesError("No free port was found for PostgreSQL or Valkey.")


def _answers(child: process.Child, probe: Callable[[], None]) -> bool:
    """Wait for the first answer; False when the child ends before it."""
    deadline = time.monotonic() + READY_SECONDS
    while child.alive():
        try:
            probe()
        except (psycopg.Error, redis.RedisError) as error:
            if time.monotonic() > deadline:
                raise ServicesError(
                    f"{child.name} does not answer within {READY_SECONDS:.0f} s (see {child.log})."
                ) from error
            time.sleep(process.POLL_SECONDS)
        else:
            return True
    return False


def _put_aside(log: Path) -> None:
    log.parent.mkdir(exist_ok=True)
    if log.exists():
        log.replace(log.with_suffix(".log.1"))


def _end_leftovers(state: dict[str, Any]) -> None:
    """End services of a start that was killed: where nothing tells them of it, they live on."""
    for known in state.pop("processes", []):
        for signal_number in (signal.SIGINT, signal.SIGKILL):
            _end_leftover(known, signal_number)


def _end_leftover(known: dict[str, Any], signal_number: int) -> None:
    deadline = time.monotonic() + LEFTOVER_SECONDS
    told = False
    while time.monotonic() < deadline:
        if not known["born"] or process.born(known["pid"]) != known["born"]:
            return
        if not told:
            os.kill(known["pid"], signal_number)
            told = True
        time.sleep(process.POLL_SECONDS)
