"""What Meta would refuse of what fills a template in, without asking it."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from whatsapp.rendering import filling, payload
from whatsapp.rendering.asking import (
    CARD_MAX_CHARACTERS,
    HEADER_MAX_CHARACTERS,
    PARAMETER_MAX_CHARACTERS,
    URL_MAX_CHARACTERS,
    Field,
    fields,
)
from whatsapp.rendering.definition import Definition
from whatsapp.rendering.filling import Rendered
from whatsapp.rendering.problems import Problem
from whatsapp.rendering.problems import gettext_noop as _

_UNBROKEN = re.compile(r"[\n\r\t\x00]| {5}")
_LINK = re.compile(r"https?://[^\s/]+(/\S*)?")
_NUMBER = re.compile(r"-?[0-9]{1,3}(\.[0-9]+)?")
_LIMITS = {"header.latitude": 90.0, "header.longitude": 180.0}
_LINK_MAX_CHARACTERS = 2048
_PRODUCTS_MAX = 30


class ValuesError(Exception):
    """The values do not fill the template; ``problems`` says where."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__([problem.place for problem in problems])
        self.problems = problems


def render(definition: Definition, values: Mapping[str, str]) -> Rendered:
    """Fill a template in. Raises: ValuesError, naming every field that Meta would refuse."""
    problems = _problems(definition, values)
    if problems:
        raise ValuesError(problems)
    return filling.preview(definition, values)


def _problems(definition: Definition, values: Mapping[str, str]) -> list[Problem]:
    if definition.unsupported:
        sentence = _("This kind of template cannot be sent from here yet: %(part)s.")
        place = ("template",)
        return [Problem(place, "unsupported", sentence, {"part": definition.unsupported})]
    known = fields(definition)
    keys = {field.key for field in known}
    found = [
        Problem(("values", key), "unknown", _("The template has no such field."))
        for key in values
        if key not in keys
    ]
    found += [problem for field in known for problem in _of_field(field, values)]
    return found or _too_long(definition, values)


def _of_field(field: Field, values: Mapping[str, str]) -> list[Problem]:
    value = values.get(field.key, "")
    place = ("values", field.key)
    if not value.strip():
        missing = field.is_required or value
        return [Problem(place, "required", _("Fill this in."))] if missing else []
    if len(value) > field.max_characters and field.kind != "media":
        sentence = _("%(max)d characters at most.")
        return [Problem(place, "max_length", sentence, {"max": field.max_characters})]
    sentence = _CHECKS[field.kind](field, value)
    return [Problem(place, "invalid", sentence)] if sentence else []


def _odd_text(field: Field, value: str) -> str:
    if _UNBROKEN.search(value):
        return _("No line breaks, tabs, or more than four spaces in a row.")
    return ""


def _odd_media(field: Field, value: str) -> str:
    if len(value) <= _LINK_MAX_CHARACTERS and _LINK.fullmatch(value):
        return ""
    if field.card:
        return _("Give a link that begins with https://.")
    if value.isascii() and value.isdecimal() and len(value) <= payload.ID_MAX_DIGITS:
        return ""
    return _("Give a link that begins with https:// or the id of an upload.")


def _odd_number(field: Field, value: str) -> str:
    if _NUMBER.fullmatch(value) and abs(float(value)) <= _LIMITS.get(field.key, 180.0):
        return ""
    return _("Give degrees with a point, as in -23.5614.")


def _odd_word(field: Field, value: str) -> str:
    return _("No spaces or line breaks.") if re.search(r"[\s\x00]", value) else ""


def _odd_products(field: Field, value: str) -> str:
    products = payload.products_of(value)
    if 0 < len(products) <= _PRODUCTS_MAX and len(set(products)) == len(products):
        return _odd_text(field, value)
    return _("Give 1 to 30 different ids with commas between them.")


# The first and the last years cannot be told in every time zone.
_YEARS = range(2000, 2101)


def _odd_moment(field: Field, value: str) -> str:
    try:
        moment = datetime.fromisoformat(value)
        is_moment = moment.tzinfo is not None and moment.year in _YEARS
    except ValueError:
        is_moment = False
    return "" if is_moment else _("Give date, time and offset, as in 2026-12-31T23:59-03:00.")


_CHECKS: dict[str, Callable[[Field, str], str]] = {
    "text": _odd_text,
    "media": _odd_media,
    "number": _odd_number,
    "url": _odd_word,
    "code": _odd_word,
    "payload": _odd_text,
    "product": _odd_text,
    "products": _odd_products,
    "moment": _odd_moment,
}


def _too_long(definition: Definition, values: Mapping[str, str]) -> list[Problem]:
    """Look at the whole: each value fits, and together they may still be too much."""
    whole = filling.preview(definition, values)
    limits = list(_lengths(definition, whole, PARAMETER_MAX_CHARACTERS))
    for card, shown in zip(definition.cards, whole.cards, strict=True):
        limits += _lengths(card, shown, CARD_MAX_CHARACTERS)
    sentence = _("Filled in, this has more than %(max)d characters.")
    return [
        Problem(("values", part), "max_length", sentence, {"max": most})
        for part, text, most in limits
        if len(text) > most
    ]


def _lengths(definition: Definition, shown: Rendered, most: int) -> Iterator[tuple[str, str, int]]:
    yield f"{definition.key}body", shown.body, most
    if definition.header_format == "TEXT":
        yield f"{definition.key}header", shown.header, HEADER_MAX_CHARACTERS
    for button in shown.buttons:
        yield f"{definition.key}button.{button.index}", button.url, URL_MAX_CHARACTERS
