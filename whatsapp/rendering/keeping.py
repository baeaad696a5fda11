"""What is kept of a template that was sent: it may be another one by the time it is looked at."""

import json
from dataclasses import asdict, fields
from typing import Any

from whatsapp.rendering.definition import Button
from whatsapp.rendering.filling import Rendered

_WORDS = ("header_format", "header", "body", "footer", "offer", "offer_ends")


def kept(shown: Rendered) -> dict[str, Any]:
    """Return what a bubble shows, as JSON; without the payload, which is the message's content."""
    whole = asdict(shown)
    for part in (whole, *whole["cards"]):
        del part["payload"]
    return dict(json.loads(json.dumps(whole)))  # lists, as it comes back from the database


def recalled(kept: Any) -> Rendered:
    """Read it again, whatever of it is there. Never raises."""
    kept = kept if isinstance(kept, dict) else {}
    return Rendered(
        **{name: _text(kept.get(name)) for name in _WORDS},
        buttons=tuple(_button(at, one) for at, one in enumerate(_dicts(kept.get("buttons")))),
        payload={},
        cards=tuple(recalled({**card, "cards": []}) for card in _dicts(kept.get("cards"))),
        asks_to_call=kept.get("asks_to_call") is True,
    )


def _button(index: int, kept: dict[str, Any]) -> Button:
    words = [field.name for field in fields(Button) if field.name != "index"]
    return Button(index, **{name: _text(kept.get(name)) for name in words})


def _dicts(value: Any) -> list[dict[str, Any]]:
    return (
        [one for one in value if isinstance(one, dict)] if isinstance(value, list | tuple) else []
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
