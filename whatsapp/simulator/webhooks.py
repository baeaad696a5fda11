"""Webhooks on their way: signed, sent at once and together, and again until HTTP 200."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any

from whatsapp.simulator import events
from whatsapp.simulator.connections import Connections
from whatsapp.simulator.events import Update
from whatsapp.simulator.registry import MetaApp
from whatsapp.simulator.world import World

USER_AGENT = "facebookexternalua"
#: Pauses before the attempts; the last one repeats until GIVE_UP_SECONDS. `retry_scale` shortens.
RETRY_SECONDS = (0, 1, 2, 5, 10, 30, 60, 300, 900, 3600)
GIVE_UP_SECONDS = 7 * 86400
PENDING, DELIVERED, GAVE_UP, UNSUBSCRIBED = "pending", "delivered", "gave_up", "unsubscribed"
KEPT_WEBHOOKS = 5_000
_THREADS = 16
_SHUFFLED_SECONDS = 0.3


@dataclass(slots=True, eq=False)
class Webhook:
    """One POST and its fate. ``tried`` is set once the first attempt is over."""

    id: int
    body: bytes
    app: MetaApp
    callback_url: str
    summary: str
    updates: tuple[Update, ...]
    created_at: float
    lane: str = ""
    state: str = PENDING
    attempts: int = 0
    last_status: int = 0  # of HTTP; 0 when there was no answer
    last_error: str = ""
    tried: asyncio.Event = field(default_factory=asyncio.Event)

    def as_json(self) -> dict[str, Any]:
        """As the JSON endpoints show it."""
        return {
            "id": self.id,
            "at": self.created_at,
            "summary": self.summary,
            "wamids": [update.wamid for update in self.updates],
            "callback_url": self.callback_url,
            "bytes": len(self.body),
            "state": self.state,
            "attempts": self.attempts,
            "last_status": self.last_status,
            "last_error": self.last_error,
        }


class Sender:
    """Sends webhooks. All its methods belong to the event loop; only the HTTP runs in threads.

    Webhooks of one chat keep their order: each leaves when the first attempt of the one before
    it is over. One that was refused comes again by its own schedule and holds up no other.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._connections = Connections()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="simulator-webhook")
        self._tasks: set[asyncio.Task[None]] = set()
        self._batches: dict[tuple[str, str], list[Update]] = {}
        self._clear()

    def _clear(self) -> None:
        self._tails: dict[str, Webhook] = {}
        self._hurry = asyncio.Event()
        self.log: deque[Webhook] = deque(maxlen=KEPT_WEBHOOKS)
        self.totals = {"created": 0, PENDING: 0, DELIVERED: 0, GAVE_UP: 0, UNSUBSCRIBED: 0}
        self.attempts = 0

    # What others call

    def submit(self, update: Update) -> Webhook | None:
        """Send ``update``, at once or with others; the webhook is returned when it left alone."""
        found = self._world.destinations(update.waba_id, update.phone_number_id)
        left = [self._submit(update, app, url) for app, url in found]
        return left[0] if left else self._post([update], self._world.app, "")

    def _submit(self, update: Update, app: MetaApp, url: str) -> Webhook | None:
        if self._world.settings.batch_size == 1:
            return self._post([update], app, url)
        key = (app.app_id, url)
        batch = self._batches.setdefault(key, [])
        batch.append(update)
        if len(batch) >= self._world.settings.batch_size:
            self._flush(key)
        elif len(batch) == 1:
            wait = self._world.settings.batch_wait_seconds
            asyncio.get_running_loop().call_later(wait, self._flush_if, key, batch)
        return None

    def submit_together(self, updates: Sequence[Update]) -> Webhook:
        """Send events of any numbers and fields in one POST, to the platform's app."""
        return self._post(updates, self._world.app, self._world.app.callback_url)

    def submit_raw(self, body: bytes, summary: str, app: MetaApp | None = None) -> Webhook:
        """Sign and send any bytes to an app's callback address, the platform's by default."""
        app = app or self._world.app
        webhook = self._webhook(body, app, app.callback_url, summary, ())
        self._start(webhook, after=None)
        return webhook

    def retry_now(self) -> None:
        """Make everything that waits for its next attempt try at once."""
        self._hurry.set()
        self._hurry = asyncio.Event()

    async def reset(self) -> None:
        """Forget all webhooks, also those under way."""
        self._batches.clear()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._clear()

    async def close(self) -> None:
        """End everything; attempts under way are cut off."""
        await self.reset()
        self._connections.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def challenge(self, url: str) -> tuple[int, bytes]:
        """GET ``url`` for the handshake. Raises: OSError, HTTPException."""
        return await self._in_thread(lambda: self._connections.get(url, timeout_seconds=10))

    # Batches

    def _flush_if(self, key: tuple[str, str], batch: list[Update]) -> None:
        if self._batches.get(key) is batch:
            self._flush(key)

    def _flush(self, key: tuple[str, str]) -> None:
        app_id, url = key
        updates = self._batches.pop(key)
        if self._world.settings.shuffle:
            self._world.ids.random.shuffle(updates)
        self._post(updates, self._world.registry.apps[app_id], url)

    def _post(self, updates: Sequence[Update], app: MetaApp, url: str) -> Webhook:
        settings = self._world.settings
        body = events.encode(events.payload(updates), escape_slashes=settings.escape_slashes)
        summary = ", ".join(dict.fromkeys(update.summary for update in updates))
        webhook = self._webhook(body, app, url, summary, tuple(updates))
        webhook.lane = f"{app.app_id}:{updates[0].lane if len(updates) == 1 else url}"
        before = None if settings.shuffle else self._tails.get(webhook.lane)
        if not url:
            self._finish(webhook, UNSUBSCRIBED)
            webhook.tried.set()
            return webhook
        self._tails[webhook.lane] = webhook
        self._start(webhook, after=before)
        for _ in range(settings.copies - 1):
            copy = self._webhook(body, app, url, f"{summary} (again)", tuple(updates))
            self._start(copy, after=before)
        return webhook

    def _webhook(
        self, body: bytes, app: MetaApp, url: str, summary: str, updates: tuple[Update, ...]
    ) -> Webhook:
        self.totals["created"] += 1
        self.totals[PENDING] += 1
        number = self.totals["created"]
        webhook = Webhook(number, body, app, url, summary, updates, created_at=self._world.now())
        self.log.append(webhook)
        self._world.touch()
        return webhook

    # Attempts

    def _start(self, webhook: Webhook, *, after: Webhook | None) -> None:
        task = asyncio.get_running_loop().create_task(self._deliver(webhook, after))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, webhook: Webhook, after: Webhook | None) -> None:
        try:
            if after is not None:
                await after.tried.wait()
            if self._world.settings.shuffle:
                await asyncio.sleep(self._world.ids.random.uniform(0, _SHUFFLED_SECONDS))
            for pause in self._pauses():
                await self._rest(pause)
                if await self._attempt(webhook):
                    return self._finish(webhook, DELIVERED)
            return self._finish(webhook, GAVE_UP)
        finally:
            webhook.tried.set()
            if self._tails.get(webhook.lane) is webhook:
                del self._tails[webhook.lane]

    def _pauses(self) -> Iterator[float]:
        waited, position = 0.0, 0
        while waited < GIVE_UP_SECONDS:
            pause = RETRY_SECONDS[min(position, len(RETRY_SECONDS) - 1)]
            yield pause * self._world.settings.retry_scale
            waited, position = waited + pause, position + 1

    async def _rest(self, pause: float) -> None:
        if not pause:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self._hurry.wait()

    async def _attempt(self, webhook: Webhook) -> bool:
        webhook.attempts += 1
        self.attempts += 1
        timeout = self._world.settings.webhook_timeout_seconds
        headers = self._headers(webhook)
        try:
            webhook.last_status = await self._in_thread(
                lambda: self._connections.post(
                    webhook.callback_url, webhook.body, headers, timeout_seconds=timeout
                )
            )
            webhook.last_error = ""
        except (OSError, HTTPException) as error:
            text = getattr(error, "strerror", None) or str(error) or type(error).__name__
            webhook.last_status, webhook.last_error = 0, text
        webhook.tried.set()
        self._world.touch()
        return webhook.last_status == 200

    def _headers(self, webhook: Webhook) -> dict[str, str]:
        # Signed anew at every attempt: a fault that is over, or a new secret, counts at once.
        secret = webhook.app.app_secret
        if self._world.settings.wrong_signature:
            secret = f"not {secret}"
        return {
            "User-Agent": USER_AGENT,
            "Accept": "*/*",
            "Content-Type": "application/json",
            "X-Hub-Signature-256": events.signature(secret, webhook.body),
        }

    def _finish(self, webhook: Webhook, state: str) -> None:
        self.totals[webhook.state] -= 1
        self.totals[state] += 1
        webhook.state = state
        if state == DELIVERED:
            for update in webhook.updates:
                if update.message is not None:
                    update.message.delivered = True
        self._world.touch()

    async def _in_thread(self, call: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)
