"""Die on purpose at a named place, so that tests can look at what is left behind.

Without ``arm`` every place is passed at the cost of one comparison.
"""

import os
import signal

_armed = ""
_passes = 0


def arm(place: str) -> None:
    """Have this process killed at a place: ``name``, or ``name:3`` for the third time it comes by.

    An empty text disarms.
    """
    global _armed, _passes  # noqa: PLW0603 - one trap a process
    _armed, _, count = place.partition(":")
    _passes = int(count or 1)


def crash_point(name: str) -> None:
    """End this process as ``kill -9`` does, if that is what it was armed for."""
    if name == _armed:
        _crash()


def _crash() -> None:
    global _passes  # noqa: PLW0603 - one trap a process
    _passes -= 1
    if _passes <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
