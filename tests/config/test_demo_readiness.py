import os
import sys
import time
from pathlib import Path

import pytest
import redis
from django.conf import settings

from config.demo import ports, process, readiness, supervisor


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def watch(lines: list[str]):
    made = supervisor.Supervisor(lines.append, restarted=lambda: None)
    yield made
    made.stop(hurry=lambda: True)


def child(tmp_path: Path, code: str) -> process.Child:
    argv = [sys.executable, "-c", code]
    return process.Child(name="worker", argv=argv, log=tmp_path / "worker.log", env=os.environ)


def test_ready_is_said_when_every_probe_was_true(tmp_path, watch) -> None:
    watch.start([child(tmp_path, "import time; time.sleep(600)")], now=-100.0)
    answers = iter([False, False, True])
    readiness.wait(watch, {"web": lambda: next(answers)})
    assert list(answers) == []


def test_a_process_that_keeps_crashing_is_named_with_its_log(tmp_path, watch, lines) -> None:
    watch.start([child(tmp_path, "raise SystemExit(1)")], now=time.monotonic())
    with pytest.raises(readiness.NotReadyError, match=r"worker does not come up: see .*\.log"):
        readiness.wait(watch, {})
    assert lines[0].startswith("worker stopped (exit code 1)")


def test_what_stays_silent_is_named(tmp_path, watch, monkeypatch) -> None:
    monkeypatch.setattr(readiness, "READY_SECONDS", 0.1)
    watch.start([child(tmp_path, "import time; time.sleep(600)")], now=-100.0)
    with pytest.raises(readiness.NotReadyError, match="worker does not come up"):
        readiness.wait(watch, {"worker": lambda: False})


def test_a_server_that_is_not_there_does_not_answer() -> None:
    assert not readiness.answers(ports.free(), "/")
    assert not readiness.queue_is_served(f"redis://127.0.0.1:{ports.free()}")


def test_a_waiting_worker_is_seen() -> None:
    with redis.Redis.from_url(f"{settings.REDIS_URL}/0") as waiting:
        connection = waiting.connection_pool.get_connection()
        connection.send_command("BRPOP", f"{settings.REDIS_PREFIX}queue", 30)
        assert readiness.queue_is_served(settings.REDIS_URL)
        connection.disconnect()
