"""The product's processes, two of each kind, to be killed and started again."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from config.demo import ports, process

ROOT = Path(__file__).resolve().parents[3]
EACH = 2
QUEUES = "urgent,webhooks,send,bulk,media,hooks,default"
WORKER = f"-m celery -A config worker -P threads -c 12 -Q {QUEUES} -l WARNING"
WORKER += " --without-gossip --without-mingle --without-heartbeat"


@dataclass(slots=True)
class Member:
    """One process, which has had several lives."""

    role: str
    argv: list[str]
    log: Path
    port: int = 0
    pid: int = 0
    born: str | None = None  # nobody else is killed, should the id be given again
    kills: int = 0
    ended_alone: int = 0

    def alive(self) -> bool:
        """Say whether its life goes on."""
        return self.born is not None and process.born(self.pid) == self.born


@dataclass(slots=True)
class Crew:
    """All of them, and the process that they are forked from."""

    folder: Path
    _zygote: subprocess.Popen[str]
    members: list[Member] = field(default_factory=list)

    def start(self, member: Member) -> None:
        """Begin a life of a process."""
        wanted = {"argv": member.argv, "log": str(member.log)}
        assert self._zygote.stdin
        assert self._zygote.stdout
        self._zygote.stdin.write(json.dumps(wanted) + "\n")
        self._zygote.stdin.flush()
        member.pid = int(self._zygote.stdout.readline())
        member.born = process.born(member.pid)

    def kill(self, member: Member) -> bool:
        """Kill -9, and start it again at once; False if it had ended before by itself."""
        alive = member.alive()
        if alive:
            with suppress(ProcessLookupError):
                os.kill(member.pid, signal.SIGKILL)
            member.kills += 1
        else:
            member.ended_alone += 1
        self.start(member)
        return alive

    def doors(self) -> list[Member]:
        """Return what webhooks may come to."""
        return [one for one in self.members if one.role in {"web", "ingest"}]

    def of(self, role: str) -> list[Member]:
        """Return the processes of a kind."""
        return [one for one in self.members if one.role == role]


@contextmanager
def on_board(folder: Path) -> Iterator[Crew]:
    """Start two of each kind in this process's environment; they end with the block."""
    command = process.launched([sys.executable, "-m", "tests.faults.soak.zygote"])
    zygote = subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=(folder / "zygote.log").open("w"),
        text=True,
    )
    try:
        assert zygote.stdout
        if zygote.stdout.readline() != "ready\n":
            sys.exit((folder / "zygote.log").read_text())
        crew = Crew(folder, zygote)
        for role in ("web", "ingest", "worker", "sweeper"):
            for place in range(EACH):
                crew.members.append(_member(folder, role, place))
                crew.start(crew.members[-1])
        yield crew
    finally:
        zygote.kill()
        zygote.wait()


def _member(folder: Path, role: str, place: int) -> Member:
    port = ports.free() if role in {"web", "ingest"} else 0
    commands = {
        "web": f"-m daphne -b 127.0.0.1 -p {port} -v 0 config.asgi:application",
        "ingest": f"-m uvicorn config.ingest:application --port {port} --log-level warning",
        "worker": f"{WORKER} -n worker{place}@soak",
        "sweeper": "manage.py sweeper",
    }
    return Member(role, commands[role].split(), folder / f"{role}{place}.log", port)
