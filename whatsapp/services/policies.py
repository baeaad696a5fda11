"""What an admin decides for a number."""

from typing import Any

from django.db import transaction

from tenants import audit
from tenants.errors import NotFoundError
from tenants.permissions import Actor, Permission
from whatsapp.models import Phone


@transaction.atomic
def change(
    *, actor: Actor, phone_id: int, name: str | None = None, read_policy: str | None = None
) -> Phone:
    """Change how the team calls a number, and when customers see that their messages were read.

    What is None stays. Raises: ForbiddenError, NotFoundError.
    """
    actor.require(Permission.MANAGE_NUMBERS)
    # Rival: another admin; the log has to say what was changed from what.
    phone = Phone.objects.select_for_update(no_key=True).filter(pk=phone_id).first()
    if phone is None:
        raise NotFoundError
    wanted = {"name": name, "read_policy": read_policy}
    fields = [
        field
        for field, value in wanted.items()
        if value is not None and value != getattr(phone, field)
    ]
    if not fields:
        return phone
    changes: dict[str, Any] = {"fields": fields}
    if "read_policy" in fields:
        changes["read_policy"] = [phone.read_policy, read_policy]
    for field in fields:
        setattr(phone, field, wanted[field])
    phone.save(update_fields=fields)
    audit.record(
        actor=actor.user,
        action="number.changed",
        target=phone,
        tenant=actor.tenant,
        changes=changes,
    )
    return phone
