"""The one writer of the audit log."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from tenants import trace
from tenants.errors import DomainError
from tenants.models import AuditEvent, Tenant, User


class ReasonMissingError(DomainError):
    code = "reason_missing"
    http_status = 400
    message = _("Say why: this is not done without a reason. Nothing was changed.")


class ReasonTooLongError(DomainError):
    code = "reason_too_long"
    http_status = 400
    message = _("This reason is too long: 500 characters are enough. Nothing was changed.")


def record(
    *,
    actor: User | None,
    action: str,
    target: Any,
    tenant: Tenant | None = None,
    changes: dict[str, Any] | None = None,
    reason: str = "",
) -> AuditEvent:
    """Write one event in the caller's transaction, with the running request's id,
    address, API key and support access.

    ``action`` is ``noun.verb`` ("tenant.suspended"); ``changes`` holds ids and enumerations only,
    never a name, an address or a secret, so that erasing a person never touches the log. ``reason``
    is what ``stated`` made of somebody's words.
    """
    request = trace.current.get()
    return AuditEvent.objects.create(
        tenant=tenant,
        actor=actor,
        api_key_id=request.api_key_id,
        support_id=request.support_id,
        action=action,
        target=_key_of(target),
        changes=changes or {},
        reason=reason,
        request_id=request.id,
        ip_address=request.ip_address,
    )


def stated(reason: str) -> str:
    """Return a reason in one line, as it is written down.

    Raises: ReasonMissingError, also for what only looks empty; ReasonTooLongError.
    """
    words = "".join(letter if letter.isprintable() else " " for letter in reason).split()
    if not words:
        raise ReasonMissingError
    line = " ".join(words)
    if len(line) > AuditEvent.REASON_MAX_CHARACTERS:
        raise ReasonTooLongError
    return line


def about(target: Any) -> QuerySet[AuditEvent]:
    """Return what was done to one thing, the newest first, with who did it."""
    events = AuditEvent.objects.filter(target=_key_of(target))
    return events.select_related("actor").order_by("-id")


def _key_of(target: Any) -> str:
    return f"{target._meta.label}:{target.pk}"
