"""A bounded share of the soak: `make faults` runs the whole of it."""

import os
import subprocess
import sys

import pytest

from tests.faults.soak.crew import ROOT

pytestmark = pytest.mark.e2e
# Nobody answers there: the soak is to use what it starts itself, and nothing that is named.
NOT_OURS = {"DATABASE_URL": "postgres://a:b@127.0.0.1:9/c", "REDIS_URL": "redis://127.0.0.1:9"}
SHARE = "--kills 16 --redis 2 --postgres 1 --seconds 12 --sends 200 --hurry"


def test_while_everything_is_killed_nothing_is_lost_or_doubled():
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.soak", *SHARE.split()],
        cwd=ROOT,
        env={**os.environ, **NOT_OURS},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    for word in ("lost", "doubled", "misplaced", "fallen", "broken"):
        assert done.stdout.count(f"{word:<9} 0") == 2, done.stdout
    assert "16 kill -9" in done.stdout
    assert "), 0 ended by themselves" in done.stdout
    assert "1 kills and 1 flushes of Valkey, 1 immediate restarts" in done.stdout
