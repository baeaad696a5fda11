"""A round trip: an event of our own, signed as Meta signs, through our own door to the journal."""

import hashlib
import json
import secrets as randomness
import time
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone

from tenants import context
from whatsapp import signature
from whatsapp.client.knocking import knock
from whatsapp.errors import NotSentError
from whatsapp.findings import Grade
from whatsapp.models import NumberFact, Phone
from whatsapp.services.facts import Fact
from whatsapp.webhooks.models import MetaApp, WebhookDelivery
from whatsapp.webhooks.services import apps

# Nothing acts on it; the same event again is a duplicate, so that it leaves one row for ever.
FIELD = "balcao_check"
# The sweeper finds within ten seconds what no worker was told of.
PATIENCE_SECONDS = 12.0
_LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Echo:
    """An event on its way; ``status`` is what the door answered, 0 when nobody did."""

    status: int
    sha256: bytes
    detail: str = ""


def send(*, phone: Phone, app: MetaApp) -> Echo:
    """Bring the number's door a signed event."""
    value = {
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": phone.display_phone_number,
            "phone_number_id": phone.phone_number_id,
        },
    }
    entry = {"id": phone.waba_id, "changes": [{"field": FIELD, "value": value}]}
    document = {
        "object": "whatsapp_business_account",
        "entry": [entry],
        "once": randomness.token_hex(8),  # tells this delivery from the one before
    }
    body = json.dumps(document).encode()
    sha256 = hashlib.sha256(body).digest()
    secret = apps.opened(app=app, column="app_secret") or ""
    url = f"{settings.PUBLIC_URL.rstrip('/')}/webhook/whatsapp/{phone.phone_number_id}"
    try:
        status = knock(url, body=body, signature=signature.sign(body, secret))
    except NotSentError as error:
        return Echo(0, sha256, error.detail)
    return Echo(status, sha256, f"HTTP {status}")


def await_end(echo: Echo) -> Fact:
    """Wait until a worker has taken the event in; return how the round trip ended."""
    if not echo.status:
        return _fact("UNREACHABLE", Grade.WARNING, "door_unreachable", echo)
    if echo.status != 200:
        return _fact("CLOSED", Grade.PROBLEM, "door_closed", echo)
    end = time.monotonic() + PATIENCE_SECONDS
    while not _is_done(echo):
        if time.monotonic() >= end:
            return _fact("SLOW", Grade.WARNING, "door_slow", echo)
        time.sleep(_LOOK_SECONDS)
    return _fact("OPEN", Grade.OK, "door_open", echo)


def _is_done(echo: Echo) -> bool:
    with context.platform():
        brought = WebhookDelivery.objects.filter(sha256=echo.sha256)
        return brought.filter(state=WebhookDelivery.State.DONE, units_parked=0).exists()


def _fact(word: str, grade: Grade, code: str, echo: Echo) -> Fact:
    source, values = NumberFact.Source.CHECK, {"detail": echo.detail, "url": settings.PUBLIC_URL}
    return Fact("door", word, timezone.now(), source, grade, code, values)
