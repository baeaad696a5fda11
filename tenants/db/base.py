"""PostgreSQL backend whose default schema is empty: whoever forgets the tenant gets an error."""

from typing import Any

import psycopg
from django_tenants.postgresql_backend import base
from psycopg_pool import ConnectionPool

# No such schema exists; PostgreSQL accepts it in search_path.
NOWHERE = "nowhere"


class DatabaseWrapper(base.DatabaseWrapper):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.set_schema_to_nowhere()

    def get_new_connection(self, conn_params: Any) -> Any:
        """Return a session that is alive: a restart of PostgreSQL fails no request.

        Where one that waited in the pool is dead, the others are as well, and all are made anew.
        (The pool's own check looks at one after the other, and waits longer after each.)
        """
        session = super().get_new_connection(conn_params)
        pool = self.pool
        if pool is None:
            return session
        try:
            ConnectionPool.check_connection(session)
        except psycopg.OperationalError:
            pool.putconn(session)
            pool.drain()
            return super().get_new_connection(conn_params)
        return session

    def set_schema_to_nowhere(self) -> None:
        """Leave every schema: the next query without a tenant fails."""
        self.set_schema(NOWHERE)

    def set_tenant(self, tenant: Any, include_public: bool = True) -> None:  # noqa: FBT001, FBT002 - the library's signature
        # The library's own contexts restore "nowhere, public", which would find public's rows.
        super().set_tenant(tenant, include_public and tenant.schema_name != NOWHERE)

    def set_autocommit(self, *args: Any, **kwargs: Any) -> None:
        """Begin or leave a transaction; what the one before it set of the path is not relied on."""
        self.search_path_set_schemas = None
        super().set_autocommit(*args, **kwargs)

    def commit(self) -> None:
        """End a transaction. One that had failed is rolled back by this, and its path with it."""
        self.search_path_set_schemas = None
        super().commit()

    def _handle_search_path(self, cursor: Any = None) -> None:
        """Set the path once a transaction and schema: otherwise that is a third of all statements.

        Outside a transaction it is set for every cursor. The library forgets what it has set when
        the schema changes and when a transaction, or a part of it, is rolled back.
        """
        if not (self.in_atomic_block and self.search_path_set_schemas):
            super()._handle_search_path(cursor)
