"""What calls to Meta teach about a number."""

import logging

from django.db.models.functions import Now

from tenants import audit
from tenants.models import Tenant
from whatsapp.models import Phone

logger = logging.getLogger(__name__)


def token_refused(*, tenant: Tenant, phone_id: int, sealed: str) -> bool:
    """Mark a number for reconnection; False when its token was replaced since ``sealed`` was read.

    In the caller's transaction, before the change counter. Recorded once, however many calls fail.
    """
    # Rival: an admin who replaces the token just now, which must not be marked by its forerunner.
    phone = Phone.objects.select_for_update(no_key=True).get(pk=phone_id)
    if phone.access_token_sealed != sealed:
        return False
    if phone.health != Phone.Health.AUTH_ERROR:
        Phone.objects.filter(pk=phone.pk).update(
            health=Phone.Health.AUTH_ERROR, health_checked_at=Now()
        )
        audit.record(actor=None, action="number.token_refused", target=phone, tenant=tenant)
        logger.error("number %s of tenant %s needs a new token", phone.pk, tenant.subdomain)
    return True


def answered(*, phone_id: int, sealed: str) -> None:
    """Note that Meta takes calls with a token that nobody had tried yet."""
    Phone.objects.filter(
        pk=phone_id, access_token_sealed=sealed, health=Phone.Health.UNKNOWN
    ).update(health=Phone.Health.OK, health_checked_at=Now())
