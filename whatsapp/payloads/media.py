"""The file that a message brings along."""

from dataclasses import dataclass

from whatsapp.payloads.cleaning import dict_of, text_of
from whatsapp.payloads.units import InboundMessage

KINDS = frozenset({"image", "audio", "voice", "video", "document", "sticker"})
ID_MAX = 100
_MIME_MAX = 100
_NAME_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Media:
    """What Meta says of a file, "" for what it leaves out; nothing of it is proven."""

    media_id: str
    mime_type: str
    sha256: str
    name: str


def media_of(message: InboundMessage) -> Media | None:
    """Return the file of a message; None for a message without one, or whose file has no id."""
    if message.type not in KINDS:
        return None
    content = dict_of(message.content)
    media_id = text_of(content.get("id"))
    if not 0 < len(media_id) <= ID_MAX:
        return None
    return Media(
        media_id=media_id,
        mime_type=text_of(content.get("mime_type"), _MIME_MAX),
        sha256=text_of(content.get("sha256"), _MIME_MAX),
        name=text_of(content.get("filename"), _NAME_MAX),
    )
