from typing import Any

from django_tenants.management.commands.migrate_schemas import MigrateSchemasCommand

from tenants.services import integrity


class Command(MigrateSchemasCommand):
    """django-tenants' own, which afterwards looks whether every tenant has all of its tables."""

    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        if options["plan"] or options["check_unapplied"]:
            return
        for schema, tables in integrity.check_schemas().items():
            self.stderr.write(self.style.ERROR(f"{schema} answers 503, without: {tables}"))
