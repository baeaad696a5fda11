"""Become a child that dies with its parent, then turn into another program.

Usage: launcher.py PARENT_PID DEATH_SIGNAL IDENTITY PROGRAM [ARGUMENT ...]

IDENTITY is ``keep``, ``map:UID`` (enter a user namespace in which we are UID) or ``drop:UID``
(stop being root). It ends with 111 where that is not to be had.

It is a script of its own, and not a ``preexec_fn``, because code that runs between fork and exec of
a threaded process may deadlock.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

NEW_USER_NAMESPACE = 0x10000000
SET_PARENT_DEATH_SIGNAL = 1
NO_SUCH_IDENTITY = 111
CANNOT_EXECUTE = 126


def main() -> None:
    """Prepare this process and execute the program; only failures come back."""
    parent, death_signal, identity, *command = sys.argv[1:]
    try:
        _become(identity)
    except OSError as error:
        sys.stderr.write(f"cannot become {identity}: {error}\n")
        sys.exit(NO_SUCH_IDENTITY)
    _die_with(int(parent), int(death_signal))
    _forget_python()
    try:
        os.execvp(command[0], command)  # noqa: S606 (no shell is wanted)
    except OSError as error:
        sys.stderr.write(f"cannot execute {command[0]}: {error}\n")
        sys.exit(CANNOT_EXECUTE)


def _become(identity: str) -> None:
    how, _, uid = identity.partition(":")
    if how == "map":
        _enter_user_namespace(int(uid))
    elif how == "drop":
        os.setgroups([])
        os.setgid(int(uid))
        os.setuid(int(uid))


def _enter_user_namespace(uid: int) -> None:
    own_uid, own_gid = os.geteuid(), os.getegid()
    if not sys.platform.startswith("linux"):
        raise OSError("user namespaces are Linux only")
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(NEW_USER_NAMESPACE) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {own_uid} 1")
    Path("/proc/self/gid_map").write_text(f"{uid} {own_gid} 1")


def _die_with(parent: int, death_signal: int) -> None:
    """Ask the kernel for a signal at the parent's death. After `_become`, which would undo it."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, death_signal)
    if os.getppid() != parent:  # it died before we asked
        sys.exit(1)


def _forget_python() -> None:
    """Undo what the interpreter set for itself and the next program would inherit."""
    for name in ("SIGPIPE", "SIGXFSZ"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)


if __name__ == "__main__":
    main()
