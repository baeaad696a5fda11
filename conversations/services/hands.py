"""Do a few duties side by side, each in a thread with its own database session."""

import logging
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

import psycopg
from django.db import OperationalError, connection

from tenants import context

logger = logging.getLogger(__name__)
Duty = Callable[[], None]
LOOK_SECONDS = 0.01


def guarded(name: str, duty: Duty) -> None:
    """Run one duty; its failure is logged and stops no other. Leaves every tenant behind."""
    try:
        duty()
    except (OperationalError, psycopg.OperationalError):
        logger.warning("sweeper: %s wait, Postgres does not answer", name)
    except Exception:
        logger.exception("sweeper: %s failed", name)
    finally:
        context.leave()
        connection.close()


@dataclass(slots=True)
class Hands:
    """So many threads at most, and one for each key: who hangs keeps nobody but itself waiting.

    The threads are no reason for the process to stay: what they do bears to be broken off.
    """

    most: int
    _busy: set[Hashable] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, key: Hashable, name: str, duty: Duty) -> bool:
        """Begin a duty; False when its last one still runs, or no hand is free."""
        with self._lock:
            if key in self._busy or len(self._busy) >= self.most:
                return False
            self._busy.add(key)
        thread = threading.Thread(
            target=self._run, args=(key, name, duty), name="sweeper duty", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:  # no thread is to be had: another time
            self._end(key)
            return False
        return True

    @property
    def is_free(self) -> bool:
        """Tell whether a hand is free."""
        return len(self._busy) < self.most

    def rest(self, seconds: float) -> bool:
        """Wait until nothing runs, but no longer than this; tell whether nothing does."""
        until = time.monotonic() + seconds
        while self._busy and time.monotonic() < until:
            time.sleep(LOOK_SECONDS)
        return not self._busy

    def _run(self, key: Hashable, name: str, duty: Duty) -> None:
        try:
            guarded(name, duty)
        finally:
            self._end(key)

    def _end(self, key: Hashable) -> None:
        with self._lock:
            self._busy.discard(key)
