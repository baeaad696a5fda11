import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from config.demo import process, supervisor

DEADLINE_SECONDS = 30
SLEEPER = "import time; time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up'); {SLEEPER}"
PARENT = (
    "import subprocess, sys;"
    f"child = subprocess.Popen([sys.executable, '-c', '{SLEEPER}']); print(child.pid, flush=True);"
    f"{SLEEPER}"
)


def until(happened: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not happened():
        assert time.monotonic() < deadline, f"waited too long: {what}"
        time.sleep(0.02)


@pytest.fixture
def child(tmp_path: Path):
    made = []

    def make(code: str, name: str = "worker", **options) -> process.Child:
        argv = [sys.executable, "-u", "-c", code]
        log = tmp_path / f"{name}.log"
        made.append(process.Child(name=name, argv=argv, log=log, env=dict(os.environ), **options))
        return made[-1]

    yield make
    for one in made:
        one.kill()


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def watch(lines: list[str]) -> supervisor.Supervisor:
    return supervisor.Supervisor(lines.append, restarted=lambda: lines.append("recorded"))


def test_a_crash_is_reported_and_the_child_comes_back(child, watch, lines) -> None:
    worker = child(SLEEPER)
    watch.start([worker], now=0.0)
    watch.tick(1.0)
    assert lines == []

    os.kill(worker.pid, signal.SIGKILL)
    until(lambda: not worker.alive(), "the kill")
    watch.tick(2.0)
    assert "worker stopped (killed by SIGKILL): starting it again in 1 s" in lines[0]
    assert str(worker.log) in lines[0]
    watch.tick(2.9)
    assert not worker.alive()
    watch.tick(3.0)
    assert worker.alive()
    assert lines[1:] == ["recorded", "worker runs again"]


def test_the_pause_grows_while_it_keeps_crashing(child, watch, lines) -> None:
    worker = child("raise SystemExit(3)")
    watch.start([worker], now=0.0)
    now, pauses = 0.0, []
    for expected in (1, 2, 4, 8, 16, 30, 30):
        until(lambda: not worker.alive(), "the exit")
        watch.tick(now)
        pauses.append(f"(exit code 3): starting it again in {expected} s" in lines[-1])
        now += expected
        watch.tick(now)
    assert all(pauses)
    assert watch.failures("worker") == 7

    until(lambda: not worker.alive(), "the exit")
    watch.tick(now + supervisor.STEADY_SECONDS + 1)
    assert "again in 1 s" in lines[-1]


def test_children_stop_in_order(child, watch) -> None:
    names = ["web", "worker", "sweeper"]
    note = "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0));"
    children = [child(f"{note} print('up'); time.sleep(600)", name) for name in names]
    watch.start(children, now=0.0)
    for one in children:
        until(lambda one=one: "up" in one.log.read_text(), "it listens to signals")

    watch.stop(hurry=lambda: False)
    assert [one.exit_code for one in children] == [0, 0, 0]
    watch.stop(hurry=lambda: False)


@pytest.mark.parametrize(
    ("grace_seconds", "hurry"), [(0.2, False), (600.0, True)], ids=["grace-over", "second-ctrl-c"]
)
def test_a_child_that_will_not_stop_is_killed(child, watch, grace_seconds, hurry) -> None:
    stubborn = child(STUBBORN, grace_seconds=grace_seconds)
    watch.start([stubborn], now=0.0)
    until(lambda: "up" in stubborn.log.read_text(), "it ignores signals")

    watch.stop(hurry=lambda: hurry)
    assert stubborn.exit_code == -signal.SIGKILL


@pytest.mark.parametrize("how", ["stopped", "crashed"])
def test_grandchildren_end_too(child, watch, how) -> None:
    parent = child(PARENT)
    watch.start([parent], now=0.0)
    until(lambda: parent.log.read_text().endswith("\n"), "the grandchild's number")
    grandchild = int(parent.log.read_text())

    if how == "crashed":
        os.kill(parent.pid, signal.SIGKILL)
        until(lambda: not parent.alive(), "the kill")
        watch.tick(1.0)
    else:
        watch.stop(hurry=lambda: False)
    until(lambda: process.born(grandchild) is None, "the grandchild's end")


def test_a_log_does_not_grow_for_ever(child, monkeypatch) -> None:
    monkeypatch.setattr(process, "LOG_BYTES_KEPT", 10)
    talker = child("print('x' * 100)")
    for _ in range(2):
        talker.start()
        until(lambda: not talker.alive(), "the exit")
    assert talker.log.with_suffix(".log.1").read_text() == talker.log.read_text()


def test_a_program_that_is_not_there_is_told_by_its_exit(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    assert process.run(["/no/such/program"], log=log, env={}) == 126
    assert "cannot execute /no/such/program" in log.read_text()
