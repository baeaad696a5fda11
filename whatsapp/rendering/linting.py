"""What Meta would refuse of a template that is to be created or edited, without asking it."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from whatsapp.rendering.definition import VARIABLE, variables
from whatsapp.rendering.problems import Problem
from whatsapp.rendering.problems import gettext_noop as _

NAME = re.compile(r"[a-z0-9_]{1,512}")
LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2,3})?")
CATEGORIES = ("MARKETING", "UTILITY", "AUTHENTICATION")
BODY_MAX_CHARACTERS = 1024
SHORT_MAX_CHARACTERS = 60  # header and footer
LABEL_MAX_CHARACTERS = 25
URL_MAX_CHARACTERS = 2000
BUTTONS_MAX = 10
# How many of one kind; what is not here may come as often as there is room.
BUTTON_LIMITS = {"URL": 2, "PHONE_NUMBER": 1, "COPY_CODE": 1, "VOICE_CALL": 1, "OTP": 1, "FLOW": 1}
BUTTON_TYPES = frozenset(
    {"QUICK_REPLY", "REQUEST_CONTACT_INFO", "CATALOG", "MPM", "SPM", "APP", *BUTTON_LIMITS}
)
WITHOUT_LABEL = frozenset({"COPY_CODE", "OTP"})
HEADER_FORMATS = frozenset({"TEXT", "IMAGE", "VIDEO", "GIF", "DOCUMENT", "LOCATION", "PRODUCT"})
SAMPLED = frozenset({"IMAGE", "VIDEO", "GIF", "DOCUMENT"})
COMPONENTS = frozenset(
    {"HEADER", "BODY", "FOOTER", "BUTTONS", "CAROUSEL", "LIMITED_TIME_OFFER"}
    | {"CALL_PERMISSION_REQUEST"}
)
_NAMED = re.compile(r"[a-z][a-z0-9_]*")
_ADJACENT = re.compile(r"\}\}\s*\{\{")
_AT_AN_END = re.compile(r"\A\s*\{\{|\}\}[\s.,;:!?]*\Z")
# Meta wants more words than variables; it publishes no number, and this one it has taken.
WORDS_PER_VARIABLE = 2
Json = dict[str, Any]
Place = tuple[str, ...]


def lint(template: Json) -> list[Problem]:
    """Return what Meta would refuse of a template's ``name``, ``language``, ``category`` and parts.

    Takes the request's body as it came, of whatever shape. Never raises.
    """
    return list(_lint(template))


def _lint(template: Json) -> Iterator[Problem]:
    if not NAME.fullmatch(_text(template.get("name"))):
        sentence = _("Lower-case letters, digits and underscores only, 512 at most.")
        yield Problem(("name",), "invalid", sentence)
    if not LANGUAGE.fullmatch(_text(template.get("language"))):
        yield Problem(("language",), "invalid", _("A code as pt_BR or en is needed."))
    category = _text(template.get("category")).upper()
    if category not in CATEGORIES:
        sentence = _("One of %(known)s.")
        yield Problem(("category",), "invalid", sentence, {"known": ", ".join(CATEGORIES)})
    named = _text(template.get("parameter_format") or "POSITIONAL").upper()
    if named not in {"NAMED", "POSITIONAL"}:
        sentence = _("One of %(known)s.")
        yield Problem(("parameter_format",), "invalid", sentence, {"known": "POSITIONAL, NAMED"})
    is_code = category == "AUTHENTICATION"
    yield from _components(template.get("components"), is_code=is_code, is_named=named == "NAMED")


def _components(components: Any, *, is_code: bool, is_named: bool) -> Iterator[Problem]:
    place: Place = ("components",)
    if not isinstance(components, list) or not all(isinstance(one, dict) for one in components):
        yield Problem(place, "invalid", _("A list of objects is needed."))
        return
    kinds = [_text(one.get("type")).upper() for one in components]
    if "BODY" not in kinds:
        yield Problem(place, "required", _("A body is needed."))
    for index, (kind, component) in enumerate(zip(kinds, components, strict=True)):
        here = (*place, str(index))
        if kind not in COMPONENTS or kind in kinds[:index]:
            yield Problem((*here, "type"), "invalid", _("An unknown part, or one twice."))
        elif kind == "HEADER":
            yield from _header(component, here, is_named=is_named)
        elif kind == "BODY" and not is_code:
            yield from _body(component, here, is_named=is_named)
        elif kind == "FOOTER" and not is_code:
            yield from _footer(component, here)
        elif kind == "BUTTONS":
            yield from _buttons(component, here)


def _header(component: Json, here: Place, *, is_named: bool) -> Iterator[Problem]:
    shape = _text(component.get("format")).upper()
    if shape not in HEADER_FORMATS:
        sentence = _("One of %(known)s.")
        known = {"known": ", ".join(sorted(HEADER_FORMATS))}
        yield Problem((*here, "format"), "invalid", sentence, known)
    elif shape == "TEXT":
        yield from _words(component, here, SHORT_MAX_CHARACTERS)
        yield from _variables(component, here, "header", is_named=is_named)
        if len(variables(_text(component.get("text")))) > 1:
            yield Problem((*here, "text"), "variables", _("One variable at most."))
    elif shape in SAMPLED and not _items(_example(component).get("header_handle")):
        place = (*here, "example", "header_handle")
        yield Problem(place, "required", _("A sample is needed: the handle of an upload."))


def _body(component: Json, here: Place, *, is_named: bool) -> Iterator[Problem]:
    yield from _words(component, here, BODY_MAX_CHARACTERS)
    yield from _variables(component, here, "body", is_named=is_named)
    text, place = _text(component.get("text")), (*here, "text")
    found = variables(text)
    if found and _AT_AN_END.search(text):
        yield Problem(place, "variables", _("A variable may not stand at the start or the end."))
    if _ADJACENT.search(text):
        yield Problem(place, "variables", _("Two variables may not stand side by side."))
    words = VARIABLE.sub(" ", text).split()
    if found and len(words) < WORDS_PER_VARIABLE * len(found):
        yield Problem(place, "variables", _("Too many variables for so few words."))


def _footer(component: Json, here: Place) -> Iterator[Problem]:
    yield from _words(component, here, SHORT_MAX_CHARACTERS)
    if variables(_text(component.get("text"))):
        yield Problem((*here, "text"), "variables", _("No variables here."))


def _words(component: Json, here: Place, most: int) -> Iterator[Problem]:
    text = _text(component.get("text"))
    if not text.strip():
        yield Problem((*here, "text"), "required", _("Fill this in."))
    elif len(text) > most:
        yield Problem(
            (*here, "text"), "max_length", _("%(max)d characters at most."), {"max": most}
        )


def _variables(component: Json, here: Place, part: str, *, is_named: bool) -> Iterator[Problem]:
    found, place = variables(_text(component.get("text"))), (*here, "text")
    if is_named and not all(_NAMED.fullmatch(name) for name in found):
        sentence = _("Names of variables: lower-case letters, digits and underscores.")
        yield Problem(place, "variables", sentence)
    elif not is_named and sorted(found) != sorted(str(n) for n in range(1, len(found) + 1)):
        sentence = _("Number the variables {{1}}, {{2}} and so on, without a gap.")
        yield Problem(place, "variables", sentence)
    elif found and not _has_examples(_example(component), part, found, is_named=is_named):
        sentence = _("Every variable needs an example.")
        yield Problem((*here, "example"), "required", sentence)


def _has_examples(example: Json, part: str, found: list[str], *, is_named: bool) -> bool:
    if is_named:
        given = {
            item.get("param_name"): item.get("example")
            for item in _items(example.get(f"{part}_text_named_params"))
            if isinstance(item, dict)
        }
        return all(_text(given.get(name)).strip() for name in found)
    values = _items(example.get(f"{part}_text"))
    if part == "body":
        values = _items(values[0]) if values else []
    return len(values) == len(found) and all(_text(value).strip() for value in values)


def _buttons(component: Json, here: Place) -> Iterator[Problem]:
    buttons, place = component.get("buttons"), (*here, "buttons")
    if (
        not isinstance(buttons, list)
        or not buttons
        or not all(isinstance(b, dict) for b in buttons)
    ):
        yield Problem(place, "invalid", _("A list of objects is needed."))
        return
    if len(buttons) > BUTTONS_MAX:
        yield Problem(place, "max_length", _("%(max)d buttons at most."), {"max": BUTTONS_MAX})
    kinds = [_text(button.get("type")).upper() for button in buttons]
    for kind, most in BUTTON_LIMITS.items():
        if kinds.count(kind) > most:
            sentence = _("%(max)d buttons of the kind %(kind)s at most.")
            yield Problem(place, "max_length", sentence, {"max": most, "kind": kind})
    if _is_scattered(kinds):
        yield Problem(place, "invalid", _("Put the quick replies side by side."))
    for index, (kind, button) in enumerate(zip(kinds, buttons, strict=True)):
        yield from _button(kind, button, (*place, str(index)))


def _is_scattered(kinds: list[str]) -> bool:
    quick = [index for index, kind in enumerate(kinds) if kind == "QUICK_REPLY"]
    return bool(quick) and quick[-1] - quick[0] + 1 != len(quick)


def _button(kind: str, button: Json, here: Place) -> Iterator[Problem]:
    if kind not in BUTTON_TYPES:
        yield Problem((*here, "type"), "invalid", _("There is no such button."))
        return
    label = _text(button.get("text"))
    if kind not in WITHOUT_LABEL and not 0 < len(label.strip()) <= len(label) <= (
        LABEL_MAX_CHARACTERS
    ):
        sentence = _("A label of %(max)d characters at most is needed.")
        yield Problem((*here, "text"), "invalid", sentence, {"max": LABEL_MAX_CHARACTERS})
    if kind in _BUTTONS:
        yield from _BUTTONS[kind](button, here)


def _url(button: Json, here: Place) -> Iterator[Problem]:
    url, place = _text(button.get("url")), (*here, "url")
    if not re.match(r"https?://[^\s{}/]+", url) or len(url) > URL_MAX_CHARACTERS:
        sentence = _("A link of %(max)d characters at most is needed.")
        yield Problem(place, "invalid", sentence, {"max": URL_MAX_CHARACTERS})
    found = VARIABLE.findall(url)
    if len(found) > 1 or (found and not url.endswith("}}")):
        yield Problem(place, "variables", _("One variable at most, and only at the end."))
    elif found and not _sample(button):
        yield Problem((*here, "example"), "required", _("Every variable needs an example."))


def _phone(button: Json, here: Place) -> Iterator[Problem]:
    if not re.fullmatch(r"\+?[0-9 ()-]{7,20}", _text(button.get("phone_number"))):
        yield Problem((*here, "phone_number"), "invalid", _("A phone number is needed."))


def _code(button: Json, here: Place) -> Iterator[Problem]:
    if not 0 < len(_sample(button)) <= 15:
        yield Problem((*here, "example"), "required", _("An example code is needed."))


def _flow(button: Json, here: Place) -> Iterator[Problem]:
    if not any(_text(button.get(name)) for name in ("flow_id", "flow_name", "flow_json")):
        yield Problem((*here, "flow_id"), "required", _("Name the flow."))


_BUTTONS: dict[str, Callable[[Json, Place], Iterator[Problem]]] = {
    "URL": _url,
    "PHONE_NUMBER": _phone,
    "COPY_CODE": _code,
    "FLOW": _flow,
}


def _sample(button: Json) -> str:
    example = button.get("example")
    if isinstance(example, list):
        example = example[0] if example else ""
    return _text(example).strip()


def _example(component: Json) -> Json:
    example = component.get("example")
    return example if isinstance(example, dict) else {}


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
