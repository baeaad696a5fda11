"""Wake the workers after a commit: seldom, beside the answer's path, and never at its cost."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from whatsapp.webhooks.ingest import notices

# What is stored within this time shares one nudge; a worker that is awake looks by itself, and who
# finds one need not ask again at once.
GATHER_SECONDS, AWAKE_SECONDS = 0.002, 0.02
# After a failure nothing is tried for so long; the sweeper looks after what waits.
REST_SECONDS = 5.0


class Nudges:
    """At most one nudge is under way; whatever was stored since then is owed one more.

    ``send`` tells whether a worker was awake already.
    """

    def __init__(self, send: Callable[[], bool]) -> None:
        self._send = send
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="nudge")
        self._owed = False
        self._busy = False
        self._closed = False

    def wake(self) -> None:
        """Owe the workers a nudge; returns at once."""
        self._owed = True
        if not self._busy and not self._closed:
            self._busy = True
            asyncio.get_running_loop().call_later(GATHER_SECONDS, self._begin)

    def close(self) -> None:
        """Send nothing any more."""
        self._closed = True
        self._thread.shutdown(wait=False)

    def _begin(self) -> None:
        if self._closed:
            return
        self._owed = False
        sending = asyncio.get_running_loop().run_in_executor(self._thread, self._send)
        sending.add_done_callback(self._sent)

    def _sent(self, sending: asyncio.Future[bool]) -> None:
        error = None if sending.cancelled() else sending.exception()
        if error is not None:
            notices.warn("nudges rest, the broker does not answer", type(error).__name__)
            self._owed = True
            self._rest(REST_SECONDS)
        elif not sending.cancelled() and sending.result():
            self._rest(AWAKE_SECONDS)
        else:
            self._rested()

    def _rest(self, seconds: float) -> None:
        asyncio.get_running_loop().call_later(seconds, self._rested)

    def _rested(self) -> None:
        self._busy = False
        if self._owed:
            self.wake()
