"""Fork the product's processes from one that has imported everything: a start costs no import.

Reads a line of JSON for each process to start (`argv` as after `python`, `log`, `env`) and answers
with its process id. What it starts dies with it, and it with the soak.
"""

import ctypes
import importlib
import json
import os
import runpy
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

import django

SET_PARENT_DEATH_SIGNAL = 1
# Nothing of these opens a socket or begins a thread; daphne's reactor would, so it stays out.
MODULES = (
    *("config.asgi", "config.ingest", "config.celery", "config.urls_tenant", "config.urls_public"),
    *("conversations.tasks", "conversations.services.sweep", "kombu.transport.redis", "uvicorn"),
    *("celery.bin.celery", "celery.bin.worker", "celery.apps.worker", "celery.concurrency.thread"),
    *("uvicorn.protocols.http.httptools_impl", "uvicorn.lifespan.on", "channels_redis.core"),
)


def main() -> None:
    """Serve until standard input ends."""
    django.setup()
    for module in MODULES:
        importlib.import_module(module)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how they ended
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        wanted = json.loads(line)
        pid = os.fork()
        if not pid:
            _become(wanted)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


def _become(wanted: dict[str, Any]) -> None:
    """Run a command in this fork as an interpreter of its own would, and never return."""
    code = 1
    try:
        ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        log = os.open(wanted["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        sys.stdin = os.fdopen(0)
        code = _run(wanted["argv"])
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _run(argv: list[str]) -> int:
    try:
        if argv[0] == "-m":
            sys.argv = argv[1:]
            runpy.run_module(argv[1], run_name="__main__", alter_sys=True)
        else:
            sys.argv = argv
            runpy.run_path(str(Path(argv[0])), run_name="__main__")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


if __name__ == "__main__":
    main()
