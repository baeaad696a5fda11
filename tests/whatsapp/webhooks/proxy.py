"""A TCP line to PostgreSQL or Valkey that tests can cut, mend and slow down."""

import socket
import threading
import time
from contextlib import suppress


class Line:
    """Forwards connections to a port of this machine while it is whole."""

    def __init__(self, host: str, port: int, *, delay_seconds: float = 0) -> None:
        self._target = (host, port)
        self._delay_seconds = delay_seconds  # of each answer
        self._open: list[socket.socket] = []
        self._listener: socket.socket | None = None
        self.port = 0
        self.mend()

    def mend(self) -> None:
        listener = socket.create_server(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._accept, args=[listener], daemon=True).start()

    def cut(self) -> None:
        """Reset every connection, and refuse new ones."""
        if self._listener is None:
            return
        # Closing alone leaves a thread in accept() on a port that still answers.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._listener = None
        while self._open:
            _end(self._open.pop())

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(self._target)
                self._open += [client, server]
                for one in ((client, server, 0), (server, client, self._delay_seconds)):
                    threading.Thread(target=_pump, args=one, daemon=True).start()


def _pump(source: socket.socket, target: socket.socket, delay_seconds: float) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            time.sleep(delay_seconds)
            target.sendall(data)
    _end(target)


def _end(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
