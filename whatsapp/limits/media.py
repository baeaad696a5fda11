"""Files: which kinds Meta takes, how large each may be, and what may be said beside one.

Source: developers.facebook.com/docs/whatsapp/cloud-api/reference/media, read 2026-11.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from whatsapp.errors.meanings import gettext_noop as _
from whatsapp.limits.rules import Path, Rule, Violation, boolean, members, text

CAPTION_MAX_CHARACTERS = 1024
FILENAME_MAX_CHARACTERS = 240
ID_MAX = 2**63 - 1
KILOBYTE = 1024
MEGABYTE = 1024 * KILOBYTE
_OFFICE = "application/vnd.openxmlformats-officedocument"
#: By the type of message, what its file may be.
TYPES: dict[str, frozenset[str]] = {
    "image": frozenset({"image/jpeg", "image/png"}),
    "video": frozenset({"video/mp4", "video/3gpp"}),
    "audio": frozenset({"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"}),
    "sticker": frozenset({"image/webp"}),
    "document": frozenset(
        {
            "text/plain",
            "application/pdf",
            "application/msword",
            "application/vnd.ms-excel",
            "application/vnd.ms-powerpoint",
            f"{_OFFICE}.wordprocessingml.document",
            f"{_OFFICE}.spreadsheetml.sheet",
            f"{_OFFICE}.presentationml.presentation",
        }
    ),
}
MAX_BYTES: dict[str, int] = {
    "image": 5 * MEGABYTE,
    "video": 16 * MEGABYTE,
    "audio": 16 * MEGABYTE,
    "sticker": 500 * KILOBYTE,
    "document": 100 * MEGABYTE,
}
STILL_STICKER_MAX_BYTES = 100 * KILOBYTE
LARGEST_BYTES = max(MAX_BYTES.values())
#: What a voice message may be, and nothing else.
VOICE_TYPE = "audio/ogg"
#: What is said of a file that is not what it should be, or too large.
SENTENCES: dict[str, str] = {
    "image": _("A photo is JPEG or PNG and has 5 MB at most; this file is %(type)s, %(size)s."),
    "video": _("A video is MP4 or 3GP and has 16 MB at most; this file is %(type)s, %(size)s."),
    "audio": _(
        "Audio is AAC, AMR, MP3, M4A or OGG (Opus, one channel) and has 16 MB at most;"
        " this file is %(type)s, %(size)s."
    ),
    "sticker": _(
        "A sticker is WebP and has 100 KB at most, or 500 KB when it moves;"
        " this file is %(type)s, %(size)s."
    ),
    "document": _(
        "A document is text, PDF, Word, Excel or PowerPoint and has 100 MB at most;"
        " this file is %(type)s, %(size)s."
    ),
}
NO_KIND = _(
    "WhatsApp takes photos (JPEG, PNG), videos (MP4, 3GP), audio (AAC, AMR, MP3, M4A, OGG with"
    " Opus), stickers (WebP) and documents (text, PDF, Word, Excel, PowerPoint);"
    " this file is %(type)s."
)


@dataclass(frozen=True, slots=True)
class File:
    """What matters of a file. ``mime_type`` is what its bytes say."""

    mime_type: str
    size_bytes: int
    is_animated: bool = False  # of stickers
    is_opus_mono: bool = True  # of OGG


def kind_of(mime_type: str) -> str:
    """Return the type of message that such a file is by itself; "" if Meta takes it in none."""
    return next((kind for kind, types in TYPES.items() if mime_type in types), "")


def file_violations(file: File, path: Path, *, kind: str = "") -> list[Violation]:
    """Return why Meta would refuse a file as ``kind``; without one, in whatever message.

    A picture, a sound or a film may also go as a document, within the limit of what it is.
    """
    if file.size_bytes == 0:
        return [Violation(path, "file_empty", _("This file is empty."))]
    own = kind_of(file.mime_type)
    if not own or (file.mime_type == VOICE_TYPE and not file.is_opus_mono):
        sentence = SENTENCES[kind] if kind else NO_KIND
        return [_violation(path, "file_kind", sentence, file)]
    if kind and kind not in {own, "document"}:
        return [_violation(path, "file_kind", SENTENCES[kind], file)]
    still = kind == "sticker" and not file.is_animated
    if file.size_bytes > (STILL_STICKER_MAX_BYTES if still else MAX_BYTES[own]):
        return [_violation(path, "file_too_large", SENTENCES[own], file)]
    return []


def shown_size(size_bytes: int) -> str:
    """Write a size as people do; never less than it is."""
    for unit, name in ((MEGABYTE, "MB"), (KILOBYTE, "KB")):
        if size_bytes >= unit:
            tenths = -(-size_bytes * 10 // unit)
            whole, rest = divmod(tenths, 10)
            return f"{whole}.{rest} {name}" if rest else f"{whole} {name}"
    return f"{size_bytes} B"


def _violation(path: Path, code: str, sentence: str, file: File) -> Violation:
    values = {"type": file.mime_type, "size": shown_size(file.size_bytes)}
    return Violation(path, code, sentence, values)


def upload_id(value: Any, path: Path) -> Iterator[Violation]:
    """Allow the id of an upload to us."""
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if not is_whole or not 0 < value <= ID_MAX:
        yield Violation(path, "invalid", _("This has to be the id of a file that was uploaded."))


_CAPTION = text(CAPTION_MAX_CHARACTERS)
_FILE: Mapping[str, Rule] = {"media": upload_id}
MEDIA: dict[str, Rule] = {
    "image": members(_FILE, {"caption": _CAPTION}),
    "video": members(_FILE, {"caption": _CAPTION}),
    "audio": members(_FILE, {"voice": boolean}),
    "document": members(_FILE, {"caption": _CAPTION, "filename": text(FILENAME_MAX_CHARACTERS)}),
    "sticker": members(_FILE),
}
