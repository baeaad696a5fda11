"""Meta's refusals of a parameter that is missing, unknown or of the wrong kind."""

from collections.abc import Iterable
from typing import Any

from whatsapp.simulator.errors import GraphError

Json = dict[str, Any]


def required(name: str) -> GraphError:
    """A parameter that has to be there."""
    return GraphError(100, message=f"(#100) The parameter {name} is required.")


def wrong(name: str, why: str) -> GraphError:
    """A parameter with a value that is not taken."""
    return GraphError(100, message=f"(#100) Param {name} {why}.")


def only(body: Json, *known: str) -> None:
    """Raise GraphError for a key that means nothing here: the caller misspelt it."""
    for key in body:
        if key not in known:
            raise GraphError(100, message=f'(#100) Unexpected key "{key}" on the request.')


def product(body: Json) -> None:
    """Raise GraphError unless the body says that it is for WhatsApp."""
    if "messaging_product" not in body:
        raise required("messaging_product")
    if body["messaging_product"] != "whatsapp":
        raise wrong("messaging_product", 'must be one of {"WHATSAPP"}')


def text(body: Json, name: str, *, most: int, least: int = 0) -> str:
    """Return a text of ``least`` to ``most`` characters. Raises: GraphError."""
    value = body.get(name)
    if value is None:
        raise required(name)
    if not isinstance(value, str):
        raise wrong(name, "must be a string")
    if not least <= len(value) <= most:
        raise wrong(name, f"must be {least} to {most} characters long")
    return value


def one_of(body: Json, name: str, words: Iterable[str]) -> str:
    """Return one of ``words``. Raises: GraphError."""
    known, value = tuple(words), body.get(name)
    if value is None:
        raise required(name)
    if value not in known:
        raise wrong(name, f"must be one of {{{', '.join(known)}}} - got {value!r}")
    return str(value)


def pin(body: Json) -> str:
    """Return the six digits of a two-step verification. Raises: GraphError."""
    value = body.get("pin")
    if value is None:
        raise required("pin")
    if not isinstance(value, str) or len(value) != 6 or not (value.isascii() and value.isdecimal()):
        raise wrong("pin", "must be 6 digits")
    return value
