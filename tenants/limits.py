"""How many requests somebody made within a window of time, counted in Redis for all processes.

A window begins with its first request. An accelerator like every use of Redis: without it each
process counts for itself, so that nobody is refused for that, and nobody is free of limits.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

from django.http.response import HttpResponseBase

from tenants import buckets
from tenants.buckets import AwayError

# Counts that a process keeps for itself; then those whose windows have ended go.
LOCAL_MAX = 20_000

# With nothing to add it looks only.
_COUNT = """
local answer = {}
for i, key in ipairs(KEYS) do
    local count = 0
    if ARGV[1] == '0' then
        count = tonumber(redis.call('GET', key) or 0)
    else
        count = redis.call('INCR', key)
        if count == 1 then redis.call('EXPIRE', key, ARGV[i + 1]) end
    end
    answer[2 * i - 1], answer[2 * i] = count, redis.call('TTL', key)
end
return answer
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """So many requests in so many seconds, by ``name``; ``key`` says whose."""

    name: str
    key: str
    quota: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Count:
    """What was used of a limit, the request that asked included."""

    limit: Limit
    used: int
    resets_seconds: int

    @property
    def left(self) -> int:
        return max(self.limit.quota - self.used, 0)

    @property
    def is_over(self) -> bool:
        return self.used > self.limit.quota

    @property
    def percent(self) -> int:
        return min(self.used * 100 // max(self.limit.quota, 1), 100)

    def passes(self, percent: int) -> bool:
        """Tell whether this request is the one that makes it so many percent."""
        return self.used == math.ceil(self.limit.quota * percent / 100)


_local: dict[str, tuple[int, float]] = {}
_lock = Lock()


def count(limits: Sequence[Limit]) -> list[Count]:
    """Count one request against each limit. One call. Never raises."""
    return _asked(limits, add=1)


def look(limit: Limit) -> Count:
    """Return what is used of a limit, and count nothing. One call. Never raises."""
    (found,) = _asked([limit], add=0)
    return found


def tell(response: HttpResponseBase, counts: Sequence[Count]) -> None:
    """Write counts into an answer's headers.

    Source: datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers, version 10.
    """
    if not counts:
        return
    policies = [f'"{one.limit.name}";q={one.limit.quota};w={one.limit.seconds}' for one in counts]
    states = [f'"{one.limit.name}";r={one.left};t={one.resets_seconds}' for one in counts]
    response["RateLimit-Policy"] = ", ".join(policies)
    response["RateLimit"] = ", ".join(states)


def _asked(limits: Sequence[Limit], *, add: int) -> list[Count]:
    if not limits:
        return []
    keys = [f"requests:{one.key}" for one in limits]
    try:
        flat = buckets.run(_COUNT, keys, [add, *(one.seconds for one in limits)])
    except AwayError:
        return [_counted_here(one, add=add) for one in limits]
    return [
        # Without a window that runs, the next request begins a whole one.
        Count(limit, flat[2 * index], left if (left := flat[2 * index + 1]) >= 0 else limit.seconds)
        for index, limit in enumerate(limits)
    ]


def _counted_here(limit: Limit, *, add: int) -> Count:
    now = time.monotonic()
    with _lock:
        used, ends_at = _local.get(limit.key, (0, 0.0))
        if ends_at <= now:
            used, ends_at = 0, now + limit.seconds
        used += add
        if add:
            _make_room(now)
            _local[limit.key] = (used, ends_at)
    return Count(limit, used, math.ceil(ends_at - now))


def _make_room(now: float) -> None:
    if len(_local) < LOCAL_MAX:
        return
    for key in [key for key, (_used, ends_at) in _local.items() if ends_at <= now]:
        del _local[key]
    while len(_local) >= LOCAL_MAX:
        del _local[next(iter(_local))]  # whoever has been counted for longest
