"""The files of the demo's messages: a few samples, stored as if they had been fetched."""

import hashlib
import io
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from config.demo.seed.talk import Line
from conversations.models import Message
from whatsapp import sniffing
from whatsapp.models import MediaFile, Phone
from whatsapp.services import files, pictures
from whatsapp.services.pictures import Picture

_FOLDER = Path(__file__).parent / "samples"
_SAMPLES = {
    "image": "rug.jpg",
    "image:bowl": "bowl.jpg",
    "image:receipt": "receipt.jpg",
    "image:wall": "wall.jpg",
    "video": "box.mp4",
    "audio": "voice.ogg",
    "audio:jingle": "jingle.mp3",
    "document": "paper.pdf",
    "sticker": "smile.webp",
}


@dataclass(frozen=True, slots=True)
class Sample:
    """A file and what there is to know about it."""

    data: bytes
    mime_type: str
    picture: Picture | None


@cache
def sample(kind: str, variant: str = "") -> Sample:
    """Return the file for a type of message; read and made small once."""
    name = _SAMPLES.get(f"{kind}:{variant}") or _SAMPLES[kind]
    data = (_FOLDER / name).read_bytes()
    mime_type = sniffing.sniff(data[: sniffing.HEAD_BYTES], "")
    return Sample(data, mime_type, pictures.read(io.BytesIO(data), mime_type))


def store(pairs: Sequence[tuple[Line, Message]], tenant_id: uuid.UUID) -> None:
    """Store the files of new messages and lead the messages to them, in the current tenant."""
    wanted = [(line, message) for line, message in pairs if line.kind in _SAMPLES]
    made = MediaFile.objects.bulk_create(_row(line, message.phone) for line, message in wanted)
    for row, (line, message) in zip(made, wanted, strict=True):
        message.media = row
        if not row.is_stored:
            continue
        found = sample(line.kind, line.variant)
        small = found.picture.thumbnail if found.picture else None
        files.save(tenant_id=tenant_id, key=row.key, source=io.BytesIO(found.data), thumbnail=small)


def _row(line: Line, phone: Phone) -> MediaFile:
    number, key = str(uuid.uuid4().int)[:16], uuid.uuid4()
    found = sample(line.kind, line.variant)
    if line.variant == "gone":  # fetched too late
        state = MediaFile.State.EXPIRED
        return MediaFile(phone=phone, media_id=number, key=key, state=state)
    picture = found.picture
    return MediaFile(
        phone=phone,
        media_id=number,
        key=key,
        name=line.text if line.kind == "document" else "",
        mime_declared=found.mime_type,
        mime_type=found.mime_type,
        size_bytes=len(found.data),
        sha256=hashlib.sha256(found.data).hexdigest(),
        width=picture.width if picture else None,
        height=picture.height if picture else None,
        has_thumbnail=picture is not None,
        state=MediaFile.State.STORED,
    )
