"""What Meta's object looks like for each type of message in the demo."""

import hashlib
from typing import Any


def content_of(kind: str, text: str) -> Any:
    """Return the object that a webhook would have brought, with invented ids."""
    maker = _MAKERS.get(kind)
    return maker(text) if maker else {}


def text_of(kind: str, text: str) -> str:
    """Return what the message says in words: its body or caption."""
    return text if kind in ("TEXT", "IMAGE", "VIDEO", "BUTTON", "INTERACTIVE") else ""


def _media(text: str, mime_type: str, **more: Any) -> dict[str, Any]:
    digest = hashlib.sha256(f"{mime_type}{text}".encode())
    number = str(int(digest.hexdigest()[:13], 16))
    media = {"id": number, "mime_type": mime_type, "sha256": digest.hexdigest(), **more}
    return {**media, "caption": text} if text and "filename" not in more else media


_MAKERS: dict[str, Any] = {
    "TEXT": lambda text: {"body": text},
    "IMAGE": lambda text: _media(text, "image/jpeg"),
    "VIDEO": lambda text: _media(text, "video/mp4"),
    "AUDIO": lambda text: _media(text, "audio/ogg; codecs=opus", voice=True),
    "STICKER": lambda text: _media(text, "image/webp", animated=False),
    "DOCUMENT": lambda text: _media(text, "application/pdf", filename=text),
    "LOCATION": lambda text: {"latitude": -23.5614, "longitude": -46.6559, "address": text},
    "CONTACTS": lambda text: [
        {
            "name": {"formatted_name": text, "first_name": text},
            "org": {"company": text},
            "phones": [{"phone": "+55 11 3088-2140", "type": "WORK"}],
        }
    ],
    "INTERACTIVE": lambda text: {
        "type": "list_reply",
        "list_reply": {"id": "1", "title": text, "description": "Das 8h às 14h"},
    },
    "SYSTEM": lambda text: {"type": "customer_identity_changed", "body": text},
    "UNSUPPORTED": lambda text: {"type": "poll_creation"},
    "BUTTON": lambda text: {"text": text, "payload": text},
    "ORDER": lambda text: {
        "catalog_id": "501203377",
        "text": text,
        "product_items": [
            {
                "product_retailer_id": f"LA-{number}",
                "quantity": 1,
                "item_price": 89.9,
                "currency": "BRL",
            }
            for number in (101, 204, 377)
        ],
    },
}
