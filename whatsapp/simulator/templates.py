"""Templates of the simulated accounts: what there is, and what a send of one has to look like."""

import re
from dataclasses import dataclass, field
from typing import Any

from whatsapp.simulator import template_seed
from whatsapp.simulator.errors import GraphError

Json = dict[str, Any]
EDITABLE = frozenset({"APPROVED", "REJECTED", "PAUSED"})
_VARIABLE = re.compile(r"\{\{\s*([^{}\s]+)\s*\}\}")
_MEDIA = ("IMAGE", "VIDEO", "DOCUMENT")
_UNBROKEN = re.compile(r"[\n\t]| {5}")
_SENT = frozenset({"header", "body", "button", "limited_time_offer", "carousel"})


@dataclass(slots=True)
class Template:
    """One template in one language."""

    template_id: str
    name: str
    language: str
    category: str
    components: list[Json]
    parameter_format: str = "POSITIONAL"
    status: str = "APPROVED"
    quality: str = "UNKNOWN"
    reason: str = "NONE"

    def as_json(self) -> Json:
        """As the list shows it."""
        return {
            "id": self.template_id,
            "name": self.name,
            "language": self.language,
            "status": self.status,
            "category": self.category,
            "components": self.components,
            "parameter_format": self.parameter_format,
            "quality_score": {"score": self.quality, "date": 1700000000},
            "rejected_reason": self.reason,
        }


@dataclass(slots=True)
class Catalog:
    """All templates, by account; ids count up so that every run has the same."""

    _of: dict[str, list[Template]] = field(default_factory=dict)
    _last_id: int = 594425479261500

    def of(self, waba_id: str) -> list[Template]:
        """Return an account's templates; a new account starts with a few."""
        if waba_id not in self._of:
            self._of[waba_id] = []
            for name, category, components in template_seed.SEED:
                self.add(waba_id, name, "pt_BR", category, components)
        return self._of[waba_id]

    def add(
        self, waba_id: str, name: str, language: str, category: str, components: list[Json]
    ) -> Template:
        """Put one more there."""
        self._last_id += 1
        made = Template(str(self._last_id), name, language, category, components)
        self.of(waba_id).append(made)
        return made

    def remove(self, waba_id: str, template: Template) -> None:
        """Forget one."""
        self.of(waba_id).remove(template)

    def named(self, waba_id: str, name: str, language: str) -> Template | None:
        """Find one by what a send names it by."""
        found = (t for t in self.of(waba_id) if (t.name, t.language) == (name, language))
        return next(found, None)

    def by_id(self, waba_ids: set[str], template_id: str) -> tuple[str, Template] | None:
        """Find one among those of some accounts."""
        for waba_id in sorted(waba_ids):
            for template in self.of(waba_id):
                if template.template_id == template_id:
                    return waba_id, template
        return None


# --- what a send has to look like -----------------------------------------------------------------
def check_send(catalog: Catalog, waba_id: str, content: Json) -> None:
    """Raise GraphError as Meta does for a template that is not there or not filled in right."""
    language = content.get("language")
    code = language.get("code") if isinstance(language, dict) else None
    name = content.get("name")
    if not isinstance(name, str) or not isinstance(code, str):
        raise GraphError(131008, details="template: name and language.code are mandatory.")
    template = catalog.named(waba_id, name, code)
    if template is not None and template.status in {"PAUSED", "DISABLED"}:
        raise GraphError(132015 if template.status == "PAUSED" else 132016)
    if template is None or template.status != "APPROVED":
        raise GraphError(
            132001, details=f"template name ({name}) does not exist in {code}", message=""
        )
    given = _given(content.get("components", []))
    _check_cards(given.pop("carousel", []), template)
    _check_parts(given, template.components, template)


def _check_parts(given: dict[str, list[Json]], components: list[Json], template: Template) -> None:
    wanted = _wanted(components)
    for key in [*wanted, *(key for key in given if key not in wanted)]:
        _check_part(key, given.get(key, []), wanted.get(key, []), template)


def _check_cards(given: list[Json], template: Template) -> None:
    """Check a carousel: as many cards as were approved, each filled in like a template."""
    carousels = (one for one in template.components if one.get("type") == "CAROUSEL")
    cards = next(carousels, {}).get("cards", [])
    if [card.get("card_index") for card in given] != list(range(len(cards))):
        raise GraphError(132012, details=f"carousel: {len(cards)} cards are expected, in order.")
    for sent, card in zip(given, cards, strict=True):
        parts = _given(sent.get("components", []))
        _check_parts(parts, card.get("components", []), template)


def _given(components: Any) -> dict[str, list[Json]]:
    if not isinstance(components, list):
        raise GraphError(132012, details="components: a list is expected.")
    found: dict[str, list[Json]] = {}
    for component in components:
        kind = str(component.get("type", "")).lower() if isinstance(component, dict) else ""
        named = "cards" if kind == "carousel" else "parameters"
        parameters = component.get(named, []) if kind else None
        if kind not in _SENT or not isinstance(parameters, list):
            raise GraphError(132012, details="components: an unknown component.")
        if kind == "button":
            kind = f"button {component.get('index')} {str(component.get('sub_type')).lower()}"
        found[kind] = [one if isinstance(one, dict) else {} for one in parameters]
    return found


def _wanted(components: list[Json]) -> dict[str, list[str]]:
    """Return which kinds of parameters each part needs; `?` marks those that may be missing."""
    wanted: dict[str, list[str]] = {}
    for component in components:
        kind = str(component.get("type", "")).upper()
        if kind == "HEADER" and component.get("format") in (*_MEDIA, "LOCATION", "PRODUCT"):
            wanted["header"] = [str(component["format"]).lower()]
        elif kind in {"HEADER", "BODY"}:
            names = dict.fromkeys(_VARIABLE.findall(str(component.get("text", ""))))
            wanted[kind.lower()] = ["text"] * len(names)
        elif kind == "BUTTONS":
            for index, button in enumerate(component.get("buttons", [])):
                wanted.update(_wanted_button(index, button))
        elif component.get("limited_time_offer", {}).get("has_expiration"):
            wanted["limited_time_offer"] = ["limited_time_offer"]
    return wanted


def _wanted_button(index: int, button: Json) -> dict[str, list[str]]:
    kind = str(button.get("type", "")).upper()
    if kind == "OTP" or (kind == "URL" and _VARIABLE.search(str(button.get("url", "")))):
        return {f"button {index} url": ["text"]}
    acts = {"QUICK_REPLY": "?payload", "FLOW": "?action", "CATALOG": "?action", "MPM": "action"}
    if kind in acts:
        return {f"button {index} {kind.lower()}": [acts[kind]]}
    return {f"button {index} copy_code": ["coupon_code"]} if kind == "COPY_CODE" else {}


def _check_part(key: str, given: list[Json], wanted: list[str], template: Template) -> None:
    if not given and all(kind.startswith("?") for kind in wanted):
        return
    if len(given) != len(wanted):
        raise GraphError(
            132000,
            details=f"{key}: number of localizable_params ({len(given)}) does not match the"
            f" expected number of params ({len(wanted)})",
        )
    for parameter, kind in zip(given, wanted, strict=True):
        _check_parameter(key, parameter, kind.removeprefix("?"), template)


def _check_parameter(key: str, parameter: Json, kind: str, template: Template) -> None:
    value = parameter.get("text" if kind == "text" else kind)
    fits = parameter.get("type") == kind and bool(value)
    if kind == "text" and fits:
        fits = isinstance(value, str) and bool(value.strip()) and not _UNBROKEN.search(value)
        if key in {"header", "body"}:
            named = template.parameter_format == "NAMED"
            fits = fits and ("parameter_name" in parameter) is named
    elif kind.upper() in _MEDIA:
        fits = fits and isinstance(value, dict) and len({"id", "link"} & set(value)) == 1
    if not fits:
        raise GraphError(132012, details=f"{key}: a parameter of type {kind} is expected.")
