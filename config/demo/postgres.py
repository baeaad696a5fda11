"""PostgreSQL for one folder: as whom it runs, where its data lies, how it is made and started."""

import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.demo import binaries, folder, process
from config.demo.errors import DemoError

NOBODY = 65534
OPTIONS = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=200",
    "shared_buffers=128MB",
    "wal_level=minimal",
    "max_wal_senders=0",
)
FAST_AND_LOSSY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class PostgresError(DemoError):
    """PostgreSQL cannot run here, or not with this data."""


@dataclass(frozen=True, slots=True)
class Home:
    """Everything that one start of PostgreSQL needs to know."""

    programs: Path
    data: Path
    identity: str
    log: Path
    env: Mapping[str, str]


def identities() -> list[str]:
    """Return as whom to run PostgreSQL, best first: it refuses root and users without a name."""
    uid = os.geteuid()
    if uid and _has_name(uid):
        return [process.KEEP]
    named = _uid_with_name()
    return [f"map:{named}"] if uid else [f"map:{named}", f"drop:{named}"]


def prepare(root: Path, state: dict[str, Any]) -> Home:
    """Find the programs and the identity they run under, and choose the data folder.

    Notes in ``state["elsewhere"]`` a folder outside ``root``, where one is needed: a user who is
    not root enters no private folder of root's.
    Raises: BinariesError, PostgresError.
    """
    programs, env = binaries.postgres_folder(), environment()
    for identity in identities():
        if identity.startswith("drop"):
            elsewhere = _elsewhere(state)
            programs = _reachable(programs, elsewhere, identity, env)
            major = _major(programs, identity, env)
            data = elsewhere / f"postgres{major}"
        else:
            major, data = _major(programs, identity, env), root / "postgres"
            data = data.with_name(f"postgres{major}")  # one folder a version: files differ
        if major:
            return Home(programs, data, identity, root / "logs" / "postgres.log", env)
    raise PostgresError(
        "PostgreSQL cannot run as this user here (no user namespaces, and the user has no name):"
        " run as an ordinary user, or set DATABASE_URL."
    )


def make(home: Home, password: str, *, durable: bool) -> None:
    """Make an empty cluster where there is none. Killed half-way, it begins anew the next time."""
    if (home.data / "PG_VERSION").exists():
        return
    draft = home.data.with_name(home.data.name + ".new")
    folder.remove(draft)
    draft.mkdir(mode=0o700, parents=True)
    read_end, write_end = os.pipe()
    try:
        if home.identity.startswith("drop"):
            uid = int(home.identity.partition(":")[2])
            os.chown(draft, uid, uid)
            os.fchown(read_end, uid, -1)
        os.write(write_end, password.encode() + b"\n")
        os.close(write_end)
        finished = subprocess.run(
            process.launched(_initdb(home, draft, read_end, durable), identity=home.identity),
            pass_fds=[read_end],
            env=dict(home.env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        os.close(read_end)
    if finished.returncode:
        why = reason(finished.stderr) or f"exit code {finished.returncode}"
        raise PostgresError(f"PostgreSQL's data folder {home.data} cannot be made: {why}.")
    draft.rename(home.data)


def child(home: Home, port: int, *, durable: bool) -> process.Child:
    """Describe the server's process."""
    options = [*OPTIONS, f"port={port}", *(() if durable else FAST_AND_LOSSY)]
    settings = [word for option in options for word in ("-c", option)]
    end = signal.SIGINT if durable else signal.SIGQUIT  # SIGINT: roll back and end at once
    return process.Child(
        name="postgres",
        argv=[str(home.programs / "postgres"), "-D", str(home.data), *settings],
        log=home.log,
        env=home.env,
        identity=home.identity,
        stop_signal=end,
        death_signal=end,
        grace_seconds=30.0,
    )


def reason(output: str) -> str:
    """Return the last complaint in a log, without its date and process id."""
    complaints = re.findall(r"(?:FATAL|PANIC|ERROR|error):\s+(.+)", output)
    return str(complaints[-1]).strip().rstrip(".") if complaints else ""


def environment() -> dict[str, str]:
    """Return ours without what would change PostgreSQL's behavior (PGPORT, a locale, a zone)."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def _initdb(home: Home, draft: Path, password_fd: int, durable: bool) -> list[str]:  # noqa: FBT001
    options = ["-U", "app", "-E", "UTF8", "--locale=C", "--auth=scram-sha-256", "--no-instructions"]
    if _version(home.data) >= 17:
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    if not durable:
        options.append("--no-sync")
    program = str(home.programs / "initdb")
    return [program, "-D", str(draft), f"--pwfile=/dev/fd/{password_fd}", *options]


def _version(data: Path) -> int:
    return int(data.name.removeprefix("postgres"))


def _major(programs: Path, identity: str, env: Mapping[str, str]) -> int:
    """Return the major version, or 0 where the program does not run under this identity."""
    answer = subprocess.run(
        process.launched([programs / "postgres", "--version"], identity=identity),
        env=dict(env),
        capture_output=True,
        text=True,
        check=False,
    )
    numbers = re.search(r"(\d+)", answer.stdout)
    return int(numbers[1]) if numbers and answer.returncode == 0 else 0


def _elsewhere(state: dict[str, Any]) -> Path:
    known = Path(state.get("elsewhere", ""))
    if state.get("elsewhere") and known.is_dir():
        return known
    base = "/var/tmp" if Path("/var/tmp").is_dir() else None  # noqa: S108 (survives a reboot)
    made = Path(tempfile.mkdtemp(prefix="balcao-", dir=base))  # an unguessable name, made by us
    made.chmod(0o711)
    state["elsewhere"] = str(made)
    return made


def _reachable(programs: Path, elsewhere: Path, identity: str, env: Mapping[str, str]) -> Path:
    """Return programs that this identity can execute: these, or a copy outside our home."""
    package = programs.parents[1]
    if _major(programs, identity, env) or package.parent.name != "site-packages":
        return programs
    for part in (package, package.with_name(package.name + ".libs")):  # linked by relative path
        folder.remove(elsewhere / part.name)
        if part.exists():
            shutil.copytree(part, elsewhere / part.name, symlinks=True)
    return elsewhere / programs.relative_to(package.parent)


def _has_name(uid: int) -> bool:
    try:
        return bool(pwd.getpwuid(uid))
    except KeyError:
        return False


def _uid_with_name() -> int:
    if _has_name(NOBODY):
        return NOBODY
    return next((user.pw_uid for user in pwd.getpwall() if user.pw_uid), NOBODY)
