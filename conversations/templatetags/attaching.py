"""What the page has to know of files before it uploads any."""

import json

from django import template
from django.utils.translation import gettext as _

from whatsapp.limits import media
from whatsapp.services import voices

register = template.Library()

# What browsers call what Meta, and our own look at the bytes, call otherwise.
_ALIASES = {
    "text/csv": "text/plain",
    "audio/x-m4a": "audio/mp4",
    "audio/m4a": "audio/mp4",
    "audio/mp3": "audio/mpeg",
    "application/ogg": "audio/ogg",
    "video/ogg": "audio/ogg",
}


@register.simple_tag
def file_limits() -> str:
    """Return, as JSON, what a file of each type goes as, how large it may be, and the refusals."""
    kinds = {
        kind: {"most": media.MAX_BYTES[kind], "sentence": _(media.SENTENCES[kind])}
        for kind in media.TYPES
    }
    types = {mime_type: kind for kind, known in media.TYPES.items() for mime_type in known}
    if voices.is_possible():
        types["audio/webm"] = "audio"  # packed anew when it comes
    return json.dumps(
        {"kinds": kinds, "types": types, "aliases": _ALIASES, "none": _(media.NO_KIND)}
    )


@register.simple_tag
def file_accept() -> str:
    """Return what a file picker offers; pictures of any kind, which the page converts."""
    types = {one for known in media.TYPES.values() for one in known} | {"image/*", ".csv", ".txt"}
    return ",".join(sorted(types))


@register.simple_tag
def packs_voices() -> bool:
    """Tell whether voices in WebM, as most browsers record them, can be sent."""
    return voices.is_possible()


@register.simple_tag
def file_hint() -> str:
    """Say in a sentence what may be attached."""
    return _(
        "Photos (JPEG, PNG) up to 5 MB, videos (MP4, 3GP) and audio (AAC, AMR, MP3, M4A, OGG with"
        " Opus) up to 16 MB, stickers (WebP) up to 100 KB or 500 KB when they move, documents"
        " (text, PDF, Word, Excel, PowerPoint) up to 100 MB."
    )
