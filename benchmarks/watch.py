"""See when messages become rows that others can read, in a process that does nothing else."""

import json
import select
import sys
import time

import psycopg
from psycopg import sql

LOOK_SECONDS = 0.001


def main(database_url: str, schemas: list[str]) -> None:
    """Look until standard input ends; then print ``{"seen": {wamid: epoch}, "cpu": share}``.

    One worker commits in the order of the rows' ids, so nothing appears behind what was seen.
    """
    seen: dict[str, float] = {}
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.prepare_threshold = 0
        queries = [_query(schema) for schema in schemas]
        last = [_last(connection, schema) for schema in schemas]
        sys.stdout.write("watching\n")
        sys.stdout.flush()
        began, cpu = time.monotonic(), time.process_time()
        while not _told_to_end():
            for place, query in enumerate(queries):
                rows = connection.execute(query, (last[place],)).fetchall()
                now = time.time()
                for pk, wamid in rows:
                    seen[wamid] = now
                    last[place] = pk
        share = (time.process_time() - cpu) / (time.monotonic() - began)
    sys.stdout.write(json.dumps({"seen": seen, "cpu": share}))


def _query(schema: str) -> sql.Composed:
    return sql.SQL(
        "SELECT id, wamid FROM {}.conversations_message WHERE id > %s ORDER BY id"
    ).format(sql.Identifier(schema))


def _last(connection: psycopg.Connection, schema: str) -> int:
    query = sql.SQL("SELECT COALESCE(max(id), 0) FROM {}.conversations_message")
    row = connection.execute(query.format(sql.Identifier(schema))).fetchone()
    return row[0] if row else 0


def _told_to_end() -> bool:
    """Wait for a moment; tell whether the other end has closed."""
    ready, _, _ = select.select([sys.stdin], [], [], LOOK_SECONDS)
    return bool(ready)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
