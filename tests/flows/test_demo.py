"""The real `manage.py demo`, from its first start to kill -9."""

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from config.demo import process
from tests.flows.running import DEADLINE_SECONDS, PROJECT, Demo, until

pytestmark = pytest.mark.e2e
PSS_MIB = 900


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
    (web,) = demo.pids("daphne")
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
