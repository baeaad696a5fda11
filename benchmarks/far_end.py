"""A Cloud API that takes every message after a while, and remembers when each one came.

`python -m benchmarks.far_end PORT SECONDS`; GET / returns the moments as JSON, and forgets them.
"""

import asyncio
import json
import sys
import time
from collections import deque

_HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n"
Moment = tuple[float, str, str]  # unix seconds, number, the word that statuses echo


class FarEnd(asyncio.Protocol):
    """One connection, kept alive."""

    moments: deque[Moment] = deque()
    seconds = 0.1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._buffer = bytearray()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, ends, rest = self._buffer.partition(b"\r\n\r\n")
        if not ends:
            return
        lines = head.decode("latin-1").split("\r\n")
        sizes = [line.split(":")[1] for line in lines if line.lower().startswith("content-length")]
        size = int(sizes[0]) if sizes else 0
        if len(rest) >= size:
            self._buffer = bytearray(rest[size:])
            self._answer(lines[0].split(), bytes(rest[:size]))

    def _answer(self, line: list[str], body: bytes) -> None:
        if line[0] == "GET":
            told = json.dumps(list(self.moments))
            self.moments.clear()
            self._write(told)
            return
        word = json.loads(body)["biz_opaque_callback_data"]
        self.moments.append((time.time(), line[1].split("/")[2], word))
        answer = {
            "messaging_product": "whatsapp",
            "contacts": [{"input": "1", "wa_id": "1"}],
            "messages": [{"id": f"wamid.{word}"}],
        }
        asyncio.get_running_loop().call_later(self.seconds, self._write, json.dumps(answer))

    def _write(self, text: str) -> None:
        if not self._transport.is_closing():
            self._transport.write(f"{_HEAD.format(len(text))}{text}".encode())  # type: ignore[attr-defined]


async def main(port: int, seconds: float) -> None:
    """Serve until somebody ends the process."""
    FarEnd.seconds = seconds
    server = await asyncio.get_running_loop().create_server(FarEnd, "127.0.0.1", port, backlog=512)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
