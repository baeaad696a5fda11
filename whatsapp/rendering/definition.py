"""What a template consists of."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

VARIABLE = re.compile(r"\{\{\s*([^{}\s]*)\s*\}\}")
MEDIA = frozenset({"IMAGE", "VIDEO", "DOCUMENT"})
AUTHENTICATION = "AUTHENTICATION"
# Headers of which something is known here; of any other nobody can say what it needs.
HEADERS = frozenset({"TEXT", "LOCATION", "PRODUCT", *MEDIA})


@dataclass(frozen=True, slots=True)
class Button:
    """One button; ``index`` is its place among all of them, as the send has to name it."""

    index: int
    type: str
    text: str
    url: str = ""
    example: str = ""
    phone: str = ""
    code: str = ""  # what is copied, once it is filled in


@dataclass(frozen=True, slots=True)
class Definition:
    """A template as Meta stores it, or one card of its carousel.

    ``key`` stands before the keys of a card's fields. ``unsupported`` names a part that cannot be
    sent from here.
    """

    name: str
    language: str
    category: str
    is_named: bool
    header_format: str = ""
    header: str = ""
    body: str = ""
    footer: str = ""
    buttons: tuple[Button, ...] = ()
    examples: tuple[tuple[str, str], ...] = ()  # by part and variable
    cards: tuple["Definition", ...] = ()
    offer: str = ""  # of limited time
    offer_ends: str = ""  # not empty: its end is shown, and has to be given
    asks_to_call: bool = False
    key: str = ""
    unsupported: str = ""

    @property
    def is_authentication(self) -> bool:
        return self.category == AUTHENTICATION


def parse(
    *, name: str, language: str, category: str, parameter_format: str, components: Any
) -> Definition:
    """Read a template's definition, whatever Meta put in it. Never raises."""
    whole = (name, language, category.upper(), parameter_format.upper() == "NAMED")
    return _read(whole, components)


def variables(text: str) -> list[str]:
    """Return the names of a text's variables, each once, in their order."""
    return list(dict.fromkeys(VARIABLE.findall(text)))


def is_code_button(definition: Definition, button: Button) -> bool:
    """Tell whether a button carries the one-time code of the body."""
    return button.type == "OTP" or (definition.is_authentication and button.type == "URL")


def _read(whole: tuple[str, str, str, bool], components: Any, key: str = "") -> Definition:
    parts = [part for part in _list(components) if isinstance(part, dict)]
    header, body, offer = (_part(parts, kind) for kind in ("HEADER", "BODY", "LIMITED_TIME_OFFER"))
    terms = offer.get("limited_time_offer")
    terms = terms if isinstance(terms, dict) else {}
    cards = _cards(whole, parts) if not key else ()
    return Definition(
        *whole,
        header_format=_word(header.get("format"), "TEXT") if header else "",
        header=_text(header.get("text")),
        # The words of a code's message are Meta's; it may leave them out.
        body=_text(body.get("text")) or ("{{1}}" if whole[2] == AUTHENTICATION else ""),
        footer=_text(_part(parts, "FOOTER").get("text")),
        buttons=tuple(
            _button(index, item)
            for index, item in enumerate(_list(_part(parts, "BUTTONS").get("buttons")))
            if isinstance(item, dict)
        ),
        examples=tuple(_examples("header", header) + _examples("body", body)),
        cards=cards,
        offer=_text(terms.get("text")),
        offer_ends="{{end}}" if offer and terms.get("has_expiration") is True else "",
        asks_to_call=bool(_part(parts, "CALL_PERMISSION_REQUEST")),
        key=key,
        unsupported=_unsupported(parts, header, cards),
    )


def _cards(
    whole: tuple[str, str, str, bool], parts: list[dict[str, Any]]
) -> tuple[Definition, ...]:
    cards = [
        card for card in _list(_part(parts, "CAROUSEL").get("cards")) if isinstance(card, dict)
    ]
    return tuple(
        _read(whole, card.get("components"), key=f"card.{index}.")
        for index, card in enumerate(cards)
    )


def _button(index: int, item: Mapping[str, Any]) -> Button:
    example = item.get("example")
    if isinstance(example, list):
        example = example[0] if example else ""
    return Button(
        index,
        _word(item.get("type"), "QUICK_REPLY"),
        _text(item.get("text")),
        _text(item.get("url")),
        _text(example),
        _text(item.get("phone_number")),
    )


def _examples(part: str, component: Mapping[str, Any]) -> list[tuple[str, str]]:
    example = component.get("example")
    if not isinstance(example, dict):
        return []
    named = [one for one in _list(example.get(f"{part}_text_named_params")) if _is_named(one)]
    values = _list(example.get(f"{part}_text"))
    if values and isinstance(values[0], list):
        values = values[0]
    numbered = [(f"{part}.{n}", _text(value)) for n, value in enumerate(values, start=1)]
    return numbered + [(f"{part}.{one['param_name']}", _text(one.get("example"))) for one in named]


def _is_named(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get("param_name"), str)


def _unsupported(
    parts: list[dict[str, Any]], header: Mapping[str, Any], cards: tuple[Definition, ...]
) -> str:
    kinds = [_word(part.get("type"), "") for part in parts]
    shape = _word(header.get("format"), "TEXT")
    if shape not in HEADERS:
        return shape
    if "CAROUSEL" in kinds and not cards:
        return "CAROUSEL"
    return next((card.unsupported for card in cards if card.unsupported), "")


def _part(parts: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    return next((part for part in parts if _word(part.get("type"), "") == kind), {})


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _word(value: Any, default: str) -> str:
    return value.upper() if isinstance(value, str) and value else default
