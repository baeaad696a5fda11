"""Which request a log line or an audit event belongs to."""

import logging
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """What of the running request outlives it: a name for the logs, and whence and when it came."""

    id: str = ""
    ip_address: str | None = None
    arrived_at: datetime | None = None
    api_key_id: int | None = None  # of the program that asks
    support_id: int | None = None  # of the super-admin's access, who is in the tenant by it


NONE = Request()
current: ContextVar[Request] = ContextVar("request", default=NONE)


class RequestFilter(logging.Filter):
    """Gives every record the id of the request that it was written in (``-`` outside of one)."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current.get().id or "-"
        return True


def client_address(meta: dict[str, Any], trusted_proxies: int) -> str | None:
    """Return the client's address, or None where there is none that makes sense.

    Each of our ``trusted_proxies`` appended the address that it saw to X-Forwarded-For; whatever
    stands to the left of those was written by the client and is worth nothing.
    """
    hops = [hop.strip() for hop in str(meta.get("HTTP_X_FORWARDED_FOR", "")).split(",")]
    address = str(meta.get("REMOTE_ADDR", ""))
    if trusted_proxies and len(hops) >= trusted_proxies:
        address = hops[-trusted_proxies]
    try:
        return str(ip_address(address))
    except ValueError:
        return None
