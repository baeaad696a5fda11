"""Find what no nudge reached. Needs no broker; one leads, the others stand by."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import psycopg
from django.db import OperationalError, connection
from django.utils import timezone

from conversations.services import (
    consent_notes,
    delivery,
    fetching,
    inbound,
    orphans,
    retention,
    uploading,
)
from tenants import context
from tenants.db import raw
from tenants.models import Tenant
from whatsapp.services import working
from whatsapp.webhooks.models import ParkedUnit, WebhookDelivery
from whatsapp.webhooks.services import parking

logger = logging.getLogger(__name__)

EVERY_SECONDS = 5.0
RETENTION_SECONDS = 300.0
# How soon a stop is noticed.
NAP_SECONDS = 0.2
# A delivery that is new for so long was reached by no worker.
OVERDUE = timedelta(seconds=5)
INLINE_SECONDS = 20.0
HELD_AT_ONCE = 1000
_LOCK = "SELECT pg_try_advisory_lock(20261125)"  # a number that nobody else here uses


@dataclass(slots=True)
class Sweeper:
    """One process's rounds; ``stopping`` is asked between any two steps."""

    stopping: Callable[[], bool]
    _session: psycopg.Connection[Any] | None = None
    _leads: bool = False
    _done_at: dict[str, float] = field(default_factory=dict)

    def run(self) -> None:
        """Make a round every few seconds until somebody says stop. Survives Postgres' restarts."""
        while not self.stopping():
            next_at = time.monotonic() + EVERY_SECONDS
            self.round()
            while time.monotonic() < next_at and not self.stopping():
                time.sleep(NAP_SECONDS)
        self.close()

    def round(self) -> bool:
        """Do what is due, if this process leads; tell whether it does."""
        try:
            leads = self._lead()
        except psycopg.Error:
            logger.warning("sweeper: Postgres does not answer")
            self.close()
            return False
        if leads:
            self._guard("deliveries", self._deliveries)
            self._guard("held units", self._held)
            self._guard("tenants", self._tenants)
        return leads

    def close(self) -> None:
        """Let another process lead."""
        session, self._session, self._leads = self._session, None, False
        if session is not None:
            session.close()

    def _lead(self) -> bool:
        """Hold the lock, or try to get it. It ends with the session, whatever ends that."""
        if self._session is None:
            self._session = raw.connect(name="balcao sweeper", tcp_keepalives_idle="10")
        if self._leads:
            self._session.execute("SELECT 1")  # raises when the session, and the lock, is gone
            return True
        row = self._session.execute(_LOCK).fetchone()
        self._leads = bool(row and row[0])
        if self._leads:
            logger.info("sweeper: this process leads")
        return self._leads

    def _guard(self, name: str, duty: Callable[[], None]) -> None:
        """Run one duty; its failure is logged and stops no other."""
        if self.stopping():
            return
        try:
            duty()
        except (OperationalError, psycopg.OperationalError):
            logger.warning("sweeper: %s wait, Postgres does not answer", name)
        except Exception:
            logger.exception("sweeper: %s failed", name)
        finally:
            context.leave()
            connection.close()

    def _deliveries(self) -> None:
        if _overdue():
            inbound.process_deliveries(seconds=INLINE_SECONDS)

    def _held(self) -> None:
        woken = HELD_AT_ONCE
        while self._session and woken == HELD_AT_ONCE and not self.stopping():
            woken = parking.wake_held(self._session, limit=HELD_AT_ONCE)
            if woken:
                logger.info("sweeper: %s held units are worked on", woken)
                inbound.process_deliveries(seconds=INLINE_SECONDS)

    def _tenants(self) -> None:
        purging = self._due("retention", RETENTION_SECONDS)
        if purging:
            retention.purge_platform(now=timezone.now(), stopping=self.stopping)
        with context.platform():
            tenants = list(Tenant.objects.filter(status=Tenant.Status.ACTIVE))
        for tenant in tenants:
            self._guard(f"messages of {tenant.schema_name}", partial(_tenant, tenant))
            self._guard(f"files of {tenant.schema_name}", partial(_files, tenant))
            self._guard(f"jobs of {tenant.schema_name}", partial(_jobs, tenant))
            if purging:
                self._guard(f"retention of {tenant.schema_name}", partial(_purge, tenant))

    def _due(self, name: str, seconds: float) -> bool:
        """Tell whether a duty that is not for every round is due, and take it as done."""
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


def _tenant(tenant: Tenant) -> None:
    with context.tenant(tenant.schema_name):
        delivery.sweep(tenant=tenant)
        orphans.match()
        consent_notes.note_failures()


def _jobs(tenant: Tenant) -> None:
    with context.tenant(tenant.schema_name):
        working.sweep()


def _files(tenant: Tenant) -> None:
    with context.tenant(tenant.schema_name):
        fetching.sweep()
        uploading.sweep()


def _purge(tenant: Tenant) -> None:
    with context.tenant(tenant.schema_name):
        retention.purge_tenant(tenant=tenant, now=timezone.now())
