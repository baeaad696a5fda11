import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
import redis

from config.demo import folder, postgres, process, services, supervisor

PROJECT = Path(__file__).resolve().parents[2]
DEADLINE_SECONDS = 30
IS_ROOT = os.geteuid() == 0
HOLDER = """
import pathlib, sys, time, psycopg
from config.demo import services
running = services.start(pathlib.Path(sys.argv[1]), user="the first copy")
with psycopg.connect(running.database_url, autocommit=True) as connection:
    connection.execute("CREATE TABLE IF NOT EXISTS kept (word text)")
    connection.execute("INSERT INTO kept VALUES ('here')")
print(*[child.pid for child in running.children], flush=True)
time.sleep(600)
"""


@pytest.fixture(autouse=True)
def nothing_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests start services of their own, whatever the other tests run on."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A folder whose path needs quoting, and whose services have ended when the test has."""
    place = tmp_path / 'a "folder" with ã'
    yield place
    services.remove(place)


def until(happened: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not happened():
        assert time.monotonic() < deadline, f"waited too long: {what}"
        time.sleep(0.02)


def words(running: services.Services) -> list[str]:
    with psycopg.connect(running.database_url) as connection:
        return [row[0] for row in connection.execute("SELECT word FROM kept")]


def can_map() -> bool:
    command = process.launched(["true"], identity=f"map:{postgres.NOBODY}")
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def test_services_answer_and_keep_their_data(root: Path) -> None:
    running = services.start(root)
    try:
        with psycopg.connect(running.database_url, autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 'here' AS word")
        with closing(redis.Redis.from_url(running.redis_url)) as client:
            client.set("word", "there")
    finally:
        running.stop()
    assert not any(child.alive() for child in running.children)

    again = services.start(root)
    try:
        assert words(again) == ["here"]
        with closing(redis.Redis.from_url(again.redis_url)) as client:
            assert client.get("word") == b"there"
    finally:
        again.stop()


def test_the_password_is_private(root: Path) -> None:
    running = services.start(root, durable=False)
    try:
        state = root / services.STATE
        password = json.loads(state.read_text())["password"]
        assert password in running.database_url
        assert state.stat().st_mode & 0o777 == 0o600
        for command in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                assert password.encode() not in command.read_bytes()
            except OSError:  # it has ended
                continue
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(running.database_url.replace(password, "wrong"))
    finally:
        running.stop()


def test_a_second_copy_is_refused_in_a_sentence(root: Path) -> None:
    claim = folder.claim(root, user="the first copy")
    with pytest.raises(folder.FolderError, match="in use by the first copy") as refused:
        services.start(root)
    assert "\n" not in str(refused.value)

    claim.release()
    folder.claim(root, user="the next one").release()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells children")
def test_kill_9_leaves_nothing_and_loses_nothing(root: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(root)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as holder:
        pids = [int(word) for word in holder.stdout.readline().split()]
        assert len(pids) == 2
        holder.kill()
    until(lambda: not any(map(process.born, pids)), "the services end with their parent")

    running = services.start(root)
    try:
        assert words(running) == ["here"]
    finally:
        running.stop()


def test_leftovers_of_a_killed_start_are_ended(root: Path) -> None:
    first = services.start(root)
    first._claim.release()  # as if it had been killed where nothing tells its children

    second = services.start(root)
    try:
        assert not any(child.alive() for child in first.children)
        assert all(child.alive() for child in second.children)
    finally:
        second.stop()


@pytest.mark.parametrize(
    ("given", "started"),
    [
        pytest.param({"DATABASE_URL": "postgres://me@db/x"}, ["valkey"], id="database"),
        pytest.param({"REDIS_URL": "redis://cache"}, ["postgres"], id="redis"),
        pytest.param({"DATABASE_URL": "postgres://me@db/x", "REDIS_URL": "r"}, [], id="both"),
    ],
)
def test_only_what_is_missing_is_started(root, given, started, monkeypatch) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    running = services.start(root, durable=False)
    try:
        assert [child.name for child in running.children] == started
        addresses = {"DATABASE_URL": running.database_url, "REDIS_URL": running.redis_url}
        assert addresses.items() >= given.items()
    finally:
        running.stop()


def test_a_failure_is_one_sentence(root: Path) -> None:
    services.start(root, durable=False).stop()
    (configuration,) = root.glob("postgres*/postgresql.conf")
    configuration.write_text("no_such_setting = 1\n")

    with pytest.raises(
        services.ServicesError, match=r"postgres does not start: .+ \(see "
    ) as failed:
        services.start(root, durable=False)
    assert "\n" not in str(failed.value)
    folder.claim(root, user="someone").release()  # nothing of it still runs


def test_an_unfinished_cluster_is_made_anew(root: Path) -> None:
    home = postgres.prepare(root, {})
    draft = home.data.with_name(home.data.name + ".new")
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("half")

    services.start(root, durable=False).stop()
    assert (home.data / "PG_VERSION").read_text() != "half"


@pytest.mark.skipif(not IS_ROOT, reason="only root can become nobody")
def test_root_without_user_namespaces_runs_as_nobody(root, monkeypatch) -> None:
    monkeypatch.setattr(postgres, "identities", lambda: [f"drop:{postgres.NOBODY}"])
    root.parent.chmod(0o700)
    running = services.start(root)
    try:
        postmaster = next(child for child in running.children if child.name == "postgres")
        assert Path(f"/proc/{postmaster.pid}").stat().st_uid == postgres.NOBODY
    finally:
        running.stop()

    elsewhere = Path(json.loads((root / services.STATE).read_text())["elsewhere"])
    assert list(elsewhere.glob("postgres*/PG_VERSION"))
    services.start(root).stop()
    services.remove(root)
    assert not elsewhere.exists()


def test_a_user_without_a_name_runs_too(root: Path) -> None:
    """Containers are started with ``--user 12345``; initdb wants a name for its user."""
    if not can_map():
        pytest.skip("no user namespaces here")
    command = process.launched([sys.executable, "-c", HOLDER, root], identity="map:12345")
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as holder:
        pids = [int(word) for word in holder.stdout.readline().split()]
        holder.kill()
    assert len(pids) == 2
    until(lambda: not any(map(process.born, pids)), "the services end with their parent")


def test_a_user_without_a_name_and_namespaces_gets_a_sentence(root, monkeypatch) -> None:
    monkeypatch.setattr(postgres, "identities", lambda: ["map:not-a-number"])
    with pytest.raises(postgres.PostgresError, match="ordinary user"):
        services.start(root)


def test_a_killed_service_comes_back_on_its_port(root: Path) -> None:
    running = services.start(root)
    lines: list[str] = []
    watch = supervisor.Supervisor(lines.append, restarted=running.record)
    watch.adopt(running.children, now=0.0)
    try:
        for child in running.children:
            os.kill(child.pid, signal.SIGKILL)
        until(lambda: not any(child.alive() for child in running.children), "the kill")
        now = 0.0

        def answers() -> bool:
            nonlocal now
            now += 10.0
            watch.tick(now)
            try:
                psycopg.connect(running.database_url, connect_timeout=5).close()
                with closing(redis.Redis.from_url(running.redis_url)) as client:
                    return client.ping()
            except (psycopg.OperationalError, redis.ConnectionError):
                return False

        until(answers, "both services are back")
        assert any("valkey stopped (killed by SIGKILL)" in line for line in lines)
    finally:
        watch.stop(hurry=lambda: False)
        running.stop()


def test_programs_are_found_in_the_wheels_first() -> None:
    assert "site-packages" in str(postgres.binaries.postgres_folder())
    assert shutil.which(postgres.binaries.valkey_server())
