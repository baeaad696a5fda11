"""What a tenant has used of the present month."""

from dataclasses import dataclass

from django.db import connection

from tenants import context
from tenants.models import Tenant

_MONTH = """
    SELECT COALESCE(sum(received), 0)::bigint, COALESCE(sum(sent), 0)::bigint
    FROM feed_usageday WHERE day >= date_trunc('month', now() AT TIME ZONE 'UTC')::date
"""


@dataclass(frozen=True, slots=True)
class Month:
    """The calendar month (of UTC) that it is now."""

    received: int
    sent: int


def month_of(tenant: Tenant) -> Month:
    """Return what a tenant with a whole schema has used. One query."""
    with context.tenant(tenant.schema_name), connection.cursor() as cursor:
        cursor.execute(_MONTH)
        return Month(*cursor.fetchone())
