"""Send what is queued. Reached from tasks and the sweeper only: everything here waits for Meta.

Meta has no idempotency key, so a message is claimed, and that committed, before it is sent; and
what nobody knows the end of is never sent again by itself.
"""

import logging
import time
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from django.conf import settings

from conversations.services import claims, reconciling, results
from conversations.services.claims import Claim
from conversations.services.results import Result
from tenants import queue
from tenants.models import Tenant
from whatsapp.client import CloudApiClient, SentMessage
from whatsapp.errors import CloudApiError, MaybeSentError, NotSentError

logger = logging.getLogger(__name__)

# Calls of one number in flight; a number whose calls hang keeps no more of the threads than these.
WINDOW = 16
POOL_THREADS = 64
# Threads are kept, with their connections; they never touch the database.
_pool = ThreadPoolExecutor(POOL_THREADS, thread_name_prefix="send")
DRAIN_SECONDS = 20.0
LOOK_SECONDS = 1.0
# A claim that found no free thread for so long is handed back: the whole call must fit its lease.
START_SECONDS = 20.0
# What is due for so long was reached by no nudge: the sweeper sends it itself, for a short while.
OVERDUE_SECONDS = 8.0
SWEEP_SECONDS = 3.0


def drain(*, phone_id: int, seconds: float = DRAIN_SECONDS) -> None:
    """Send what a number has queued and due until nothing is, for so many seconds at most.

    In the current tenant. Several may run at once; safe to repeat and to kill at any point. What is
    left after the time is nudged again.
    """
    claims.release(phone_id=phone_id)
    if _Drain(phone_id, until=time.monotonic() + seconds).run():
        queue.enqueue("conversations.tasks.drain_outbox", phone_id=phone_id)


def sweep(*, tenant: Tenant) -> None:
    """Take care of what no nudge and no answer reached; inside the tenant's context.

    Claims whose sender died become UNKNOWN, unknown ends are given up in time, what was held for a
    number that works again is queued, and what is due is sent.
    """
    reconciling.reconcile()
    for phone_id, overdue_seconds in reconciling.due_phones():
        if overdue_seconds < OVERDUE_SECONDS:
            queue.enqueue("conversations.tasks.drain_outbox", phone_id=phone_id)
        else:
            drain(phone_id=phone_id, seconds=SWEEP_SECONDS)


class _Drain:
    """One thread's run over one number's outbox."""

    def __init__(self, phone_id: int, *, until: float) -> None:
        self._phone_id = phone_id
        self._until = until
        self._paused_until = 0.0  # after a refusal that concerns the whole number
        self._flights: dict[Future[SentMessage], Claim] = {}
        self._found = True

    def run(self) -> bool:
        """Work to the end; tell whether time was up before the work was."""
        while True:
            self._fill()
            if self._flights:
                done, _running = wait(self._flights, LOOK_SECONDS, FIRST_COMPLETED)
                self._settle(done)
            elif not self._rest():
                return self._found and time.monotonic() >= self._until

    def _fill(self) -> None:
        now, free = time.monotonic(), WINDOW - len(self._flights)
        if now >= self._until or now < self._paused_until or free < WINDOW // 4:
            return
        taken = claims.take(phone_id=self._phone_id, limit=free)
        self._found = bool(taken)
        start_before = time.monotonic() + START_SECONDS
        for claim in taken:
            self._flights[_pool.submit(_call, claim, start_before)] = claim

    def _settle(self, done: Iterable[Future[SentMessage]]) -> None:
        ended = [_result(self._flights.pop(future), future) for future in done]
        if ended:
            rest_seconds = results.settle(ended)
            self._paused_until = max(self._paused_until, time.monotonic() + rest_seconds)

    def _rest(self) -> bool:
        """Sit a pause out; False when there is none, or none that ends in time."""
        seconds = self._paused_until - time.monotonic()
        if seconds <= 0 or self._paused_until >= self._until:
            return False
        time.sleep(seconds)
        return True


def _call(claim: Claim, start_before: float) -> SentMessage:
    """Make the call, in a thread of the pool."""
    if time.monotonic() > start_before:
        raise NotSentError("no thread was free in time")
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
