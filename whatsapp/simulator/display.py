"""A message as a phone shows it: the same few parts for every kind."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from whatsapp.simulator import actions, summaries
from whatsapp.simulator.chats import INBOUND, Chat, Message
from whatsapp.simulator.threads import MARKS

Json = dict[str, Any]
_FILES = ("image", "sticker", "audio", "video", "document")
_LINK = re.compile(r"https?://\S+")


def chat(messages: list[Message], of: Chat) -> list[Json]:
    """Return what the page draws, without what only marks another message."""
    known = {message.wamid: message for message in of.messages}
    return [
        {**message.as_json(), "shown": shown(message, known)}
        for message in messages
        if not _is_mark(message, known)
    ]


def _is_mark(message: Message, known: dict[str, Message]) -> bool:
    content = message.content.get(message.type)
    if message.type not in MARKS or not isinstance(content, dict):
        return False
    return str(content.get("message_id") or content.get("original_message_id")) in known


def shown(message: Message, known: dict[str, Message]) -> Json:
    """Return the parts of one message; parts that it does not have are left out."""
    state = {
        "reactions": list(message.reactions.values()),
        "edited": message.edited,
        "deleted": message.deleted,
    }
    if message.deleted:
        return state
    context = message.content.get("context")
    parts: Json = {
        **state,
        "quote": _quote(context, known),
        "forwarded": bool(isinstance(context, dict) and context.get("forwarded")),
        "referral": _referral(message.content.get("referral")),
        **_parts(message),
    }
    return {name: value for name, value in parts.items() if value not in (None, "", [], False)}


def _parts(message: Message) -> Json:
    if message.filled is not None:
        return filled(message.filled)
    content = message.content.get(message.type)
    draw = _DRAWN.get(message.type)
    if draw is None or not isinstance(content, dict | list):
        return {"text": message.text}
    return draw(content)


def filled(template: Json) -> Json:
    """Return the parts of a template, or of one of its cards."""
    return {
        **_header(template.get("header")),
        "text": _text(template.get("body")),
        "footer": _text(template.get("footer")),
        "actions": actions.of_template(template),
        "cards": [filled(card) for card in template.get("cards", [])],
    }


def _written(content: Json) -> Json:
    text = summaries.summary("text", content)
    link = _LINK.search(text) if content.get("preview_url") is True else None
    preview = {"url": link[0], "host": urlsplit(link[0]).hostname or ""} if link else None
    return {"text": text, "preview": preview}


def _interactive(content: Json) -> Json:
    if str(content.get("type", "")).endswith("_reply"):
        return {"text": summaries.summary("interactive", content)}
    action = content.get("action")
    cards = action.get("cards") if isinstance(action, dict) else None
    return {
        **_header(content.get("header")),
        "text": _text(content.get("body")),
        "footer": _text(content.get("footer")),
        "actions": actions.of_interactive(content),
        "cards": [_interactive(card) for card in cards or [] if isinstance(card, dict)],
    }


def _header(header: Any) -> Json:
    if not isinstance(header, dict):
        return {}
    kind = str(header.get("type", ""))
    if kind == "text":
        return {"header": str(header.get("text", ""))}
    content = header.get(kind)
    if not isinstance(content, dict):
        return {}
    return _place(content) if kind == "location" else {"media": _media(kind, content)}


def _media(kind: str, content: Json) -> Json:
    return {
        "kind": kind,
        "id": str(content.get("id") or ""),
        "link": str(content.get("link") or ""),
        "name": str(content.get("filename") or ""),
        "voice": content.get("voice") is True,
    }


def _file(kind: str) -> Callable[[Any], Json]:
    return lambda content: {
        "media": _media(kind, content),
        "text": str(content.get("caption") or ""),
    }


def _place(content: Json) -> Json:
    keys = ("latitude", "longitude", "name", "address")
    return {"place": {key: str(content.get(key, "")) for key in keys}}


def _people(cards: Any) -> Json:
    people = []
    for card in cards if isinstance(cards, list) else []:
        name, phones = card.get("name"), card.get("phones")
        formatted = name.get("formatted_name") if isinstance(name, dict) else ""
        numbers = [str(p.get("phone", "")) for p in phones or [] if isinstance(p, dict)]
        people.append({"name": str(formatted or ""), "phones": numbers})
    return {"people": people}


def _order(content: Json) -> Json:
    items = [item for item in content.get("product_items") or [] if isinstance(item, dict)]
    return {"text": str(content.get("text") or ""), "order": items}


def _system(content: Json) -> Json:
    return {"text": str(content.get("body") or ""), "system": True}


def _quote(context: Any, known: dict[str, Message]) -> Json | None:
    wamid = context.get("id") if isinstance(context, dict) else None
    if not wamid:
        return None
    target = known.get(str(wamid))
    text = "" if target is None or target.deleted else target.text
    return {"text": text, "mine": bool(target and target.direction == INBOUND)}


def _referral(referral: Any) -> Json | None:
    if not isinstance(referral, dict):
        return None
    return {key: str(referral.get(key, "")) for key in ("headline", "body", "source_url")}


def _text(part: Any) -> str:
    return str(part.get("text", "")) if isinstance(part, dict) else ""


_DRAWN: dict[str, Callable[[Any], Json]] = {
    "text": _written,
    "interactive": _interactive,
    "location": _place,
    "contacts": _people,
    "order": _order,
    "system": _system,
    **{kind: _file(kind) for kind in _FILES},
}
