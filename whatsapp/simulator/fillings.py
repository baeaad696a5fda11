"""A template with its parameters filled in: an interactive message for the phone to show."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from whatsapp.simulator.templates import Template

Json = dict[str, Any]
_VARIABLE = re.compile(r"\{\{\s*([^{}\s]+)\s*\}\}")
_MEDIA = ("IMAGE", "VIDEO", "DOCUMENT", "LOCATION")
_CODE_TEXT = "{{1}} is your verification code."


def fill(template: Template, content: Mapping[str, Any]) -> Json:
    """Return header, body, footer, buttons and cards as the customer sees them."""
    return _filled(template.components, content.get("components") or [])


def _filled(components: Sequence[Json], sent: Sequence[Json]) -> Json:
    found: Json = {}
    for component in components:
        kind = str(component.get("type", "")).upper()
        if kind == "HEADER":
            found["header"] = _header(component, _parameters(sent, "header"))
        elif kind == "BODY":
            text = str(component.get("text") or _CODE_TEXT)
            found["body"] = {"text": _text(text, _parameters(sent, "body"))}
        elif kind == "FOOTER":
            found["footer"] = {"text": _footer(component)}
        elif kind == "BUTTONS":
            buttons = component.get("buttons") or []
            found["buttons"] = [_button(b, at, sent) for at, b in enumerate(buttons)]
        elif kind == "CAROUSEL":
            found["cards"] = _cards(component, sent)
    return found


def _parameters(sent: Sequence[Json], kind: str) -> list[Json]:
    found = (one for one in sent if str(one.get("type", "")).lower() == kind)
    return list(next(found, {}).get("parameters") or [])


def _header(component: Json, parameters: list[Json]) -> Json:
    kind = str(component.get("format", "TEXT")).upper()
    if kind not in _MEDIA:
        return {"type": "text", "text": _text(str(component.get("text", "")), parameters)}
    given = parameters[0] if parameters else {}
    return {"type": kind.lower(), kind.lower(): given.get(kind.lower()) or {}}


def _footer(component: Json) -> str:
    minutes = component.get("code_expiration_minutes")
    return str(component.get("text") or (f"{minutes} min" if minutes else ""))


def _text(text: str, parameters: list[Json]) -> str:
    values = {str(p.get("parameter_name") or at): _value(p) for at, p in enumerate(parameters, 1)}
    return _VARIABLE.sub(lambda found: values.get(found[1], found[0]), text)


def _value(parameter: Json) -> str:
    value = parameter.get(str(parameter.get("type")))
    if isinstance(value, dict):  # of money and of dates there is only what to show instead
        value = value.get("fallback_value")
    return value if isinstance(value, str) else ""


def _button(button: Json, at: int, sent: Sequence[Json]) -> Json:
    """Return one button with what was sent for it: ``value`` is its payload, suffix or code."""
    given = next((one for one in sent if str(one.get("index")) == str(at)), {})
    parameters = [p for p in given.get("parameters") or [] if isinstance(p, dict)]
    first = parameters[0] if parameters else {}
    value = first.get(str(first.get("type")))
    kind = str(button.get("type", "")).upper()
    made = {"type": kind, "text": str(button.get("text") or kind.title())}
    if kind == "URL":
        made["url"] = _VARIABLE.sub(str(value or ""), str(button.get("url", "")))
    elif kind == "PHONE_NUMBER":
        made["phone"] = str(button.get("phone_number", ""))
    elif kind == "QUICK_REPLY":
        made["payload"] = str(value or button.get("text", ""))
    elif kind in {"COPY_CODE", "OTP"}:
        made["code"] = str(value or button.get("example") or "")
    elif kind == "FLOW" and isinstance(value, dict):
        made["token"] = str(value.get("flow_token", ""))
    return made


def _cards(component: Json, sent: Sequence[Json]) -> list[Json]:
    given = next((one for one in sent if str(one.get("type", "")).lower() == "carousel"), {})
    by_index = {str(card.get("card_index")): card for card in given.get("cards") or []}
    return [
        _filled(card.get("components") or [], by_index.get(str(at), {}).get("components") or [])
        for at, card in enumerate(component.get("cards") or [])
    ]
