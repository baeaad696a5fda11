"""Pages by Meta's cursors; `next`, with the token in it, only when there is more."""

import base64
import json
from collections.abc import Sequence
from typing import Any, TypeVar

from whatsapp.simulator.calls import Call
from whatsapp.simulator.errors import GraphError

T = TypeVar("T")
_LIMIT_MAX = 1000


def page(call: Call, found: Sequence[T], *, most: int) -> tuple[Sequence[T], dict[str, Any]]:
    """Return what `after` and `limit` ask for, ``most`` at once, and the `paging` object."""
    query = call.request.query
    limit = _limit(query.get("limit"), most)
    start = _place(query.get("after", ""))
    shown = found[start : start + limit]
    cursors = {"before": _cursor(start), "after": _cursor(start + len(shown))}
    paging: dict[str, Any] = {"cursors": cursors}
    if start + len(shown) < len(found):
        after = f"access_token={call.token}&limit={limit}&after={cursors['after']}"
        paging["next"] = f"https://graph.facebook.com{call.request.path}?{after}"
    return shown, paging


def _limit(wanted: str | None, most: int) -> int:
    if wanted is None:
        return most
    if not wanted.isdecimal() or not 1 <= int(wanted) <= _LIMIT_MAX:
        raise GraphError(100, message="(#100) Param limit must be a positive number.")
    return min(int(wanted), most)


def _cursor(place: int) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def _place(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        place = int(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        raise GraphError(100, message="(#100) Param after is not a valid cursor.") from None
    return max(place, 0)
