"""One child process: its log, its own process group, and the promise that it dies with us."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from config.demo.errors import DemoError

LAUNCHER = Path(__file__).with_name("launcher.py")
KEEP = "keep"
LOG_BYTES_KEPT = 5 * 1024 * 1024
POLL_SECONDS = 0.02


def never() -> bool:
    """Nobody is in a hurry."""
    return False


def launched(
    argv: Sequence[str | Path], *, identity: str = KEEP, death_signal: int = signal.SIGKILL
) -> list[str]:
    """Return the command that runs ``argv`` as ``identity`` and dies with this very thread.

    Linux sends the signal when the *thread* that started the child ends, so only the main thread,
    which lives as long as the process, may start children.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("children are started by the main thread only")
    launcher = [sys.executable, "-I", "-S", str(LAUNCHER)]
    return [*launcher, str(os.getpid()), str(int(death_signal)), identity, *map(str, argv)]


def run(
    argv: Sequence[str | Path], *, log: Path, env: Mapping[str, str], cwd: Path | None = None
) -> int:
    """Run a program to its end, its output in ``log``; return its exit code."""
    child = Child(name=log.stem, argv=[str(word) for word in argv], log=log, env=env, cwd=cwd)
    child.start()
    try:
        while child.alive():
            time.sleep(POLL_SECONDS)
    finally:
        child.stop()
    return child.exit_code or 0


@dataclass(slots=True)
class Child:
    """A program that we start, watch and stop. Restarting it means calling ``start`` again."""

    name: str
    argv: list[str]
    log: Path
    env: Mapping[str, str]
    cwd: Path | None = None
    identity: str = KEEP
    stop_signal: int = signal.SIGTERM
    death_signal: int = signal.SIGKILL
    grace_seconds: float = 10.0
    input: bytes = b""  # read by the child from its standard input: secrets stay out of argv
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def pid(self) -> int | None:
        """The process id, also after its end; None before the first start."""
        return self._process.pid if self._process else None

    @property
    def exit_code(self) -> int | None:
        """None while it runs or before it was started; negative: ended by that signal."""
        return self._process.poll() if self._process else None

    def alive(self) -> bool:
        """Say whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it. Raises: DemoError when the log or the interpreter cannot be opened."""
        command = launched(self.argv, identity=self.identity, death_signal=self.death_signal)
        try:
            rotate(self.log)
            with self.log.open("ab") as log:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE if self.input else subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=dict(self.env),
                    cwd=self.cwd,
                    start_new_session=True,  # a Ctrl-C at the terminal is for us alone
                )
        except OSError as error:
            raise DemoError(f"{self.name} cannot be started: {error}.") from error
        if self._process.stdin:
            with suppress(BrokenPipeError), self._process.stdin as pipe:
                pipe.write(self.input)

    def stop(self, *, hurry: Callable[[], bool] = never) -> None:
        """Ask it to end, wait its grace, then kill it with everything it started."""
        if self._process is None:
            return
        if self.alive():
            self._process.send_signal(self.stop_signal)
            deadline = time.monotonic() + self.grace_seconds
            while self.alive() and time.monotonic() < deadline and not hurry():
                time.sleep(POLL_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End it and its process group at once; harmless when nothing is left of it."""
        if self._process is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def ended_how(self) -> str:
        """Say in words how it ended, for the terminal."""
        code = self.exit_code
        if code is None:
            return "it is running"
        if code < 0:
            return f"killed by {signal.Signals(-code).name}"
        return f"exit code {code}"


def rotate(log: Path) -> None:
    """Keep one older log beside a large one, so that a demo left running fills no disk."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_BYTES_KEPT:
        log.replace(log.with_suffix(".log.1"))


def born(pid: int) -> str | None:
    """Return what tells this process from a later one with the same id; None: it does not run.

    A zombie counts as gone: it holds nothing, and its parent may never look after it.
    """
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] in "ZX" else fields[19]
    found = subprocess.run(
        ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split()
    return None if not found or found[0].startswith("Z") else " ".join(found[1:])
