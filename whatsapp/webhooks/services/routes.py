"""Find where events go. Truth is asked for in every batch: a number may move."""

from collections.abc import Collection
from typing import Any

import psycopg
from psycopg.rows import class_row

from tenants.db import arrays
from whatsapp.webhooks.types import Route

_COLUMNS = r"""
    SELECT route.phone_number_id, route.waba_id,
        regexp_replace(route.display_phone_number, '\D', '', 'g') AS digits,
        route.app_id, tenant.id AS tenant_id, tenant.schema_name,
        tenant.status = 'ACTIVE' AS is_active
    FROM public.webhooks_phoneroute AS route
    JOIN public.tenants_tenant AS tenant ON tenant.id = route.tenant_id
"""
_BY_NUMBER = _COLUMNS + "WHERE route.phone_number_id = ANY (%s::text[])"
_BY_ACCOUNT = (
    _COLUMNS
    + r"""
    WHERE route.waba_id = ANY (%s::text[])
        OR regexp_replace(route.display_phone_number, '\D', '', 'g') = ANY (%s::text[])
"""
)


def by_number(session: psycopg.Connection[Any], numbers: Collection[str]) -> dict[str, Route]:
    """Return the routes of phone_number_ids."""
    cursor = session.cursor(row_factory=class_row(Route))
    found = cursor.execute(_BY_NUMBER, (arrays.texts(numbers),)).fetchall()
    return {route.phone_number_id: route for route in found}


def by_account(
    session: psycopg.Connection[Any], waba_ids: Collection[str], digits: Collection[str]
) -> list[Route]:
    """Return the routes of accounts, and of numbers as they are shown (digits only)."""
    cursor = session.cursor(row_factory=class_row(Route))
    return cursor.execute(_BY_ACCOUNT, (arrays.texts(waba_ids), arrays.texts(digits))).fetchall()
