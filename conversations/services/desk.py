"""Who serves which number in this process: one thread each, and a bell that the others ring."""

from queue import SimpleQueue
from threading import Lock
from typing import Any

Key = tuple[str, int]  # schema and number
Bell = SimpleQueue[Any]  # None is a ring; whoever waits at it may put in more

_lock = Lock()
_bells: dict[Key, Bell] = {}
_rung: set[Key] = set()


def open(key: Key, bell: Bell) -> bool:  # noqa: A001 - read as desk.open
    """Begin to serve a number; False, and its bell rings, where somebody does."""
    with _lock:
        if key in _bells:
            _rung.add(key)
            _bells[key].put(None)
            return False
        _bells[key] = bell
        return True


def look(key: Key) -> None:
    """Forget the ringing: the outbox is looked at after this."""
    with _lock:
        _rung.discard(key)


def close(key: Key) -> bool:
    """End it; True when the bell rang, and nobody may have looked since."""
    with _lock:
        del _bells[key]
        rung = key in _rung
        _rung.discard(key)
        return rung
