import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
DEADLINE_SECONDS = 30
LISTENER = """
import signal, sys, time
from config.demo import signals
stop = signals.StopSignals()
stop.listen()
try:
    print("listening", flush=True)
    time.sleep(600)
except signals.StopRequested:
    print("asked", flush=True)
    while not stop.hurried():
        time.sleep(0.01)
    print("hurried", flush=True)
"""
PARENT = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"


def start(code: str, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT), **environment},
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_stops_and_the_second_hurries(number: signal.Signals) -> None:
    with start(LISTENER) as listener:
        assert listener.stdout.readline() == "listening\n"
        listener.send_signal(number)
        assert listener.stdout.readline() == "asked\n"
        listener.send_signal(signal.SIGINT)
        assert listener.stdout.readline() == "hurried\n"
        assert listener.wait(DEADLINE_SECONDS) == 0


def test_ctrl_c_is_heard_where_a_background_shell_ignores_it() -> None:
    code = f"import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN);{PARENT}"
    with start(code, LISTENER) as parent:
        assert parent.stdout.readline() == "listening\n"
        (listener,) = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()
        for line in ("asked\n", "hurried\n"):
            os.kill(int(listener), signal.SIGINT)
            assert parent.stdout.readline() == line
        assert parent.wait(DEADLINE_SECONDS) == 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells children")
def test_the_end_of_make_is_ours_too() -> None:
    with start(PARENT, LISTENER, BALCAO_UNDER_MAKE="1") as make:
        assert make.stdout.readline() == "listening\n"
        (listener,) = Path(f"/proc/{make.pid}/task/{make.pid}/children").read_text().split()
        make.kill()
        assert make.stdout.readline() == "asked\n"
        os.kill(int(listener), signal.SIGINT)
        assert make.stdout.readline() == "hurried\n"
