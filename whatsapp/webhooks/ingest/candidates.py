"""Which Meta apps may have signed what comes in on a path: the platform's and the owner's."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from whatsapp.webhooks.ingest import notices
from whatsapp.webhooks.ingest.session import TIMEOUT_SECONDS, Session, UnavailableError

# A rotated secret counts after this long at the latest.
MAX_AGE_SECONDS = 5.0
# A snapshot of this age is still served, while a new one is read.
REFRESH_AGE_SECONDS = 3.5

# (sealed value, owner, column) -> the secret, or None where the seal is broken.
# The owner is a tenant's id, or None: the platform.
Place = tuple[str, str | None, str]
OpenSecret = Callable[[str, str | None, str], str | None]

_SELECT = """
SELECT app.id, app.app_key, app.tenant_id::text,
       app.app_secret_sealed, app.previous_secret_sealed, app.verify_token_sealed,
       ARRAY(
           SELECT route.phone_number_id FROM public.webhooks_phoneroute route
           WHERE route.app_id = app.id AND app.tenant_id IS NOT NULL
       )
FROM public.webhooks_metaapp app
WHERE app.is_active
"""


@dataclass(frozen=True, slots=True)
class App:
    """A Meta app with its secrets in the clear: never logged, never leaves the process."""

    pk: int
    secrets: tuple[str, ...] = field(repr=False)
    verify_token: str = field(repr=False)
    # Of a tenant's own app the only numbers that it may speak of; None: any, Meta alone signs.
    numbers: frozenset[str] | None = None

    def hint(self, phone_number_id: str) -> str:
        """Return a number that a body shows, unless the app has no right to its turn."""
        known = self.numbers is None or phone_number_id in self.numbers
        return phone_number_id if known else ""


@dataclass(slots=True)
class _Snapshot:
    read_at: float
    platform: list[App] = field(default_factory=list)
    by_key: dict[str, App] = field(default_factory=dict)
    by_number: dict[str, App] = field(default_factory=dict)

    def of(self, app_key: str | None, phone_number_id: str | None) -> list[App]:
        owner = self.by_key.get(app_key or "") or self.by_number.get(phone_number_id or "")
        return [owner, *self.platform] if owner else self.platform


class Candidates:
    """A snapshot of all active apps, so that paths that somebody makes up cost no query."""

    def __init__(self, database_url: str, open_secret: OpenSecret) -> None:
        self._session = Session(database_url)
        self._open_secret = open_secret
        self._snapshot: _Snapshot | None = None
        self._reading: asyncio.Task[_Snapshot] | None = None
        self._opened: dict[Place, str] = {}

    async def of(self, *, app_key: str | None, phone_number_id: str | None) -> list[App]:
        """Return the apps of a path, the path's owner first. Raises: UnavailableError."""
        snapshot = self._snapshot
        age = time.monotonic() - snapshot.read_at if snapshot else MAX_AGE_SECONDS
        if snapshot is None or age >= REFRESH_AGE_SECONDS:
            reading = self._read_once()
            if snapshot is None or age >= MAX_AGE_SECONDS:
                snapshot = await _wait(reading)
        return snapshot.of(app_key, phone_number_id)

    async def close(self) -> None:
        await self._session.close()

    def _read_once(self) -> asyncio.Task[_Snapshot]:
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
            self._reading.add_done_callback(_retrieve)
        return self._reading

    async def _read(self) -> _Snapshot:
        snapshot = _Snapshot(read_at=time.monotonic())
        opened: dict[Place, str] = {}
        for row in await self._session.execute(_SELECT):
            self._add(snapshot, row, opened)
        self._opened = opened  # forgets what was rotated away
        self._snapshot = snapshot
        return snapshot

    def _add(self, snapshot: _Snapshot, row: tuple[Any, ...], opened: dict[Place, str]) -> None:
        pk, app_key, tenant, secret, previous, verify_token, numbers = row
        places = [(value, tenant, "app_secret") for value in (secret, *previous.split())]
        places.append((verify_token, tenant, "verify_token"))
        for place in places:
            value = self._opened.get(place) or self._open_secret(*place)
            if value is None:  # one app's broken seal must not stop the others
                notices.warn(f"Meta app {pk} is left out", "a seal does not open")
                return
            opened[place] = value
        owned = None if tenant is None else frozenset(numbers)
        app = App(pk, tuple(opened[place] for place in places[:-1]), opened[places[-1]], owned)
        if tenant is None:
            snapshot.platform.append(app)
        snapshot.by_key[app_key] = app
        snapshot.by_number.update(dict.fromkeys(numbers, app))


async def _wait(reading: asyncio.Task[_Snapshot]) -> _Snapshot:
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            # Shielded: one caller that gives up must not take the answer from the others.
            return await asyncio.shield(reading)
    except TimeoutError:
        raise UnavailableError("time-out") from None


def _retrieve(reading: asyncio.Task[_Snapshot]) -> None:
    if not reading.cancelled() and reading.exception():
        notices.warn("the Meta apps cannot be read", reading.exception())
