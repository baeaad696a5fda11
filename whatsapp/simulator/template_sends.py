"""What Meta refuses in a send of a template: one that is not there, or not filled in right."""

import re
from typing import Any

from whatsapp.simulator import media_bodies
from whatsapp.simulator.errors import GraphError
from whatsapp.simulator.templates import Catalog, Template

Json = dict[str, Any]
_VARIABLE = re.compile(r"\{\{\s*([^{}\s]+)\s*\}\}")
_MEDIA = ("IMAGE", "VIDEO", "DOCUMENT")
_BROKEN = re.compile(r"[\n\t]| {5}")
_KINDS = {"header", "body", "button", "carousel", "limited_time_offer"}
#: What may stand for a variable of a body, with what is shown where the phone cannot format it.
_FORMATTED = {
    "currency": ("fallback_value", "code", "amount_1000"),
    "date_time": ("fallback_value",),
}


def check(catalog: Catalog, waba_id: str, content: Json) -> Template:
    """Return the template that a send names. Raises: GraphError."""
    language = content.get("language")
    code = language.get("code") if isinstance(language, dict) else None
    name = content.get("name")
    if not isinstance(name, str) or not isinstance(code, str):
        raise GraphError(131008, details="template: name and language.code are mandatory.")
    if isinstance(language, dict) and language.get("policy", "deterministic") != "deterministic":
        raise GraphError(100, message="(#100) Param template['language']['policy'] is not valid.")
    template = catalog.named(waba_id, name, code)
    if template is not None and template.status in {"PAUSED", "DISABLED"}:
        raise GraphError(132015 if template.status == "PAUSED" else 132016)
    if template is None or template.status != "APPROVED":
        raise GraphError(
            132001, details=f"template name ({name}) does not exist in {code}", message=""
        )
    _check_parts(template, template.components, content.get("components", []))
    return template


def _check_parts(template: Template, components: list[Json], sent: Any) -> None:
    given, cards = _given(sent)
    wanted = _wanted(template, components)
    for key in [*wanted, *(key for key in given if key not in wanted)]:
        _check_part(key, given.get(key, []), wanted.get(key, []))
    _check_cards(template, components, cards)


def _check_cards(template: Template, components: list[Json], given: list[Json]) -> None:
    """Check a carousel: as many cards as were approved, each filled in like a template."""
    carousels = (one for one in components if str(one.get("type", "")).upper() == "CAROUSEL")
    cards = next(carousels, {}).get("cards", [])
    if [card.get("card_index") for card in given] != list(range(len(cards))):
        raise GraphError(132012, details=f"carousel: {len(cards)} cards are expected, in order.")
    for sent, card in zip(given, cards, strict=True):
        _check_parts(template, card.get("components", []), sent.get("components", []))


def _given(components: Any) -> tuple[dict[str, list[Json]], list[Json]]:
    """Return the parameters by part, and the cards."""
    if not isinstance(components, list):
        raise GraphError(132012, details="components: a list is expected.")
    found: dict[str, list[Json]] = {}
    cards: list[Json] = []
    for component in components:
        kind = str(component.get("type", "")).lower() if isinstance(component, dict) else ""
        listed = component.get("cards" if kind == "carousel" else "parameters", []) if kind else 0
        if kind not in _KINDS or not isinstance(listed, list):
            raise GraphError(132012, details="components: an unknown component.")
        objects = [one if isinstance(one, dict) else {} for one in listed]
        if kind == "carousel":
            cards = objects
            continue
        if kind == "button":
            kind = f"button {component.get('index')} {str(component.get('sub_type')).lower()}"
        if kind in found:
            raise GraphError(132012, details=f"components: {kind} stands there twice.")
        found[kind] = objects
    return found, cards


def _wanted(template: Template, components: list[Json]) -> dict[str, list[str]]:
    """Return which parameters each part needs: a kind, `=name` for a named one, `?` if optional."""
    wanted: dict[str, list[str]] = {}
    for component in components:
        kind = str(component.get("type", "")).upper()
        if kind == "HEADER" and component.get("format") in (*_MEDIA, "LOCATION", "PRODUCT"):
            wanted["header"] = [str(component["format"]).lower()]
        elif kind in {"HEADER", "BODY"}:
            wanted[kind.lower()] = _variables(template, kind, str(component.get("text", "")))
        elif component.get("limited_time_offer", {}).get("has_expiration"):
            wanted["limited_time_offer"] = ["limited_time_offer"]
        elif kind == "BUTTONS":
            for index, button in enumerate(component.get("buttons", [])):
                wanted.update(_wanted_button(index, button))
    return wanted


def _variables(template: Template, kind: str, text: str) -> list[str]:
    if kind == "BODY" and template.category == "AUTHENTICATION" and not text:
        return ["text"]  # Meta writes the body itself: the code is its only variable
    names = list(dict.fromkeys(_VARIABLE.findall(text)))
    return [f"={name}" if template.parameter_format == "NAMED" else "text" for name in names]


def _wanted_button(index: int, button: Json) -> dict[str, list[str]]:
    kind = str(button.get("type", "")).upper()
    if kind == "OTP" or (kind == "URL" and _VARIABLE.search(str(button.get("url", "")))):
        return {f"button {index} url": ["text"]}
    optional = {"QUICK_REPLY": "?payload", "FLOW": "?action", "CATALOG": "?action", "MPM": "action"}
    if kind in optional:
        return {f"button {index} {kind.lower()}": [optional[kind]]}
    return {f"button {index} copy_code": ["coupon_code"]} if kind == "COPY_CODE" else {}


def _check_part(key: str, given: list[Json], wanted: list[str]) -> None:
    if not given and all(kind.startswith("?") for kind in wanted):
        return
    if len(given) != len(wanted):
        raise GraphError(
            132000,
            details=f"{key}: number of localizable_params ({len(given)}) does not match the"
            f" expected number of params ({len(wanted)})",
        )
    names = {kind.removeprefix("=") for kind in wanted if kind.startswith("=")}
    if names and {one.get("parameter_name") for one in given} != names:
        raise GraphError(132012, details=f"{key}: the parameters are named {sorted(names)}.")
    for parameter, kind in zip(given, wanted, strict=True):
        wanted_kind = "text" if kind.startswith("=") else kind.removeprefix("?")
        if not _fits(key, parameter, wanted_kind, is_named=bool(names)):
            raise GraphError(
                132012, details=f"{key}: a parameter of type {wanted_kind} is expected."
            )


def _fits(key: str, parameter: Json, kind: str, *, is_named: bool) -> bool:
    given = parameter.get("type")
    if kind == "text" and key == "body" and given in _FORMATTED:
        value = parameter.get(str(given))
        return isinstance(value, dict) and all(value.get(part) for part in _FORMATTED[given])
    value = parameter.get(kind)
    if given != kind or not value:
        return False
    if kind == "text":
        has_name = "parameter_name" in parameter
        fits = isinstance(value, str) and bool(value.strip()) and not _BROKEN.search(value)
        return fits and (has_name is is_named or key not in {"header", "body"})
    if kind.upper() in _MEDIA:
        return isinstance(value, dict) and _is_file(kind, value)
    if kind == "location":
        return isinstance(value, dict) and {"latitude", "longitude"} <= set(value)
    if kind == "limited_time_offer":
        return isinstance(value, dict) and isinstance(value.get("expiration_time_ms"), int)
    return True


def _is_file(kind: str, value: Json) -> bool:
    try:
        media_bodies.check(kind, value, f"template['{kind}']")
    except GraphError:
        return False
    return True
