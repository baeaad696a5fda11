"""The demo's folder: one holder at a time, private files, and what --reset may remove."""

import fcntl
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from config.demo.errors import DemoError

LOCK = "lock"


class FolderError(DemoError):
    """The folder cannot be used, or someone else is using it."""


@dataclass(slots=True)
class Claim:
    """A folder that is ours until `release`, or until this process dies, however it dies."""

    root: Path
    _lock: IO[str]

    def release(self) -> None:
        """Let others have the folder; harmless when repeated."""
        if not self._lock.closed:
            self._lock.truncate(0)
            self._lock.close()


def claim(root: Path, *, user: str) -> Claim:
    """Make the folder if need be and take it for ``user`` ("process 12, http://localhost:8000").

    Raises: FolderError, naming the folder's present user or why it cannot be written.
    """
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (root / LOCK).open("a+", encoding="utf-8")
    except OSError as error:
        raise FolderError(
            f"The folder {root} cannot be written ({error.strerror}):"
            " choose another one with --data."
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise FolderError(
            f"The folder {root} is already in use by {_holder(lock)}:"
            " stop that first, or choose another folder with --data."
        ) from error
    except OSError as error:
        raise FolderError(f"The folder {root} cannot be locked ({error.strerror}).") from error
    lock.truncate(0)
    lock.write(user)
    lock.flush()
    return Claim(root, lock)


def write_private(path: Path, value: Any) -> None:
    """Write JSON that only its owner may read, whole or not at all."""
    draft = path.with_name(f".{path.name}.new")
    try:
        with open(draft, "w", encoding="utf-8", opener=_private) as file:
            json.dump(value, file, indent=2)
            file.write("\n")
        draft.chmod(0o600)
        draft.replace(path)
    except OSError as error:
        raise FolderError(f"{path} cannot be written ({error.strerror}).") from error


def read_private(path: Path) -> dict[str, Any]:
    """Read what `write_private` wrote; nothing there yet reads as empty.

    Raises: FolderError when the file is there but cannot be understood.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise FolderError(
            f"{path} cannot be read: repair it, or start anew with --reset."
        ) from error
    return value if isinstance(value, dict) else {}


def remove(path: Path) -> None:
    """Remove a file or a whole folder; harmless when it is not there."""
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise FolderError(f"{path} cannot be removed ({error.strerror}).") from error


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _holder(lock: IO[str]) -> str:
    lock.seek(0)
    return lock.read().strip() or "another process"
