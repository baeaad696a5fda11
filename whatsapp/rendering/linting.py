"""What Meta would refuse of a template that is to be created or edited, without asking it."""

import re
from collections.abc import Iterator
from typing import Any

from whatsapp.rendering import lint_buttons, lint_cards, lint_words
from whatsapp.rendering.lint_words import Json, Place, text_of
from whatsapp.rendering.problems import Problem
from whatsapp.rendering.problems import gettext_noop as _

NAME = re.compile(r"[a-z0-9_]{1,512}")
LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2,3})?")
CATEGORIES = ("MARKETING", "UTILITY", "AUTHENTICATION")
COMPONENTS = frozenset(
    {"HEADER", "BODY", "FOOTER", "BUTTONS", "CAROUSEL", "LIMITED_TIME_OFFER"}
    | {"CALL_PERMISSION_REQUEST"}
)


def lint(template: Json) -> list[Problem]:
    """Return what Meta would refuse of a template's ``name``, ``language``, ``category`` and parts.

    Takes the request's body as it came, of whatever shape. Never raises.
    """
    return list(_lint(template))


def _lint(template: Json) -> Iterator[Problem]:
    if not NAME.fullmatch(text_of(template.get("name"))):
        sentence = _("Lower-case letters, digits and underscores only, 512 at most.")
        yield Problem(("name",), "invalid", sentence)
    if not LANGUAGE.fullmatch(text_of(template.get("language"))):
        yield Problem(("language",), "invalid", _("A code as pt_BR or en is needed."))
    category = text_of(template.get("category")).upper()
    if category not in CATEGORIES:
        sentence = _("One of %(known)s.")
        yield Problem(("category",), "invalid", sentence, {"known": ", ".join(CATEGORIES)})
    named = text_of(template.get("parameter_format") or "POSITIONAL").upper()
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
    kinds = [text_of(one.get("type")).upper() for one in components]
    if "BODY" not in kinds:
        yield Problem(place, "required", _("A body is needed."))
    for index, (kind, component) in enumerate(zip(kinds, components, strict=True)):
        here = (*place, str(index))
        if kind not in COMPONENTS or kind in kinds[:index]:
            yield Problem((*here, "type"), "invalid", _("An unknown part, or one twice."))
        elif not (is_code and kind in {"BODY", "FOOTER"}):  # the words of a code are Meta's
            yield from _part(kind, component, here, is_named=is_named)
    if "LIMITED_TIME_OFFER" in kinds and "FOOTER" in kinds:
        here = (*place, str(kinds.index("FOOTER")), "text")
        yield Problem(here, "invalid", _("An offer of limited time has no footer."))


def _part(kind: str, component: Json, here: Place, *, is_named: bool) -> Iterator[Problem]:
    match kind:
        case "HEADER":
            yield from lint_words.header(component, here, is_named=is_named)
        case "BODY":
            yield from lint_words.body(component, here, is_named=is_named)
        case "FOOTER":
            yield from lint_words.footer(component, here)
        case "BUTTONS":
            yield from lint_buttons.buttons(component, here)
        case "CAROUSEL":
            yield from lint_cards.carousel(component, here, is_named=is_named)
        case "LIMITED_TIME_OFFER":
            yield from lint_cards.offer(component, here)
