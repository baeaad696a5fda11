"""Moments to send at, reserved in Redis: evenly spaced, shared by every process.

A bucket is one number: the moment from which it is free again (GCRA). Keys name rows by number,
never what a row holds. An accelerator: without Redis the caller has a slower way of its own.
"""

import math
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
# Of a plan's row; a cell is longer where less than one message fits.
CELL_SECONDS = 0.02

# Redis' own clock, so that the clocks of several machines do not matter. A slot is taken for each
# ask in turn: the first moment at which its number is free and its plan has room. A plan is many
# numbers', each with moments of its own, so it is a row of short cells, each for so many messages:
# one bucket would be closed by the number that reserved farthest ahead. A pair may borrow a burst
# from its future; if even that is used up, the ask takes no slot and is told how long to wait. What
# the caller took before is passed as a floor: a Redis that lost its memory knows less.
_RESERVE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local horizon, floor = now + tonumber(ARGV[1]), now + tonumber(ARGV[2])
local pair_step, pair_burst = tonumber(ARGV[3]), tonumber(ARGV[4])
local step, cell, room = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local free = math.max(now, floor, tonumber(redis.call('GET', KEYS[1]) or 0))
local cells, first, old = {}, 2, {}
if room > 0 then
    first = 3
    local kept = redis.call('HGETALL', KEYS[2])
    for i = 1, #kept, 2 do
        local index = tonumber(kept[i])
        if (index + 1) * cell > now then cells[index] = tonumber(kept[i + 1])
        else old[#old + 1] = kept[i] end
    end
end
local function planned(slot)
    if room == 0 then return slot, nil end
    local index = math.floor(slot / cell)
    while (cells[index] or 0) >= room do index = index + 1 end
    return math.max(slot, index * cell + (cells[index] or 0) * cell / room), index
end
local pairs_free, changed, answer, rest = {}, {}, {}, 0
for i = first, #KEYS do
    local slot, index = planned(math.max(now, free))
    if slot > horizon then rest = slot - now break end
    local key = KEYS[i]
    local pair = pairs_free[key] or tonumber(redis.call('GET', key) or 0)
    local earliest = math.max(pair, now) - (pair_burst - 1) * pair_step
    if earliest > slot then
        pairs_free[key] = pair
        answer[#answer + 1] = -math.ceil(earliest - now)
    else
        free = slot + step
        if index then
            cells[index] = (cells[index] or 0) + 1
            changed[index] = true
        end
        pairs_free[key] = math.max(pair, slot) + pair_step
        redis.call('SET', key, string.format('%.0f', pairs_free[key]),
            'PX', math.ceil((pairs_free[key] - now) / 1000) + 1000)
        answer[#answer + 1] = slot - now
    end
end
if free > now then
    redis.call('SET', KEYS[1], string.format('%.0f', free),
        'PX', math.ceil((free - now) / 1000) + 1000)
end
if room > 0 then
    if #old > 0 then redis.call('HDEL', KEYS[2], unpack(old)) end
    for index in pairs(changed) do
        redis.call('HSET', KEYS[2], string.format('%.0f', index), cells[index])
    end
    redis.call('PEXPIRE', KEYS[2], math.ceil((horizon - now + cell) / 1000) + 1000)
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
    """Something that lets so many through a second."""

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
    number: Pace,
    plan: Pace | None,
    pairs: Pairs,
    keys: Sequence[str],
    horizon_seconds: float,
    floor_seconds: float = 0.0,
) -> Slots:
    """Reserve a moment for each of ``keys`` (its pair's bucket), within the horizon. One call.

    ``floor_seconds``: nothing of this number earlier than so long from now. Raises: AwayError.
    """
    room = math.ceil(plan.per_second * CELL_SECONDS) if plan else 0
    cell_seconds = room / plan.per_second if plan else 0.0
    seconds = [horizon_seconds, floor_seconds, pairs.every_seconds]
    named = [number.key, *([plan.key] if plan else []), *keys]
    values = [
        *(round(one * _MICRO) for one in seconds),
        pairs.burst,
        round(_MICRO / number.per_second),
        round(cell_seconds * _MICRO),
        room,
    ]
    *slots, rest = (value / _MICRO for value in run(_RESERVE, named, values))
    return Slots(slots, rest)


def push(*, key: str, seconds: float, pairs: Pairs) -> None:
    """Close a pair's bucket for so many seconds at least. Never raises."""
    full = seconds + (pairs.burst - 1) * pairs.every_seconds
    try:
        run(_PUSH, [key], [round(full * _MICRO), round(full * 1000) + 1000])
    except AwayError:
        return


def run(script: str, keys: Sequence[str], values: Sequence[int]) -> list[int]:
    """Run a script on our keys, or say at once that Redis was away just now. Raises: AwayError."""
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
