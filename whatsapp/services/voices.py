"""Voice messages as browsers record them (Opus in WebM), packed anew as WhatsApp takes them (OGG).

Needs the `voice` extra (PyAV); without it nothing is recorded. The sound itself is not touched: no
decoder ever sees what comes from outside.
"""

import importlib
import importlib.util
import logging
from typing import IO, Any

logger = logging.getLogger(__name__)

RECORDED = "video/webm"  # what the bytes of a recording say: sound alone is not told apart
PACKED = "audio/ogg"
MAX_BYTES = 16 * 1024 * 1024
_EXTRA = "av"


def is_possible() -> bool:
    """Tell whether the extra is installed."""
    return importlib.util.find_spec(_EXTRA) is not None


def pack(source: IO[bytes], target: IO[bytes]) -> bool:
    """Write a recording into ``target`` as OGG; False for what is not one voice in Opus."""
    if not is_possible():
        return False
    av = importlib.import_module(_EXTRA)  # large, and most processes never need it
    source.seek(0)
    try:
        with av.open(source, format="matroska") as recording:
            if not _is_voice(recording.streams):
                return False
            # Bit by bit the same every time, so that an upload made twice is one file.
            with av.open(target, "w", format="ogg", options={"fflags": "+bitexact"}) as packed:
                _copy(recording, packed)
    except Exception:
        # The border to a parser of foreign bytes, which fails in every way there is.
        logger.info("a recording cannot be read")
        return False
    return True


def _is_voice(streams: Any) -> bool:
    if len(streams) != 1 or len(streams.audio) != 1:
        return False
    sound = streams.audio[0].codec_context
    return bool(sound.name == "opus" and sound.channels == 1)


def _copy(recording: Any, packed: Any) -> None:
    sound = recording.streams.audio[0]
    track = packed.add_stream_from_template(sound)
    left = MAX_BYTES
    for packet in recording.demux(sound):
        left -= packet.size
        if left < 0:  # a container may hold its sound compressed: a bomb
            raise ValueError("too long")
        if packet.dts is not None:  # the end has none
            packet.stream = track
            packed.mux(packet)
