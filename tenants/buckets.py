"""Moments to send at, reserved in Redis: evenly spaced, shared by every process.

A bucket is one number: the moment from which it is free again (GCRA). Keys name rows by number,
never what a row holds. An accelerator: without Redis the caller has a slower way of its own.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

SECONDS = 0.3  # for a call; a sender has somebody waiting
SILENT_SECONDS = 5.0  # not tried again after a failure
_MICRO = 1_000_000

# Redis' own clock, so that the clocks of several machines do not matter. A slot is taken for each
# ask in turn: the first moment at which every bucket but its pair's is free. A pair may borrow a
# burst from its future; if even that is used up, the ask takes no slot and is told how long to
# wait. What the caller took before is passed as a floor: a Redis that lost its memory knows less.
_RESERVE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local horizon, floor = now + tonumber(ARGV[1]), now + tonumber(ARGV[2])
local pair_step, pair_burst = tonumber(ARGV[3]), tonumber(ARGV[4])
local shared = tonumber(ARGV[5])
local free, step = {}, {}
for i = 1, shared do
    step[i] = tonumber(ARGV[5 + i])
    free[i] = math.max(now, tonumber(redis.call('GET', KEYS[i]) or 0))
end
free[1] = math.max(free[1], floor)
local pairs_free, answer, rest = {}, {}, 0
for i = shared + 1, #KEYS do
    local slot = now
    for j = 1, shared do slot = math.max(slot, free[j]) end
    if slot > horizon then rest = slot - now break end
    local key = KEYS[i]
    local pair = pairs_free[key] or tonumber(redis.call('GET', key) or 0)
    local earliest = math.max(pair, now) - (pair_burst - 1) * pair_step
    if earliest > slot then
        pairs_free[key] = pair
        answer[#answer + 1] = -math.ceil(earliest - now)
    else
        for j = 1, shared do free[j] = slot + step[j] end
        pairs_free[key] = math.max(pair, slot) + pair_step
        redis.call('SET', key, string.format('%.0f', pairs_free[key]),
            'PX', math.ceil((pairs_free[key] - now) / 1000) + 1000)
        answer[#answer + 1] = slot - now
    end
end
for j = 1, shared do
    if free[j] > now then
        redis.call('SET', KEYS[j], string.format('%.0f', free[j]),
            'PX', math.ceil((free[j] - now) / 1000) + 1000)
    end
end
answer[#answer + 1] = rest
return answer
"""
_PUSH = """
local clock = redis.call('TIME')
local free = clock[1] * 1000000 + clock[2] + tonumber(ARGV[1])
if free > tonumber(redis.call('GET', KEYS[1]) or 0) then
    redis.call('SET', KEYS[1], string.format('%.0f', free), 'PX', ARGV[2])
end
"""


class AwayError(Exception):
    """Redis does not answer, or not in time."""


@dataclass(frozen=True, slots=True)
class Pace:
    """A bucket that everything goes through, and how many a second it lets through."""

    key: str
    per_second: float


@dataclass(frozen=True, slots=True)
class Pairs:
    """One every ``every_seconds`` for each key, after a burst that borrows from the future."""

    every_seconds: float
    burst: int


@dataclass(frozen=True, slots=True)
class Slots:
    """What was reserved: an answer for each ask that had a turn, in order."""

    seconds: list[float]  # from now; negative: none, and its own bucket is free in so long
    rest_seconds: float  # until the first slot that nobody was given; 0.0 when everybody had a turn


_silent_until = 0.0


def reserve(
    *,
    paces: Sequence[Pace],
    pairs: Pairs,
    keys: Sequence[str],
    horizon_seconds: float,
    floor_seconds: float = 0.0,
) -> Slots:
    """Reserve a moment for each of ``keys`` (its pair's bucket), within the horizon. One call.

    ``floor_seconds``: nothing earlier than so long from now in the first pace. Raises: AwayError.
    """
    values = [horizon_seconds * _MICRO, floor_seconds * _MICRO, pairs.every_seconds * _MICRO]
    steps = [_MICRO / pace.per_second for pace in paces]
    answer = _run(
        _RESERVE,
        [*(pace.key for pace in paces), *keys],
        [*map(round, values), pairs.burst, len(paces), *map(round, steps)],
    )
    *slots, rest = (value / _MICRO for value in answer)
    return Slots(slots, rest)


def push(*, key: str, seconds: float, pairs: Pairs) -> None:
    """Close a pair's bucket for so many seconds at least. Never raises."""
    full = seconds + (pairs.burst - 1) * pairs.every_seconds
    try:
        _run(_PUSH, [key], [round(full * _MICRO), round(full * 1000) + 1000])
    except AwayError:
        return


def _run(script: str, keys: Sequence[str], values: Sequence[int]) -> list[int]:
    global _silent_until  # noqa: PLW0603 - one breaker a process
    if time.monotonic() < _silent_until:
        raise AwayError
    named = [settings.BUCKET_KEY_PREFIX + key for key in keys]
    try:
        answer: list[int] = _redis().register_script(script)(keys=named, args=list(values))
    except RedisError:
        _silent_until = time.monotonic() + SILENT_SECONDS
        raise AwayError from None
    return answer


@cache
def _redis() -> Redis:
    return Redis.from_url(
        settings.BUCKET_REDIS_URL,
        socket_timeout=SECONDS,
        socket_connect_timeout=SECONDS,
        retry=Retry(NoBackoff(), 1),
    )
