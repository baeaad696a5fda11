"""Send ready-made requests over raw sockets and take the time of every answer.

Closed loop: every connection sends its next request when the last is answered. Open loop: requests
are due at Poisson times whatever the server does, and latency counts from the time they were due,
so that a slow server cannot hide behind a generator that waits for it.
"""

import asyncio
import gc
import random
import re
import selectors
import time
from array import array
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

import uvloop

DRAIN_SECONDS = 10.0  # what is not answered then counts as bad
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run gave; ``due_at`` is the epoch time at which each request was due, by index."""

    seconds: float
    latencies_ms: Sequence[float]  # of the answers 200, sorted
    statuses: Counter[int]  # 0: no answer
    due_at: Sequence[float]
    generator_cpu: float  # share of one core
    late_p99_ms: float  # how far the generator itself was behind its plan (open loop)

    @property
    def good(self) -> int:
        return self.statuses[200]

    @property
    def bad(self) -> int:
        return sum(self.statuses.values()) - self.good

    @property
    def rate(self) -> float:
        """Good answers per second."""
        return self.good / self.seconds

    def p(self, percent: float) -> float:
        """Return a percentile of the latency in milliseconds."""
        return percentile(self.latencies_ms, percent)


def percentile(ordered: Sequence[float], percent: float) -> float:
    if not ordered:
        return float("nan")
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def closed_loop(
    port: int, requests: Sequence[bytes], *, connections: int, seconds: float
) -> Outcome:
    """Keep ``connections`` requests in flight for ``seconds``; starts over when they run out."""

    async def run() -> Outcome:
        return await _Closed(port, requests, connections, seconds).run()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return _undisturbed(runner, run())


def open_loop(
    port: int,
    requests: Sequence[bytes],
    *,
    rate: float,
    seconds: float,
    connections: int = 64,
    seed: int = 1,
) -> Outcome:
    """Offer ``rate`` requests a second for ``seconds``; needs about ``rate * seconds`` requests."""

    async def run() -> Outcome:
        return await _Open(port, requests, connections, schedule(rate, seconds, seed)).run()

    # Timers of epoll and of uvloop have steps of a millisecond, as long as what is measured here.
    with asyncio.Runner(
        loop_factory=lambda: asyncio.SelectorEventLoop(selectors.SelectSelector())
    ) as runner:
        return _undisturbed(runner, run())


def schedule(rate: float, seconds: float, seed: int) -> Sequence[float]:
    """Return the times of Poisson arrivals, in seconds from the start."""
    chance = random.Random(seed)
    times = array("d")
    now = chance.expovariate(rate)
    while now < seconds:
        times.append(now)
        now += chance.expovariate(rate)
    return times


def _undisturbed(runner: asyncio.Runner, run: Coroutine[Any, Any, Outcome]) -> Outcome:
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        return runner.run(run)
    finally:
        gc.enable()
        gc.unfreeze()


class _Connection(asyncio.Protocol):
    """One kept-alive connection with at most one request in flight."""

    __slots__ = ("_buffer", "_on_answer", "index", "transport")

    def __init__(self, on_answer: Callable[["_Connection", int], None]) -> None:
        self._on_answer = on_answer
        self._buffer = b""
        self.index = -1  # of the request in flight

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def send(self, index: int, request: bytes) -> None:
        self.index = index
        self.transport.write(request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(_HEAD_END)
        if end < 0:
            return
        length = _LENGTH.search(self._buffer, 0, end)
        size = end + len(_HEAD_END) + (int(length[1]) if length else 0)
        if len(self._buffer) >= size:
            status = int(self._buffer[9:12])
            self._buffer = self._buffer[size:]
            self._on_answer(self, status)

    def connection_lost(self, error: Exception | None) -> None:
        if self.index >= 0:
            self._on_answer(self, 0)


class _Load:
    """What both loops share: connections, the clock, and the record of answers."""

    def __init__(self, port: int, requests: Sequence[bytes], connections: int) -> None:
        self.port = port
        self.requests = requests
        self.count = connections
        self.loop = asyncio.get_running_loop()
        self.connections: list[_Connection] = []
        self.statuses: Counter[int] = Counter()
        self.latencies = array("d")
        self.due = array("d")  # loop time, by index
        self.finished = self.loop.create_future()

    async def connect(self) -> None:
        for _ in range(self.count):
            _, connection = await self.loop.create_connection(
                lambda: _Connection(self.answered), "127.0.0.1", self.port
            )
            self.connections.append(connection)

    def answered(self, connection: _Connection, status: int) -> None:
        self.statuses[status] += 1
        if status == 200:
            self.latencies.append(time.monotonic() - self.due[connection.index])
        connection.index = -1
        if status == 0 or connection.transport.is_closing():
            self.loop.create_task(self._reconnect(connection))
        else:
            self.free(connection)

    async def _reconnect(self, old: _Connection) -> None:
        self.connections.remove(old)
        try:
            _, new = await self.loop.create_connection(
                lambda: _Connection(self.answered), "127.0.0.1", self.port
            )
        except OSError:
            self.lost()
            return
        self.connections.append(new)
        self.free(new)

    def free(self, connection: _Connection) -> None:
        raise NotImplementedError

    def lost(self) -> None:
        if not self.connections and not self.finished.done():
            self.finished.set_exception(ConnectionError("the server is gone"))

    async def drained(self, seconds: float, *, planned: int | None) -> None:
        """Wait for the last answer, but not for ever."""
        try:
            async with asyncio.timeout(seconds + DRAIN_SECONDS):
                await self.finished
        except TimeoutError:
            self.statuses[0] += (planned or len(self.due)) - self.statuses.total()

    def outcome(self, *, began: float, cpu: float, late: Sequence[float]) -> Outcome:
        wall = time.monotonic() - began
        shift = time.time() - time.monotonic()
        for connection in self.connections:
            connection.index = -1
            connection.transport.close()
        return Outcome(
            seconds=wall,
            latencies_ms=[value * 1000 for value in sorted(self.latencies)],
            statuses=self.statuses,
            due_at=[moment + shift for moment in self.due],
            generator_cpu=(time.process_time() - cpu) / wall,
            late_p99_ms=percentile(sorted(late), 99) * 1000,
        )


class _Closed(_Load):
    def __init__(
        self, port: int, requests: Sequence[bytes], connections: int, seconds: float
    ) -> None:
        super().__init__(port, requests, connections)
        self.seconds = seconds
        self.ends = 0.0
        self.busy = connections

    async def run(self) -> Outcome:
        await self.connect()
        began, cpu = time.monotonic(), time.process_time()
        self.ends = began + self.seconds
        for connection in list(self.connections):
            self.free(connection)
        await self.drained(self.seconds, planned=None)
        return self.outcome(began=began, cpu=cpu, late=[0.0])

    def free(self, connection: _Connection) -> None:
        now = time.monotonic()
        if now < self.ends:
            index = len(self.due)
            self.due.append(now)
            connection.send(index, self.requests[index % len(self.requests)])
            return
        self.busy -= 1
        if self.busy == 0:
            self.finished.set_result(None)


class _Open(_Load):
    def __init__(
        self, port: int, requests: Sequence[bytes], connections: int, times: Sequence[float]
    ) -> None:
        super().__init__(port, requests, connections)
        self.times = times
        self.began = 0.0
        self.next = 0
        self.waiting: deque[int] = deque()
        self.idle: deque[_Connection] = deque()
        self.late = array("d")

    async def run(self) -> Outcome:
        await self.connect()
        self.idle.extend(self.connections)
        cpu = time.process_time()
        self.began = time.monotonic() + 0.01
        self.due = array("d", (self.began + moment for moment in self.times))
        self._tick()
        await self.drained(self.times[-1], planned=len(self.times))
        return self.outcome(began=self.began, cpu=cpu, late=self.late)

    def _tick(self) -> None:
        now = time.monotonic()
        while self.next < len(self.due) and self.due[self.next] <= now:
            self.late.append(now - self.due[self.next])
            self.waiting.append(self.next)
            self.next += 1
        while self.waiting and self.idle:
            self._send(self.idle.popleft())
        if self.next < len(self.due):
            self.loop.call_at(self.due[self.next], self._tick)

    def _send(self, connection: _Connection) -> None:
        index = self.waiting.popleft()
        connection.send(index, self.requests[index % len(self.requests)])

    def free(self, connection: _Connection) -> None:
        if self.waiting:
            self._send(connection)
        else:
            self.idle.append(connection)
        if self.statuses.total() == len(self.times) and not self.finished.done():
            self.finished.set_result(None)
