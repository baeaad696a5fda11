"""How much Meta lets through: a second, a person, an hour, a day. It counts once a knob says so."""

import json
import math
from collections import defaultdict, deque
from collections.abc import Callable, Mapping

from whatsapp.simulator.errors import GraphError
from whatsapp.simulator.settings import Settings

HOUR, DAY = 3600.0, 86400.0
_KEPT_CALLS = 100_000
# Of a number that the WhatsApp Business app is used with, too.
_WITH_APP_PER_SECOND = 20


class Pace:
    """One thing every so often, after a burst that borrows from the future."""

    def __init__(self) -> None:
        self._due: dict[str, float] = {}

    def wait(self, key: str, *, now: float, every: float, burst: int) -> float:
        """Return how many seconds are to be waited; 0.0 when it may be now, and it counts."""
        due = max(self._due.get(key, now), now)
        wait = due - now - every * (burst - 1)
        if wait > 1e-9:
            return wait
        self._due[key] = due + every
        return 0.0


class Limits:
    """What was sent and called so far, and whether more may come."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._pairs, self._numbers = Pace(), Pace()
        self._users: dict[str, dict[str, float]] = defaultdict(dict)
        self._calls: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=_KEPT_CALLS))
        self._made: dict[str, deque[float]] = defaultdict(deque)

    def check_send(
        self, settings: Settings, *, number: str, person: str, is_on_biz_app: bool = False
    ) -> None:
        """Count a send of a number to a person. Raises: GraphError, 130429 or 131056."""
        if not settings.limits:
            return
        now, most = self._now(), settings.messages_per_second
        if is_on_biz_app:
            most = min(most, _WITH_APP_PER_SECOND)
        if most:
            wait = self._numbers.wait(number, now=now, every=1 / most, burst=most)
            if wait:
                raise GraphError(130429, retry_after_seconds=math.ceil(wait))
        if settings.pair_seconds:
            pair, burst = f"{number}:{person}", settings.pair_burst
            wait = self._pairs.wait(pair, now=now, every=settings.pair_seconds, burst=burst)
            if wait:
                raise GraphError(131056, retry_after_seconds=math.ceil(wait))

    def may_begin(self, settings: Settings, *, waba_id: str, person: str) -> bool:
        """Count a person who is written to first; False when the account has had its number."""
        if not settings.limits or not settings.portfolio_users:
            return True
        now, users = self._now(), self._users[waba_id]
        for one in [one for one, at in users.items() if at <= now - DAY]:
            del users[one]
        if person not in users and len(users) >= settings.portfolio_users:
            return False
        users.setdefault(person, now)
        return True

    def call(self, settings: Settings, *, waba_id: str) -> Mapping[str, str]:
        """Count a management call, and return the headers that tell how much is used up.

        Raises: GraphError, 80007 or 4, with the same headers.
        """
        now = self._now()
        business, app = self._calls[waba_id], self._calls[""]
        used = _within(business, now), _within(app, now)
        most = settings.calls_per_hour, settings.app_calls_per_hour
        over = [settings.limits and 0 < m <= u for u, m in zip(used, most, strict=True)]
        if not any(over):
            business.append(now)
            app.append(now)
        wait = _regain(business if over[0] else app, now) if any(over) else 0.0
        headers = _headers(waba_id, used, most, minutes=math.ceil(wait / 60))
        if any(over):
            error = GraphError(80007 if over[0] else 4, retry_after_seconds=math.ceil(wait))
            error.headers.update(headers)
            raise error
        return headers

    def check_template(self, settings: Settings, *, waba_id: str) -> None:
        """Count a template that is made. Raises: GraphError, 80007."""
        now, made = self._now(), self._made[waba_id]
        most = settings.templates_per_hour
        if settings.limits and 0 < most <= _within(made, now):
            raise GraphError(80007, retry_after_seconds=math.ceil(_regain(made, now)))
        made.append(now)


def _within(times: deque[float], now: float) -> int:
    while times and times[0] <= now - HOUR:
        times.popleft()
    return len(times)


def _regain(times: deque[float], now: float) -> float:
    return times[0] + HOUR - now if times else 0.0


def _headers(
    waba_id: str, used: tuple[int, int], most: tuple[int, int], *, minutes: int
) -> dict[str, str]:
    business, app = (
        min(100, math.ceil(100 * u / m)) if m else 0 for u, m in zip(used, most, strict=True)
    )
    usage = {
        "type": "whatsapp_business_management",
        "call_count": business,
        "total_cputime": 1,
        "total_time": 1,
        "estimated_time_to_regain_access": minutes,
    }
    return {
        "x-business-use-case-usage": json.dumps({waba_id: [usage]}),
        "x-app-usage": json.dumps({"call_count": app, "total_cputime": 1, "total_time": 1}),
    }
