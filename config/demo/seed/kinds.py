"""What Meta's object looks like for each type of message in the demo, as customers send it."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from config.demo.seed import media, ours
from config.demo.seed.talk import Line

_WORDS = frozenset({"text", "image", "video", "button", "interactive", "order"})
_AD = {
    "source_url": "https://fb.me/3acmelua",
    "source_id": "120212345678901234",
    "headline": "Abajur Lua: luz que abraça",
    "body": "Feito à mão em cerâmica. Frete grátis esta semana.",
    "media_type": "image",
    "ctwa_clid": "ARAkLkA8rmlFeiCktEJQ",
}


def content_of(line: Line) -> Any:
    """Return the object that a webhook would have brought, with invented ids."""
    if not line.is_inbound and line.kind in ours.MAKERS:
        return ours.MAKERS[line.kind](line.variant, line.text)
    maker = _MAKERS.get(line.kind)
    return maker(line.variant, line.text) if maker else {}


def text_of(line: Line) -> str:
    """Return what the message says in words: its body, caption, or what was chosen."""
    if line.kind == "template":
        return ours.template(line.variant, line.text).text
    is_answer = line.is_inbound and line.variant in {"flow", "call"}
    return line.text if line.kind in _WORDS and not is_answer else ""


def extras_of(line: Line) -> dict[str, Any]:
    """Return what stands beside the object; a quoted message is filled in by ``rows``."""
    extras: dict[str, Any] = {}
    notes = line.notes
    if "forwarded" in notes:
        extras["context"] = {"forwarded": True, "frequently_forwarded": notes["forwarded"] != ""}
    if "product" in notes:
        product = {"catalog_id": "501203377", "product_retailer_id": notes["product"]}
        extras["context"] = {"referred_product": product}
    if "ad" in notes or "post" in notes:
        extras["referral"] = {**_AD, "source_type": "ad" if "ad" in notes else "post"}
    if line.kind == "unsupported":
        extras["errors"] = [{"code": 131051, "title": "Message type unknown"}]
    if line.kind == "template":
        extras["template"] = ours.shown(line.variant, line.text)
    return extras


def _media(mime_type: str, variant: str, text: str, **more: Any) -> dict[str, Any]:
    digest = hashlib.sha256(f"{mime_type}{variant}{text}".encode())
    number = str(int(digest.hexdigest()[:13], 16))
    found = {"id": number, "mime_type": mime_type, "sha256": digest.hexdigest(), **more}
    return {**found, "caption": text} if text and "filename" not in more else found


def _audio(variant: str, text: str) -> dict[str, Any]:
    mime_type = media.sample("audio", variant).mime_type
    return _media(mime_type, variant, text, voice=variant == "")


def _location(variant: str, text: str) -> dict[str, Any]:
    place = {"latitude": -23.5614, "longitude": -46.6559}
    if variant == "named":
        name, _comma, address = text.partition(", ")
        return {**place, "name": name, "address": address, "url": "https://example.com/mapa"}
    return {**place, "address": text} if text else place


def _contacts(variant: str, text: str) -> list[dict[str, Any]]:
    cards = []
    for number, name in enumerate(text.split(", ")):
        card: dict[str, Any] = {
            "name": {"formatted_name": name, "first_name": name},
            "phones": [{"phone": f"+55 11 3088-214{number}", "type": "WORK"}],
        }
        if variant == "whole":
            card["org"] = {"company": "Pires Arquitetura"}
            card["emails"] = [{"email": "contato@example.com", "type": "WORK"}]
            card["addresses"] = [{"street": "R. Harmonia, 210", "city": "São Paulo"}]
            card["urls"] = [{"url": "https://example.com", "type": "WORK"}]
        cards.append(card)
    return cards


def _interactive(variant: str, text: str) -> dict[str, Any]:
    if variant == "button":
        return {"type": "button_reply", "button_reply": {"id": "1", "title": text}}
    if variant == "call":
        reply = {"response": "accept", "response_source": "user_action"}
        return {"type": "call_permission_reply", "call_permission_reply": reply}
    if variant == "flow":
        given = dict(pair.split("=") for pair in text.split("; "))
        words = json.dumps({"flow_token": "demo", **given}, ensure_ascii=False)
        return {
            "type": "nfm_reply",
            "nfm_reply": {"name": "flow", "body": "Sent", "response_json": words},
        }
    reply = {"id": "1", "title": text, "description": "Das 8h às 14h"}
    return {"type": "list_reply", "list_reply": reply}


def _system(variant: str, text: str) -> dict[str, Any]:
    if variant == "number":
        return {"type": "user_changed_number", "body": "User changed", "wa_id": text}
    return {"type": "customer_identity_changed", "body": text}


def _order(variant: str, text: str) -> dict[str, Any]:
    items = [
        {
            "product_retailer_id": f"LA-{number}",
            "quantity": quantity,
            "item_price": price,
            "currency": "BRL",
        }
        for number, quantity, price in ((101, 2, 89.9), (204, 1, 249.0), (377, 1, 1190.0))
    ]
    return {"catalog_id": "501203377", "text": text, "product_items": items}


_MAKERS: dict[str, Callable[[str, str], Any]] = {
    "text": lambda variant, text: {"body": text},
    "image": lambda variant, text: _media("image/jpeg", variant, text),
    "video": lambda variant, text: _media("video/mp4", variant, text),
    "audio": _audio,
    "sticker": lambda variant, text: _media("image/webp", variant, text, animated=False),
    "document": lambda variant, text: _media("application/pdf", variant, text, filename=text),
    "location": _location,
    "contacts": _contacts,
    "interactive": _interactive,
    "button": lambda variant, text: {"text": text, "payload": text},
    "system": _system,
    "order": _order,
    "hologram": lambda variant, text: {"depth": text, "frames": 24},  # of tomorrow
    "unsupported": lambda variant, text: {"type": variant or "poll_creation"},
}
