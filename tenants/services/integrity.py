"""Look whether every tenant's schema has its tables; a request must never meet a missing one."""

from collections.abc import Iterable

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction

from tenants import audit, context
from tenants.models import Tenant

_TABLES = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY (%s)"


def check_schemas() -> dict[str, list[str]]:
    """Mark active tenants that lack tables as broken, and whole ones that were broken as active.

    A broken tenant answers 503 until its tables are back. Returns the missing tables by schema.
    Three queries for any number of tenants.
    """
    expected = _expected()
    with context.platform():
        watched = [Tenant.Status.ACTIVE, Tenant.Status.BROKEN]
        tenants = list(Tenant.objects.filter(status__in=watched))
        found = _found(tenant.schema_name for tenant in tenants)
        missing = {
            tenant.schema_name: sorted(expected - found.get(tenant.schema_name, set()))
            for tenant in tenants
        }
        for tenant in tenants:
            _mark(tenant, missing[tenant.schema_name])
    return {schema: tables for schema, tables in missing.items() if tables}


def _expected() -> set[str]:
    return {
        model._meta.db_table
        for config in apps.get_app_configs()
        if config.name in settings.TENANT_APPS
        for model in config.get_models()
    }


def _found(schemas: Iterable[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_TABLES, [list(schemas)])
        for schema, table in cursor.fetchall():
            found.setdefault(schema, set()).add(table)
    return found


def _mark(tenant: Tenant, missing: list[str]) -> None:
    status = Tenant.Status.BROKEN if missing else Tenant.Status.ACTIVE
    if tenant.status == status:
        return
    with transaction.atomic():
        # The rival is somebody who suspends it meanwhile: what he decided stays.
        if Tenant.objects.filter(pk=tenant.pk, status=tenant.status).update(status=status):
            audit.record(
                actor=None,
                action="tenant.broken" if missing else "tenant.repaired",
                target=tenant,
                tenant=tenant,
                changes={"missing": missing},
            )
