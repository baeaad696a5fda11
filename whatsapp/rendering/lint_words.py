"""What Meta would refuse of a template's header, body and footer."""

import re
from collections.abc import Iterator
from typing import Any

from whatsapp.rendering.definition import VARIABLE, variables
from whatsapp.rendering.problems import Problem
from whatsapp.rendering.problems import gettext_noop as _

BODY_MAX_CHARACTERS = 1024
SHORT_MAX_CHARACTERS = 60  # header and footer
HEADER_FORMATS = frozenset({"TEXT", "IMAGE", "VIDEO", "GIF", "DOCUMENT", "LOCATION", "PRODUCT"})
SAMPLED = frozenset({"IMAGE", "VIDEO", "GIF", "DOCUMENT"})
_NAMED = re.compile(r"[a-z][a-z0-9_]*")
_ADJACENT = re.compile(r"\}\}\s*\{\{")
_AT_AN_END = re.compile(r"\A\s*\{\{|\}\}[\s.,;:!?]*\Z")
# Meta wants more words than variables; it publishes no number, and this one it has taken.
WORDS_PER_VARIABLE = 2
Json = dict[str, Any]
Place = tuple[str, ...]


def header(component: Json, here: Place, *, is_named: bool) -> Iterator[Problem]:
    """Look at words, or at what stands for them."""
    shape = text_of(component.get("format")).upper()
    if shape not in HEADER_FORMATS:
        sentence = _("One of %(known)s.")
        known = {"known": ", ".join(sorted(HEADER_FORMATS))}
        yield Problem((*here, "format"), "invalid", sentence, known)
    elif shape == "TEXT":
        yield from _words(component, here, SHORT_MAX_CHARACTERS)
        yield from _variables(component, here, "header", is_named=is_named)
        if len(variables(text_of(component.get("text")))) > 1:
            yield Problem((*here, "text"), "variables", _("One variable at most."))
    elif shape in SAMPLED:
        yield from _sample(_example(component), (*here, "example"))


def _sample(example: Json, here: Place) -> Iterator[Problem]:
    """Take the handle of an upload to Meta's app, or the id of one to us, which becomes one."""
    media = example.get("media")
    if media is None and not items_of(example.get("header_handle")):
        sentence = _("A sample is needed: the id of an upload as media, or a handle of Meta's.")
        yield Problem((*here, "media"), "required", sentence)
    elif media is not None and (not isinstance(media, int) or isinstance(media, bool)):
        yield Problem((*here, "media"), "invalid", _("The id of an upload is needed."))


def body(
    component: Json, here: Place, *, is_named: bool, most: int = BODY_MAX_CHARACTERS
) -> Iterator[Problem]:
    """Look at the words and their variables."""
    yield from _words(component, here, most)
    yield from _variables(component, here, "body", is_named=is_named)
    text, place = text_of(component.get("text")), (*here, "text")
    found = variables(text)
    if found and _AT_AN_END.search(text):
        yield Problem(place, "variables", _("A variable may not stand at the start or the end."))
    if _ADJACENT.search(text):
        yield Problem(place, "variables", _("Two variables may not stand side by side."))
    words = VARIABLE.sub(" ", text).split()
    if found and len(words) < WORDS_PER_VARIABLE * len(found):
        yield Problem(place, "variables", _("Too many variables for so few words."))


def footer(component: Json, here: Place) -> Iterator[Problem]:
    """Look at the words."""
    yield from _words(component, here, SHORT_MAX_CHARACTERS)
    if variables(text_of(component.get("text"))):
        yield Problem((*here, "text"), "variables", _("No variables here."))


def _words(component: Json, here: Place, most: int) -> Iterator[Problem]:
    text = text_of(component.get("text"))
    if not text.strip():
        yield Problem((*here, "text"), "required", _("Fill this in."))
    elif len(text) > most:
        yield Problem(
            (*here, "text"), "max_length", _("%(max)d characters at most."), {"max": most}
        )


def _variables(component: Json, here: Place, part: str, *, is_named: bool) -> Iterator[Problem]:
    found, place = variables(text_of(component.get("text"))), (*here, "text")
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
            text_of(item.get("param_name")): item.get("example")
            for item in items_of(example.get(f"{part}_text_named_params"))
            if isinstance(item, dict)
        }
        return all(text_of(given.get(name)).strip() for name in found)
    values = items_of(example.get(f"{part}_text"))
    if part == "body":
        values = items_of(values[0]) if values else []
    return len(values) == len(found) and all(text_of(value).strip() for value in values)


def _example(component: Json) -> Json:
    example = component.get("example")
    return example if isinstance(example, dict) else {}


def items_of(value: Any) -> list[Any]:
    """Return a list, whatever it is."""
    return value if isinstance(value, list) else []


def text_of(value: Any) -> str:
    """Return a text, whatever it is."""
    return value if isinstance(value, str) else ""
