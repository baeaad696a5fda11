"""A whole installation for one measurement: services, tables, two tenants, and its processes."""

import base64
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httptools  # noqa: F401 - uvicorn is measured with it: fail early where it is missing
import psycopg

from benchmarks.bodies import Number
from benchmarks.load import closed_loop
from config.demo import ports, services
from config.demo.process import Child

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 60.0
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Process:
    """A process of the installation, with what it costs."""

    child: Child
    port: int = 0

    @property
    def log(self) -> str:
        """Return what it wrote."""
        return self.child.log.read_text(errors="replace")

    def cpu_seconds(self) -> float:
        """Return the processor time of the process and of its children, so far."""
        return cpu_seconds(self.child)

    def pss_mib(self) -> float:
        """Return the memory of the process and of its children, shared pages counted once."""
        return pss_mib(self.child.pid)


@dataclass(slots=True)
class Stage:
    """A running installation: tenants (acme, globex, ...) with a number each, no processes yet."""

    folder: Path
    database_url: str
    env: dict[str, str]
    postgres: Child
    app_secret: str = field(default_factory=lambda: secrets.token_hex(16))
    verify_token: str = field(default_factory=lambda: secrets.token_hex(16))
    numbers: dict[str, Number] = field(default_factory=dict)  # by subdomain

    def run(self, *command: str, give: str = "") -> str:
        """Run a Python command (``"manage.py", "check"``) to its end; return its output."""
        done = subprocess.run(
            [sys.executable, *command],
            cwd=ROOT,
            env=self.env,
            input=give,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    @contextmanager
    def process(self, name: str, *command: str, port: int = 0) -> Iterator[Process]:
        """Run a Python command (``"-m", "celery", ...``) in the background until the block ends.

        With ``port``, the block begins when something listens there.
        """
        child = Child(
            name=name,
            argv=[sys.executable, *command],
            log=self.folder / f"{name}.log",
            env=self.env,
            cwd=ROOT,
        )
        child.start()
        process = Process(child, port)
        try:
            if port:
                _wait_until_ready(process)
            yield process
        finally:
            child.stop()

    @contextmanager
    def uvicorn(self) -> Iterator[Process]:
        """The webhook door by itself."""
        port = ports.free()
        command = ("-m", "uvicorn", "config.ingest:application", "--port", str(port))
        options = ("--no-access-log", "--log-level", "warning")
        with self.process("uvicorn", *command, *options, port=port) as process:
            yield process

    @contextmanager
    def daphne(self, application: str = "config.asgi:application") -> Iterator[Process]:
        """Everything in one process."""
        port = ports.free()
        command = ("-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "-v", "0", application)
        with self.process("daphne", *command, port=port) as process:
            yield process


@contextmanager
def installation(*, tenants: int = 2) -> Iterator[Stage]:
    """Start services of our own, whatever the environment names, and make an installation there."""
    names = ["acme", "globex", *(f"tenant{number}" for number in range(3, tenants + 1))]
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    folder = Path(tempfile.mkdtemp(prefix="balcao-benchmark-"))
    running = services.start(folder, user="a benchmark")
    try:
        postgres = next(child for child in running.children if child.name == "postgres")
        _note_commit_times(running.database_url, postgres)
        stage = Stage(folder, running.database_url, _environment(running), postgres)
        stage.run("manage.py", "migrate_schemas", "--shared")
        seeded = json.loads(
            stage.run(
                "-m", "benchmarks.seed", stage.app_secret, stage.verify_token, ",".join(names)
            )
        )
        stage.numbers = {name: Number(**number) for name, number in seeded.items()}
        yield stage
    finally:
        running.stop()
        services.remove(folder)


def warm_up(process: Process, requests: Sequence[bytes]) -> None:
    """Let the process open its connections and fill its caches."""
    closed_loop(process.port, requests, connections=8, seconds=0.5)


def cpu_seconds(child: Child) -> float:
    """Return the processor time of a process and of its children, so far."""
    return sum(_cpu_seconds(pid) for pid in _family(child.pid))


def pss_mib(pid: int | None) -> float:
    """Return the memory of a process and of its children, shared pages counted once."""
    return sum(_pss_kib(one) for one in _family(pid)) / 1024


def _note_commit_times(database_url: str, postgres: Child) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET track_commit_timestamp = on")
    postgres.stop()
    postgres.start()
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            psycopg.connect(database_url).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _environment(running: services.Services) -> dict[str, str]:
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": running.database_url,
        "REDIS_URL": running.redis_url,
        "REDIS_PREFIX": "benchmark:",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "FIELD_KEYS": f"k1:{base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()}",
        "PUBLIC_URL": "http://localhost:8000",
        "GRAPH_API_URL": "http://127.0.0.1:9",
        "LOG_LEVEL": "WARNING",
        "DEBUG": "false",
        "BALCAO_DEMO": "false",
    }


def _wait_until_ready(process: Process) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if not process.child.alive():
            sys.exit(f"{process.child.name} ended:\n{process.log}")
        if _listens(process.port):
            return
        time.sleep(0.05)
    sys.exit(f"{process.child.name} does not listen:\n{process.log}")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _family(pid: int | None) -> list[int]:
    if pid is None:
        return []
    children = Path(f"/proc/{pid}/task/{pid}/children")
    found = [pid]
    if children.exists():
        for child in children.read_text().split():
            found += _family(int(child))
    return found


def _cpu_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    # Its own, and that of children that have ended.
    return sum(map(int, fields[11:15])) / _TICKS


def _pss_kib(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
