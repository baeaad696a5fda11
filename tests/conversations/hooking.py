"""Addresses that are told what happens, with what a receiver of theirs does to verify it."""

import base64
import hashlib
import hmac
import json
from typing import Any

from conversations.models import HookEndpoint, HookEvent
from conversations.services.hooks import endpoints
from tenants.permissions import Actor
from tests.tenants.receiving import Got, Receiver

EVERYTHING = list(HookEvent.Kind.values)


def endpoint_at(
    actor: Actor, receiver: Receiver, *events: str, path: str = ""
) -> tuple[HookEndpoint, str]:
    """Make an address; return it with its secret. In the tenant's context."""
    return endpoints.create(actor=actor, url=receiver.url + path, events=list(events) or EVERYTHING)


def verified(got: Got, secret: str) -> dict[str, Any]:
    """Check a request as the documentation says, with nothing of ours; return what it tells."""
    headers = {name.lower(): value for name, value in got.headers.items()}
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + got.body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert f"v1,{mac}" in headers["webhook-signature"].split(" ")
    return json.loads(got.body)


def webhook_ids(receiver: Receiver) -> list[str]:
    return [one.headers["webhook-id"] for one in receiver.got]
