"""The one way into a tenant's schema, and the one way into the shared one."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import psycopg
from django.db import connection as _connection
from django_tenants.utils import get_public_schema_name
from psycopg import sql

from tenants.db import raw

# Our backend's methods are unknown to Django's types.
connection: Any = _connection


@contextmanager
def platform() -> Iterator[None]:
    """Work on the shared tables, then return to wherever the caller was. Nests freely."""
    with _restored():
        connection.set_schema(get_public_schema_name())
        yield


@contextmanager
def tenant(schema_name: str) -> Iterator[None]:
    """Work on one tenant's tables (shared ones stay visible), then return to where the caller was.

    Fails with ``ValueError`` for the shared schema: tenant code must never run there by mistake.
    """
    _refuse_shared(schema_name)
    with _restored():
        connection.set_schema(schema_name)
        yield


@contextmanager
def raw_transaction(
    session: psycopg.Connection[Any], schema_name: str
) -> Iterator[raw.MarkedCursor]:
    """Run one transaction of a session of one's own on one tenant's tables, and on nothing else.

    The path ends with the transaction. A table that is missing is an error, never public's.
    Statements travel together until a result is fetched, and after an error none is executed.
    """
    _refuse_shared(schema_name)
    try:
        with session.pipeline():
            raw.TogetherCursor(session).execute("BEGIN", prepare=False)
            raw.TogetherCursor(session).execute(_set_path(schema_name), prepare=False)
            yield raw.MarkedCursor(session, mark=schema_name)
            last = raw.TogetherCursor(session).execute("COMMIT", prepare=False)
            last.gather()
    except BaseException:
        if not session.closed:
            session.rollback()
        raise


@lru_cache(maxsize=4096)
def _set_path(schema_name: str) -> sql.Composed:
    return sql.SQL("SET LOCAL search_path TO {}").format(sql.Identifier(schema_name))


def current_schema() -> str:
    """Return the schema that this thread works in (``nowhere`` outside every context)."""
    return str(connection.schema_name)


def leave() -> None:
    """Leave every schema; for the borders of requests and tasks."""
    connection.set_schema_to_nowhere()


def _refuse_shared(schema_name: str) -> None:
    if not schema_name or schema_name == get_public_schema_name():
        raise ValueError(f"not a tenant's schema: {schema_name!r}")


@contextmanager
def _restored() -> Iterator[None]:
    previous: Any = connection.tenant
    include_public: bool = connection.include_public_schema
    try:
        yield
    finally:
        connection.set_tenant(previous, include_public)
