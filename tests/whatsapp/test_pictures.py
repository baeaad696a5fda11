import io

import pytest
from PIL import Image

from tests import files
from whatsapp.services import pictures


def opened(thumbnail: bytes) -> Image.Image:
    return Image.open(io.BytesIO(thumbnail))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_picture_gets_a_small_one(kind):
    found = pictures.read(io.BytesIO(files.picture(kind, (1600, 900))), f"image/{kind.lower()}")

    assert (found.width, found.height) == (1600, 900)
    assert opened(found.thumbnail).size == (480, 270)
    assert opened(found.thumbnail).format == "WEBP"


def test_a_small_picture_stays_as_it_is():
    found = pictures.read(io.BytesIO(files.JPEG), "image/jpeg")

    assert opened(found.thumbnail).size == (found.width, found.height) == (64, 48)


def test_a_picture_stands_upright_and_forgets_where_it_was_taken():
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "a secret place"
    found = pictures.read(io.BytesIO(files.picture(exif=exif)), "image/jpeg")

    assert (found.width, found.height) == (48, 64)
    assert opened(found.thumbnail).size == (48, 64)
    assert b"secret" not in found.thumbnail


@pytest.mark.parametrize(
    ("data", "mime_type"),
    [
        (files.BOMB, "image/png"),
        (files.HUGE, "image/png"),
        (files.POLYGLOT, "image/gif"),
        (files.JPEG[:40], "image/jpeg"),
        (files.PNG[:60], "image/png"),
        (files.WEBP[:20], "image/webp"),
        (files.PNG, "image/jpeg"),
        (files.HTML, "image/jpeg"),
        (files.SVG, "image/svg+xml"),
        (files.EMPTY, "image/png"),
        (files.PDF, "application/pdf"),
    ],
    ids=[
        "bomb",
        "huge",
        "polyglot",
        "cut-jpeg",
        "cut-png",
        "cut-webp",
        "other",
        "html",
        "svg",
        "empty",
        "pdf",
    ],
)
def test_what_is_no_good_picture_has_none(data, mime_type):
    assert pictures.read(io.BytesIO(data), mime_type) is None
