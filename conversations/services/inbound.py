"""Take events in until nothing is new. The record is in Postgres at every step."""

import logging
import threading
import time
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass, field

import psycopg

from conversations.services import batches, learning, sessions
from conversations.services.sessions import Sessions
from tenants import context, queue, stopping
from tenants.feed import following, live
from whatsapp.webhooks.services import deliveries, parking
from whatsapp.webhooks.services.turns import Ring
from whatsapp.webhooks.types import Batch

logger = logging.getLogger(__name__)

TASK = "conversations.tasks.process_deliveries"
SECONDS = 20.0
LIMIT = 200
# A worker looks again for so long before it ends: a task costs more than a few looks.
LINGER_SECONDS = 0.05
LOOK_SECONDS = 0.004
# A pause after a small batch makes the next one worth its statements.
SMALL_BATCH = 8
GATHER_SECONDS = 0.002
REPLAY_LOOK_SECONDS = 1.0
# Who finds full batches calls for others, not more often than this.
HELP_SECONDS = 1.0
# Pages ask again once a second at most: more hints than these would tell them nothing.
HINT_SECONDS = 0.1
HINT_WAIT_SECONDS = 1.0

# Of work that ended badly, but not by a death: to be taken back when Postgres answers again.
_stale_notes: set[int] = set()
# The threads of a process take turns; a second one at work would only slow the first one down.
_turn = threading.Lock()
_wanted = threading.Event()
_kept = sessions.Keeper()


def process_deliveries(*, limit: int = LIMIT, seconds: float = SECONDS) -> int:
    """Work on what is new until nothing is, for so many seconds at most; return how many bodies.

    It also ends, after the batch in its hands, when the process is asked to end.
    Several may run at once. Safe to repeat and to kill at any point.
    Raises: psycopg.Error when Postgres is away; nothing is lost by it.
    """
    opened = sessions.fresh()
    try:
        return Worker(opened, limit=limit).run(seconds=seconds)
    finally:
        opened.close()


def attend() -> None:
    """Do the same for a worker's nudges, with sessions that stay open.

    A thread that finds another one of its process at work leaves everything to that one.
    """
    _wanted.set()
    # Released before it is asked again: whoever set it and was refused is heard.
    while _wanted.is_set() and not stopping.asked() and _turn.acquire(blocking=False):
        try:
            _wanted.clear()
            Worker(_kept.get()).run()
        finally:
            _turn.release()
    if stopping.asked():
        queue.nudge(TASK)  # whoever takes over need not wait for the sweeper


@dataclass(slots=True)
class _Hints:
    """One hint a tenant and moment, and no wait for it: Redis must not hold up the work."""

    waiting: dict[str, int] = field(default_factory=dict)
    told_at: dict[str, float] = field(default_factory=dict)
    telling: list[Future[None]] = field(default_factory=list)

    def tell(self) -> None:
        """Begin to tell what is due, unless the last ones are still being told."""
        if not self.waiting or not all(one.done() for one in self.telling):
            return
        now = time.monotonic()
        due = [one for one in self.waiting if now - self.told_at.get(one, 0.0) >= HINT_SECONDS]
        if due:
            self._begin({schema: self.waiting.pop(schema) for schema in due}, now)

    def finish(self) -> None:
        """Tell everything, but wait for Redis no longer than a moment."""
        wait(self.telling, HINT_WAIT_SECONDS)
        self._begin(self.waiting, time.monotonic())
        wait(self.telling, HINT_WAIT_SECONDS)
        self.waiting = {}

    def _begin(self, hints: dict[str, int], now: float) -> None:
        self.told_at.update(dict.fromkeys(hints, now))
        self.telling = [live.begin_hint(schema, seq) for schema, seq in hints.items()]


class Worker:
    """One thread's work on sessions of its own."""

    def __init__(self, opened: Sessions, *, limit: int = LIMIT) -> None:
        self._opened = opened
        self._limit = limit
        self._hints = _Hints()
        self._awake = queue.Awake(TASK)
        self._skipped: set[int] = set()  # of tenants that could not be written
        self._found = True  # by the last claim
        self._flooded = False  # it found more than a batch holds
        self._ring = Ring()  # the numbers' turns then
        self._replays_at = -REPLAY_LOOK_SECONDS
        self._helped_at = -HELP_SECONDS

    def run(self, *, seconds: float = SECONDS) -> int:
        """Work until nothing is new, time is up or the process ends; return how many bodies."""
        if _stale_notes:
            deliveries.forget(self._opened.work, list(_stale_notes))
            _stale_notes.clear()
        until = time.monotonic() + seconds
        total = 0
        try:
            while done := self._busy_for(until):
                total += done
                if time.monotonic() >= until:
                    queue.nudge(TASK)
                    break
                # Whoever stored something and saw us awake is found by one more look.
                self._awake.end()
        finally:
            self._awake.end()
            self._hints.finish()
        return total

    def _busy_for(self, until: float) -> int:
        """Work until nothing has come for a moment; return how many bodies there were."""
        total, found_at = 0, -LINGER_SECONDS
        while not stopping.asked():
            done = self.round()
            total += done
            now = time.monotonic()
            found_at = now if done else found_at
            if now >= until or now - found_at >= LINGER_SECONDS:
                break
            self._awake.keep()
            self._call_for_help(done, now)
            _pause(done)
        return total

    def _call_for_help(self, done: int, now: float) -> None:
        if done >= self._limit and now - self._helped_at >= HELP_SECONDS:
            self._helped_at = now
            queue.nudge(TASK)

    def round(self) -> int:
        """Work on one batch; return how many bodies it had."""
        batch = Batch()
        try:
            batch = self._claim()
            if batch.deliveries:
                self._finish(batches.work_on(self._opened, batch))
        except BaseException:
            self._give_up(batch)
            raise
        self._hints.tell()
        return len(batch.deliveries)

    def _claim(self) -> Batch:
        claims, work = self._opened.claims, self._opened.work
        batch = Batch()
        if self._found or deliveries.any_new(claims, skip=self._skipped):
            ring = self._ring if self._flooded else None
            batch = deliveries.claim(claims, work, limit=self._limit, skip=self._skipped, ring=ring)
        self._found, self._flooded = bool(batch.deliveries), batch.is_full
        now = time.monotonic()
        if self._found or now - self._replays_at < REPLAY_LOOK_SECONDS:
            return batch
        batch = parking.claim(claims, work, limit=self._limit, skip=self._skipped)
        if not batch.deliveries:
            self._replays_at = now
        return batch

    def _finish(self, done: batches.Done) -> None:
        """Tell the world what was committed."""
        self._skipped |= done.skipped
        self._hints.waiting.update(done.seqs)
        for schema in done.followed:
            with context.tenant(schema):
                following.wake()
        for schema in done.files:
            with context.tenant(schema):
                queue.enqueue("conversations.tasks.fetch_media")
        for schema, named in done.named.items():
            with context.tenant(schema):
                learning.learn(named)
        for schema, phone_id in done.settled:
            with context.tenant(schema):
                queue.enqueue("conversations.tasks.drain_outbox", phone_id=phone_id)

    def _give_up(self, batch: Batch) -> None:
        """Set the deliveries free, the note first: found without locks it would be a death."""
        if batch.note_id:
            try:
                deliveries.forget(self._opened.work, [batch.note_id])
            except psycopg.Error:
                _stale_notes.add(batch.note_id)
        with suppress(psycopg.Error):
            self._opened.claims.rollback()
        if self._opened.broken:
            self._opened.close()


def _pause(done: int) -> None:
    if done == 0:
        time.sleep(LOOK_SECONDS)
    elif done < SMALL_BATCH:
        time.sleep(GATHER_SECONDS)
