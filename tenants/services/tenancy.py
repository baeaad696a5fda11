"""Create, suspend and resume tenants."""

import re

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from tenants import audit, context
from tenants.errors import DomainError
from tenants.models import Domain, Membership, Plan, Tenant, User
from tenants.services import people

_SUBDOMAIN = re.compile(r"[a-z][a-z0-9-]{1,38}[a-z0-9]")
_RESERVED = frozenset(
    {"admin", "api", "app", "assets", "auth", "billing", "blog", "cdn", "dev", "docs", "ftp"}
    | {"graph", "health", "help", "inbox", "login", "mail", "metrics", "public", "root", "smtp"}
    | {"static", "status", "support", "test", "webhook", "webhooks", "www"}
)


class SubdomainError(DomainError):
    code = "subdomain_invalid"
    http_status = 400
    message = _(
        "A subdomain is 3 to 40 lower-case letters, digits and hyphens, starts with a letter, "
        "and is not reserved."
    )


class SubdomainTakenError(DomainError):
    code = "subdomain_taken"
    http_status = 409
    message = _("This subdomain is already taken.")


def create_tenant(
    *, actor: User | None, name: str, subdomain: str, plan: Plan, admin: User | None = None
) -> Tenant:
    """Create a tenant, its host name, its schema with every table and its first admin, or nothing.

    Raises: SubdomainError, SubdomainTakenError. Takes half a second (the new schema's migrations).
    """
    if not _SUBDOMAIN.fullmatch(subdomain) or "--" in subdomain or subdomain in _RESERVED:
        raise SubdomainError
    with context.platform(), transaction.atomic():
        if Tenant.objects.filter(subdomain=subdomain).exists():
            raise SubdomainTakenError
        tenant = Tenant(
            name=name,
            subdomain=subdomain,
            schema_name=f"t_{subdomain.replace('-', '_')}",
            plan=plan,
            status=Tenant.Status.ACTIVE,
        )
        _take_place(tenant)
        if admin is not None:
            Membership.objects.create(user=admin, tenant=tenant, role=Membership.Role.ADMIN)
        audit.record(actor=actor, action="tenant.created", target=tenant, tenant=tenant)
    return tenant


def _take_place(tenant: Tenant) -> None:
    """Claim name, host and schema. What is there already, also without a row, is somebody's."""
    host = f"{tenant.subdomain}.{settings.PUBLIC_HOST}"
    try:
        with transaction.atomic():
            tenant.save()
            Domain.objects.create(domain=host, tenant=tenant, is_primary=True)
    except IntegrityError as error:  # the rival took the name since we looked
        raise SubdomainTakenError from error
    with context.platform():
        if tenant.create_schema(check_if_exists=True, verbosity=0) is False:
            raise SubdomainTakenError


def open_tenant(
    *,
    actor: User | None,
    name: str,
    subdomain: str,
    plan: Plan,
    admin_email: str,
    admin_name: str = "",
    admin_password: str = "",
) -> Tenant:
    """Create a tenant for the person of an address, who gets an account if there is none yet.

    All or nothing, like ``create_tenant``. Raises what that does, and people.WeakPasswordError.
    """
    with context.platform(), transaction.atomic():
        admin = people.find(email=admin_email) or people.create_user(
            actor=actor, email=admin_email, name=admin_name, password=admin_password
        )
        return create_tenant(actor=actor, name=name, subdomain=subdomain, plan=plan, admin=admin)


def change_tenant(*, actor: User | None, tenant: Tenant, name: str, plan: Plan) -> None:
    """Rename a tenant or put it on another plan. Its subdomain and schema stay."""
    with context.platform(), transaction.atomic():
        Tenant.objects.filter(pk=tenant.pk).update(name=name, plan=plan)
        audit.record(
            actor=actor,
            action="tenant.changed",
            target=tenant,
            tenant=tenant,
            changes={"plan": plan.code},
        )


def change_plan(
    *,
    actor: User | None,
    plan: Plan,
    name: str,
    messages_per_second: int | None,
    messages_per_month: int | None,
    requests_per_hour: int | None,
) -> None:
    """Change what a plan is called and what it allows (None: no limit); its code stays.

    Works at once: what waits for the month's end goes on within seconds if the plan grew.
    """
    limits = {
        "messages_per_second": messages_per_second,
        "messages_per_month": messages_per_month,
        "requests_per_hour": requests_per_hour,
    }
    with context.platform(), transaction.atomic():
        plans = Plan.objects.filter(pk=plan.pk)
        plans.update(name=name, **limits)
        audit.record(
            actor=actor,
            action="plan.changed",
            target=plan,
            changes=limits,
        )


def suspend_tenant(*, actor: User | None, tenant: Tenant, reason: str = "") -> bool:
    """Stop a tenant's people, sends and processing; what comes in is held. False if not active."""
    before, after = Tenant.Status.ACTIVE, Tenant.Status.SUSPENDED
    return _move(actor, tenant, before, after, "tenant.suspended", reason)


def resume_tenant(*, actor: User | None, tenant: Tenant, reason: str = "") -> bool:
    """Let a suspended tenant work again; what was held is replayed. False if not suspended."""
    before, after = Tenant.Status.SUSPENDED, Tenant.Status.ACTIVE
    return _move(actor, tenant, before, after, "tenant.resumed", reason)


def _move(
    actor: User | None, tenant: Tenant, before: str, after: str, action: str, reason: str
) -> bool:
    with context.platform(), transaction.atomic():
        moved = Tenant.objects.filter(pk=tenant.pk, status=before).update(status=after)
        if moved:
            audit.record(
                actor=actor,
                action=action,
                target=tenant,
                tenant=tenant,
                changes={"status": after},
                reason=reason,
            )
    if moved:
        tenant.status = after
    return bool(moved)
