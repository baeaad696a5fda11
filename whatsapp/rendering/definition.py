"""What a template consists of, and which fields it leaves open."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from whatsapp.rendering.problems import gettext_noop as _

VARIABLE = re.compile(r"\{\{\s*([^{}\s]*)\s*\}\}")
MEDIA = frozenset({"IMAGE", "VIDEO", "DOCUMENT"})
AUTHENTICATION = "AUTHENTICATION"
# Parts that need more than words at the time of sending, and that nothing here can give.
UNSUPPORTED = frozenset({"CAROUSEL", "LIMITED_TIME_OFFER", "CALL_PERMISSION_REQUEST"})
UNSUPPORTED_BUTTONS = frozenset({"CATALOG", "MPM", "SPM"})
PARAMETER_MAX_CHARACTERS = 1024
HEADER_MAX_CHARACTERS = 60
URL_MAX_CHARACTERS = 2000
CODE_MAX_CHARACTERS = 15
PAYLOAD_MAX_CHARACTERS = 256


@dataclass(frozen=True, slots=True)
class Button:
    """One button; ``index`` is its place among all of them, as the send has to name it."""

    index: int
    type: str
    text: str
    url: str = ""
    example: str = ""


@dataclass(frozen=True, slots=True)
class Definition:
    """A template as Meta stores it. ``unsupported`` names a part that cannot be sent from here."""

    name: str
    language: str
    category: str
    is_named: bool
    header_format: str = ""
    header: str = ""
    body: str = ""
    footer: str = ""
    buttons: tuple[Button, ...] = ()
    examples: tuple[tuple[str, str], ...] = ()  # by field's key
    unsupported: str = ""

    @property
    def is_authentication(self) -> bool:
        return self.category == AUTHENTICATION


@dataclass(frozen=True, slots=True)
class Field:
    """A place that has to be, or may be, filled in before the template can be sent."""

    key: str
    kind: str  # text, media, number, url, code, payload
    label: str  # English, for the catalogue; ``name`` stands in it
    name: str = ""
    example: str = ""
    is_required: bool = True
    max_characters: int = PARAMETER_MAX_CHARACTERS


def parse(
    *, name: str, language: str, category: str, parameter_format: str, components: Any
) -> Definition:
    """Read a template's definition, whatever Meta put in it. Never raises."""
    parts = [part for part in _list(components) if isinstance(part, dict)]
    header, body = _part(parts, "HEADER"), _part(parts, "BODY")
    buttons = tuple(
        _button(index, item)
        for index, item in enumerate(_list(_part(parts, "BUTTONS").get("buttons")))
        if isinstance(item, dict)
    )
    is_code = category.upper() == AUTHENTICATION
    return Definition(
        name=name,
        language=language,
        category=category.upper(),
        is_named=parameter_format.upper() == "NAMED",
        header_format=_word(header.get("format"), "TEXT") if header else "",
        header=_text(header.get("text")),
        # The words of a code's message are Meta's; it may leave them out.
        body=_text(body.get("text")) or ("{{1}}" if is_code else ""),
        footer=_text(_part(parts, "FOOTER").get("text")),
        buttons=buttons,
        examples=tuple(_examples("header", header) + _examples("body", body)),
        unsupported=_unsupported(parts, header, buttons),
    )


def variables(text: str) -> list[str]:
    """Return the names of a text's variables, each once, in their order."""
    return list(dict.fromkeys(VARIABLE.findall(text)))


def fields(definition: Definition) -> tuple[Field, ...]:
    """Return what has to be filled in, in the order in which it is shown."""
    return (
        *_header_fields(definition),
        *_text_fields(definition, "body", definition.body),
        *(field for button in definition.buttons for field in _button_fields(definition, button)),
    )


def is_code_button(definition: Definition, button: Button) -> bool:
    """Tell whether a button carries the one-time code of the body."""
    return button.type == "OTP" or (definition.is_authentication and button.type == "URL")


def _header_fields(definition: Definition) -> Iterable[Field]:
    if definition.header_format == "TEXT":
        return _text_fields(definition, "header", definition.header)
    if definition.header_format in MEDIA:
        return [Field("header.media", "media", _("Header: a link or the id of an upload"))]
    if definition.header_format == "LOCATION":
        return [
            Field("header.latitude", "number", _("Latitude"), max_characters=20),
            Field("header.longitude", "number", _("Longitude"), max_characters=20),
            Field("header.name", "text", _("Name of the place")),
            Field("header.address", "text", _("Address")),
        ]
    return []


def _text_fields(definition: Definition, part: str, text: str) -> Iterable[Field]:
    examples = dict(definition.examples)
    label = _("Header: %(name)s") if part == "header" else _("Text: %(name)s")
    longest = HEADER_MAX_CHARACTERS if part == "header" else PARAMETER_MAX_CHARACTERS
    if definition.is_authentication and part == "body":
        label, longest = _("Code"), CODE_MAX_CHARACTERS
    for name in variables(text):
        key = f"{part}.{name}"
        example = examples.get(key, "")
        yield Field(key, "text", label, name, example, max_characters=longest)


def _button_fields(definition: Definition, button: Button) -> Iterable[Field]:
    key = f"button.{button.index}"
    if is_code_button(definition, button):
        return  # it takes the body's code
    if button.type == "URL" and variables(button.url):
        label = _("End of the link of “%(name)s”")
        yield Field(
            key, "url", label, button.text, button.example, max_characters=URL_MAX_CHARACTERS
        )
    if button.type == "COPY_CODE":
        label = _("Code to copy")
        yield Field(
            key, "code", label, button.text, button.example, max_characters=CODE_MAX_CHARACTERS
        )
    if button.type in {"QUICK_REPLY", "FLOW"}:
        label = _("Mark of the button “%(name)s”")
        longest = PAYLOAD_MAX_CHARACTERS
        yield Field(key, "payload", label, button.text, is_required=False, max_characters=longest)


def _button(index: int, item: Mapping[str, Any]) -> Button:
    example = item.get("example")
    if isinstance(example, list):
        example = example[0] if example else ""
    kind = _word(item.get("type"), "QUICK_REPLY")
    text = _text(item.get("text"))
    return Button(index, kind, text, _text(item.get("url")), _text(example))


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
    parts: list[dict[str, Any]], header: Mapping[str, Any], buttons: tuple[Button, ...]
) -> str:
    kinds = [_word(part.get("type"), "") for part in parts]
    found = [kind for kind in kinds if kind in UNSUPPORTED]
    found += [button.type for button in buttons if button.type in UNSUPPORTED_BUTTONS]
    known = {"TEXT", "LOCATION", *MEDIA}
    shape = _word(header.get("format"), "TEXT")
    return next(iter(found), "" if shape in known else shape)


def _part(parts: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    return next((part for part in parts if _word(part.get("type"), "") == kind), {})


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _word(value: Any, default: str) -> str:
    return value.upper() if isinstance(value, str) and value else default
