"""One line of text for any message, as a chat list shows it."""

from typing import Any

_SIGNS = {
    "image": "📷",
    "video": "🎥",
    "audio": "🎤",
    "document": "📄",
    "sticker": "🏷️",
    "location": "📍",
    "contacts": "👤",
    "template": "🧾",
    "order": "🛒",
    "reaction": "",
}


def summary(kind: str, content: Any) -> str:
    """Return what stands on a phone for a message of type ``kind``; ``content`` is its object."""
    if isinstance(content, list):
        content = content[0] if content and isinstance(content[0], dict) else {}
    if not isinstance(content, dict):
        content = {}
    if kind == "text":
        return _string(content.get("body"))
    if kind == "interactive":
        return _interactive(content)
    words = " ".join(filter(None, (_SIGNS.get(kind, "▫️"), _words(content))))
    return words or kind


def _words(content: dict[str, Any]) -> str:
    for key in ("caption", "filename", "name", "text", "emoji", "address", "body"):
        value = content.get(key)
        if isinstance(value, dict):
            value = value.get("formatted_name")
        if isinstance(value, str) and value:
            return value
    return ""


def _interactive(content: dict[str, Any]) -> str:
    for reply in ("button_reply", "list_reply"):
        if isinstance(content.get(reply), dict):
            return _string(content[reply].get("title"))
    body = content.get("body")
    text = _string(body.get("text")) if isinstance(body, dict) else ""
    return text or "▫️ interactive"


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""
