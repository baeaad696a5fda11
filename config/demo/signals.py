"""Ctrl-C, `kill` and a closed terminal: the first asks to stop, the second hurries."""

import ctypes
import os
import signal
import sys
import types

SET_PARENT_DEATH_SIGNAL = 1
UNDER_MAKE = "BALCAO_UNDER_MAKE"


class StopRequested(BaseException):
    """Someone wants the demo to end. No ``except Exception`` may swallow it."""


class StopSignals:
    """Raise `StopRequested` once, wherever the main thread is; count what comes after it."""

    def __init__(self) -> None:
        self._count = 0
        self._stopping = False

    def listen(self) -> None:
        """Take the signals over, also where a shell in the background told us to ignore Ctrl-C."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number == signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:
                continue  # nohup
            signal.signal(number, self._on_signal)

        if os.environ.pop(UNDER_MAKE, "") and sys.platform.startswith("linux"):
            # Our parent is make, which waits for us: its end before ours means that it was killed.
            ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)

    def stopping(self) -> None:
        """Raise no more from here on: the clean-up is not to be interrupted."""
        self._stopping = True

    def hurried(self) -> bool:
        """Say whether someone asked a second time."""
        return self._count > 1

    def _on_signal(self, number: int, frame: types.FrameType | None) -> None:
        self._count += 1
        if not self._stopping:
            self._stopping = True
            raise StopRequested
