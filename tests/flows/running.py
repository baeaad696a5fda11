"""A real `manage.py demo` in a folder of its own, for the tests that need everything at once."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from config.demo import ports, process, services

PROJECT = Path(__file__).resolve().parents[2]
DEADLINE_SECONDS = 120
# What the other tests run with; a person who types `make demo` has none of it.
SET_BY_THE_TESTS = (
    "DATABASE_URL",
    "REDIS_URL",
    "REDIS_PREFIX",
    "SECRET_KEY",
    "FIELD_KEYS",
    "PUBLIC_URL",
    "GRAPH_API_URL",
    "DEBUG",
    "BALCAO_DEMO",
    "DJANGO_SETTINGS_MODULE",
)


def until(happened: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not (result := happened()):
        assert time.monotonic() < deadline, f"waited too long: {what}"
        time.sleep(0.1)
    return result


class Demo:
    """One folder and its ports, on which the demo is started again and again."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.output = folder / "output"
        self.port, self.simulator_port = ports.free(), ports.free()
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        options = ["--port", self.port, "--simulator-port", self.simulator_port]
        options += ["--data", self.data, "--no-browser"]
        return [sys.executable, "manage.py", "demo", *map(str, options)]

    def environment(self) -> dict[str, str]:
        return {key: value for key, value in os.environ.items() if key not in SET_BY_THE_TESTS}

    def start(self) -> None:
        with self.output.open("wb") as output:
            self._process = subprocess.Popen(
                # Ends with the tests, even if they are killed.
                process.launched(self.command(), death_signal=signal.SIGTERM),
                cwd=PROJECT,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until(lambda: self.lines()[-1:] == ["BALCAO ready"] or self.ended(), "BALCAO ready")
        assert not self.ended(), self.output.read_text()

    def lines(self) -> list[str]:
        return self.output.read_text().splitlines()

    def ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def signal(self, number: signal.Signals) -> int:
        """Signal as a terminal does: the whole foreground group; return the exit code."""
        os.killpg(self._process.pid, number)
        return self._process.wait(DEADLINE_SECONDS)

    def family(self) -> dict[int, str]:
        """Every process below the demo's, each with what tells it from a later one."""
        parents = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        found, more = set(), {self._process.pid}
        while more:
            more = {pid for pid, parent in parents.items() if parent in more} - found
            found |= more
        return {pid: born for pid in found if (born := process.born(pid))}

    def read(self) -> dict[str, Any]:
        return json.loads((self.data / "demo.json").read_text())

    def status(self, path: str, host: str = "localhost") -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path, headers={"Host": f"{host}:{self.port}"})
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()

    def database(self) -> psycopg.Connection[Any]:
        state = json.loads((self.data / "services" / services.STATE).read_text())
        for known in state["processes"]:
            command = Path(f"/proc/{known['pid']}/cmdline").read_text()
            if port := re.search(r"port=(\d+)", command):
                return psycopg.connect(
                    host="127.0.0.1",
                    port=int(port[1]),
                    user="app",
                    dbname="app",
                    password=state["password"],
                )
        raise AssertionError("PostgreSQL does not run")

    def rows(self) -> dict[str, int]:
        """How much there is in each tenant."""
        tables = ("conversations_conversation", "conversations_message")
        with self.database() as connection:
            found = connection.execute("SELECT schema_name FROM public.tenants_tenant").fetchall()
            return {
                f"{schema}.{table}": connection.execute(
                    sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table))
                ).fetchone()[0]
                for (schema,) in found
                for table in tables
                if schema != "public"
            }

    def pids(self, program: str) -> list[int]:
        """The processes of the demo that run a program, by a word of their command line."""
        found = []
        for pid in self.family():
            with suppress(OSError):
                words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
                if program in words:
                    found.append(pid)
        return found

    def clear(self) -> None:
        if not self.ended():
            self.signal(signal.SIGKILL)
