"""Who of the installation's super-admins is, or was, in a tenant."""

from datetime import datetime

from django.db.models import QuerySet

from tenants import context, selectors
from tenants.models import SupportAccess, Tenant, User
from tenants.permissions import Actor, Permission, support_actor


def actor_in(*, access_id: int, user: User, tenant: Tenant, now: datetime) -> Actor | None:
    """Return a super-admin as an actor of the tenant that his page was let into, or None.

    One query, never cached: what ended works at once.
    """
    with context.platform():
        access = _going_on(user, tenant, now).filter(pk=access_id).first()
    return None if access is None else support_actor(access)


def actor_at(*, user: User, tenant: Tenant, now: datetime) -> Actor | None:
    """Return a super-admin as an actor of a tenant that he is in at the moment, or None."""
    with context.platform():
        access = _going_on(user, tenant, now).first()
    return None if access is None else support_actor(access)


def acting(*, user: User, tenant: Tenant, now: datetime) -> Actor | None:
    """Return somebody as what he is in the tenant now: a member, let in, or nobody (None)."""
    member = selectors.actor_of(user, tenant)
    return member or actor_at(user=user, tenant=tenant, now=now)


def accesses_of(actor: Actor) -> QuerySet[SupportAccess]:
    """Return who of the installation looked in, the newest first. Raises: ForbiddenError."""
    actor.require(Permission.SEE_SUPPORT)
    own = SupportAccess.objects.filter(tenant=actor.tenant)
    return own.select_related("user", "tenant").order_by("-created_at", "-id")


def _going_on(user: User, tenant: Tenant, now: datetime) -> QuerySet[SupportAccess]:
    going_on = SupportAccess.objects.going_on(now).filter(user=user, tenant=tenant)
    return going_on.select_related("user", "tenant__plan")
