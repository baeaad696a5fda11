"""Reading what somebody wants of the simulator (not of Meta) out of JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

Json = dict[str, Any]


class WishError(Exception):
    """A wish that cannot be met; the message says why."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def only(data: Json, *known: str) -> None:
    """Raise WishError for a key that means nothing."""
    for key in data:
        if key not in known:
            raise WishError(f"{key}: there is no such thing to change.")


def words(data: Json, known: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return those of ``known`` that are given, each one of its words. Raises: WishError."""
    found = {key: data[key] for key in known if key in data}
    for key, value in found.items():
        if value not in known[key]:
            raise WishError(f"{key}: one of {', '.join(known[key])}.")
    return found


def text(data: Json, key: str, start: str) -> str:
    """Return a text, ``start`` where none is given. Raises: WishError."""
    value = data.get(key, start)
    if not isinstance(value, str):
        raise WishError(f"{key}: a text is needed.")
    return value.strip()


def flag(data: Json, key: str, *, default: bool) -> bool:
    """Return true or false. Raises: WishError."""
    value = data.get(key, default)
    if not isinstance(value, bool):
        raise WishError(f"{key}: true or false is needed.")
    return value


def is_number(value: Any) -> bool:
    """Whether it is a number, which true and false are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)
