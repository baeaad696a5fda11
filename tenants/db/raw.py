"""Sessions that are not Django's, for set-based work that names its tenant in each transaction."""

import re
from functools import cache
from typing import Any, Self

import psycopg
from django.db import connection

_PLACE = ("dbname", "user", "password", "host", "port")


_PLACEHOLDER = re.compile(r"%(?:\((\w+)\)s|s|%)")


class TogetherCursor(psycopg.RawCursor[Any]):
    """Lets the statements of a pipeline leave together: when a result is asked for, or at its end.

    The driver's own sends each by itself, and PostgreSQL wakes up for each; a third of what a small
    group of messages costs. Needs what psycopg keeps to itself; tests notice if that changes.
    """

    def _execute_gen(self, query: Any, params: Any = None, **how: Any) -> Any:
        if not self._conn._pipeline:
            yield from super()._execute_gen(query, params, **how)
            return
        yield from self._start_query(query)
        yield from self._maybe_prepare_gen(self._convert_query(query, params), **how)
        self._last_query = query
        yield from self._conn._prepared.maintain_gen(self._conn)

    def _fetch_pipeline(self) -> None:
        self.gather()
        super()._fetch_pipeline()

    def gather(self) -> None:
        """Put what was executed into the session's buffer, to leave with the next thing."""
        pipeline = self._conn._pipeline
        while pipeline and pipeline.command_queue:
            pipeline.command_queue.popleft()()


class MarkedCursor(TogetherCursor):
    """Starts each statement with a mark, so that a prepared plan serves one tenant only.

    A plan that finds another search_path is made anew each time, which costs more than it runs.
    Placeholders are found once in each statement, whatever the mark: psycopg would look again.
    """

    def __init__(self, session: psycopg.Connection[Any], *, mark: str) -> None:
        super().__init__(session)
        self._mark = mark
        self._start = f"/* {mark} */ "

    def execute(self, query: Any, params: Any = None, **how: Any) -> Self:
        text, names = _numbered(query)
        values = params if names is None or params is None else [params[name] for name in names]
        return super().execute(self._start + text, values, **how)

    def other(self) -> "MarkedCursor":
        """Return another cursor of the same transaction: their statements can travel together."""
        return MarkedCursor(self.connection, mark=self._mark)


@cache
def _numbered(query: str) -> tuple[str, list[str] | None]:
    """Return a statement with PostgreSQL's own placeholders, and whose values they stand for.

    The names are None where values come in their order. For constant statements only.
    """
    names: list[str] = []
    count = 0

    def number(found: re.Match[str]) -> str:
        nonlocal count
        if found[0] == "%%":
            return "%"
        name = found[1]
        if name is None:
            count += 1
            return f"${count}"
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    return _PLACEHOLDER.sub(number, query), names or None


def connect(*, name: str, **settings: str) -> psycopg.Connection[Any]:
    """Open a session in autocommit mode; ``settings`` are PostgreSQL's, ``name`` is for its lists.

    It starts in no schema at all. On Django's own session the next ORM call would set its own
    search_path, and rows would land in another tenant. Raises: psycopg.OperationalError.
    """
    place = {key: value for key, value in _params().items() if key in _PLACE}
    options = {"search_path": "nowhere", "timezone": "UTC", **settings}
    return psycopg.connect(
        **place,
        autocommit=True,
        application_name=name,
        connect_timeout=5,
        options=" ".join(f"-c {key}={value}" for key, value in options.items()),
    )


def _params() -> dict[str, Any]:
    params: dict[str, Any] = connection.get_connection_params()
    return params
