"""What the demo writes to the terminal."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

_pending: list[str] = []  # the step whose line is still open


def say(line: str = "", *, end: str = "\n") -> None:
    """Write a line at once. A terminal that was closed, or a broken pipe, stops nothing."""
    if _pending:
        line = f"\n{line}"
        _pending.clear()
    try:
        sys.stdout.write(line + end)
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def step(what: str) -> Iterator[None]:
    """Name a step while it runs, then how long it took."""
    say(f"  {what} ...", end="")
    _pending.append(what)
    began = time.monotonic()
    try:
        yield
    except BaseException:
        if _pending:
            _pending.clear()
            say()
        raise
    took = f"{time.monotonic() - began:.1f} s"
    if _pending:  # nothing was said in between
        _pending.clear()
        say(f" {took}")
    else:
        say(f"  {what}: {took}")
