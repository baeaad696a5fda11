"""Send what is queued. Reached from tasks and the sweeper only: everything here waits for Meta.

Meta has no idempotency key, so a message is claimed, and that committed, before it is sent; and
what nobody knows the end of is never sent again by itself.
"""

import logging
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, SimpleQueue

from django.conf import settings
from django.db import OperationalError, connection

from conversations.services import claims, desk, reconciling, results
from conversations.services.heads import Claim
from conversations.services.results import Result
from tenants import context, queue, stopping
from tenants.crashing import crash_point
from tenants.models import Tenant
from whatsapp.client import CloudApiClient, SentMessage
from whatsapp.errors import CloudApiError, MaybeSentError, NotSentError

logger = logging.getLogger(__name__)

# Calls of one number in flight: half a second's worth of what it may send, within these. A number
# whose calls hang keeps no more of the threads.
WINDOW, WINDOW_MOST = 16, 128
POOL_THREADS = 192
# Threads are kept, with their connections; they never touch the database.
_pool = ThreadPoolExecutor(POOL_THREADS, thread_name_prefix="send")
# Then others have their turn with the worker's thread.
DRAIN_SECONDS = 15.0
LOOK_SECONDS = 1.0
# So long before the last one has left, more is claimed.
AHEAD_SECONDS = 0.15
# Answers are written together, but not later than this.
SETTLE_SECONDS, SETTLE_MANY = 0.4, 64
SETTLE_TRIES = 30
# A claim that could not begin so soon after its moment, for want of a thread or because the process
# was frozen, is handed back: the whole call must fit its lease.
START_SECONDS = 20.0
# A sender that was held up does not make up for it faster than this.
CATCHING_UP = 0.92
# What is due for so long was reached by no nudge: the sweeper sends it itself, for a short while.
OVERDUE_SECONDS = 8.0
SWEEP_SECONDS = 3.0


def drain(*, phone_id: int, seconds: float = DRAIN_SECONDS) -> None:
    """Send what a number has queued and due until nothing is, for so many seconds at most.

    In the current tenant. Of several at once in a process one works, and is told that there is
    more; processes share the pace. Safe to repeat and to kill at any point. What is left after the
    time is nudged again; who is asked to stop hands back what has not left.
    """
    key = (context.current_schema(), phone_id)
    bell: desk.Bell = SimpleQueue()
    if not desk.open(key, bell):
        return
    again = False  # after a failure the sweeper comes by
    try:
        claims.release(phone_id=phone_id)
        again = _Drain(phone_id, until=time.monotonic() + seconds, bell=bell).run()
    finally:
        if desk.close(key) or again:
            queue.enqueue("conversations.tasks.drain_outbox", phone_id=phone_id)


def sweep(
    *, tenant: Tenant, begin: Callable[[int], None] | None = None, alone: bool = False
) -> None:
    """Take care of what no nudge and no answer reached; inside the tenant's context.

    Claims whose sender died become UNKNOWN, unknown ends are given up in time, what was held for a
    number that works again is queued, and what is due is sent: by ``begin``, which may have its
    numbers side by side. ``alone``: no nudge arrives anywhere, so nobody else will send it.
    """
    reconciling.reconcile()
    for phone_id, overdue_seconds in reconciling.due_phones():
        if overdue_seconds < OVERDUE_SECONDS and not alone:
            queue.enqueue("conversations.tasks.drain_outbox", phone_id=phone_id)
        elif begin is not None:
            begin(phone_id)
        else:
            drain(phone_id=phone_id, seconds=SWEEP_SECONDS)


class _Drain:
    """One thread's run over one number's outbox."""

    def __init__(self, phone_id: int, *, until: float, bell: desk.Bell) -> None:
        self._phone_id = phone_id
        self._key = (context.current_schema(), phone_id)
        self._until = until
        self._ended = bell
        self._waiting: deque[Claim] = deque()  # in the order in which they leave
        self._flights: dict[Future[SentMessage], Claim] = {}
        self._answered: list[Result] = []
        self._answered_at = 0.0
        self._turn = 0
        self._per_second = 1.0
        self._left_at = self._last_moment = 0.0
        self._fill_at = 0.0
        self._found = True
        self._failures = 0

    def run(self) -> bool:
        """Work to the end; tell whether time was up before the work: somebody has to go on."""
        while True:
            self._fill()
            self._launch()
            if not (self._waiting or self._flights or self._answered) and self._is_over():
                is_cut_short = stopping.asked() or time.monotonic() >= self._until
                return self._found and is_cut_short
            self._collect()
            if self._is_time_to_settle():
                self._settle()

    def _window(self) -> int:
        return min(WINDOW_MOST, max(WINDOW, round(self._per_second / 2)))

    def _fill(self) -> None:
        now = time.monotonic()
        if stopping.asked():
            self._hand_back()
        window = self._window()
        is_full = len(self._flights) >= window or len(self._waiting) >= window
        if stopping.asked() or now >= self._until or now < self._fill_at or is_full:
            return
        desk.look(self._key)
        last = self._waiting[-1].leaves_at if self._waiting else self._last_moment
        try:
            taken = claims.take(
                phone_id=self._phone_id,
                limit=window,
                turn=self._turn,
                floor_at=last + 1 / self._per_second if last else 0.0,
            )
        except OperationalError:
            self._give_up()
            return
        crash_point("send.claimed")
        self._per_second, self._found = taken.per_second, bool(taken.claims or taken.rest_seconds)
        self._turn += len(taken.claims)
        self._waiting += taken.claims
        self._fill_at = self._next_look(taken)

    def _give_up(self) -> None:
        """Take nothing more, but write down how the calls end that are under way."""
        logger.warning("number %s: Postgres does not answer, the sweeper comes by", self._phone_id)
        connection.close()
        self._until, self._found = 0.0, False

    def _next_look(self, taken: claims.Taken) -> float:
        """Return when to look again: before what was reserved has left, or for something new."""
        now, ahead = time.monotonic(), AHEAD_SECONDS
        if taken.claims:
            return max(taken.claims[-1].leaves_at - ahead, now)
        if taken.rest_seconds:
            return now + max(taken.rest_seconds - ahead, 0.02)
        return now + LOOK_SECONDS

    def _launch(self) -> None:
        """Begin the calls whose moment has come; who was held up does not make up for it fast."""
        while self._waiting and len(self._flights) < self._window():
            now = time.monotonic()
            if now < self._leaving_at():
                return
            claim = self._waiting.popleft()
            self._left_at, self._last_moment = now, claim.leaves_at
            future = _pool.submit(_call, claim, claim.leaves_at + START_SECONDS)
            self._flights[future] = claim
            future.add_done_callback(self._ended.put)

    def _leaving_at(self) -> float:
        """Return when the next call may begin: at its moment, or as far after the last as then."""
        moment = self._waiting[0].leaves_at
        return max(moment, self._left_at + CATCHING_UP * (moment - self._last_moment))

    def _collect(self) -> None:
        """Wait for an answer, a moment of leaving or the bell, whichever is first."""
        now = time.monotonic()
        until = [now + LOOK_SECONDS]
        if now < self._until and self._fill_at > now:
            until.append(self._fill_at)
        if self._waiting and len(self._flights) < self._window():
            until.append(self._leaving_at())
        if self._answered:
            until.append(self._answered_at + SETTLE_SECONDS)
        try:
            ended = self._ended.get(timeout=max(min(until) - now, 0.001))
            while True:
                self._take(ended)
                ended = self._ended.get_nowait()
        except Empty:
            return

    def _take(self, ended: Future[SentMessage] | None) -> None:
        if ended is None:  # the bell
            self._fill_at = min(self._fill_at, time.monotonic())
            return
        if not self._answered:
            self._answered_at = time.monotonic()
        self._answered.append(_result(self._flights.pop(ended), ended))

    def _is_time_to_settle(self) -> bool:
        if not self._answered or time.monotonic() < self._answered_at:
            return False
        return (
            not (self._flights or self._waiting)
            or len(self._answered) >= SETTLE_MANY
            or time.monotonic() >= self._answered_at + SETTLE_SECONDS
        )

    def _settle(self) -> None:
        crash_point("send.answered")
        try:
            rest_seconds = results.settle(self._answered)
        except OperationalError:
            if self._failures >= SETTLE_TRIES:
                raise
            self._settle_later()
            return
        self._answered, self._failures = [], 0
        now = time.monotonic()
        if rest_seconds:  # whatever it was, it concerns the whole number
            self._hand_back()
            self._fill_at = now + rest_seconds
        elif not self._waiting:
            self._fill_at = min(self._fill_at, now)  # the next ones of these conversations

    def _settle_later(self) -> None:
        """What Meta answered is known here alone: try for as long as the leases last."""
        self._failures += 1
        self._give_up()
        self._answered_at = time.monotonic() + 1.0

    def _hand_back(self) -> None:
        waiting = list(self._waiting)
        self._waiting.clear()
        if waiting:
            with suppress(OperationalError):  # their leases run out
                claims.hand_back(waiting)

    def _is_over(self) -> bool:
        """Tell whether there is nothing to wait for within our time."""
        now = time.monotonic()
        if stopping.asked() or now >= self._until:
            return True
        if self._fill_at <= now:
            return False
        return not self._found or self._fill_at >= self._until


def _call(claim: Claim, start_before: float) -> SentMessage:
    """Make the call, in a thread of the pool."""
    if time.monotonic() > start_before:
        raise NotSentError("the call could not begin in time")
    sender = claim.sender
    client = CloudApiClient(settings.GRAPH_API_URL, settings.GRAPH_API_VERSION, sender.token)
    return client.send_message(sender.phone_number_id, claim.body)


def _result(claim: Claim, future: Future[SentMessage]) -> Result:
    error = future.exception()
    if error is None:
        return Result(claim, future.result())
    if not isinstance(error, CloudApiError):
        # A fault of ours, somewhere in the call: nothing is known of the message.
        logger.error("sending message %s failed", claim.message_id, exc_info=error)
        error = MaybeSentError(type(error).__name__)
    return Result(claim, error)
