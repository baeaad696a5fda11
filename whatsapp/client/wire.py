"""Connections to Meta that know whether a request left, and that end in time."""

import http.client
import io
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any, cast

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

CONNECT_SECONDS = 5.0
READ_SECONDS = 20.0  # of silence
TOTAL_SECONDS = 30.0  # from the call to the last byte of the answer
# Most servers keep an idle connection for 5 s and more: so it is us who close it, and a request
# hardly ever meets a connection that the other side is just closing.
KEEP_ALIVE_SECONDS = 4.0
_HEADERS = {
    "User-Agent": "balcao",
    "Accept": "*/*",
    "Accept-Encoding": "identity",
    "Connection": "keep-alive",
}


class _Wire(threading.local):
    """What is known of this thread's current call."""

    deadline = 0.0
    unwritten = False  # proved: the request never left as a whole, so nobody can have acted on it

    def seconds_left(self) -> float:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the call took too long")
        return left


_wire = _Wire()


def begin(*, seconds: float | None = None) -> None:
    """Start the clock of this thread's next call: ``TOTAL_SECONDS`` if nothing else is said."""
    _wire.deadline = time.monotonic() + (TOTAL_SECONDS if seconds is None else seconds)
    _wire.unwritten = False


def seconds_left() -> float:
    """Return what is left of this thread's call. Raises: TimeoutError."""
    return _wire.seconds_left()


def is_unwritten(error: Exception) -> bool:
    """Tell whether this thread's call broke before its request had left as a whole."""
    cause = getattr(error.args[0], "reason", None) if error.args else None
    return (
        _wire.unwritten
        or isinstance(error, requests.ConnectTimeout)
        or isinstance(cause, NewConnectionError | ConnectTimeoutError)
    )


class _TimedBytes(io.RawIOBase):
    """A socket's bytes until the deadline: a time-out alone lets a byte a second go on for ever."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._bytes = cast(io.RawIOBase, sock.makefile("rb", buffering=0))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._socket.settimeout(min(READ_SECONDS, _wire.seconds_left()))
        return self._bytes.readinto(buffer)

    def fileno(self) -> int:
        return self._bytes.fileno()

    def close(self) -> None:
        self._bytes.close()
        super().close()


@dataclass(frozen=True, slots=True)
class _TimedSocket:
    sock: socket.socket

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedBytes(self.sock))


class _Watched(HTTPConnection):
    """Notes whether the request was written, and reads the answer against the deadline."""

    def connect(self) -> None:
        _wire.unwritten = True
        super().connect()
        _wire.seconds_left()  # resolving a name has no time-out of its own

    def request(self, *args: Any, **kwargs: Any) -> None:
        _wire.unwritten = True
        super().request(*args, **kwargs)
        _wire.unwritten = False

    def response_class(  # type: ignore[override]  # called like the class that it stands for
        self, sock: socket.socket, **kwargs: Any
    ) -> http.client.HTTPResponse:
        return http.client.HTTPResponse(cast(socket.socket, _TimedSocket(sock)), **kwargs)


class _WatchedTls(_Watched, HTTPSConnection):
    pass


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Watched


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedTls


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}


class _Kept(threading.local):
    session: requests.Session | None = None
    used_at = 0.0


_kept = _Kept()


def session() -> requests.Session:
    """Return this thread's session, without connections that idled too long to be trusted."""
    if _kept.session is None:
        _kept.session = _new_session()
    elif time.monotonic() - _kept.used_at > KEEP_ALIVE_SECONDS:
        _kept.session.close()  # its connections; it opens new ones
    _kept.used_at = time.monotonic()
    return _kept.session


def send(
    method: str, url: str, *, headers: Mapping[str, str], body: bytes | None
) -> requests.Response:
    """Make one call on this thread's session, to a URL that is quoted already.

    Follows nothing. Without the library's preparations, which cost as much as the call itself.
    Raises: requests.RequestException, OSError.
    """
    request = requests.PreparedRequest()
    request.method, request.url, request.body = method, url, body
    request.headers = CaseInsensitiveDict({**_HEADERS, **headers})
    if body is not None:
        request.headers["Content-Length"] = str(len(body))
    adapter = session().get_adapter(url)
    return adapter.send(request, stream=True, timeout=(CONNECT_SECONDS, READ_SECONDS))


def _new_session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # no proxies and no credentials from the environment
    # Threads serve many tenants: no answer may leave a cookie behind.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.update(_HEADERS)
    adapter = _Adapter(pool_connections=4, pool_maxsize=1, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session
