"""How many requests are answered: of one address by the minute, of a tenant by its plan's hour.

Programs' requests count for their tenant; pages do not. Whoever is signed in on a page counts for
nobody: an office shares an address. Whoever is on this machine is not limited by address: it may
be a proxy that nobody told us of, and everybody would be refused for everybody.
"""

import logging
import time
from collections.abc import Iterable
from datetime import timedelta
from ipaddress import ip_address

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants import addresses, audit, context, limits, secrets
from tenants.errors import DomainError
from tenants.limits import Count, Limit
from tenants.models import Tenant
from tenants.services import letters, usage

logger = logging.getLogger(__name__)

HOUR = 3600
MINUTE = 60
# Addresses that a process remembers to be over their limit; more are asked for again.
CLOSED_MAX = 10_000
_closed: dict[str, float] = {}


class RateLimitedError(DomainError):
    code = "rate_limited"
    http_status = 429
    message = _("Too many requests: wait as long as Retry-After says.")


class PlanRateLimitedError(RateLimitedError):
    message = _(
        "The requests that your plan has for an hour are used up: wait as long as Retry-After says."
    )


def count(*, tenant: Tenant | None, address: str | None) -> list[Count]:
    """Count a request for a tenant whose program asked, and for its address. One call to Redis.

    The request that makes an hour pass a mark (four fifths of the plan, all of it) writes it down.
    """
    wanted = [_of_plan(tenant) if tenant else None, _of_address(address)]
    counts = limits.count([one for one in wanted if one is not None])
    for one in counts:
        if one.limit.name == "address" and one.is_over:
            _close(one)
        elif one.limit.name == "plan" and tenant is not None:
            _announce(tenant, one)
    return counts


def check(counts: Iterable[Count]) -> None:
    """Pass while nothing is over. Raises: RateLimitedError, PlanRateLimitedError."""
    over = [one for one in counts if one.is_over]
    if not over:
        return
    longest = max(over, key=lambda one: one.resets_seconds)
    error = PlanRateLimitedError if longest.limit.name == "plan" else RateLimitedError
    raise error(retry_after_seconds=max(longest.resets_seconds, 1))


def check_address(address: str | None) -> None:
    """Refuse, without asking anybody, an address that this process saw going over its limit.

    Raises: RateLimitedError.
    """
    limit = _of_address(address) if _closed else None
    left = _closed.get(limit.key, 0.0) - time.monotonic() if limit is not None else 0.0
    if left > 0:
        raise RateLimitedError(retry_after_seconds=int(left) + 1)


def used_by(tenant: Tenant) -> Count | None:
    """Return what a tenant's programs have used of this hour; None where its plan has no limit."""
    limit = _of_plan(tenant)
    return None if limit is None else limits.look(limit)


def _of_plan(tenant: Tenant) -> Limit | None:
    quota = tenant.plan.requests_per_hour
    return None if quota is None else Limit("plan", f"tenant:{tenant.pk}", quota, HOUR)


def _of_address(address: str | None) -> Limit | None:
    quota = settings.ADDRESS_REQUESTS_PER_MINUTE
    if address is None or not quota or ip_address(address).is_loopback:
        return None
    network = secrets.mac(addresses.network_of(address), purpose="rate-address", size_bytes=12)
    return Limit("address", f"address:{network}", quota, MINUTE)


def _close(over: Count) -> None:
    now = time.monotonic()
    if len(_closed) >= CLOSED_MAX:
        _closed.clear()
    _closed[over.limit.key] = now + over.resets_seconds


def _announce(tenant: Tenant, used: Count) -> None:
    passed = [mark for mark in (usage.NEAR_PERCENT, 100) if used.passes(mark)]
    if not passed:
        return
    mark = passed[-1]
    action = "requests.reached" if mark == 100 else "requests.near"
    changes = {"limit": used.limit.quota}
    with context.platform(), transaction.atomic():
        # Without Redis each process passes the mark, and after a loss of its memory again.
        since = timezone.now() - timedelta(seconds=HOUR)
        if audit.about(tenant).filter(action=action, at__gt=since).exists():
            return
        audit.record(actor=None, action=action, target=tenant, tenant=tenant, changes=changes)
        letter = letters.requests_used(tenant=tenant, percent=mark, limit=used.limit.quota)
        letters.post_to_admins(tenant=tenant, letter=letter)
    logger.warning(
        "tenant %s: %s %% of the %s requests of its hour are used",
        tenant.schema_name,
        mark,
        used.limit.quota,
    )
