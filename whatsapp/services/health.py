"""The health of a number: three states, each with its evidence (see ``facts``).

Only a plain word of Meta's about the token leads to AUTH_ERROR, and only a new token, or Meta's
plain word that the old one is good, leads out of it. A call that breaks or waits says nothing.
"""

import logging
from collections.abc import Iterable
from datetime import datetime

from django.db import connection
from django.db.models import Exists
from django.db.models.functions import Now
from django.utils import timezone

from tenants import audit
from tenants.models import Tenant
from whatsapp.models import NumberFact, Phone
from whatsapp.services import facts
from whatsapp.services.facts import REFUSED, TOKEN, VALID, Fact

logger = logging.getLogger(__name__)


def token_refused(
    *, tenant: Tenant, phone_id: int, sealed: str, evidence: Fact | None = None
) -> bool:
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
        _write(phone.pk, [evidence or _token(REFUSED, "token_refused")])
        audit.record(actor=None, action="number.token_refused", target=phone, tenant=tenant)
        logger.error("number %s of tenant %s needs a new token", phone.pk, tenant.subdomain)
    return True


def answered(*, phone_id: int, sealed: str) -> None:
    """Note that Meta takes calls with a token that nobody had tried yet."""
    unknown = Phone.objects.filter(
        pk=phone_id, access_token_sealed=sealed, health=Phone.Health.UNKNOWN
    )
    if unknown.update(health=Phone.Health.OK, health_checked_at=Now()):
        _write(phone_id, [_token(VALID, "token_valid")])


def checked(*, phone: Phone, found: Iterable[Fact], is_proven: bool, at: datetime) -> bool:
    """Keep what a check found; ``is_proven``: Meta says plainly that the token is good.

    In the caller's transaction. False, and nothing changes, when the number's token was replaced
    since the check read it.
    """
    # Rival: an admin who replaces the token or lets go of the number just now.
    current = Phone.objects.select_for_update(no_key=True).get(pk=phone.pk)
    if current.access_token_sealed != phone.access_token_sealed:
        return False
    Phone.objects.filter(pk=phone.pk).update(health_checked_at=at)
    _write(phone.pk, found)
    if is_proven:
        _heal(phone.pk)
    return True


def _heal(phone_id: int) -> None:
    """Let a number work, unless a call was refused since Meta called its token good."""
    good = NumberFact.objects.filter(phone_id=phone_id, matter=TOKEN, word=VALID)
    waiting = Phone.objects.filter(
        Exists(good), pk=phone_id, health__in=(Phone.Health.AUTH_ERROR, Phone.Health.UNKNOWN)
    )
    if waiting.update(health=Phone.Health.OK):
        _write(phone_id, [])


def forget_token(*, phone_id: int) -> None:
    """Forget what was known of a token that was replaced; in the caller's transaction."""
    matters = (TOKEN, "expiry", "scopes")
    NumberFact.objects.filter(phone_id=phone_id, matter__in=matters).delete()
    _write(phone_id, [])


def _write(phone_id: int, found: Iterable[Fact]) -> None:
    with connection.cursor() as cursor:
        facts.write(cursor, [(phone_id, fact) for fact in found])
        facts.settle(cursor, [phone_id])


def _token(word: str, code: str) -> Fact:
    return facts.token(word, at=timezone.now(), source=NumberFact.Source.CALL, code=code)
