"""Let time pass for what waits, and let the sweeper look at it."""

from datetime import timedelta

from django.db.models import F

from conversations.models import Message
from conversations.services import delivery
from tenants import context
from tenants.models import Tenant


def pass_time(tenant: Tenant, **how: float) -> None:
    """Let leases and waits run out."""
    with context.tenant(tenant.schema_name):
        later = timedelta(**how)
        Message.objects.filter(status="SENDING").update(lease_until=F("lease_until") - later)
        Message.objects.filter(due_at__isnull=False).update(due_at=F("due_at") - later)


def sweep(tenant: Tenant) -> None:
    with context.tenant(tenant.schema_name):
        delivery.sweep(tenant=tenant)


def states(tenant: Tenant) -> list[str]:
    """Return what became of a tenant's messages, in their order."""
    with context.tenant(tenant.schema_name):
        return list(Message.objects.order_by("pk").values_list("status", flat=True))
