"""Signatures as Standard Webhooks wants them.

Source: github.com/standard-webhooks/standard-webhooks, spec, read 2026-11.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime

PREFIX = "whsec_"
_SECRET_BYTES = 24


def new_secret() -> str:
    """Return a secret in the form that the libraries of Standard Webhooks take."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def headers(
    *, webhook_id: str, at: datetime, body: bytes, secrets: Iterable[str]
) -> dict[str, str]:
    """Return what goes along with a body; each secret signs, the current one first."""
    timestamp = str(int(at.timestamp()))
    signed = b".".join((webhook_id.encode(), timestamp.encode(), body))
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{_mac(secret, signed)}" for secret in secrets),
        "Content-Type": "application/json",
    }


def _mac(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
