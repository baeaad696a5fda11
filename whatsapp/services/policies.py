"""What an admin decides for a number."""

from django.db import transaction

from tenants import audit
from tenants.errors import NotFoundError
from tenants.permissions import Actor, Permission
from whatsapp.models import Phone


@transaction.atomic
def set_read_policy(*, actor: Actor, phone_id: int, policy: str) -> Phone:
    """Decide when customers see that their messages were read; ``policy`` is a Phone.ReadPolicy.

    Raises: ForbiddenError, NotFoundError.
    """
    actor.require(Permission.MANAGE_NUMBERS)
    # Rival: another admin; the log has to say what was changed from what.
    phone = Phone.objects.select_for_update(no_key=True).filter(pk=phone_id).first()
    if phone is None:
        raise NotFoundError
    before, phone.read_policy = phone.read_policy, policy
    if before != policy:
        phone.save(update_fields=["read_policy"])
        audit.record(
            actor=actor.user,
            action="number.read_policy_changed",
            target=phone,
            tenant=actor.tenant,
            changes={"from": before, "to": policy},
        )
    return phone
