"""What the demo writes to the terminal."""

import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
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


def hangup() -> Callable[[], bool]:
    """Return what says whether the terminal that we write to now was closed meanwhile.

    The signal for that goes to the terminal's first process alone: a shell passes it on, make
    does not. Where we write to no terminal, or are told to ignore its end, the answer is no.
    """
    if not sys.stdout.isatty() or signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        return lambda: False
    poll = select.poll()
    poll.register(os.dup(sys.stdout.fileno()), 0)
    return lambda: bool(poll.poll(0))


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
