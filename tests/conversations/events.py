"""Webhook bodies as Meta writes them, and deliveries as the door stores them."""

import hashlib
import json
from typing import Any

from django.db.models import F, Sum

from tenants import context
from tests.conftest import PHONES
from whatsapp.webhooks.models import MetaApp, ParkedUnit, WebhookDelivery

NOON = 1_794_312_000  # 2026-11-10T12:00:00Z
Json = dict[str, Any]


def text(
    wamid: str, *, wa_id: str = "5511988887777", at: int = NOON, body: str = "oi", **more: Any
) -> Json:
    message = {"from": wa_id, "id": wamid, "timestamp": str(at), "type": "text"}
    return {**message, "text": {"body": body}, **more}


def contact(wa_id: str = "5511988887777", name: str = "Ana", **more: Any) -> Json:
    return {"profile": {"name": name}, "wa_id": wa_id, **more}


def status(wamid: str, word: str, *, at: int = NOON, **more: Any) -> Json:
    return {
        "id": wamid,
        "status": word,
        "timestamp": str(at),
        "recipient_id": "5511988887777",
        **more,
    }


def change(
    tenant: str = "acme",
    *,
    messages: list[Any] | None = None,
    statuses: list[Any] | None = None,
    contacts: list[Any] | None = None,
    **more: Any,
) -> Json:
    """Return a change of field ``messages`` for a tenant's number."""
    number, _, shown = PHONES[tenant]
    value: Json = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": shown, "phone_number_id": number},
    }
    parts = {"contacts": contacts, "messages": messages, "statuses": statuses, **more}
    value |= {key: part for key, part in parts.items() if part is not None}
    return {"field": "messages", "value": value}


def body(*changes: Json, waba_id: str | None = None, **entry: Any) -> bytes:
    entries = [{"id": waba_id or PHONES["acme"][1], "changes": list(changes), **entry}]
    return dump({"object": "whatsapp_business_account", "entry": entries})


def dump(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def deliver(app: MetaApp, *bodies: bytes) -> list[WebhookDelivery]:
    """Store bodies as the door does after it checked the signature."""
    with context.platform():
        return [
            WebhookDelivery.objects.create(app=app, body=one, sha256=hashlib.sha256(one).digest())
            for one in bodies
        ]


def unaccounted() -> int:
    """Return how many units of all deliveries have no fate, and fail where one is not done."""
    with context.platform():
        assert not WebhookDelivery.objects.exclude(state="DONE").exists()
        kept = F("units_stored") + F("units_duplicate") + F("units_placeholder")
        open_ = F("units_total") - kept - F("units_parked")
        return WebhookDelivery.objects.aggregate(n=Sum(open_))["n"] or 0


def fates(delivery: WebhookDelivery) -> tuple[int, int, int, int, int]:
    """Return a delivery's counts: total, stored, duplicate, placeholder, parked."""
    with context.platform():
        delivery.refresh_from_db()
    return (
        delivery.units_total,
        delivery.units_stored,
        delivery.units_duplicate,
        delivery.units_placeholder,
        delivery.units_parked,
    )


def parked() -> list[tuple[str, str, str]]:
    """Return reason, state and error of everything parked, in order."""
    with context.platform():
        return list(ParkedUnit.objects.order_by("pk").values_list("reason", "state", "error"))
