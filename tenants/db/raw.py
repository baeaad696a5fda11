"""Sessions that are not Django's, for set-based work that names its tenant in each transaction."""

from typing import Any, Self

import psycopg
from django.db import connection

_PLACE = ("dbname", "user", "password", "host", "port")


class MarkedCursor(psycopg.Cursor[Any]):
    """Starts each statement with a mark, so that a prepared plan serves one tenant only.

    A plan that finds another search_path is made anew each time, which costs more than it runs.
    """

    def __init__(self, session: psycopg.Connection[Any], *, mark: str) -> None:
        super().__init__(session)
        self._mark = mark
        self._start = f"/* {mark} */ "

    def execute(self, query: Any, params: Any = None, **how: Any) -> Self:
        return super().execute(self._start + query, params, **how)

    def other(self) -> "MarkedCursor":
        """Return another cursor of the same transaction: their statements can travel together."""
        return MarkedCursor(self.connection, mark=self._mark)


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
