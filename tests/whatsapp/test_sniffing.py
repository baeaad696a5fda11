import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import files
from whatsapp import sniffing

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize(
    ("data", "declared", "found", "family"),
    [
        (files.JPEG, "", "image/jpeg", "image"),
        (files.PNG, "image/jpeg", "image/png", "image"),
        (files.GIF, "", "image/gif", "image"),
        (files.WEBP, "", "image/webp", "image"),
        (files.OGG, "audio/ogg; codecs=opus", "audio/ogg", "audio"),
        (files.AMR, "", "audio/amr", "audio"),
        (files.AAC, "", "audio/aac", "audio"),
        (files.MP3, "", "audio/mpeg", "audio"),
        (b"ID3\x04" + bytes(20), "", "audio/mpeg", "audio"),
        (files.MP4, "video/mp4", "video/mp4", "video"),
        (files.MP4, "audio/mp4", "audio/mp4", "audio"),
        (files.M4A, "", "audio/mp4", "audio"),
        (files.GP3, "", "video/3gpp", "video"),
        (files.PDF, "image/jpeg", "application/pdf", "document"),
        (files.DOCX, DOCX, DOCX, "document"),
        (files.DOCX, "text/html", "application/zip", "document"),
        (files.SVG, "image/svg+xml", sniffing.UNKNOWN, "document"),
        (files.HTML, "image/jpeg", sniffing.UNKNOWN, "document"),
        (files.HTML.decode().encode("utf-16"), "image/jpeg", sniffing.UNKNOWN, "document"),
        (files.POLYGLOT, "text/javascript", "image/gif", "image"),
        (b"MZ\x90\x00", "video/mp4", sniffing.UNKNOWN, "document"),
        (files.EMPTY, "image/png", sniffing.UNKNOWN, "document"),
    ],
)
def test_the_bytes_decide(data, declared, found, family):
    assert sniffing.sniff(data[: sniffing.HEAD_BYTES], declared) == found
    assert sniffing.family(found) == family


@given(st.binary(max_size=64), st.text(max_size=40))
def test_any_bytes_are_something(head, declared):
    kind = sniffing.sniff(head, declared)

    assert kind not in {"text/html", "image/svg+xml", "text/javascript", "text/xml"}


@pytest.mark.parametrize("spell", [bytes.hex, lambda d: base64.b64encode(d).decode()])
def test_a_checksum_is_read_in_both_spellings(spell):
    right, wrong = hashlib.sha256(b"a").digest(), hashlib.sha256(b"b").digest()

    assert sniffing.same_sha256(spell(right), right)
    assert not sniffing.same_sha256(spell(wrong), right)


@pytest.mark.parametrize("declared", ["", "abc", "é" * 44, "=" * 44])
def test_what_is_no_checksum_says_nothing(declared):
    assert sniffing.same_sha256(declared, hashlib.sha256(b"a").digest())


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("nota fiscal.pdf", "nota fiscal.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\a.doc", "a.doc"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie_ x.pdf"),
        ("gpj.\u202eexe", "gpj.exe"),
        ("ação 📄.pdf", "ação 📄.pdf"),
        ("..", ""),
        ("", ""),
        ('a"b<c>.pdf', "a_b_c_.pdf"),
        ("x" * 10_000 + ".pdf", "x" * 196 + ".pdf"),
    ],
)
def test_a_name_is_a_name_only(name, clean):
    assert sniffing.clean_name(name) == clean
