"""The `fields` of a read: only what is asked for comes, and the id."""

import re
from collections.abc import Mapping
from typing import Any

from whatsapp.simulator.calls import Call
from whatsapp.simulator.errors import GraphError

#: What may follow a field: {id,name} of the object in it, or .limit(5).
_NESTED = re.compile(r"\{[^{}]*\}|\.\w+\([^()]*\)")


def names(call: Call, default: tuple[str, ...]) -> list[str]:
    """Return the names in `fields`, or ``default`` where nobody asked."""
    asked = _NESTED.sub("", call.request.query.get("fields", "")).split(",")
    return [name.strip() for name in asked if name.strip()] or list(default)


def selected(
    call: Call, known: Mapping[str, Any], default: tuple[str, ...], *, node: str
) -> dict[str, Any]:
    """Return the wanted fields of ``known``, and `id`. Raises: GraphError, for an unknown one."""
    wanted = names(call, default)
    for name in wanted:
        if name not in known:
            text = f"(#100) Tried accessing nonexisting field ({name}) on node type ({node})"
            raise GraphError(100, message=text)
    return {**{name: known[name] for name in wanted if known[name] is not None}, "id": known["id"]}
