"""Whether this process was asked to end: loops take no more work then, and end what they hold."""

from threading import Event

_asked = Event()


def ask() -> None:
    """Say that the process is to end. Fit for a signal handler; safe to repeat."""
    _asked.set()


def asked() -> bool:
    """Tell whether somebody said so. Costs next to nothing: ask it before every step."""
    return _asked.is_set()


def wait(seconds: float) -> bool:
    """Sleep, but no longer than until somebody says so; tell whether somebody did."""
    return _asked.wait(seconds)


def forget() -> None:
    """Go on as if nobody had said so; for tests, whose process lives on."""
    _asked.clear()
