"""What Meta refuses of a file that a send brings along, in the message itself or in a header."""

from collections.abc import Iterator
from typing import Any

from whatsapp.simulator import media_bodies
from whatsapp.simulator.bodies import Json
from whatsapp.simulator.config import Phone
from whatsapp.simulator.errors import GraphError, missing_object
from whatsapp.simulator.shelf import Media
from whatsapp.simulator.world import World

_STILL_LIMIT = 100 * 1024


def check(world: World, phone: Phone, kind: str, content: Any) -> None:
    """Raise GraphError for a file that is not there, not the number's, or not of the kind."""
    if kind in media_bodies.KINDS:
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
        if isinstance(header, dict) and header.get("type") in media_bodies.KINDS:
            yield header["type"], header.get(header["type"])


def _check_file(world: World, phone: Phone, kind: str, content: Json) -> None:
    if not content.get("id"):
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
