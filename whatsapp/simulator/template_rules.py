"""What Meta refuses when a template is created or edited, before anybody reviews it."""

import re
from typing import Any

from whatsapp.simulator.errors import GraphError, refusal

Json = dict[str, Any]
_NAME = re.compile(r"[a-z0-9_]{1,512}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2,3})?")
_CATEGORIES = ("MARKETING", "UTILITY", "AUTHENTICATION")
_KINDS = (
    *("HEADER", "BODY", "FOOTER", "BUTTONS"),
    *("CAROUSEL", "LIMITED_TIME_OFFER", "CALL_PERMISSION_REQUEST"),
)
_FORMATS = ("TEXT", "IMAGE", "VIDEO", "GIF", "DOCUMENT", "LOCATION", "PRODUCT")
_SAMPLED = ("IMAGE", "VIDEO", "GIF", "DOCUMENT")
_VARIABLE = re.compile(r"\{\{\s*([^{}\s]*)\s*\}\}")
_OWN_NAME = re.compile(r"[a-z][a-z0-9_]*")
_AT_AN_END = re.compile(r"^\s*\{\{|\}\}[\s.,;:!?]*$")
#: How often a kind of button may stand there; others as often as there is room.
_MOST = {"URL": 2, "PHONE_NUMBER": 1, "COPY_CODE": 1, "VOICE_CALL": 1, "OTP": 1, "FLOW": 1}
_BUTTONS = ("QUICK_REPLY", "CATALOG", "MPM", "SPM", "APP", "REQUEST_CONTACT_INFO", *_MOST)
_BUTTON_COUNT, _LABEL, _URL, _CODE = 10, 25, 2000, 15
#: Subcodes.
_TOO_LONG, _HEADER, _BODY, _FOOTER = 2388040, 2388047, 2388072, 2388073
_DENSE, _ENDS = 2388293, 2388299


def check_names(body: Json) -> None:
    """Raise GraphError for a wrong name, language, category or format of parameters."""
    wanted = {
        "name": bool(_NAME.fullmatch(str(body.get("name")))),
        "language": bool(_LANGUAGE.fullmatch(str(body.get("language")))),
        "category": str(body.get("category")).upper() in _CATEGORIES,
        "parameter_format": str(body.get("parameter_format") or "POSITIONAL").upper()
        in ("POSITIONAL", "NAMED"),
    }
    for key, fits in wanted.items():
        if not fits or not isinstance(body.get(key, ""), str):
            raise GraphError(100, message=f"(#100) Param {key} is not valid.")


def checked(components: Any, *, category: str, parameter_format: str) -> list[Json]:
    """Return the parts of a template. Raises: GraphError, for parts that make none."""
    if not isinstance(components, list) or not all(isinstance(one, dict) for one in components):
        raise GraphError(100, message="(#100) Param components must be an array of objects.")
    kinds = [str(one.get("type")).upper() for one in components]
    unknown = [kind for kind in kinds if kind not in _KINDS]
    if unknown or len(set(kinds)) != len(kinds) or "BODY" not in kinds:
        raise GraphError(100, message="(#100) Param components must have one body, each part once.")
    is_code, is_named = category.upper() == "AUTHENTICATION", parameter_format.upper() == "NAMED"
    for kind, component in zip(kinds, components, strict=True):
        if not (is_code and kind in {"BODY", "FOOTER"}):  # the words of a code are Meta's
            _check(kind, component, is_named=is_named)
    return components


def _check(kind: str, component: Json, *, is_named: bool, longest: int = 1024) -> None:
    if kind == "HEADER":
        _header(component, is_named=is_named)
    elif kind == "BODY":
        _text(component, longest, _BODY)
        _variables(component, "body", _BODY, is_named=is_named)
        _body(str(component["text"]))
    elif kind == "FOOTER":
        _text(component, 60, _FOOTER)
        if _VARIABLE.search(component["text"]):
            raise refusal(_FOOTER)
    elif kind == "BUTTONS":
        _buttons(component.get("buttons"))
    elif kind == "CAROUSEL":
        _cards(component.get("cards"), is_named=is_named)


def _text(component: Json, most: int, code: int) -> None:
    text = component.get("text")
    if not isinstance(text, str) or not text.strip():
        raise refusal(code)
    if len(text) > most:
        raise refusal(_TOO_LONG)


def _header(component: Json, *, is_named: bool) -> None:
    shape = str(component.get("format")).upper()
    example = component.get("example")
    if shape not in _FORMATS:
        raise refusal(_HEADER)
    if shape == "TEXT":
        _text(component, 60, _HEADER)
        if len(_VARIABLE.findall(component["text"])) > 1:
            raise refusal(_HEADER)
        _variables(component, "header", _HEADER, is_named=is_named)
    elif shape in _SAMPLED and not (isinstance(example, dict) and example.get("header_handle")):
        raise refusal(_HEADER)


def _body(text: str) -> None:
    found = _VARIABLE.findall(text)
    if found and _AT_AN_END.search(text):
        raise refusal(_ENDS)
    if re.search(r"\}\}\s*\{\{", text):
        raise refusal(_BODY)
    if len(_VARIABLE.sub(" ", text).split()) < 2 * len(set(found)):
        raise refusal(_DENSE)


def _variables(component: Json, part: str, code: int, *, is_named: bool) -> None:
    """Check how variables are called, and that each one has an example."""
    names = list(dict.fromkeys(_VARIABLE.findall(component["text"])))
    example = component.get("example")
    example = example if isinstance(example, dict) else {}
    if is_named:
        listed = example.get(f"{part}_text_named_params")
        given = [one for one in listed or [] if isinstance(one, dict) and one.get("example")]
        called = {str(one.get("param_name")) for one in given}
        fits = all(_OWN_NAME.fullmatch(name) for name in names) and set(names) <= called
    else:
        values = example.get(f"{part}_text") or [[]]
        values = values[0] if part == "body" else values
        counted = [str(n) for n in range(1, len(names) + 1)]
        fits = sorted(names) == sorted(counted) and (
            not names or (isinstance(values, list) and len([v for v in values if v]) == len(names))
        )
    if not fits:
        raise refusal(code)


def _buttons(buttons: Any, most: int = _BUTTON_COUNT) -> None:
    if not isinstance(buttons, list) or not all(isinstance(one, dict) for one in buttons):
        raise GraphError(100, message="(#100) Param buttons must be an array of objects.")
    kinds = [str(one.get("type")).upper() for one in buttons]
    if not 1 <= len(kinds) <= most or any(kinds.count(k) > n for k, n in _MOST.items()):
        raise GraphError(100, message="(#100) Param buttons has too few or too many buttons.")
    quick = [at for at, kind in enumerate(kinds) if kind == "QUICK_REPLY"]
    if quick and quick[-1] - quick[0] + 1 != len(quick):
        raise GraphError(100, message="(#100) Param buttons: quick replies must stand together.")
    for kind, button in zip(kinds, buttons, strict=True):
        if not _is_button(kind, button):
            raise GraphError(100, message=f"(#100) Param buttons: a {kind} button is not valid.")


def _is_button(kind: str, button: Json) -> bool:
    label, url, example = button.get("text"), button.get("url"), button.get("example")
    if kind not in _BUTTONS:
        return False
    if kind not in {"COPY_CODE", "OTP"} and not (
        isinstance(label, str) and 0 < len(label.strip()) <= len(label) <= _LABEL
    ):
        return False
    if kind == "URL":
        variables = _VARIABLE.findall(str(url))
        ends = len(variables) == 1 and str(url).endswith("}}") and bool(example)
        return _is_address(url) and (not variables or ends)
    if kind == "PHONE_NUMBER":
        return bool(re.fullmatch(r"\+?[0-9 ()-]{7,20}", str(button.get("phone_number"))))
    if kind == "COPY_CODE":
        code = example[0] if isinstance(example, list) and example else example
        return isinstance(code, str) and 0 < len(code) <= _CODE
    if kind == "FLOW":
        return any(button.get(key) for key in ("flow_id", "flow_name", "flow_json"))
    return True


def _is_address(url: Any) -> bool:
    return (
        isinstance(url, str)
        and len(url) <= _URL
        and url.lower().startswith(("https://", "http://"))
    )


def _cards(cards: Any, *, is_named: bool) -> None:
    if not isinstance(cards, list) or not 2 <= len(cards) <= 10:
        raise GraphError(100, message="(#100) Param cards must have 2 to 10 cards.")
    shapes = [_card(card, is_named=is_named) for card in cards]
    if any(shape != shapes[0] for shape in shapes):
        raise GraphError(100, message="(#100) Param cards: all must have the same parts.")


def _card(card: Any, *, is_named: bool) -> list[str]:
    """Check one card, and return what it is made of."""
    parts = card.get("components") if isinstance(card, dict) else None
    if not isinstance(parts, list) or not all(isinstance(one, dict) for one in parts):
        raise GraphError(100, message="(#100) Param cards: components are needed.")
    shape: list[str] = []
    for part in parts:
        kind = str(part.get("type")).upper()
        if kind == "BUTTONS":
            _buttons(part.get("buttons"), most=2)
            shape += [str(button.get("type")).upper() for button in part["buttons"]]
        elif kind in {"HEADER", "BODY"}:
            _check(kind, part, is_named=is_named, longest=160)
        else:
            raise GraphError(100, message=f"(#100) Param cards: {kind} has no place in a card.")
        shape.append(f"{kind} {part.get('format', '')}")
    if not any(one.startswith("HEADER") for one in shape):
        raise refusal(_HEADER)
    return shape
