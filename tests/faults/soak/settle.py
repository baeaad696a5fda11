"""Wait until nothing is under way anywhere."""

import time
from collections import Counter

from django.db import connections

from conversations.models import Message
from tenants import context
from tenants.models import Tenant
from tests.faults.settling import pass_time
from tests.faults.soak.traffic import Traffic
from whatsapp.webhooks.models import WebhookDelivery

PATIENCE_SECONDS = 900.0
STILL_SECONDS = 4.0
QUIET_SECONDS = 3.0  # the simulator's customers read a little later


def settle(traffic: Traffic, *, hurry: bool) -> float:
    """Return after how many seconds all is done; meanwhile customers write on.

    In a hurry, what only waits for time to pass is told that it passed.
    """
    connections.close_all()  # PostgreSQL was restarted since
    began, moved_at, last = time.monotonic(), time.monotonic(), None
    quiet_at = began
    while (left := left_over(traffic)) or time.monotonic() - quiet_at < QUIET_SECONDS:
        now = time.monotonic()
        quiet_at = now if left else quiet_at
        if now - began > PATIENCE_SECONDS:
            traffic.problems.append(f"not done after {PATIENCE_SECONDS:.0f} s: {left}")
            break
        if left != last:
            moved_at, last = now, left
        if hurry and now - moved_at > STILL_SECONDS:
            _pass_time()
        if "UNKNOWN" in left or "SENDING" in left:
            _trickle(traffic)
        time.sleep(1)
    return time.monotonic() - began


def left_over(traffic: Traffic) -> Counter[str]:
    """Count what is not done yet, by kind; empty when all is."""
    left: Counter[str] = Counter()
    webhooks = traffic.simulator.webhooks()["totals"]
    left["webhooks"] = webhooks["pending"]
    with context.platform():
        left["deliveries"] = WebhookDelivery.objects.exclude(state="DONE").count()
    for tenant in _tenants():
        with context.tenant(tenant.schema_name):
            waiting = Message.objects.filter(status__in=("PENDING", "HELD", "SENDING", "UNKNOWN"))
            left.update(waiting.values_list("status", flat=True))
    return +left


def _tenants() -> list[Tenant]:
    with context.platform():
        return list(Tenant.objects.filter(status=Tenant.Status.ACTIVE))


def _trickle(traffic: Traffic) -> None:
    """What is heard of a number shows that nothing is on its way any more."""
    seen = {chat.number.phone_number_id: chat for chat in traffic.chats()}
    for chat in seen.values():
        traffic.write(chat)


def _pass_time() -> None:
    for tenant in _tenants():
        pass_time(tenant, minutes=2)
