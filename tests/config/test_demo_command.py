import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from config.demo import command, environment, folder, ports, services

PROJECT = Path(__file__).resolve().parents[2]


def demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "demo", "--no-browser", *arguments],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_defaults() -> None:
    options = command.parse([])
    assert (options.port, options.simulator_port) == (8000, 8100)
    assert options.data == PROJECT / ".data"
    assert options.browser and not options.reset


def test_the_simulator_follows_the_port() -> None:
    assert command.parse(["--port", "8123"]).simulator_port == 8223


@pytest.mark.parametrize(
    "arguments",
    [["--port", "x"], ["--port", "0"], ["--port", "65500"], ["--no-such"], ["extra"]],
    ids=["no-number", "zero", "no-room-for-simulator", "unknown", "extra"],
)
def test_wrong_arguments_end_with_2(arguments: list[str]) -> None:
    ended = demo(*arguments)
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = demo("--port", str(port), "--simulator-port", "1", "--data", str(tmp_path))
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"Port {port} is taken by another program")
    assert ended.stderr.count("\n") == 1


def test_a_folder_that_cannot_be_written_is_named() -> None:
    ended = demo("--data", "/dev/null/demo")
    assert ended.returncode == 1
    assert ended.stderr.startswith("The folder /dev/null/demo cannot be written (Not a directory)")
    assert ended.stderr.count("\n") == 1


def test_a_folder_in_use_is_refused_before_its_ports(tmp_path: Path) -> None:
    claim = folder.claim(tmp_path, user="a demo at http://localhost:8000 (process 7)")
    try:
        ended = demo("--data", str(tmp_path))
    finally:
        claim.release()
    assert ended.returncode == 1
    assert "already in use by a demo at http://localhost:8000 (process 7)" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_free_port_passes() -> None:
    ports.check(ports.free(), "--port")


def running(tmp_path: Path) -> services.Services:
    claim = folder.claim(tmp_path / "services", user="a test")
    return services.Services("postgres://a:b@c:1/d", "redis://:e@f:2", [], claim, {})


def test_secrets_are_made_once_and_private(tmp_path: Path) -> None:
    first, second = (
        environment.build(tmp_path, port=1, simulator_port=2, services=given)
        for given in [running(tmp_path)]
        for _ in range(2)
    )
    assert first == second
    path = tmp_path / environment.SECRETS
    assert path.stat().st_mode & 0o777 == 0o600
    known = folder.read_private(path)
    assert {"SECRET_KEY", "FIELD_KEYS", "app_secret", "verify_token"} == known.keys()
    assert first["SECRET_KEY"] == known["SECRET_KEY"]


def test_the_environment_is_that_of_a_demo(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("DEBUG", "true")
    monkeypatch.setenv("GRAPH_API_URL", "https://graph.example")
    env = environment.build(tmp_path, port=8000, simulator_port=8100, services=running(tmp_path))
    assert env["DEBUG"] == "false"
    assert env["BALCAO_DEMO"] == "1"
    assert env["PUBLIC_URL"] == "http://localhost:8000"
    assert env["GRAPH_API_URL"] == "http://127.0.0.1:8100"
    assert env["DATABASE_URL"] == "postgres://a:b@c:1/d"
    assert env["PATH"] == os.environ["PATH"]


def test_damaged_secrets_are_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / environment.SECRETS).write_text("{")
    with pytest.raises(folder.FolderError, match="--reset"):
        environment.build(tmp_path, port=1, simulator_port=2, services=running(tmp_path))


def test_no_password_is_shown() -> None:
    assert environment.place("postgres://me:secret@db.example:5432/x") == "db.example:5432"
    assert environment.place("redis://:secret@cache.example") == "cache.example"


@pytest.mark.parametrize(
    ("database_url", "kept"),
    [("", {"thesis.txt"}), ("postgres://db/mine", {"thesis.txt", environment.SECRETS})],
    ids=["embedded", "own-database-needs-its-keys"],
)
def test_reset_removes_only_what_it_may(tmp_path, monkeypatch, database_url, kept) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    for name in ("thesis.txt", *command.MADE_HERE):
        (tmp_path / name).write_text("x")
    (tmp_path / "services").mkdir()
    options = command.parse(["--data", str(tmp_path), "--port", str(ports.free()), "--reset"])
    command._make_room(options)
    assert {path.name for path in tmp_path.iterdir()} == kept
