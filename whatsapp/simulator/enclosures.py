"""What Meta refuses of a file that a send brings along, in the message itself or in a header."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from whatsapp.simulator.bodies import Json, invalid, missing, words
from whatsapp.simulator.config import Phone
from whatsapp.simulator.errors import GraphError, missing_object
from whatsapp.simulator.shelf import Media
from whatsapp.simulator.world import World

_MEMBERS: dict[str, frozenset[str]] = {
    "image": frozenset({"caption"}),
    "video": frozenset({"caption"}),
    "audio": frozenset({"voice"}),
    "document": frozenset({"caption", "filename"}),
    "sticker": frozenset(),
}
_CAPTION_LIMIT = 1024
_NAME_LIMIT = 240
_STILL_LIMIT = 100 * 1024


def check(world: World, phone: Phone, kind: str, content: Any) -> None:
    """Raise GraphError for a file that is not there, not the number's, or not of the kind."""
    if kind in _MEMBERS:
        _check_members(kind, content)
        _check_file(world, phone, kind, content)
    for place, inner in _headers(kind, content):
        if isinstance(inner, dict):
            _check_file(world, phone, place, inner)


def _headers(kind: str, content: Json) -> Iterator[tuple[str, Any]]:
    """Find the files of headers, whose shape others have looked at."""
    headers = []
    if kind == "interactive":
        headers = [content.get("header")]
    if kind == "template":
        parts = [one for one in content.get("components", []) if one.get("type") == "header"]
        headers = [parameter for part in parts for parameter in part.get("parameters", [])]
    for header in headers:
        if isinstance(header, dict) and header.get("type") in _MEMBERS:
            yield header["type"], header.get(header["type"])


def _check_members(kind: str, content: Json) -> None:
    unknown = content.keys() - _MEMBERS[kind] - {"id", "link"}
    if unknown:
        name = sorted(unknown)[0]
        raise GraphError(100, message=f'(#100) Unexpected key "{name}" on param "{kind}".')
    for key, limit in (("caption", _CAPTION_LIMIT), ("filename", _NAME_LIMIT)):
        if key in content:
            words(content, key, f"{kind}['{key}']", limit)
    if not isinstance(content.get("voice", False), bool):
        raise GraphError(100, message="(#100) Param audio['voice'] must be a boolean.")


def _check_file(world: World, phone: Phone, kind: str, content: Json) -> None:
    if bool(content.get("id")) == bool(content.get("link")):
        raise missing(f"{kind}['id']")
    if "link" in content:
        if urlsplit(str(content["link"])).scheme not in {"http", "https"}:
            raise invalid(f"{kind}['link']", "must be a valid URL")
        return
    file = world.media.find(str(content["id"]), now=world.now())
    if file is None or file.phone_number_id != phone.phone_number_id:
        raise missing_object(str(content["id"]), "POST")
    _check_kind(file, kind, is_voice=content.get("voice") is True)


def _check_kind(file: Media, kind: str, *, is_voice: bool) -> None:
    # What is a picture, a sound or a film may go as a document, too.
    if kind not in {file.kind, "document"}:
        raise GraphError(131053, details=f"A file of type {file.mime_type} is no {kind}.")
    if is_voice and not file.mime_type.startswith("audio/ogg"):
        raise GraphError(131053, details="A voice message must be OGG with Opus.")
    is_animated = file.data[8:16] == b"WEBPVP8X" and file.data[20] & 0x02 != 0
    if kind == "sticker" and not is_animated and len(file.data) > _STILL_LIMIT:
        raise GraphError(131053, details=f"A sticker is at most {_STILL_LIMIT} bytes.")
