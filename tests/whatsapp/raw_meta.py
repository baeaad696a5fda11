"""A Cloud API of plain sockets that misbehaves exactly as a test says."""

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

Script = Callable[[socket.socket, "Request"], object]


@dataclass(frozen=True, slots=True)
class Request:
    """One request, and the how-manieth of its connection it is (from 1)."""

    line: str
    headers: dict[str, str]
    body: Any
    nth: int


@dataclass
class RawMeta:
    """``script`` is called for every request; it writes to the socket whatever it likes."""

    script: Script
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    url: str = ""

    def bodies(self) -> list[Any]:
        return [request.body for request in self.requests]


@contextmanager
def serving(script: Script) -> Iterator[RawMeta]:
    """Serve on a free port of the loopback until the block ends."""
    meta = RawMeta(script)
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        meta.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread = threading.Thread(target=_accept, args=(meta, listener), daemon=True)
        thread.start()
        yield meta
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(10)


def _accept(meta: RawMeta, listener: socket.socket) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        meta.connections += 1
        threading.Thread(target=_serve, args=(meta, connection), daemon=True).start()


def _serve(meta: RawMeta, connection: socket.socket) -> None:
    with suppress(OSError), connection, connection.makefile("rb") as stream:
        nth = 0
        while (request := _read(stream, nth + 1)) is not None:
            nth += 1
            meta.requests.append(request)
            meta.script(connection, request)


def _read(stream: Any, nth: int) -> Request | None:
    line = stream.readline().decode("latin-1").strip()
    if not line:
        return None
    headers = {}
    while raw := stream.readline().strip():
        name, _, value = raw.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", 0)))
    is_file = headers.get("content-type", "").startswith("multipart/")
    return Request(line, headers, body if is_file else json.loads(body or b"null"), nth)


def answer(
    connection: socket.socket,
    document: object = None,
    *,
    status: str = "200 OK",
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> None:
    """Write one whole answer."""
    content = json.dumps(document).encode() if body is None else body
    fields = {"Content-Length": str(len(content)), **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    connection.sendall(f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + content)


def reset(connection: socket.socket) -> None:
    """Close with RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.shutdown(socket.SHUT_RD)
    connection.close()


def accepted(wamid: str, wa_id: str = "5511988887777") -> dict[str, Any]:
    """Return Meta's answer to a send."""
    return {
        "messaging_product": "whatsapp",
        "contacts": [{"input": f"+{wa_id}", "wa_id": wa_id}],
        "messages": [{"id": wamid}],
    }


def refused(code: int, details: str = "Why.", **more: object) -> dict[str, Any]:
    """Return Meta's envelope of an error."""
    return {
        "error": {
            "message": f"(#{code}) Title",
            "type": "OAuthException",
            "code": code,
            "error_data": {"messaging_product": "whatsapp", "details": details},
            "fbtrace_id": "AbC",
            **more,
        }
    }
