"""Who is meant: tenants by host name, people by membership."""

import time
from dataclasses import dataclass, replace
from datetime import date, datetime
from threading import Lock
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet, Subquery

from tenants import context, rates
from tenants.errors import NotFoundError
from tenants.models import (
    ApiKey,
    Domain,
    Invitation,
    Membership,
    Rate,
    RefreshSession,
    SupportAccess,
    Tenant,
    User,
)
from tenants.permissions import TABLE, Actor, Permission, support_actor

KNOWN_SECONDS = 30.0
UNKNOWN_SECONDS = 2.0
HOSTS_MAX = 10_000
HOST_MAX_CHARACTERS = 253  # of a name in DNS: longer ones are nobody's, and would fill the memory


@dataclass(frozen=True, slots=True)
class Place:
    """Where a host name leads: a tenant and its schema, or nowhere (no id)."""

    tenant_id: UUID | None
    schema_name: str
    until: float


class _Hosts:
    """Places by host name, each for a while. Nothing else of a tenant is ever cached."""

    def __init__(self) -> None:
        self._places: dict[str, Place] = {}
        self._lock = Lock()

    def get(self, host: str) -> Place | None:
        place = self._places.get(host)
        return place if place is not None and place.until > time.monotonic() else None

    def put(self, host: str, place: Place) -> None:
        with self._lock:
            if len(self._places) >= HOSTS_MAX:  # invented names must not fill the memory
                self._places.clear()
            self._places[host] = place

    def forget(self, host: str | None = None) -> None:
        """Forget one name, or all."""
        with self._lock:
            if host is None:
                self._places.clear()
            else:
                self._places.pop(host, None)


hosts = _Hosts()


def canonical_host(host: str) -> str:
    """Return a Host header's name in lower case, without its port and its trailing dot."""
    name = host.strip().lower()
    if not name.startswith("["):
        name = name.partition(":")[0]
    return name.removesuffix(".")


def is_public_host(host: str) -> bool:
    """Tell whether a canonical host name is the installation's own."""
    return host == settings.PUBLIC_HOST


def tenant_by_host(host: str) -> Tenant | None:
    """Return the tenant that a canonical host name leads to, with its status as it is now, or None.

    One query by primary key; a second one when the name was not asked for in the last half minute.
    """
    if len(host) > HOST_MAX_CHARACTERS:
        return None
    known = hosts.get(host)
    place = known or _look_up(host)
    if place.tenant_id is None:
        return None
    with context.platform():
        # The plan comes along: pages say how much of it is used.
        tenant = Tenant.objects.select_related("plan").filter(pk=place.tenant_id).first()
    if tenant is None and known is not None:  # gone meanwhile, and perhaps somebody else's by now
        hosts.forget(host)
        return tenant_by_host(host)
    return tenant


def _look_up(host: str) -> Place:
    with context.platform():
        found = (
            Domain.objects.filter(domain=host)
            .values_list("tenant_id", "tenant__schema_name")
            .first()
        )
    now = time.monotonic()
    if found is None:
        place = Place(None, "", now + UNKNOWN_SECONDS)
    else:
        place = Place(found[0], found[1], now + KNOWN_SECONDS)
    hosts.put(host, place)
    return place


def actor_of(user: User, tenant: Tenant) -> Actor | None:
    """Return the person as an actor of the tenant, or None without a membership or when disabled.

    One query, never cached: a change of role and a removal work at once.
    """
    if not user.is_active:
        return None
    with context.platform():
        role = (
            Membership.objects.filter(user=user, tenant=tenant)
            .values_list("role", flat=True)
            .first()
        )
    return None if role is None else Actor(tenant=tenant, user=user, role=role)


def who_may(tenant: Tenant, permission: Permission) -> QuerySet[User]:
    """Return the people who work for a tenant and have a permission, by name."""
    roles = TABLE[permission]
    members = User.objects.filter(
        memberships__tenant=tenant, memberships__role__in=roles, is_active=True
    )
    return members.order_by("name", "pk")


def actor_in_session(
    *, user_id: int, tenant_id: UUID, session_id: UUID, token_version: int, now: datetime
) -> Actor | None:
    """Return whom an API session speaks for, or None when anything about it has ended.

    One query, never cached: a disabled person, a lost role, a suspended tenant, a sign-out, a new
    password and the end of a support access work at once.
    """
    role = Membership.objects.filter(user=OuterRef("user"), tenant=OuterRef("tenant"))
    with context.platform():
        session = (
            RefreshSession.objects.select_related("user", "tenant__plan", "support")
            .filter(
                pk=session_id,
                user_id=user_id,
                tenant_id=tenant_id,
                revoked_at=None,
                expires_at__gt=now,
                user__is_active=True,
                user__token_version=token_version,
                tenant__status=Tenant.Status.ACTIVE,
            )
            .annotate(
                role=Subquery(role.values("role")),
                is_let_in=Exists(
                    SupportAccess.objects.going_on(now).filter(pk=OuterRef("support"))
                ),
            )
            .first()
        )
    if session is None or not (session.is_let_in if session.support_id else session.role):
        return None
    if session.support is not None:
        return replace(support_actor(session.support), tenant=session.tenant, user=session.user)
    return Actor(tenant=session.tenant, user=session.user, role=session.role)


def people_of(actor: Actor) -> QuerySet[Membership]:
    """Return who works for the tenant, the newest first. Raises: ForbiddenError."""
    actor.require(Permission.HANDLE_CONVERSATIONS, Permission.MANAGE_PEOPLE)
    members = Membership.objects.filter(tenant=actor.tenant).select_related("user", "tenant")
    return members.order_by("-created_at", "-id")


def person_for(actor: Actor, pk: int) -> Membership:
    """Return one of them, by the person's id. Raises: ForbiddenError, NotFoundError."""
    membership = people_of(actor).filter(user=pk).first()
    if membership is None:
        raise NotFoundError
    return membership


def invitations_of(actor: Actor) -> QuerySet[Invitation]:
    """Return the tenant's invitations that are open, expired ones too, the newest first.

    Raises: ForbiddenError.
    """
    actor.require(Permission.MANAGE_PEOPLE)
    own = Invitation.objects.filter(tenant=actor.tenant, accepted_at=None, withdrawn_at=None)
    return own.select_related("tenant", "invited_by").order_by("-created_at", "-id")


def invitation_for(actor: Actor, pk: int) -> Invitation:
    """Return one of them. Raises: ForbiddenError, NotFoundError."""
    invitation = invitations_of(actor).filter(pk=pk).first()
    if invitation is None:
        raise NotFoundError
    return invitation


def keys_of(actor: Actor) -> QuerySet[ApiKey]:
    """Return the tenant's API keys, revoked ones too, newest first. Raises: ForbiddenError."""
    actor.require(Permission.MANAGE_KEYS)
    return ApiKey.objects.filter(tenant=actor.tenant).order_by("-created_at", "-id")


def key_for(actor: Actor, pk: int) -> ApiKey:
    """Return one of the tenant's API keys. Raises: ForbiddenError, NotFoundError."""
    key = keys_of(actor).filter(pk=pk).first()
    if key is None:
        raise NotFoundError
    return key


def sessions_of(actor: Actor, *, now: datetime) -> list[RefreshSession]:
    """Return a person's own sessions in the tenant that go on, the one used last first.

    Raises: ForbiddenError.
    """
    actor.require(Permission.OWN_SESSIONS)
    if actor.user is None:
        return []
    own = RefreshSession.objects.filter(user=actor.user, tenant=actor.tenant)
    return list(own.filter(revoked_at=None, expires_at__gt=now).order_by("-used_at", "-pk"))


def session_for(actor: Actor, session_id: UUID, *, now: datetime) -> RefreshSession:
    """Return one of a person's own sessions. Raises: ForbiddenError, NotFoundError."""
    for session in sessions_of(actor, now=now):
        if session.pk == session_id:
            return session
    raise NotFoundError


def active_tenant(reference: str) -> Tenant | None:
    """Return the active tenant of a UUID (in its canonical form) or a subdomain. One query."""
    field = "pk" if _is_uuid(reference) else "subdomain"
    with context.platform():
        return Tenant.objects.filter(status=Tenant.Status.ACTIVE, **{field: reference}).first()


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def rate_card(*, on: date) -> rates.Card:
    """Return WhatsApp's prices of a day, empty where none are loaded. One query."""
    with context.platform():
        rows = list(Rate.objects.filter(starts_on__lte=on))
    prices = (
        rates.Price(row.prefix, row.category, row.currency, row.price, row.starts_on)
        for row in rows
    )
    return rates.in_force(prices, on=on)
