"""What Meta refuses in messages that are a file."""

from whatsapp.simulator.bodies import Json, invalid, missing, only, words
from whatsapp.simulator.errors import GraphError

CAPTION_LIMIT = 1024
_PARTS: dict[str, tuple[str, ...]] = {
    "image": ("caption",),
    "video": ("caption",),
    "audio": ("voice",),
    "document": ("caption", "filename"),
    "sticker": (),
}
KINDS = tuple(_PARTS)


def check(kind: str, content: Json, name: str = "") -> None:
    """Raise GraphError for a file of ``kind`` that cannot be sent like this."""
    name = name or kind
    only(content, name, "id", "link", *_PARTS[kind])
    given = [key for key in ("id", "link") if content.get(key) not in (None, "")]
    if len(given) != 1:  # none, or both
        raise missing(f"{name}['id']")
    value = words(content, given[0], f"{name}['{given[0]}']", 2000)
    if given[0] == "id" and not (value.isascii() and value.isdecimal()):
        raise invalid(f"{name}['id']", "must be the id of a file")
    if given[0] == "link" and not value.lower().startswith(("https://", "http://")):
        raise invalid(f"{name}['link']", "must be a URL")
    if content.get("caption"):
        words(content, "caption", f"{name}['caption']", CAPTION_LIMIT)
    if content.get("filename") is not None:
        words(content, "filename", f"{name}['filename']", 240)
    if not isinstance(content.get("voice", False), bool):
        raise GraphError(100, message=f"(#100) Param {name}['voice'] must be a boolean.")
