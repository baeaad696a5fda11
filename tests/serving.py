"""A real server of ours for a test, on the tests' own database."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from django.db import connection

from config.demo import ports

PROJECT = Path(__file__).resolve().parents[1]
DEADLINE_SECONDS = 60


@contextmanager
def served(command: str, log: Path) -> Iterator[int]:
    """Run a module of Python whose last argument is the port; no traceback may be in its log."""
    port = ports.free()
    database = urlsplit(os.environ["DATABASE_URL"])
    database = database._replace(path="/" + connection.settings_dict["NAME"])
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *command.split(), str(port)],
            cwd=PROJECT,
            env=os.environ | {"DATABASE_URL": database.geturl()},
            stdout=output,
            stderr=output,
        )
    try:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not listens(port):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(30)
    assert "Traceback" not in log.read_text()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
