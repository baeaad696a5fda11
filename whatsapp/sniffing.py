"""Tell what a file is from its first bytes: what somebody says of it proves nothing."""

import base64
import binascii
import re
import unicodedata

# So many bytes are enough for every answer.
HEAD_BYTES = 4096
UNKNOWN = "application/octet-stream"
# What a browser may show in place: none of them can hold a script that runs.
INLINE = frozenset(
    {
        "image/jpeg",
        "image/png",
        "image/webp",
        "image/gif",
        "video/mp4",
        "video/3gpp",
        "audio/ogg",
        "audio/aac",
        "audio/amr",
        "audio/mpeg",
        "audio/mp4",
    }
)
_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"OggS", "audio/ogg"),
    (b"#!AMR", "audio/amr"),
    (b"ID3", "audio/mpeg"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"\x1aE\xdf\xa3", "video/webm"),
)
# ISO files name their brand after the size of the first box; the rest of them are films.
_AUDIO_BRANDS = frozenset({b"M4A ", b"M4B ", b"F4A "})
_FILM_BRANDS = frozenset(
    {b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"MSNV"}
    | {b"dash", b"mmp4", b"F4V "}
)
# Office files are archives: which kind, only their sender says; it decides a name, no rights.
_IN_ZIP = {
    f"application/vnd.openxmlformats-officedocument.{kind}"
    for kind in (
        "wordprocessingml.document",
        "spreadsheetml.sheet",
        "presentationml.presentation",
    )
}
_IN_OLE = {"application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint"}
_BY_EXTENSION = {
    "txt": "text/plain",
    "csv": "text/csv",
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "m4a": "audio/mp4",
}
_TEXTS = frozenset({"text/plain", "text/csv"})
_NO_TEXT = frozenset(range(32)) - set(b"\t\n\r\f\x1b")
_BAD_IN_NAMES = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')
NAME_MAX = 200


def sniff(head: bytes, declared: str = "") -> str:
    """Return the media type of what starts with ``head``; UNKNOWN for markup, programs and text.

    ``declared`` only chooses among formats that share one container.
    """
    base = base_type(declared)
    for start, kind in _STARTS:
        if head.startswith(start):
            return _narrowed(kind, base)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp":
        return _iso(head[8:12], base)
    return _frames(head)


def sniff_upload(head: bytes, declared: str, name: str) -> str:
    """Return the media type of a file that one of us uploads: text, too, if it is called so.

    What browsers do not know or call otherwise is told by the end of the name.
    """
    by_name = _BY_EXTENSION.get(name.rpartition(".")[2].lower(), "")
    found = sniff(head, by_name or declared)
    if found == UNKNOWN and {base_type(declared), by_name} & _TEXTS and _is_text(head):
        return "text/plain"
    return found


def is_animated(head: bytes) -> bool:
    """Tell whether a WebP moves: its extended header says so."""
    return head[8:16] == b"WEBPVP8X" and bool(head[20:21]) and bool(head[20] & 0x02)


def is_opus_mono(head: bytes) -> bool:
    """Tell whether an OGG holds Opus of one channel, by the first packet of its first page."""
    at = 27 + (head[26] if len(head) > 26 else 0)
    return head[at : at + 8] == b"OpusHead" and head[at + 9 : at + 10] == b"\x01"


def base_type(declared: str) -> str:
    """Return a media type without its parameters, in lower case."""
    return declared.partition(";")[0].strip().lower()


def family(mime_type: str) -> str:
    """Return what a page may show a file as: image, video, audio or document."""
    if mime_type not in INLINE:
        return "document"
    return mime_type.partition("/")[0]


def same_sha256(declared: str, digest: bytes) -> bool:
    """Tell whether a checksum in hex or base64 is that of ``digest``; what is neither says nothing.

    Meta's documentation has both spellings.
    """
    text = declared.strip()
    if re.fullmatch(r"[0-9a-fA-F]{64}", text):
        return text.lower() == digest.hex()
    if len(text) not in {43, 44}:
        return True
    try:
        standard = text.replace("-", "+").replace("_", "/").rstrip("=") + "="
        return base64.b64decode(standard, validate=True) == digest
    except (binascii.Error, ValueError):
        return True


def clean_name(name: str) -> str:
    """Return a file's name as it may be shown and offered: no path, no control, no tricks."""
    last = re.split(r"[/\\]", name)[-1]
    # Format characters turn text around: "fdp.exe" must not read as "exe.pdf".
    visible = "".join(one for one in last if unicodedata.category(one) not in {"Cf", "Cc", "Cs"})
    clean = _BAD_IN_NAMES.sub("_", visible).strip(" .")
    if len(clean) <= NAME_MAX:
        return clean
    stem, dot, extension = clean.rpartition(".")
    if dot and len(extension) <= 10:
        return f"{stem[: NAME_MAX - len(extension) - 1]}.{extension}"
    return clean[:NAME_MAX]


def _narrowed(kind: str, declared: str) -> str:
    if kind == "application/zip" and declared in _IN_ZIP:
        return declared
    if kind == "application/x-ole-storage":
        return declared if declared in _IN_OLE else UNKNOWN
    return kind


def _is_text(head: bytes) -> bool:
    """Take any encoding that leaves control characters alone: Excel's is none of UTF-8."""
    return bool(head) and not _NO_TEXT & set(head)


def _iso(brand: bytes, declared: str) -> str:
    if brand in _AUDIO_BRANDS:
        return "audio/mp4"
    if brand.startswith((b"3gp", b"3g2")):
        return "video/3gpp"
    if brand not in _FILM_BRANDS:
        return UNKNOWN  # HEIC and AVIF pictures, for instance
    return "audio/mp4" if declared.startswith("audio/") else "video/mp4"


def _frames(head: bytes) -> str:
    """Know audio that has no header by its first frame."""
    if len(head) < 4 or head[0] != 0xFF:
        return UNKNOWN
    if head[1] & 0xF6 == 0xF0:  # ADTS: a layer that no other MPEG audio has
        return "audio/aac"
    is_layer = head[1] & 0xE0 == 0xE0 and head[1] & 0x06 in {0x02, 0x04}
    exists = head[1] & 0x18 != 0x08 and head[2] & 0xF0 != 0xF0 and head[2] & 0x0C != 0x0C
    return "audio/mpeg" if is_layer and exists else UNKNOWN
