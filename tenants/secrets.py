"""Seal secrets for storage, bound to tenant, table and column: a copied value does not open."""

import hashlib
import hmac

from django.conf import settings

from tenants import sealing
from tenants.sealing import PLATFORM, SealBrokenError

__all__ = ["PLATFORM", "SealBrokenError", "mac", "open", "seal"]


def seal(value: str, *, tenant: str, table: str, column: str) -> str:
    """Encrypt ``value`` with the first of ``FIELD_KEYS``; the result starts with that key's name.

    ``tenant`` is the tenant's UUID as text, or ``PLATFORM`` for what belongs to the installation.
    """
    return sealing.seal(value, keys=_keys(), tenant=tenant, table=table, column=column)


def open(sealed: str, *, tenant: str, table: str, column: str) -> str:  # noqa: A001 - seal and open are a pair
    """Decrypt what ``seal`` made. Raises: SealBrokenError."""
    return sealing.unseal(sealed, keys=_keys(), tenant=tenant, table=table, column=column)


def mac(*parts: str, purpose: str, size_bytes: int = 8) -> str:
    """Return a short hex MAC over ``parts``, keyed by SECRET_KEY and separated by ``purpose``."""
    key = hashlib.sha256(f"{purpose}|{settings.SECRET_KEY}".encode()).digest()
    return hmac.new(key, "|".join(parts).encode(), hashlib.sha256).hexdigest()[: size_bytes * 2]


def _keys() -> dict[str, bytes]:
    return sealing.parse_keys(settings.FIELD_KEYS)
