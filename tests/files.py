"""Small real files, made here, and some that mean harm."""

import io
import struct
import zlib

from PIL import Image


def image(size: tuple[int, int], turned: int = 0) -> Image.Image:
    return Image.linear_gradient("L").resize(size).rotate(turned).convert("RGB")


def picture(kind: str = "JPEG", size: tuple[int, int] = (64, 48), **how) -> bytes:
    """Return a picture with something on it."""
    out = io.BytesIO()
    image(size).save(out, kind, **how)
    return out.getvalue()


def _ogg() -> bytes:
    head = b"OpusHead\x01\x01\x38\x01\x80\xbb\x00\x00\x00\x00\x00"
    page = b"OggS\x00\x02" + bytes(8) + struct.pack("<IIIB", 1, 0, 0, 1) + bytes([len(head)])
    return page + head


def _png(width: int, height: int, data: bytes) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        mark = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", mark)

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(data)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


JPEG = picture()
PNG = picture("PNG")
GIF = picture("GIF")
WEBP = picture("WEBP")
OGG = _ogg()
AMR = b"#!AMR\n" + bytes(32)
AAC = b"\xff\xf1\x4c\x80\x01\x1f\xfc" + bytes(32)
MP3 = b"\xff\xfb\x90\x64" + bytes(64)
MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom\x00\x00\x00\x08free"
M4A = b"\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00M4A isom\x00\x00\x00\x08free"
GP3 = b"\x00\x00\x00\x18ftyp3gp4\x00\x00\x00\x003gp4isom\x00\x00\x00\x08free"
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
ZIP = b"PK\x05\x06" + bytes(18)
DOCX = b"PK\x03\x04" + bytes(40)

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(document.cookie)</script>"
# A picture for one reader, a script for another.
POLYGLOT = b"GIF89a/*" + bytes(4) + b"*/=1;alert(1)//"
# 100 megapixels in a few hundred bytes; 41 in a header without them.
BOMB = _png(10_000, 10_000, bytes(10_000 * 1251))
HUGE = _png(8200, 5001, b"")
EMPTY = b""
