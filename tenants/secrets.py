"""Seal secrets for storage, bound to tenant, table and column: a copied value does not open."""

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

PLATFORM = "platform"


class SealBrokenError(Exception):
    """The value was sealed with another key, or for another tenant, table or column."""


def seal(value: str, *, tenant: str, table: str, column: str) -> str:
    """Encrypt ``value`` with the first of ``FIELD_KEYS``; the result starts with that key's name.

    ``tenant`` is the tenant's UUID as text, or ``PLATFORM`` for what belongs to the installation.
    """
    name, key = next(iter(_keys().items()))
    token = _fernet(key, tenant, table, column).encrypt(value.encode()).decode()
    return f"{name}:{token}"


def open(sealed: str, *, tenant: str, table: str, column: str) -> str:  # noqa: A001 - seal and open are a pair
    """Decrypt what ``seal`` made. Raises: SealBrokenError."""
    name, _, token = sealed.partition(":")
    key = _keys().get(name)
    if key is None:
        raise SealBrokenError(f"unknown key {name!r}")
    try:
        return _fernet(key, tenant, table, column).decrypt(token.encode()).decode()
    except InvalidToken:
        raise SealBrokenError("the seal does not fit") from None


def mac(*parts: str, purpose: str, size_bytes: int = 8) -> str:
    """Return a short hex MAC over ``parts``, keyed by SECRET_KEY and separated by ``purpose``."""
    key = hashlib.sha256(f"{purpose}|{settings.SECRET_KEY}".encode()).digest()
    return hmac.new(key, "|".join(parts).encode(), hashlib.sha256).hexdigest()[: size_bytes * 2]


def _keys() -> dict[str, bytes]:
    """Map key names to raw keys, the sealing one first (``k2:<base64>,k1:<base64>``)."""
    pairs = (item.partition(":") for item in settings.FIELD_KEYS.split(",") if item)
    return {name.strip(): key.strip().encode() for name, _, key in pairs}


def _fernet(key: bytes, tenant: str, table: str, column: str) -> Fernet:
    derived = HKDF(
        algorithm=hashes.SHA256(), length=32, salt=None, info=f"{tenant}|{table}|{column}".encode()
    ).derive(base64.urlsafe_b64decode(key))
    return Fernet(base64.urlsafe_b64encode(derived))
