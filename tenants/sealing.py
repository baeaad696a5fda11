"""The arithmetic of sealed values, without Django; ``tenants.secrets`` knows the keys."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PLATFORM = "platform"  # the owner of what belongs to the installation


class SealBrokenError(Exception):
    """The value was sealed with another key, or for another tenant, table or column."""


def parse_keys(text: str) -> dict[str, bytes]:
    """Map key names to raw keys, the sealing one first (``k2:<base64>,k1:<base64>``)."""
    pairs = (item.partition(":") for item in text.split(",") if item)
    return {name.strip(): key.strip().encode() for name, _, key in pairs}


def seal(value: str, *, keys: Mapping[str, bytes], tenant: str, table: str, column: str) -> str:
    """Encrypt ``value`` with the first of ``keys``; the result starts with that key's name."""
    name, key = next(iter(keys.items()))
    token = _fernet(key, tenant, table, column).encrypt(value.encode()).decode()
    return f"{name}:{token}"


def unseal(sealed: str, *, keys: Mapping[str, bytes], tenant: str, table: str, column: str) -> str:
    """Decrypt what ``seal`` made. Raises: SealBrokenError."""
    name, _, token = sealed.partition(":")
    key = keys.get(name)
    if key is None:
        raise SealBrokenError(f"unknown key {name!r}")
    try:
        return _fernet(key, tenant, table, column).decrypt(token.encode()).decode()
    except InvalidToken:
        raise SealBrokenError("the seal does not fit") from None


def sealed_at(sealed: str) -> datetime:
    """Return when a value was sealed; needs no key. Raises: SealBrokenError."""
    try:
        token = base64.urlsafe_b64decode(sealed.partition(":")[2])
        if token[:1] != b"\x80" or len(token) < 9:  # Fernet's version, then the time
            raise SealBrokenError("not a sealed value")
        return datetime.fromtimestamp(int.from_bytes(token[1:9]), tz=UTC)
    except (ValueError, OverflowError):
        raise SealBrokenError("not a sealed value") from None


def _fernet(key: bytes, tenant: str, table: str, column: str) -> Fernet:
    # Fernet has no associated data: a key for each place keeps a copied value from opening.
    derived = HKDF(
        algorithm=hashes.SHA256(), length=32, salt=None, info=f"{tenant}|{table}|{column}".encode()
    ).derive(base64.urlsafe_b64decode(key))
    return Fernet(base64.urlsafe_b64encode(derived))
