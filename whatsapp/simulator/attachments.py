"""Files that a customer sends from the phone."""

import base64
import binascii
import re
from typing import Any

from whatsapp.simulator.config import Phone
from whatsapp.simulator.shelf import INBOUND_SECONDS, MEGABYTE, Media
from whatsapp.simulator.world import World

_MIME_TYPE = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,90}(; ?[\w.=+-]{1,40})?", re.ASCII)
MAX_BYTES = 100 * MEGABYTE


class AttachmentError(Exception):
    """What was given is no file; the message says why."""


def keep(world: World, phone: Phone, data: dict[str, Any]) -> Media:
    """Put a customer's file on the shelf, under an id of the business's number."""
    try:
        content = base64.b64decode(str(data.get("data", "")), validate=True)
    except (binascii.Error, ValueError) as error:
        raise AttachmentError("data: a file in base64 is needed.") from error
    if len(content) > MAX_BYTES:
        raise AttachmentError("data: 100 MB at most.")
    mime_type = _text(data, "mime_type") or "application/octet-stream"
    if not _MIME_TYPE.fullmatch(mime_type):
        raise AttachmentError("mime_type: a media type is needed.")
    return world.media.add(
        phone,
        data=content,
        mime_type=mime_type,
        name=_text(data, "filename"),
        expires_at=world.now() + INBOUND_SECONDS,
    )


def message(file: Media, data: dict[str, Any]) -> dict[str, Any]:
    """Return Meta's message object for a file."""
    kind = str(data.get("type") or file.kind)
    content: dict[str, Any] = {
        "mime_type": file.mime_type,
        "sha256": file.sha256,
        "id": file.id,
    }
    if kind in {"image", "video", "document"} and _text(data, "caption"):
        content["caption"] = _text(data, "caption")
    if kind == "document":
        content["filename"] = file.name
    if kind == "sticker":
        content["animated"] = False
    if kind == "audio":
        content["voice"] = data.get("voice") is True
    return {"type": kind, kind: content}


def _text(data: dict[str, Any], key: str) -> str:
    value = data.get(key, "")
    if not isinstance(value, str):
        raise AttachmentError(f"{key}: a text is needed.")
    return value
