"""An event loop beside everything else, so that a process keeps one connection for its hints."""

import asyncio
import threading

_lock = threading.Lock()
_loops: list[asyncio.AbstractEventLoop] = []


def loop() -> asyncio.AbstractEventLoop:
    """Return the process's one; its thread starts with the first call and ends with the process."""
    with _lock:
        if not _loops:
            _loops.append(asyncio.new_event_loop())
            threading.Thread(target=_loops[0].run_forever, name="hints", daemon=True).start()
        return _loops[0]
