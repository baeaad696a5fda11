"""Make a small picture of a large one, within bounds: what comes from outside may be a bomb."""

import io
import logging
import threading
from dataclasses import dataclass
from typing import IO

from PIL import Image

from whatsapp.models import THUMBNAIL_PIXELS

logger = logging.getLogger(__name__)

PIXELS_MAX = 40_000_000
_BOX = (THUMBNAIL_PIXELS, THUMBNAIL_PIXELS)
FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP", "image/gif": "GIF"}
_ORIENTATION = 0x0112  # EXIF's number for how the camera was held
_Turn = Image.Transpose
_TURNS = {
    2: _Turn.FLIP_LEFT_RIGHT,
    3: _Turn.ROTATE_180,
    4: _Turn.FLIP_TOP_BOTTOM,
    5: _Turn.TRANSPOSE,
    6: _Turn.ROTATE_270,
    7: _Turn.TRANSVERSE,
    8: _Turn.ROTATE_90,
}
_ON_THE_SIDE = {_Turn.TRANSPOSE, _Turn.ROTATE_270, _Turn.TRANSVERSE, _Turn.ROTATE_90}
# One at a time in a process: each may need some hundred megabytes for a moment.
_turn = threading.Lock()


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture's size as it is shown, and a small WebP of it."""

    width: int
    height: int
    thumbnail: bytes


def read(source: IO[bytes], mime_type: str) -> Picture | None:
    """Return a picture's size and thumbnail; None for what is none, is broken or too large."""
    known = FORMATS.get(mime_type)
    if known is None:
        return None
    source.seek(0)
    with _turn:
        try:
            return _read(source, known)
        except Exception:
            # The border to decoders of foreign bytes, which fail in every way there is.
            logger.info("a picture cannot be read")
            return None


def _read(source: IO[bytes], known: str) -> Picture | None:
    with Image.open(source, formats=[known]) as image:
        width, height = image.size  # from the header: no pixel is decoded yet
        if not 0 < width * height <= PIXELS_MAX:
            return None
        if known == "JPEG":
            image.draft("RGB", _BOX)  # decodes at a fraction of the size
        orientation = image.getexif().get(_ORIENTATION)
        small = image.convert("RGBA" if image.has_transparency_data else "RGB")
    small.thumbnail(_BOX)
    turn = _TURNS.get(orientation or 1)
    if turn is not None:
        small = small.transpose(turn)
    if turn in _ON_THE_SIDE:
        width, height = height, width
    out = io.BytesIO()
    small.save(out, "WEBP", quality=78, exif=b"")  # nothing of where and when it was taken
    return Picture(width, height, out.getvalue())
