"""Kept-alive HTTP connections to the business's server, for use from several threads."""

import contextlib
import socket
import threading
from collections import defaultdict
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

_KEPT_BYTES = 64 * 1024


class Connections:
    """A pool. It always connects to 127.0.0.1, whatever loopback name the address has."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: dict[int, list[HTTPConnection]] = defaultdict(list)
        self._busy: set[HTTPConnection] = set()
        self._closed = False

    def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, timeout_seconds: float
    ) -> int:
        """Send ``body`` and return the HTTP status. Raises: OSError, HTTPException."""
        return self._call("POST", url, body, headers, timeout_seconds)[0]

    def get(self, url: str, *, timeout_seconds: float) -> tuple[int, bytes]:
        """Return the status and the beginning of the body. Raises: OSError, HTTPException."""
        return self._call("GET", url, b"", {}, timeout_seconds)

    def close(self) -> None:
        """End every connection, also those in use: a thread that waits there gets an error."""
        with self._lock:
            self._closed = True
            idle = [c for connections in self._idle.values() for c in connections]
            self._idle.clear()
            busy = list(self._busy)
        for connection in idle:
            connection.close()
        for connection in busy:
            if connection.sock is not None:
                with contextlib.suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RDWR)

    def _call(
        self, method: str, url: str, body: bytes, headers: Mapping[str, str], timeout: float
    ) -> tuple[int, bytes]:
        parts = urlsplit(url)
        target = parts.path or "/"
        if parts.query:
            target = f"{target}?{parts.query}"
        port = parts.port or 80
        connection, reused = self._take(port, timeout)
        sent = {"Host": parts.netloc, **headers}
        try:
            return self._exchange(connection, port, method, target, body, sent)
        except (ConnectionError, HTTPException):
            # A connection that the server closed while it was idle says nothing about the server.
            if not reused:
                raise
        return self._exchange(self._new(port, timeout), port, method, target, body, sent)

    def _exchange(
        self,
        connection: HTTPConnection,
        port: int,
        method: str,
        target: str,
        body: bytes,
        headers: Mapping[str, str],
    ) -> tuple[int, bytes]:
        try:
            connection.request(method, target, body=body or None, headers=dict(headers))
            response = connection.getresponse()
            answer = response.read(_KEPT_BYTES)
            whole = response.isclosed() or not response.read(1)
        except BaseException:
            self._drop(connection)
            raise
        if whole and not response.will_close:
            self._give_back(connection, port)
        else:
            self._drop(connection)
        return response.status, answer

    def _take(self, port: int, timeout: float) -> tuple[HTTPConnection, bool]:
        with self._lock:
            if self._idle[port]:
                connection = self._idle[port].pop()
                self._busy.add(connection)
                if connection.sock is not None:
                    connection.sock.settimeout(timeout)
                return connection, True
        return self._new(port, timeout), False

    def _new(self, port: int, timeout: float) -> HTTPConnection:
        connection = HTTPConnection("127.0.0.1", port, timeout=timeout)
        with self._lock:
            if self._closed:
                raise ConnectionAbortedError("The simulator ends.")
            self._busy.add(connection)
        return connection

    def _give_back(self, connection: HTTPConnection, port: int) -> None:
        with self._lock:
            self._busy.discard(connection)
            self._idle[port].append(connection)

    def _drop(self, connection: HTTPConnection) -> None:
        with self._lock:
            self._busy.discard(connection)
        connection.close()
