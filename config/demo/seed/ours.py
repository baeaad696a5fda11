"""What the demo's businesses send besides words and files: questions and templates."""

from collections.abc import Callable
from functools import cache
from typing import Any

from whatsapp import rendering
from whatsapp.rendering import Definition, Rendered
from whatsapp.simulator import template_seed

_BUTTONS = ("Sim, pode", "Outro dia")
_LINK = "https://example.com/projeto"


def template(name: str, text: str) -> Rendered:
    """Return one of the templates that every account of the demo has, filled in.

    ``text`` has the values of its body, with commas between.
    """
    definition = _definition(name)
    words = {f"body.{number}": one for number, one in enumerate(text.split(", "), start=1)}
    known = {field.key: words.get(field.key) or field.example for field in _fields(name)}
    return rendering.preview(definition, known)


def shown(name: str, text: str) -> dict[str, Any]:
    """Return what is kept of a template for its bubble."""
    definition = _definition(name)
    names = {"name": name, "language": "pt_BR", "category": definition.category}
    return {**names, **rendering.kept(template(name, text))}


@cache
def _definition(name: str) -> Definition:
    category, components = next(
        (category, parts) for known, category, parts in template_seed.SEED if known == name
    )
    return rendering.parse(
        name=name,
        language="pt_BR",
        category=category,
        parameter_format="POSITIONAL",
        components=components,
    )


@cache
def _fields(name: str) -> list[rendering.Field]:
    return list(rendering.fields(_definition(name)))


def _interactive(variant: str, text: str) -> dict[str, Any]:
    offer: dict[str, Any] = {"type": _TYPES[variant], "body": {"text": text}}
    return {**offer, **_ACTIONS[variant]}


def _rows(*titles: str) -> list[dict[str, str]]:
    return [
        {"id": str(number), "title": title, "description": "Das 8h às 14h"}
        for number, title in enumerate(titles)
    ]


_TYPES = {
    "buttons": "button",
    "list": "list",
    "link": "cta_url",
    "flow": "flow",
    "place": "location_request_message",
    "number": "request_contact_info",
}
_ACTIONS: dict[str, dict[str, Any]] = {
    "buttons": {
        "header": {"type": "text", "text": "Entrega"},
        "footer": {"text": "Loja Acme"},
        "action": {
            "buttons": [
                {"type": "reply", "reply": {"id": str(number), "title": title}}
                for number, title in enumerate(_BUTTONS)
            ]
        },
    },
    "list": {
        "action": {
            "button": "Escolher o dia",
            "sections": [
                {"title": "Esta semana", "rows": _rows("Quinta-feira", "Sexta-feira")},
                {"title": "Semana que vem", "rows": _rows("Segunda-feira")},
            ],
        }
    },
    "link": {
        "action": {
            "name": "cta_url",
            "parameters": {"display_text": "Abrir o projeto", "url": _LINK},
        }
    },
    "flow": {
        "action": {
            "name": "flow",
            "parameters": {"flow_message_version": "3", "flow_cta": "Preencher", "flow_id": "1"},
        }
    },
    "place": {"action": {"name": "send_location"}},
    "number": {"action": {"name": "request_contact_info"}},
}
MAKERS: dict[str, Callable[[str, str], Any]] = {
    "interactive": _interactive,
    "template": lambda variant, text: template(variant, text).payload,
}
