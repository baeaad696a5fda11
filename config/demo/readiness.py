"""When may a person be told that the demo is ready: every process does its part."""

import http.client
import time
from collections.abc import Callable, Mapping

import redis

from config.demo import process, supervisor
from config.demo.errors import DemoError

READY_SECONDS = 120.0
# One that failed this often by now will not come up by itself.
HOPELESS = 3
# What cannot start ends sooner than this; longer than the slowest import would only delay.
SETTLED_SECONDS = 3.0


class NotReadyError(DemoError):
    """A step on the way to a running demo failed."""


def wait(watch: supervisor.Supervisor, probes: Mapping[str, Callable[[], bool]]) -> None:
    """Wait until every probe was true once and nothing is failing. Raises: NotReadyError."""
    waiting = dict(probes)
    deadline = time.monotonic() + READY_SECONDS
    while waiting or watch.unsettled(time.monotonic(), SETTLED_SECONDS):
        for name, probe in list(waiting.items()):
            if probe():
                del waiting[name]
        now = time.monotonic()
        watch.tick(now)
        late = {*waiting, *watch.unsettled(now, SETTLED_SECONDS)} if now > deadline else set()
        for child in watch.children():
            if child.name in late or watch.failures(child.name) >= HOPELESS:
                raise NotReadyError(f"{child.name} does not come up: see {child.log}.")
        time.sleep(process.POLL_SECONDS)


def answers(port: int, path: str, *, below: int = 300) -> bool:
    """Say whether a local server answers with a status under ``below``."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path, headers={"Host": f"localhost:{port}"})
        return connection.getresponse().status < below
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def queue_is_served(redis_url: str) -> bool:
    """Say whether some worker waits at its queues. A server that will not tell counts as yes."""
    try:
        with redis.Redis.from_url(redis_url, socket_timeout=5) as client:
            return any(known["cmd"] == "brpop" for known in client.client_list())
    except redis.ResponseError:
        return True
    except redis.RedisError:
        return False
