"""The one renderer: a definition and values make what is shown, what is kept and what is sent."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from whatsapp.rendering.definition import (
    HEADER_MAX_CHARACTERS,
    MEDIA,
    PARAMETER_MAX_CHARACTERS,
    URL_MAX_CHARACTERS,
    VARIABLE,
    Button,
    Definition,
    Field,
    fields,
    is_code_button,
    variables,
)
from whatsapp.rendering.problems import Problem
from whatsapp.rendering.problems import gettext_noop as _

_UNBROKEN = re.compile(r"[\n\r\t\x00]| {5}")
_LINK = re.compile(r"https?://[^\s/]+(/\S*)?")
_NUMBER = re.compile(r"-?[0-9]{1,3}(\.[0-9]+)?")
_LIMITS = {"header.latitude": 90.0, "header.longitude": 180.0}
_LINK_MAX_CHARACTERS = 2048


@dataclass(frozen=True, slots=True)
class Rendered:
    """A template as the customer sees it. ``payload`` is Meta's ``template`` object."""

    header_format: str
    header: str  # words, or the media's link or id, or the place
    body: str
    footer: str
    buttons: tuple[Button, ...]
    payload: dict[str, Any]

    @property
    def text(self) -> str:
        """The words of it, as they are kept with the message."""
        header = self.header if self.header_format in {"TEXT", "LOCATION"} else ""
        return "\n\n".join(part for part in (header, self.body, self.footer) if part)

    @property
    def has_media(self) -> bool:
        return self.header_format in MEDIA


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
    return preview(definition, values)


def preview(definition: Definition, values: Mapping[str, str]) -> Rendered:
    """Fill in what there is; what is missing stays a variable. Never raises."""
    return Rendered(
        header_format=definition.header_format,
        header=_header(definition, values),
        body=_filled(definition.body, "body", values),
        footer=definition.footer,
        buttons=tuple(_shown(button, values) for button in definition.buttons),
        payload=_payload(definition, values),
    )


def _filled(text: str, part: str, values: Mapping[str, str]) -> str:
    return VARIABLE.sub(lambda found: values.get(f"{part}.{found[1]}") or found[0], text)


def _header(definition: Definition, values: Mapping[str, str]) -> str:
    if definition.header_format in MEDIA:
        return values.get("header.media", "")
    if definition.header_format == "LOCATION":
        names = (values.get("header.name", ""), values.get("header.address", ""))
        return ", ".join(name for name in names if name)
    return _filled(definition.header, "header", values)


def _shown(button: Button, values: Mapping[str, str]) -> Button:
    suffix = values.get(f"button.{button.index}")
    url = VARIABLE.sub(lambda found: suffix or found[0], button.url)
    return Button(button.index, button.type, button.text, url)


# --- the body of the send -------------------------------------------------------------------------
def _payload(definition: Definition, values: Mapping[str, str]) -> dict[str, Any]:
    components = [
        _component("header", _header_parameters(definition, values)),
        _component("body", _text_parameters(definition, "body", definition.body, values)),
        *(_button_component(definition, button, values) for button in definition.buttons),
    ]
    payload: dict[str, Any] = {
        "name": definition.name,
        "language": {"code": definition.language},
    }
    filled = [component for component in components if component]
    return {**payload, "components": filled} if filled else payload


def _component(kind: str, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": kind, "parameters": parameters} if parameters else {}


def _header_parameters(definition: Definition, values: Mapping[str, str]) -> list[dict[str, Any]]:
    if definition.header_format in MEDIA:
        kind, media = definition.header_format.lower(), values.get("header.media", "")
        name = "id" if media.isdecimal() else "link"
        return [{"type": kind, kind: {name: media}}]
    if definition.header_format == "LOCATION":
        names = ("latitude", "longitude", "name", "address")
        return [
            {
                "type": "location",
                "location": {name: values.get(f"header.{name}", "") for name in names},
            }
        ]
    return _text_parameters(definition, "header", definition.header, values)


def _text_parameters(
    definition: Definition, part: str, text: str, values: Mapping[str, str]
) -> list[dict[str, Any]]:
    names = variables(text)
    if not definition.is_named:
        names.sort(key=lambda name: int(name) if name.isdecimal() else 0)
    named = [{"parameter_name": name} if definition.is_named else {} for name in names]
    return [
        {"type": "text", **extra, "text": values.get(f"{part}.{name}", "")}
        for name, extra in zip(names, named, strict=True)
    ]


def _button_component(
    definition: Definition, button: Button, values: Mapping[str, str]
) -> dict[str, Any]:
    value = values.get(f"button.{button.index}", "")
    parameter: dict[str, Any] | None = None
    sub_type = button.type.lower()
    if is_code_button(definition, button):
        sub_type, parameter = "url", {"type": "text", "text": values.get("body.1", "")}
    elif button.type == "URL" and variables(button.url):
        parameter = {"type": "text", "text": value}
    elif button.type == "COPY_CODE":
        parameter = {"type": "coupon_code", "coupon_code": value}
    elif button.type == "QUICK_REPLY" and value:
        parameter = {"type": "payload", "payload": value}
    elif button.type == "FLOW":
        parameter = {"type": "action", "action": {"flow_token": value or "unused"}}
    if parameter is None:
        return {}
    return {
        "type": "button",
        "sub_type": sub_type,
        "index": str(button.index),
        "parameters": [parameter],
    }


# --- what Meta would refuse -----------------------------------------------------------------------
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
    is_id = value.isascii() and value.isdecimal() and len(value) <= 40
    if is_id or (len(value) <= _LINK_MAX_CHARACTERS and _LINK.fullmatch(value)):
        return ""
    return _("Give a link that begins with https:// or the id of an upload.")


def _odd_number(field: Field, value: str) -> str:
    if _NUMBER.fullmatch(value) and abs(float(value)) <= _LIMITS.get(field.key, 180.0):
        return ""
    return _("Give degrees with a point, as in -23.5614.")


def _odd_word(field: Field, value: str) -> str:
    return _("No spaces or line breaks.") if re.search(r"[\s\x00]", value) else ""


_CHECKS: dict[str, Callable[[Field, str], str]] = {
    "text": _odd_text,
    "media": _odd_media,
    "number": _odd_number,
    "url": _odd_word,
    "code": _odd_word,
    "payload": _odd_text,
}


def _too_long(definition: Definition, values: Mapping[str, str]) -> list[Problem]:
    """Look at the whole: each value fits, and together they may still be too much."""
    whole = preview(definition, values)
    limits: list[tuple[str, str, int]] = [("body", whole.body, PARAMETER_MAX_CHARACTERS)]
    if definition.header_format == "TEXT":
        limits.append(("header", whole.header, HEADER_MAX_CHARACTERS))
    limits += [(f"button.{one.index}", one.url, URL_MAX_CHARACTERS) for one in whole.buttons]
    sentence = _("Filled in, this has more than %(max)d characters.")
    return [
        Problem(("values", part), "max_length", sentence, {"max": most})
        for part, text, most in limits
        if len(text) > most
    ]
