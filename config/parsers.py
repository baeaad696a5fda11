"""Read JSON from strangers: what cannot be kept or is ambiguous is refused before any view."""

import json
import math
from collections.abc import Iterator, Mapping
from typing import IO, Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer

DEPTH_MAX = 64


class BodyTooLargeError(APIException):
    status_code = 413
    default_code = "too_large"
    default_detail = _("This is more than is taken in one request.")


class SafeJSONParser(BaseParser):
    """JSON as RFC 8259 has it, and stricter.

    Refused with 400: invalid UTF-8, NaN and infinities, numbers out of range, a member named
    twice, nesting deeper than 64, NUL and lone surrogates (PostgreSQL keeps neither). With 413:
    bodies over ``DATA_UPLOAD_MAX_MEMORY_SIZE``.
    """

    media_type = "application/json"
    renderer_class = JSONRenderer

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        return loads(_read(stream))


def loads(body: bytes) -> Any:
    """Parse a JSON text. Raises: ParseError."""
    try:
        value = json.loads(
            body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant
        )
    except RecursionError:
        raise ParseError(_("The JSON is nested too deeply.")) from None
    except ValueError:  # also UnicodeDecodeError, and integers of thousands of digits
        raise ParseError(_("This is not valid JSON.")) from None
    _check(value)
    return value


def _read(stream: IO[Any]) -> bytes:
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0
    body: bytes = stream.read(limit + 1)
    if len(body) > limit:
        raise BodyTooLargeError
    return body


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is named twice")
    return members


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _check(value: Any) -> None:
    """Walk without recursion, so that the depth is ours to limit."""
    level = [value]
    for _depth in range(DEPTH_MAX):
        level = [child for item in level for child in _children(item)]
        if not level:
            return
    raise ParseError(_("The JSON is nested too deeply."))


def _children(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value
        yield from value.values()
    elif isinstance(value, list):
        yield from value
    elif isinstance(value, str):
        _check_text(value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ParseError(_("A number is out of range."))


def _check_text(text: str) -> None:
    if "\x00" in text:
        raise ParseError(_("A text contains a NUL character."))
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ParseError(_("A text contains half of a surrogate pair.")) from None
