"""What the demo writes to the terminal."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


def say(line: str = "", *, end: str = "\n") -> None:
    """Write a line at once. A terminal that was closed, or a broken pipe, stops nothing."""
    try:
        sys.stdout.write(line + end)
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def step(what: str) -> Iterator[None]:
    """Name a step while it runs, then how long it took."""
    say(f"  {what} ...", end="")
    began = time.monotonic()
    try:
        yield
    except BaseException:
        say()
        raise
    say(f" {time.monotonic() - began:.1f} s")
