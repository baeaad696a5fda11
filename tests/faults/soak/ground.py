"""Services of the soak's own, two tenants with five numbers each, and a Cloud API for them."""

import base64
import os
import secrets as random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import redis

from config.demo import services
from config.demo.process import Child

ROOT = Path(__file__).resolve().parents[3]
APP_ID, APP_SECRET, VERIFY_TOKEN = "1000", random.token_hex(16), random.token_hex(16)
READY_SECONDS = 60.0
TENANTS, NUMBERS = ("acme", "globex"), 5


@dataclass(frozen=True, slots=True)
class Number:
    """A business number: whose it is, and what Meta and we call it."""

    subdomain: str
    phone_number_id: str
    waba_id: str
    display: str
    token: str


def numbers() -> list[Number]:
    """Return all numbers, the tenants' in turn."""
    return [
        Number(
            subdomain=subdomain,
            phone_number_id=f"10654035224{place}{owner:03}",
            waba_id=f"10229012934{owner:04}",
            display=f"+55 11 4000-1{owner}{place:02}",
            token=f"token-{owner}-{place}",
        )
        for place in range(NUMBERS)
        for owner, subdomain in enumerate(TENANTS)
    ]


class Services:
    """PostgreSQL and Valkey that only the soak knows, and what is done to them."""

    def __init__(self, running: services.Services) -> None:
        self._running = running

    def _child(self, name: str) -> Child:
        # Only what was started here is among them.
        return next(child for child in self._running.children if child.name == name)

    def restart_postgres(self) -> None:
        """Stop at once, as a power cut does, and start again; return when it answers."""
        child = self._child("postgres")
        assert child.pid
        os.kill(child.pid, signal.SIGQUIT)
        _until(lambda: not child.alive())
        child.start()
        _until(self._answers)

    def restart_valkey(self) -> None:
        """Kill -9, and start again."""
        child = self._child("valkey")
        child.kill()
        time.sleep(0.2)
        child.start()

    def flush_valkey(self) -> None:
        """Empty it, queues and all."""
        assert self._child("valkey").alive()
        with redis.Redis.from_url(self._running.redis_url, socket_timeout=5) as client:
            client.flushall()

    def _answers(self) -> bool:
        try:
            psycopg.connect(self._running.database_url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


def _until(happened) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not happened():
        assert time.monotonic() < deadline, "a service does not come back"
        time.sleep(0.02)


@contextmanager
def prepared(*, simulator_port: int) -> Iterator[tuple[Path, Services]]:
    """Start services whatever the environment names, and name them in it; removes all at the end.

    Django may be set up inside. With an error in the block the logs are kept.
    """
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    folder = Path(tempfile.mkdtemp(prefix="balcao-soak-"))
    running = services.start(folder / "services", user="the soak")
    try:
        os.environ.update(_environment(running, simulator_port))
        _run("manage.py", "migrate_schemas", "--shared")
        _run("-m", "tests.faults.soak.seed")
        yield folder, Services(running)
    except BaseException:
        sys.stderr.write(f"The logs are in {folder}.\n")
        raise
    finally:
        running.stop()
    services.remove(folder / "services")


def _run(*command: str) -> None:
    subprocess.run([sys.executable, *command], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def _environment(running: services.Services, simulator_port: int) -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": running.database_url,
        "REDIS_URL": running.redis_url,
        "REDIS_PREFIX": "soak:",
        "SECRET_KEY": random.token_urlsafe(48),
        "FIELD_KEYS": f"k1:{base64.urlsafe_b64encode(random.token_bytes(32)).decode()}",
        "PUBLIC_URL": "http://localhost:8000",
        "GRAPH_API_URL": f"http://127.0.0.1:{simulator_port}",
        "SOAK_APP": f"{APP_ID}:{APP_SECRET}:{VERIFY_TOKEN}",
        "LOG_LEVEL": "WARNING",
        "DEBUG": "false",
        "BALCAO_DEMO": "false",
    }
