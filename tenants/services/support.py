"""Let super-admins into a tenant for a while: with a reason, by a link that works once."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from tenants import audit, context
from tenants.errors import DomainError
from tenants.models import RefreshSession, SupportAccess, Tenant, User
from tenants.services import links


class NothingToOpenError(DomainError):
    code = "tenant_not_served"
    http_status = 409
    message = _("This tenant has no pages at the moment: only active and suspended ones have.")


@dataclass(frozen=True, slots=True)
class Opened:
    """What was opened, and the link into it: a secret, told this once."""

    access: SupportAccess
    link: str


def open_access(*, actor: User, tenant: Tenant, role: str, reason: str, now: datetime) -> Opened:
    """Open a tenant for a super-admin; one that he had open there before ends.

    Raises: NothingToOpenError, audit.ReasonMissingError, audit.ReasonTooLongError.
    """
    words = audit.stated(reason)
    if tenant.status not in Tenant.SERVED:
        raise NothingToOpenError
    token = links.new_token()
    with context.platform(), transaction.atomic():
        # The rival is the same super-admin's second tab: the newer one takes the place.
        User.objects.select_for_update().get(pk=actor.pk)
        _end(_open_ones().filter(user=actor, tenant=tenant), actor=actor, now=now)
        access = SupportAccess.objects.create(
            user=actor,
            tenant=tenant,
            role=role,
            reason=words,
            token_hash=links.digest(token),
            created_at=now,
            expires_at=now + SupportAccess.LASTS,
        )
        _record(actor, "support.opened", access, reason=words)
    return Opened(access, links.address(tenant, f"/support/enter?token={token}"))


def enter(*, tenant: Tenant, token: str, now: datetime) -> SupportAccess:
    """Use the link, within its minute and once. Raises: links.LinkOverError."""
    with context.platform(), transaction.atomic():
        found = SupportAccess.objects.filter(
            token_hash=links.digest(token),
            tenant=tenant,
            entered_at=None,
            ended_at=None,
            created_at__gt=now - SupportAccess.LINK_LASTS,
        )
        # Compare and swap: the rival is the same link in another window.
        if not found.update(entered_at=now):
            raise links.LinkOverError
        entered = SupportAccess.objects.going_on(now).select_related("user", "tenant")
        access = entered.filter(token_hash=links.digest(token)).first()
        if access is None:  # no super-admin any more
            raise links.LinkOverError
        _record(access.user, "support.entered", access)
    return access


def end(*, actor: User, access: SupportAccess, now: datetime, reason: str = "") -> bool:
    """End it everywhere, at once: pages, sockets and the API. False if it was over already."""
    with context.platform(), transaction.atomic():
        found = _open_ones().filter(pk=access.pk, expires_at__gt=now)
        return bool(_end(found, actor=actor, now=now, reason=reason))


def _open_ones() -> QuerySet[SupportAccess]:
    return SupportAccess.objects.filter(ended_at=None)


def _end(found: QuerySet[SupportAccess], *, actor: User, now: datetime, reason: str = "") -> int:
    """End what is open; what ran out by itself gets the moment that it did."""
    ended = 0
    # The rival is whoever ends it at this moment: one event for one end.
    for access in found.select_for_update(of=("self",)).select_related("tenant"):
        ran_out = access.expires_at <= now
        access.ended_at = access.expires_at if ran_out else now
        access.save(update_fields=["ended_at"])
        RefreshSession.objects.filter(support=access, revoked_at=None).update(revoked_at=now)
        if not ran_out:
            _record(actor, "support.ended", access, reason=reason)
            ended += 1
    return ended


def _record(actor: User, action: str, access: SupportAccess, *, reason: str = "") -> None:
    audit.record(
        actor=actor,
        action=action,
        target=access,
        tenant=access.tenant,
        changes={"role": access.role, "user": access.user_id},
        reason=reason,
    )
