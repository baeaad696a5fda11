"""A Cloud API on the loopback for the files that we send, and files to send."""

from django.core.files.base import ContentFile
from django.utils import timezone

from tests.conftest import PHONES
from tests.files import JPEG
from whatsapp.services import keeping
from whatsapp.simulator import Config

MARIANA = "5511988412203"


def config() -> Config:
    """Two numbers of two accounts, and a customer whose window is open."""
    rows = [
        {
            "phone_number_id": number,
            "waba_id": waba_id,
            "display_phone_number": shown,
            "verified_name": name,
            "token": f"token-of-{name}",
        }
        for name, (number, waba_id, shown) in PHONES.items()
    ]
    customer = {"wa_id": MARIANA, "name": "Mariana", "last_wrote_at": timezone.now().timestamp()}
    return Config.parse(
        {
            "callback_url": "http://127.0.0.1:9/",
            "app_id": "1000",
            "app_secret": "s",
            "verify_token": "v",
            "phones": rows,
            "customers": [customer],
        }
    )


def kept(actor, data: bytes = JPEG, *, name: str = "foto.jpg", declared: str = "", kind: str = ""):
    """Upload a file to us, as a door does; in the tenant's context."""
    return keeping.keep(
        actor=actor, source=ContentFile(data), name=name, declared=declared, kind=kind
    )
