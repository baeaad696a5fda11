"""One PostgreSQL session of the webhook door, opened when first used and replaced when it dies."""

import asyncio
from collections.abc import Sequence
from typing import Any, LiteralString

import psycopg

TIMEOUT_SECONDS = 5
_OPTIONS = f"-c statement_timeout={TIMEOUT_SECONDS}s -c timezone=UTC"


class UnavailableError(Exception):
    """PostgreSQL did not do it in time; whether it will is unknown."""


class RefusedError(Exception):
    """PostgreSQL is well, and refuses these values."""


class Session:
    """Runs one statement at a time, each in a transaction of its own."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._connection: psycopg.AsyncConnection[Any] | None = None

    async def execute(
        self, statement: LiteralString, parameters: Sequence[object] = ()
    ) -> list[Any]:
        """Run a statement and commit it; return its rows.

        A session that died while it was idle is replaced, and the statement run again: it has to
        bear being run twice. Raises: UnavailableError, RefusedError.
        """
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                return await self._try_twice(statement, parameters)
        except (psycopg.IntegrityError, psycopg.DataError) as error:
            raise RefusedError(type(error).__name__) from error
        except (psycopg.Error, OSError) as error:  # a TimeoutError is an OSError
            await self.close()
            raise UnavailableError(type(error).__name__) from error

    async def close(self) -> None:
        """End the session; the next statement opens another one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _try_twice(self, statement: LiteralString, parameters: Sequence[object]) -> list[Any]:
        known = self._connection
        if known is not None:
            try:
                return await _run(known, statement, parameters)
            except psycopg.OperationalError:
                if not known.closed:
                    raise
        self._connection = await psycopg.AsyncConnection.connect(
            self._database_url,
            autocommit=True,
            connect_timeout=TIMEOUT_SECONDS,
            options=_OPTIONS,
            application_name="balcao-ingest",
        )
        return await _run(self._connection, statement, parameters)


async def _run(
    connection: psycopg.AsyncConnection[Any], statement: LiteralString, parameters: Sequence[object]
) -> list[Any]:
    cursor = await connection.execute(statement, parameters, prepare=True)
    return await cursor.fetchall() if cursor.description else []
