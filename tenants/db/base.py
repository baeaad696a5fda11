"""PostgreSQL backend whose default schema is empty: whoever forgets the tenant gets an error."""

from typing import Any

from django_tenants.postgresql_backend import base

# No such schema exists; PostgreSQL accepts it in search_path.
NOWHERE = "nowhere"


class DatabaseWrapper(base.DatabaseWrapper):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.set_schema_to_nowhere()

    def set_schema_to_nowhere(self) -> None:
        """Leave every schema: the next query without a tenant fails."""
        self.set_schema(NOWHERE)

    def set_tenant(self, tenant: Any, include_public: bool = True) -> None:  # noqa: FBT001, FBT002 - the library's signature
        # The library's own contexts restore "nowhere, public", which would find public's rows.
        super().set_tenant(tenant, include_public and tenant.schema_name != NOWHERE)
