"""Each kind of file: what Meta takes as it, how large, and a sentence that says so."""

import pytest

from tests import files
from whatsapp import sniffing
from whatsapp.limits import media
from whatsapp.limits.media import File

MB, KB = 1024 * 1024, 1024
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PATH = ("image", "media")

# The kind, what the file is, and the most that passes.
LIMITS = [
    ("image", "image/jpeg", 5 * MB),
    ("image", "image/png", 5 * MB),
    ("video", "video/mp4", 16 * MB),
    ("video", "video/3gpp", 16 * MB),
    ("audio", "audio/aac", 16 * MB),
    ("audio", "audio/amr", 16 * MB),
    ("audio", "audio/mpeg", 16 * MB),
    ("audio", "audio/mp4", 16 * MB),
    ("audio", "audio/ogg", 16 * MB),
    ("document", "text/plain", 100 * MB),
    ("document", "application/pdf", 100 * MB),
    ("document", "application/msword", 100 * MB),
    ("document", DOCX, 100 * MB),
    ("sticker", "image/webp", 100 * KB),
    # As a document, within the limit of what they are.
    ("document", "image/jpeg", 5 * MB),
    ("document", "image/webp", 500 * KB),
    ("document", "video/mp4", 16 * MB),
]


def codes(file: File, kind: str = "") -> list[str]:
    return [one.code for one in media.file_violations(file, PATH, kind=kind)]


@pytest.mark.parametrize(("kind", "mime_type", "most"), LIMITS)
def test_the_largest_passes_and_one_byte_more_does_not(kind, mime_type, most):
    assert codes(File(mime_type, most), kind) == []
    assert codes(File(mime_type, most + 1), kind) == ["file_too_large"]
    assert codes(File(mime_type, 0), kind) == ["file_empty"]


def test_a_sticker_that_moves_may_be_larger():
    assert codes(File("image/webp", 500 * KB, is_animated=True), "sticker") == []
    assert codes(File("image/webp", 500 * KB + 1, is_animated=True), "sticker") == [
        "file_too_large"
    ]
    assert codes(File("image/webp", 500 * KB)) == []  # it may still go as a document


@pytest.mark.parametrize(
    ("kind", "mime_type"),
    [
        ("image", "image/webp"),
        ("image", "image/gif"),
        ("image", "application/pdf"),
        ("video", "image/jpeg"),
        ("audio", "video/mp4"),
        ("sticker", "image/png"),
        ("document", "application/octet-stream"),
        ("document", "application/zip"),
        ("", "image/gif"),
        ("", "video/webm"),
        ("", ""),
    ],
)
def test_the_wrong_kind_is_refused(kind, mime_type):
    assert codes(File(mime_type, 10), kind) == ["file_kind"]


def test_ogg_of_another_sort_is_refused():
    assert codes(File("audio/ogg", 10, is_opus_mono=False), "audio") == ["file_kind"]
    assert codes(File("audio/ogg", 10, is_opus_mono=False)) == ["file_kind"]


@pytest.mark.parametrize(("kind", "limit"), [("image", "5 MB"), ("video", "16 MB")])
def test_the_limit_and_the_size_are_in_the_sentence(kind, limit):
    mime_type = min(media.TYPES[kind])
    (found,) = media.file_violations(File(mime_type, 20 * MB + 1), PATH, kind=kind)
    sentence = found.sentence % found.values

    assert limit in sentence
    assert "20.1 MB" in sentence
    assert found.path == PATH


@pytest.mark.parametrize(
    ("size", "shown"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1 KB"), (1025, "1.1 KB"), (5 * MB, "5 MB")],
)
def test_a_size_is_written_as_people_do(size, shown):
    assert media.shown_size(size) == shown


@pytest.mark.parametrize(
    ("data", "declared", "name", "mime_type"),
    [
        (b"Nome;Valor\nA\xe7\xe3o;1\n", "application/vnd.ms-excel", "a.csv", "text/plain"),
        ("Olá".encode(), "text/plain", "nota", "text/plain"),
        (b"\x00\x01", "text/plain", "a.txt", sniffing.UNKNOWN),
        (b"", "text/plain", "a.txt", sniffing.UNKNOWN),
        (b"Oi", "", "a.exe", sniffing.UNKNOWN),
        (files.DOCX, "", "contrato.DOCX", DOCX),
        (files.DOCX, "application/octet-stream", "a.zip", "application/zip"),
        (files.JPEG, "text/plain", "a.txt", "image/jpeg"),
        (files.M4A, "", "a.m4a", "audio/mp4"),
        (files.HTML, "text/html", "a.html", sniffing.UNKNOWN),
    ],
)
def test_an_upload_is_what_its_bytes_say(data, declared, name, mime_type):
    assert sniffing.sniff_upload(data, declared, name) == mime_type


def test_what_moves_and_what_sounds_is_seen():
    moving = files.picture("WEBP", save_all=True, append_images=[files.image((64, 48), 90)])

    assert sniffing.is_animated(moving)
    assert not sniffing.is_animated(files.WEBP)
    assert not sniffing.is_animated(b"")
    assert sniffing.is_opus_mono(files.OGG)
    assert not sniffing.is_opus_mono(files.OGG.replace(b"OpusHead\x01\x01", b"OpusHead\x01\x02"))
    assert not sniffing.is_opus_mono(b"OggS")
