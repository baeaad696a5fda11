"""What Meta would refuse of a template's buttons."""

import re
from collections.abc import Callable, Iterator

from whatsapp.rendering.definition import VARIABLE
from whatsapp.rendering.lint_words import Json, Place, text_of
from whatsapp.rendering.problems import Problem
from whatsapp.rendering.problems import gettext_noop as _

LABEL_MAX_CHARACTERS = 25
URL_MAX_CHARACTERS = 2000
BUTTONS_MAX = 10
# How many of one kind; what is not here may come as often as there is room.
BUTTON_LIMITS = {"URL": 2, "PHONE_NUMBER": 1, "COPY_CODE": 1, "VOICE_CALL": 1, "OTP": 1, "FLOW": 1}
BUTTON_TYPES = frozenset(
    {"QUICK_REPLY", "REQUEST_CONTACT_INFO", "CATALOG", "MPM", "SPM", "APP", *BUTTON_LIMITS}
)
WITHOUT_LABEL = frozenset({"COPY_CODE", "OTP"})


def buttons(component: Json, here: Place, *, most: int = BUTTONS_MAX) -> Iterator[Problem]:
    """Look at all of them, of a template or, with fewer at ``most``, of a card."""
    listed, place = component.get("buttons"), (*here, "buttons")
    if not isinstance(listed, list) or not listed or not all(isinstance(b, dict) for b in listed):
        yield Problem(place, "invalid", _("A list of objects is needed."))
        return
    if len(listed) > most:
        yield Problem(place, "max_length", _("%(max)d buttons at most."), {"max": most})
    kinds = [text_of(button.get("type")).upper() for button in listed]
    for kind, limit in BUTTON_LIMITS.items():
        if kinds.count(kind) > limit:
            sentence = _("%(max)d buttons of the kind %(kind)s at most.")
            yield Problem(place, "max_length", sentence, {"max": limit, "kind": kind})
    if _is_scattered(kinds):
        yield Problem(place, "invalid", _("Put the quick replies side by side."))
    for index, (kind, button) in enumerate(zip(kinds, listed, strict=True)):
        yield from _button(kind, button, (*place, str(index)))


def _is_scattered(kinds: list[str]) -> bool:
    quick = [index for index, kind in enumerate(kinds) if kind == "QUICK_REPLY"]
    return bool(quick) and quick[-1] - quick[0] + 1 != len(quick)


def _button(kind: str, button: Json, here: Place) -> Iterator[Problem]:
    if kind not in BUTTON_TYPES:
        yield Problem((*here, "type"), "invalid", _("There is no such button."))
        return
    label = text_of(button.get("text"))
    if kind not in WITHOUT_LABEL and not 0 < len(label.strip()) <= len(label) <= (
        LABEL_MAX_CHARACTERS
    ):
        sentence = _("A label of %(max)d characters at most is needed.")
        yield Problem((*here, "text"), "invalid", sentence, {"max": LABEL_MAX_CHARACTERS})
    if kind in _BUTTONS:
        yield from _BUTTONS[kind](button, here)


def _url(button: Json, here: Place) -> Iterator[Problem]:
    url, place = text_of(button.get("url")), (*here, "url")
    if not re.match(r"https?://[^\s{}/]+", url) or len(url) > URL_MAX_CHARACTERS:
        sentence = _("A link of %(max)d characters at most is needed.")
        yield Problem(place, "invalid", sentence, {"max": URL_MAX_CHARACTERS})
    found = VARIABLE.findall(url)
    if len(found) > 1 or (found and not url.endswith("}}")):
        yield Problem(place, "variables", _("One variable at most, and only at the end."))
    elif found and not _sample(button):
        yield Problem((*here, "example"), "required", _("Every variable needs an example."))


def _phone(button: Json, here: Place) -> Iterator[Problem]:
    if not re.fullmatch(r"\+?[0-9 ()-]{7,20}", text_of(button.get("phone_number"))):
        yield Problem((*here, "phone_number"), "invalid", _("A phone number is needed."))


def _code(button: Json, here: Place) -> Iterator[Problem]:
    if not 0 < len(_sample(button)) <= 15:
        yield Problem((*here, "example"), "required", _("An example code is needed."))


def _flow(button: Json, here: Place) -> Iterator[Problem]:
    if not any(text_of(button.get(name)) for name in ("flow_id", "flow_name", "flow_json")):
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
    return text_of(example).strip()
