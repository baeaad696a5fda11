"""Recordings: packed anew as OGG, the same sound; whatever else is in a WebM stays refused."""

import io
import struct
import zlib

import pytest
from django.core.files.base import ContentFile

from tenants import context
from tests import files
from tests.conversations.uploading import kept
from whatsapp import sniffing
from whatsapp.models import MediaFile
from whatsapp.services import voices
from whatsapp.services.files import open_file
from whatsapp.services.keeping import FileRefusedError

av = pytest.importorskip("av")
SECONDS = 2


def recorded(layout: str = "mono", *, films: bool = False) -> bytes:
    """Return what a browser's recorder makes."""
    out = io.BytesIO()
    with av.open(out, "w", format="webm") as container:
        sound = container.add_stream("libopus", rate=48_000, layout=layout)
        if films:
            film = container.add_stream("libvpx", rate=10)
            film.width, film.height, film.pix_fmt = 32, 32, "yuv420p"
            container.mux(film.encode(av.VideoFrame(32, 32, "yuv420p")))
            container.mux(film.encode(None))
        for at in range(SECONDS * 50):
            frame = av.AudioFrame(format="s16", layout=layout, samples=960)
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            frame.sample_rate, frame.pts = 48_000, at * 960
            container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
    return out.getvalue()


def packets(data: bytes) -> list[bytes]:
    with av.open(io.BytesIO(data)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


@pytest.fixture(scope="module")
def voice() -> bytes:
    return recorded()


def test_a_voice_is_packed_anew_and_sounds_the_same(voice):
    out = io.BytesIO()

    assert voices.pack(io.BytesIO(voice), out)
    packed = out.getvalue()

    assert sniffing.sniff(packed) == "audio/ogg"
    assert sniffing.is_opus_mono(packed[: sniffing.HEAD_BYTES])
    assert packets(packed) == packets(voice)
    with av.open(io.BytesIO(packed)) as container:
        assert abs(container.duration / av.time_base - SECONDS) < 0.1


@pytest.mark.parametrize(
    "data",
    [
        recorded("stereo"),
        recorded(films=True),
        recorded()[:300],
        recorded()[:40] + bytes(500),
        files.MP4,
        files.EMPTY,
    ],
    ids=["stereo", "film", "cut", "broken", "mp4", "empty"],
)
def test_what_is_no_voice_is_left_alone(data):
    out = io.BytesIO()

    if voices.pack(io.BytesIO(data), out):
        # A recording that broke off may be one all the same, as far as it goes.
        assert sniffing.is_opus_mono(out.getvalue()[: sniffing.HEAD_BYTES])
        assert len(data) == 300


@pytest.fixture
def ana(acme, actor, settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    with context.tenant(acme.schema_name):
        yield actor("ana@acme.test")


@pytest.mark.django_db
def test_a_recording_is_kept_as_a_voice_once(ana, acme, voice):
    file = kept(ana, voice, name="voice.webm", declared="audio/webm;codecs=opus", kind="audio")

    assert (file.mime_type, file.name) == ("audio/ogg", "voice.ogg")
    with open_file(tenant_id=acme.pk, key=file.key) as stored:
        data = stored.read()
    assert (len(data), data[:4]) == (file.size_bytes, b"OggS")
    assert kept(ana, voice, name="voice.webm", declared="audio/webm") == file


@pytest.mark.django_db
@pytest.mark.parametrize("data", [recorded("stereo"), recorded(films=True)], ids=["stereo", "film"])
def test_any_other_webm_is_refused(ana, data):
    with pytest.raises(FileRefusedError):
        kept(ana, data, name="a.webm", declared="audio/webm")

    assert not MediaFile.objects.exists()


@pytest.mark.django_db
def test_without_the_extra_a_recording_is_refused_like_any_other_kind(ana, voice, monkeypatch):
    monkeypatch.setattr(voices, "_EXTRA", "an_extra_that_is_not_installed")

    assert not voices.is_possible()
    assert not voices.pack(ContentFile(voice), io.BytesIO())
    with pytest.raises(FileRefusedError):
        kept(ana, voice, name="voice.webm", declared="audio/webm")


def element(name: str, data: bytes) -> bytes:
    size = (1 << 56 | len(data)).to_bytes(8, "big")
    return bytes.fromhex(name) + size + data


def bomb(frames: int) -> bytes:
    """Return a recording whose frames are compressed: 85 bytes become a packet of 61 KB."""
    head = element("1a45dfa3", element("4282", b"webm"))
    opus = b"OpusHead\x01\x01" + struct.pack("<HIHB", 312, 48_000, 0, 0)
    zlib_frames = element("6d80", element("6240", element("5034", element("4254", b"\0"))))
    sound = element("e1", element("b5", struct.pack(">d", 48_000.0)) + element("9f", b"\1"))
    track = element("d7", b"\1") + element("73c5", b"\1") + element("83", b"\2") + sound
    track += element("86", b"A_OPUS") + element("63a2", opus) + zlib_frames
    frame = zlib.compress(bytes([0x83, 48]) + bytes(48 * 1275), 9)
    blocks = b"".join(
        element("a3", b"\x81" + struct.pack(">h", at) + b"\x80" + frame) for at in range(frames)
    )
    info = element("1549a966", element("2ad7b1", (10**6).to_bytes(3, "big")))
    cluster = element("1f43b675", element("e7", b"\0") + blocks)
    return head + element("18538067", info + element("1654ae6b", element("ae", track)) + cluster)


def test_a_recording_that_grows_without_end_is_cut_off():
    few, many = io.BytesIO(), io.BytesIO()

    assert voices.pack(io.BytesIO(bomb(10)), few)
    assert not voices.pack(io.BytesIO(bomb(2000)), many)

    assert len(few.getvalue()) > 500_000
    assert len(many.getvalue()) < 2 * voices.MAX_BYTES
