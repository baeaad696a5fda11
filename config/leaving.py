"""Let daphne answer what it has begun before it ends: by itself it drops all of it on SIGTERM."""

import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

from tenants import stopping
from whatsapp.webhooks.ingest.app import Receive, Scope, Send

Application = Callable[[Scope, Receive, Send], Awaitable[None]]

# What had come in may still be on the way to us, and answers on their way out.
LEAST_SECONDS, FLUSH_SECONDS = 0.3, 0.1
# The grace that compose and the demo give is longer.
MOST_SECONDS = 8.0
LOOK_SECONDS = 0.02


class Leaving:
    """Counts the requests of an application; on SIGTERM takes no new ones, and ends after the last.

    Under other servers, which do the same by themselves, it does nothing.
    """

    def __init__(self, application: Application) -> None:
        self._application = application
        self._open = 0
        self._is_ready = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        if not self._is_ready:
            self._prepare()
        self._open += 1
        try:
            await self._application(scope, receive, send)
        finally:
            self._open -= 1

    def _prepare(self) -> None:
        """Take the signal from daphne, which has taken it before the first request."""
        self._is_ready = True
        reactor = sys.modules.get("twisted.internet.reactor")
        if reactor is not None and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, lambda *_: _call(reactor, self._leave, reactor))

    def _leave(self, reactor: Any) -> None:
        stopping.ask()
        for reader in reactor.getReaders():
            if hasattr(reader, "stopListening"):
                reader.doRead()  # those who are through the door already
                reader.stopListening()
        began = time.monotonic()
        reactor.callLater(LEAST_SECONDS, self._end, reactor, began + MOST_SECONDS)

    def _end(self, reactor: Any, until: float) -> None:
        if self._open and time.monotonic() < until:
            reactor.callLater(LOOK_SECONDS, self._end, reactor, until)
        else:
            reactor.callLater(FLUSH_SECONDS, reactor.stop)


def _call(reactor: Any, function: Callable[..., None], *args: object) -> None:
    """Have the event loop call a function soon; all that is safe in a signal's handler."""
    reactor.callFromThread(function, *args)
