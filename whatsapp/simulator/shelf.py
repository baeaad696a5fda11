"""Where the platform keeps files; how large each kind may be, and how long an id is good."""

import base64
import hashlib
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field

from whatsapp.simulator.config import Phone

MEGABYTE = 1024 * 1024
#: Source: developers.facebook.com/docs/whatsapp/cloud-api/reference/media, read 2026-11.
LIMITS: dict[str, tuple[str, int]] = {
    "audio/aac": ("audio", 16 * MEGABYTE),
    "audio/amr": ("audio", 16 * MEGABYTE),
    "audio/mpeg": ("audio", 16 * MEGABYTE),
    "audio/mp4": ("audio", 16 * MEGABYTE),
    "audio/ogg": ("audio", 16 * MEGABYTE),
    "text/plain": ("document", 100 * MEGABYTE),
    "application/pdf": ("document", 100 * MEGABYTE),
    "application/msword": ("document", 100 * MEGABYTE),
    "application/vnd.ms-excel": ("document", 100 * MEGABYTE),
    "application/vnd.ms-powerpoint": ("document", 100 * MEGABYTE),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (
        "document",
        100 * MEGABYTE,
    ),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (
        "document",
        100 * MEGABYTE,
    ),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": (
        "document",
        100 * MEGABYTE,
    ),
    "image/jpeg": ("image", 5 * MEGABYTE),
    "image/png": ("image", 5 * MEGABYTE),
    "image/webp": ("sticker", 500 * 1024),
    "video/mp4": ("video", 16 * MEGABYTE),
    "video/3gpp": ("video", 16 * MEGABYTE),
}
URL_SECONDS = 300.0
UPLOADED_SECONDS = 30 * 86400.0
INBOUND_SECONDS = 7 * 86400.0
#: Beyond this the oldest files are forgotten.
KEPT_BYTES = 512 * MEGABYTE


@dataclass(frozen=True, slots=True)
class Media:
    """A file with its id, which only its own number knows."""

    id: str
    phone_number_id: str
    mime_type: str
    data: bytes
    name: str
    expires_at: float

    @property
    def kind(self) -> str:
        """The type of message that carries it."""
        return kind_of(self.mime_type)

    @property
    def sha256(self) -> str:
        """In base64, as Meta writes it."""
        return base64.b64encode(hashlib.sha256(self.data).digest()).decode()


class Shelf:
    """All files of the platform, in memory."""

    def __init__(self) -> None:
        self._files: OrderedDict[str, Media] = OrderedDict()
        self._urls: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._bytes = 0

    def add(
        self, phone: Phone, *, data: bytes, mime_type: str, name: str, expires_at: float
    ) -> Media:
        """Keep a file under a new id."""
        media_id = str(secrets.randbelow(9 * 10**15) + 10**15)
        file = Media(media_id, phone.phone_number_id, mime_type, data, name, expires_at)
        self._files[media_id] = file
        self._bytes += len(data)
        while self._bytes > KEPT_BYTES and len(self._files) > 1:
            self.remove(next(iter(self._files)))
        return file

    def find(self, media_id: str, *, now: float) -> Media | None:
        """Return a file whose id is still good."""
        file = self._files.get(media_id)
        return file if file is not None and now < file.expires_at else None

    def remove(self, media_id: str) -> None:
        """Forget a file."""
        self._bytes -= len(self._files.pop(media_id).data)

    def ticket(self, file: Media, *, now: float, seconds: float) -> str:
        """Return the secret part of an address under which a file may be fetched for a while."""
        name = secrets.token_urlsafe(24)
        self._urls[name] = (file.id, now + seconds)
        while len(self._urls) > 10_000:
            self._urls.popitem(last=False)
        return name

    def redeem(self, ticket: str, *, now: float) -> Media | None:
        """Return the file of an address that has not ended."""
        media_id, until = self._urls.get(ticket, ("", 0.0))
        return self.find(media_id, now=now) if now < until else None


@dataclass(slots=True)
class Session:
    """An upload in steps (uploads.py) that goes on, or is complete."""

    name: str
    mime_type: str
    length: int
    data: bytes = b""


@dataclass(slots=True)
class Uploads:
    """All uploads in steps: by id, and the id by the handle that came with the last bytes."""

    sessions: dict[str, Session] = field(default_factory=dict)
    handles: dict[str, str] = field(default_factory=dict)


def kind_of(mime_type: str) -> str:
    """Return the type of message that carries such a file."""
    base = mime_type.partition(";")[0].strip().lower()
    if base in LIMITS:
        return LIMITS[base][0]
    family = base.partition("/")[0]
    return family if family in {"image", "audio", "video"} else "document"
