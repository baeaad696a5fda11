"""Find what no nudge reached. Needs no broker; one leads, the others stand by.

While nudges flow it does little: whoever is nudged does the work. When they do not (no broker, or
nobody who takes them), everything is done here, side by side: first of all what comes in.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

import psycopg
from django.utils import timezone

from conversations.services import (
    consent_notes,
    delivery,
    fetching,
    handling,
    inbound,
    orphans,
    retention,
    uploading,
)
from conversations.services.broadcasts import feeding, intake
from conversations.services.hands import Hands, guarded
from conversations.services.hooks import delivering
from conversations.services.leading import Leadership
from tenants import context, queue
from tenants.db import raw
from tenants.models import Tenant
from tenants.services import mail
from whatsapp.services import telling, working
from whatsapp.webhooks.models import ParkedUnit, WebhookDelivery
from whatsapp.webhooks.services import parking

logger = logging.getLogger(__name__)

EVERY_SECONDS, ALONE_EVERY_SECONDS = 5.0, 1.0
RETENTION_SECONDS = 300.0
# How soon a stop is noticed, and how long what is under way may take then.
NAP_SECONDS = 0.2
GRACE_SECONDS = 20.0
# A delivery that is new for so long was reached by no worker.
OVERDUE = timedelta(seconds=5)
INLINE_SECONDS = 20.0
LOOK_SECONDS = 0.1
HELD_AT_ONCE = 1000
# The broker is asked so often; nudges do not flow when it said so this many times in a row.
ASK_SECONDS, ASK_TIMES = 1.0, 3
# Numbers that are sent for at once, and tenants whose other matters are looked after at once.
SENDERS, KEEPERS = 8, 4
# Addresses of webhooks that are told at once.
TELLERS = 8


@dataclass(slots=True)
class Sweeper:
    """One process's rounds; ``stopping`` is asked between any two steps."""

    stopping: Callable[[], bool]
    alone: bool = False  # nudges do not flow
    _lead: Leadership = field(default_factory=Leadership)
    _intake: Hands = field(default_factory=lambda: Hands(2))
    _senders: Hands = field(default_factory=lambda: Hands(SENDERS))
    _tellers: Hands = field(default_factory=lambda: Hands(TELLERS))
    _keepers: Hands = field(default_factory=lambda: Hands(KEEPERS))
    _postman: Hands = field(default_factory=lambda: Hands(1))
    _waiting: deque[Tenant] = field(default_factory=deque)  # of the round under way
    # Numbers with something to send, by who has waited longest; and a lock, as keepers add to them.
    _numbers: dict[tuple[str, int], None] = field(default_factory=dict)
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _purging: bool = False
    _silences: int = 0
    _done_at: dict[str, float] = field(default_factory=dict)

    def run(self) -> None:
        """Look after everything until somebody says stop. Survives Postgres' restarts."""
        while not self.stopping():
            if self.leads():
                self._ask_broker()
                if self._due("round", ALONE_EVERY_SECONDS if self.alone else EVERY_SECONDS):
                    guarded("the round", self._begin)
                self._go_on()
            time.sleep(NAP_SECONDS)
        # Another one may lead at once: nothing here minds company.
        self.close()
        for hands in self._hands():
            hands.rest(GRACE_SECONDS)

    def round(self) -> bool:
        """Do what is due to its end, if this process leads; tell whether it does."""
        if not self.leads():
            return False
        guarded("the round", self._begin)
        while self._waiting and not self.stopping():
            self._go_on()
            time.sleep(NAP_SECONDS / 20)
        for hands in self._hands():
            hands.rest(INLINE_SECONDS)
        return True

    def leads(self) -> bool:
        """Tell whether this process leads; false also while Postgres does not answer."""
        try:
            return self._lead.held()
        except psycopg.Error:
            logger.warning("sweeper: Postgres does not answer")
            self.close()
            return False

    def close(self) -> None:
        """Let another process lead."""
        self._lead.end()
        self._waiting.clear()
        with self._turn:
            self._numbers.clear()

    def _hands(self) -> tuple[Hands, ...]:
        return (self._intake, self._keepers, self._senders, self._tellers, self._postman)

    def _ask_broker(self) -> None:
        if not self._due("broker", ASK_SECONDS):
            return
        self._silences = 0 if queue.flows(inbound.TASK) else self._silences + 1
        alone = self._silences >= ASK_TIMES
        if alone != self.alone:
            logger.warning("sweeper: nudges %s", "do not flow" if alone else "flow again")
        self.alone = alone

    def _begin(self) -> None:
        """Begin a round: what comes in first, then every tenant in turn."""
        self._intake.begin("deliveries", "deliveries", self._deliveries)
        self._intake.begin("held", "held units", self._held)
        self._postman.begin("mail", "mail", _mail)
        if self._waiting:
            return  # the last one's tenants are not through
        self._purging = self._due("retention", RETENTION_SECONDS)
        if self._purging:
            self._keepers.begin("platform", "retention", self._purge_platform)
        with context.platform():
            self._waiting.extend(Tenant.objects.filter(status=Tenant.Status.ACTIVE))

    def _go_on(self) -> None:
        """Let tenants have their turn while hands are free; who still has one is left out."""
        self._begin_sending()
        while self._waiting and self._keepers.is_free:
            tenant = self._waiting.popleft()
            name, duty = tenant.schema_name, partial(self._tenant, tenant, purging=self._purging)
            self._keepers.begin(name, f"matters of {name}", duty)

    def _deliveries(self) -> None:
        if _overdue():
            inbound.process_deliveries(seconds=INLINE_SECONDS)
        while self.alone and not self.stopping():
            inbound.attend()
            time.sleep(LOOK_SECONDS)

    def _held(self) -> None:
        woken = HELD_AT_ONCE
        with raw.connect(name="balcao held units") as session:
            while woken == HELD_AT_ONCE and not self.stopping():
                woken = parking.wake_held(session, limit=HELD_AT_ONCE)
                if woken:
                    logger.info("sweeper: %s held units are worked on", woken)
                    inbound.process_deliveries(seconds=INLINE_SECONDS)

    def _tenant(self, tenant: Tenant, *, purging: bool) -> None:
        duties = {
            "messages": self._messages,
            "conversations": _conversations,
            "broadcasts": self._broadcasts,
            "files": _files,
            "jobs": _jobs,
            "news": _news,
            "webhooks": self._webhooks,
        }
        if purging:
            duties["retention"] = _purge
        for name, duty in duties.items():
            if not self.stopping():
                guarded(f"{name} of {tenant.schema_name}", partial(_in, tenant, duty))

    def _messages(self, tenant: Tenant) -> None:
        begin = partial(self._send, tenant.schema_name)
        delivery.sweep(tenant=tenant, begin=begin, alone=self.alone)
        orphans.match()
        consent_notes.note_failures()

    def _broadcasts(self, _: Tenant) -> None:
        intake.sweep(alone=self.alone)
        feeding.sweep(alone=self.alone)

    def _webhooks(self, tenant: Tenant) -> None:
        schema = tenant.schema_name
        for endpoint_id in delivering.sweep(alone=self.alone):
            duty = partial(delivering.deliver_in, schema, endpoint_id)
            self._tellers.begin((schema, endpoint_id), f"webhooks of {schema}", duty)

    def _send(self, schema: str, phone_id: int) -> None:
        """Send for a number, beside everything else: Meta's silence holds nobody up."""
        with self._turn:
            self._numbers.setdefault((schema, phone_id))
        self._begin_sending()

    def _begin_sending(self) -> None:
        """Begin with whoever has waited longest: who always has more comes after the others."""
        with self._turn:
            while self._numbers and self._senders.is_free:
                schema, phone_id = key = next(iter(self._numbers))
                del self._numbers[key]
                duty = partial(_drain, schema, phone_id)
                self._senders.begin(key, f"messages of {schema}", duty)

    def _purge_platform(self) -> None:
        retention.purge_platform(now=timezone.now(), stopping=self.stopping)

    def _due(self, name: str, seconds: float) -> bool:
        """Tell whether a duty that is not for every moment is due, and take it as done."""
        now = time.monotonic()
        if now - self._done_at.get(name, -seconds) < seconds:
            return False
        self._done_at[name] = now
        return True


def _overdue() -> bool:
    with context.platform():
        new = WebhookDelivery.objects.filter(state=WebhookDelivery.State.NEW)
        if new.filter(received_at__lt=timezone.now() - OVERDUE).exists():
            return True
        return ParkedUnit.objects.filter(state=ParkedUnit.State.NEW).exists()


def _mail() -> None:
    mail.send(now=timezone.now())


def _in(tenant: Tenant, duty: Callable[[Tenant], None]) -> None:
    with context.tenant(tenant.schema_name):
        duty(tenant)


def _drain(schema: str, phone_id: int) -> None:
    with context.tenant(schema):
        delivery.drain(phone_id=phone_id, seconds=delivery.SWEEP_SECONDS)


def _conversations(tenant: Tenant) -> None:
    handling.sweep(tenant=tenant, now=timezone.now())


def _jobs(_: Tenant) -> None:
    working.sweep()


def _news(_: Tenant) -> None:
    telling.sweep()


def _files(_: Tenant) -> None:
    fetching.sweep()
    uploading.sweep()


def _purge(tenant: Tenant) -> None:
    retention.purge_tenant(tenant=tenant, now=timezone.now())
