"""The one writer of the audit log."""

from typing import Any

from tenants import trace
from tenants.models import AuditEvent, Tenant, User


def record(
    *,
    actor: User | None,
    action: str,
    target: Any,
    tenant: Tenant | None = None,
    changes: dict[str, Any] | None = None,
) -> AuditEvent:
    """Write one event in the caller's transaction, with the running request's id and address.

    ``action`` is ``noun.verb`` ("tenant.suspended"); ``changes`` holds ids and enumerations only,
    never a name, an address or a secret, so that erasing a person never touches the log.
    """
    request = trace.current.get()
    return AuditEvent.objects.create(
        tenant=tenant,
        actor=actor,
        action=action,
        target=f"{target._meta.label}:{target.pk}",
        changes=changes or {},
        request_id=request.id,
        ip_address=request.ip_address,
    )
