"""What a tenant has used of the present month (of UTC), and what its plan lets it send yet."""

import logging
from dataclasses import replace
from datetime import UTC, datetime

from django.db import connection
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from tenants import audit, context
from tenants.errors import DomainError
from tenants.feed import usage
from tenants.feed.usage import Month
from tenants.models import Tenant

logger = logging.getLogger(__name__)

# From this share on it is told how much of a plan is used: messages, and requests.
NEAR_PERCENT = 80


class QuotaReachedError(DomainError):
    code = "quota_reached"
    http_status = 409
    message = _(
        "The %(limit)s messages of your plan are used up for this month: nothing more can be sent"
        " before the next one begins (in UTC), or before the plan grows."
    )

    def __init__(self, limit: int) -> None:
        shown = number_format(limit, force_grouping=True)
        super().__init__(str(self.message) % {"limit": shown})


def take(messages: int) -> Month:
    """Count messages that are queued in the current tenant, if its plan has room for all of them.

    Exact, also side by side: the day's row is locked until the commit. So this comes after every
    other lock, right before the change counter. One statement.
    Raises: QuotaReachedError; the caller's transaction must not commit then. What makes the month
    pass a mark (four fifths of the plan, all of it) is written down, once.
    """
    with connection.cursor() as cursor:
        month = usage.count_sent(cursor, messages)
    if month.limit is not None and month.is_over:
        raise QuotaReachedError(month.limit)
    before = replace(month, sent=month.sent - messages)
    passed = [mark for mark in (NEAR_PERCENT, 100) if before.percent < mark <= month.percent]
    if passed:
        _announce(month, passed[-1])
    return month


def _announce(month: Month, mark: int) -> None:
    tenant = Tenant.objects.get(schema_name=context.current_schema())
    action = "quota.reached" if mark == 100 else "quota.near"
    changes = {"month": f"{timezone.now():%Y-%m}", "limit": month.limit}
    # What was taken back may be queued again, and pass the mark again.
    if audit.about(tenant).filter(action=action, changes=changes).exists():
        return
    audit.record(actor=None, action=action, target=tenant, tenant=tenant, changes=changes)
    logger.warning(
        "tenant %s: %s %% of the %s messages of its month are used",
        tenant.schema_name,
        mark,
        month.limit,
    )


def check() -> None:
    """Pass while the current tenant may send another message, or raise QuotaReachedError."""
    month = this_month()
    if month.limit is not None and month.sent >= month.limit:
        raise QuotaReachedError(month.limit)


def this_month() -> Month:
    """Return what the current tenant has used. One query."""
    with connection.cursor() as cursor:
        return usage.month(cursor)


def month_of(tenant: Tenant) -> Month:
    """Return what a tenant with a whole schema has used. One query."""
    with context.tenant(tenant.schema_name):
        return this_month()


def next_month_at(now: datetime) -> datetime:
    """Return when the next month begins."""
    day = now.astimezone(UTC).date().replace(day=1)
    year, month = divmod(day.month, 12)
    return datetime(day.year + year, month + 1, 1, tzinfo=UTC)
