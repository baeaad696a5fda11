"""The real `manage.py demo`, from its first start to kill -9."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from config.demo import ports, process, services

pytestmark = pytest.mark.e2e
PROJECT = Path(__file__).resolve().parents[2]
DEADLINE_SECONDS = 120
PSS_MIB = 900
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
                self.command(),
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

    def clear(self) -> None:
        if not self.ended():
            self.signal(signal.SIGKILL)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    made = Demo(tmp_path)
    yield made
    made.clear()


def gone(family: dict[int, str]) -> bool:
    return not any(process.born(pid) == born for pid, born in family.items())


def pss_mib(pids: list[int]) -> float:
    total = 0
    for pid in pids:
        with suppress(OSError):
            total += int(
                re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)[1]
            )
    return total / 1024


def check_description(demo: Demo) -> None:
    path = demo.data / "demo.json"
    assert path.stat().st_mode & 0o777 == 0o600
    written = demo.read()
    assert written["public_url"] == f"http://localhost:{demo.port}"
    assert written["simulator_url"].endswith(f":{demo.simulator_port}")
    assert written["app_secret"] and written["verify_token"]
    assert written["tenants"].keys() == {"acme", "globex"}
    for name, tenant in written["tenants"].items():
        assert tenant.keys() >= {"id", "host", "url", "phone_number_id", "waba_id"}
        assert tenant["url"].startswith(f"http://{name}.localhost:{demo.port}")
        assert demo.status("/login/", host=f"{name}.localhost") == 200
    people = {user["email"]: user for user in written["users"]}
    assert people.keys() >= {"admin@balcao.test", "ana@acme.test", "vera@globex.test"}
    assert all(user.keys() >= {"email", "password", "role", "tenant"} for user in people.values())
    shown = demo.output.read_text()
    assert all(email in shown for email in people)


def check_second_copy(demo: Demo) -> None:
    second = subprocess.run(
        demo.command(),
        cwd=PROJECT,
        env=demo.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE_SECONDS,
    )
    assert second.returncode == 1
    assert f"already in use by a demo at http://localhost:{demo.port}" in second.stderr
    assert second.stderr.count("\n") == 1


def check_crash(demo: Demo) -> None:
    (web,) = [
        pid
        for pid in demo.family()
        if b"daphne" in Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
    ]
    os.kill(web, signal.SIGKILL)
    until(
        lambda: any(line.startswith("web stopped (killed by SIGKILL)") for line in demo.lines()),
        "the report of the crash",
    )
    until(lambda: demo.status("/health/ready") == 200, "web is back")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_the_demo_from_its_first_start_to_kill_9(demo: Demo) -> None:
    demo.start()
    check_description(demo)
    assert sum(demo.rows().values()) > 10
    family = demo.family()
    assert pss_mib([*family, demo._process.pid]) < PSS_MIB

    check_second_copy(demo)
    check_crash(demo)
    rows, described, family = demo.rows(), demo.read(), demo.family()
    assert demo.signal(signal.SIGINT) == 0
    until(lambda: gone(family), "nothing is left after Ctrl-C")

    demo.start()
    assert demo.rows() == rows
    assert demo.read() == described

    family = demo.family()
    os.kill(demo._process.pid, signal.SIGKILL)
    demo._process.wait()
    until(lambda: gone(family), "nothing is left after kill -9")
