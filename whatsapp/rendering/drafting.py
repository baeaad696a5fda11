"""Templates of the common shape as a form has them: words by field, and back.

The shape is words as header, body and footer, and a few buttons; what has more is made by the API.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from whatsapp.rendering.definition import variables
from whatsapp.rendering.lint_words import Json, Place, items_of, text_of

BUTTONS_MAX = 5
# Which member of a kind of button the form's value is.
VALUES = {"QUICK_REPLY": "", "URL": "url", "PHONE_NUMBER": "phone_number", "COPY_CODE": "example"}
_WHOLE = ("name", "language", "category")


@dataclass(slots=True)
class Drafted:
    """A template as Meta takes it, and which field each place of it came from."""

    template: Json
    places: dict[Place, str] = field(default_factory=dict)

    def field_of(self, place: Place) -> str | None:
        """Return the field that a problem is about; None for the whole."""
        for length in range(len(place), 0, -1):
            if place[:length] in self.places:
                return self.places[place[:length]]
        return None

    def add(self, part: Json, fields: Mapping[Place, str]) -> None:
        """Add a part; ``fields`` are by the places within it."""
        here = ("components", str(len(self.template["components"])))
        self.template["components"].append(part)
        self.places |= {(*here, *place): name for place, name in fields.items()}


def draft(values: Mapping[str, str]) -> Drafted:
    """Make a template of a form's fields. Never raises: what is missing, the linter will tell."""
    header, body, footer = (values.get(name, "") for name in ("header", "body", "footer"))
    is_named = not all(name.isdecimal() for name in [*variables(header), *variables(body)])
    whole = {name: values.get(name, "") for name in _WHOLE}
    template: Json = {**whole, "components": []}
    template["parameter_format"] = "NAMED" if is_named else "POSITIONAL"
    made = Drafted(template, {("components",): "body"})
    made.places |= {(name,): name for name in _WHOLE}
    if header.strip():
        part = {"type": "HEADER", "format": "TEXT", "text": header}
        examples = _examples(
            "header", header, [values.get("header_example", "")], is_named=is_named
        )
        made.add({**part, **examples}, {(): "header", ("example",): "header_example"})
    examples = _examples(
        "body", body, values.get("body_examples", "").splitlines(), is_named=is_named
    )
    part = {"type": "BODY", "text": body}
    made.add({**part, **examples}, {(): "body", ("example",): "body_examples"})
    if footer.strip():
        made.add({"type": "FOOTER", "text": footer}, {(): "footer"})
    _add_buttons(made, values)
    return made


def fields_of(template: Mapping[str, Any]) -> dict[str, str] | None:
    """Return the fields of a template; None when it has something that the form does not."""
    found = {name: text_of(template.get(name)) for name in _WHOLE}
    for part in items_of(template.get("components")):
        kind = text_of(part.get("type")).upper() if isinstance(part, dict) else ""
        reader = _READERS.get(kind)
        read = reader(part) if reader else None
        if read is None:
            return None
        found |= read
    return found


def _examples(part: str, text: str, given: Iterable[str], *, is_named: bool) -> Json:
    names, values = variables(text), [one.strip() for one in given]
    if not names:
        return {}
    if is_named:
        pairs = zip(names, [*values, *[""] * len(names)], strict=False)
        named = [{"param_name": name, "example": value} for name, value in pairs]
        return {"example": {f"{part}_text_named_params": named}}
    return {"example": {f"{part}_text": [values] if part == "body" else values}}


def _add_buttons(made: Drafted, values: Mapping[str, str]) -> None:
    buttons: list[Json] = []
    fields: dict[Place, str] = {}
    for row in range(1, BUTTONS_MAX + 1):
        button = {name: values.get(f"button_{row}_{name}", "") for name in _BUTTON}
        kind = button["type"]
        if kind not in VALUES:
            continue
        here = ("buttons", str(len(buttons)))
        made_of: Json = {"type": kind}
        if kind != "COPY_CODE":
            made_of["text"] = button["text"]
        if VALUES[kind]:
            made_of[VALUES[kind]] = button["value"]
        if kind == "URL" and variables(button["value"]):
            made_of["example"] = [button["example"]]
        fields |= {(*here, name): f"button_{row}_{name}" for name in ("type", "text", "example")}
        fields |= {here: f"button_{row}_type", (*here, VALUES[kind] or "type"): _value(kind, row)}
        buttons.append(made_of)
    if buttons:
        made.add({"type": "BUTTONS", "buttons": buttons}, {(): "button_1_type", **fields})


_BUTTON = ("type", "text", "value", "example")


def _value(kind: str, row: int) -> str:
    return f"button_{row}_value" if VALUES[kind] else f"button_{row}_type"


def _header(part: Json) -> dict[str, str] | None:
    if text_of(part.get("format") or "TEXT").upper() != "TEXT":
        return None
    return {"header": text_of(part.get("text")), "header_example": "".join(_given("header", part))}


def _body(part: Json) -> dict[str, str] | None:
    return {"body": text_of(part.get("text")), "body_examples": "\n".join(_given("body", part))}


def _footer(part: Json) -> dict[str, str] | None:
    return {"footer": text_of(part.get("text"))}


def _buttons(part: Json) -> dict[str, str] | None:
    buttons = items_of(part.get("buttons"))
    if len(buttons) > BUTTONS_MAX:
        return None
    found: dict[str, str] = {}
    for row, button in enumerate(buttons, start=1):
        kind = text_of(button.get("type")).upper() if isinstance(button, dict) else ""
        if kind not in VALUES:
            return None
        read = {"type": kind, "text": text_of(button.get("text"))}
        read["value"] = _first(button.get(VALUES[kind]))
        read["example"] = _first(button.get("example")) if kind == "URL" else ""
        found |= {f"button_{row}_{name}": value for name, value in read.items()}
    return found


def _given(part: str, component: Json) -> list[str]:
    example = component.get("example")
    if not isinstance(example, dict):
        return []
    named = items_of(example.get(f"{part}_text_named_params"))
    if named:
        return [text_of(one.get("example")) for one in named if isinstance(one, dict)]
    values = items_of(example.get(f"{part}_text"))
    if values and isinstance(values[0], list):
        values = values[0]
    return [text_of(value) for value in values]


def _first(value: Any) -> str:
    return text_of(value[0] if isinstance(value, list) and value else value)


_READERS = {"HEADER": _header, "BODY": _body, "FOOTER": _footer, "BUTTONS": _buttons}
