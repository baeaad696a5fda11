"""What an actor may see of webhooks: the addresses that are told what happens, and the log."""

from django.db.models import QuerySet

from conversations.models import HookDelivery, HookEndpoint
from tenants.errors import NotFoundError
from tenants.permissions import Actor, Permission


def endpoints_of(actor: Actor) -> QuerySet[HookEndpoint]:
    """Return the addresses, newest first. Raises: ForbiddenError."""
    actor.require(Permission.MANAGE_WEBHOOKS)
    return HookEndpoint.objects.order_by("-created_at", "-id")


def endpoint_for(actor: Actor, pk: int) -> HookEndpoint:
    """Return one address. Raises: NotFoundError, ForbiddenError."""
    endpoint = endpoints_of(actor).filter(pk=pk).first()
    if endpoint is None:
        raise NotFoundError
    return endpoint


def deliveries_of(endpoint: HookEndpoint, *, state: str = "") -> QuerySet[HookDelivery]:
    """Return what was sent to an address, newest first; in one state if you like."""
    listed = HookDelivery.objects.filter(endpoint=endpoint).select_related("event", "endpoint")
    listed = listed.order_by("-created_at", "-id")
    return listed.filter(state=state) if state else listed


def delivery_for(endpoint: HookEndpoint, pk: int) -> HookDelivery:
    """Return one of an address's deliveries. Raises: NotFoundError."""
    delivery = deliveries_of(endpoint).filter(pk=pk).first()
    if delivery is None:
        raise NotFoundError
    return delivery
