"""The signature of a webhook: HMAC-SHA256 over the raw bytes, keyed by the Meta app's secret.

Source: developers.facebook.com/docs/graph-api/webhooks/getting-started, "Validate Payloads".
"""

import hmac
import re
from collections.abc import Iterable

_HEADER = re.compile(rb"sha256=([0-9a-f]{64})")


def parse(header: str | bytes | None) -> bytes | None:
    """Return the 64 lower-case hex digits of an ``X-Hub-Signature-256`` header, or None."""
    if isinstance(header, str):
        header = header.encode("utf-8", "replace")
    match = _HEADER.fullmatch(header or b"")
    return match[1] if match else None


def verify(body: bytes, header: str | bytes | None, secrets: Iterable[str]) -> bool:
    """Tell whether one of ``secrets`` signed exactly these bytes; compares in constant time.

    The body must be the bytes as they came: Meta signs its own escapes, and any re-encoding of
    the JSON changes them.
    """
    claimed = parse(header)
    if claimed is None:
        return False
    return any(hmac.compare_digest(_digest(secret, body), claimed) for secret in secrets)


def sign(body: bytes, secret: str) -> str:
    """Return the header with which Meta would sign these bytes."""
    return f"sha256={_digest(secret, body).decode()}"


def _digest(secret: str, body: bytes) -> bytes:
    return hmac.digest(secret.encode(), body, "sha256").hex().encode()
