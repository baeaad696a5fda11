"""Hand a stored file out, so that nothing in it can act in our name."""

import logging
import re
from collections.abc import AsyncIterator, Iterator
from typing import IO
from uuid import UUID

from asgiref.sync import sync_to_async
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from tenants.errors import NotFoundError
from whatsapp import sniffing
from whatsapp.models import MediaFile
from whatsapp.services import files

logger = logging.getLogger(__name__)

_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
_EXTENSIONS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/gif": "gif",
    "video/mp4": "mp4",
    "video/3gpp": "3gp",
    "audio/ogg": "ogg",
    "audio/aac": "aac",
    "audio/amr": "amr",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "application/pdf": "pdf",
    "application/zip": "zip",
}
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-store",
    "Accept-Ranges": "bytes",
}


class _Span:
    """A part of a file, as something to read from."""

    def __init__(self, file: IO[bytes], start: int, length: int) -> None:
        file.seek(start)
        self._file, self._left = file, length
        self.close = file.close

    def read(self, size: int) -> bytes:
        chunk = self._file.read(min(size, self._left))
        self._left -= len(chunk)
        return chunk


class _FileResponse(FileResponse):
    """Also under ASGI piece by piece: Django would read a whole file into memory there."""

    block_size = 64 * 1024

    async def __aiter__(self) -> AsyncIterator[bytes]:
        pieces = iter(self.streaming_content)  # type: ignore[arg-type] # a file's are not async
        while piece := await sync_to_async(_next)(pieces):
            yield piece


def _next(pieces: Iterator[bytes]) -> bytes:
    return next(pieces, b"")


def respond(
    request: HttpRequest, *, tenant_id: UUID, media: MediaFile, thumbnail: bool = False
) -> HttpResponseBase:
    """Answer with a file, its thumbnail, or the range of it that was asked for.

    Only what a browser can show without running it is shown in place. Raises: NotFoundError.
    """
    if not media.is_stored or (thumbnail and not media.has_thumbnail):
        raise NotFoundError
    try:
        file = files.open_file(tenant_id=tenant_id, key=media.key, thumbnail=thumbnail)
    except FileNotFoundError:
        logger.error("file %s is not in the storage", media.pk)  # noqa: TRY400 - the id says it all
        raise NotFoundError from None
    size = file.seek(0, 2)
    span = _span(request.headers.get("Range", ""), size)
    if span is None:
        file.close()
        return HttpResponse(status=416, headers={**_HEADERS, "Content-Range": f"bytes */{size}"})
    start, end = span
    is_part = end - start < size
    response = _FileResponse(
        _Span(file, start, end - start),
        status=206 if is_part else 200,
        content_type="image/webp" if thumbnail else media.mime_type,
        headers={**_HEADERS, "Content-Length": str(end - start)},
    )
    if is_part:
        response["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    shown = thumbnail or (media.mime_type in sniffing.INLINE and "download" not in request.GET)
    disposition = content_disposition_header(not shown, name_of(media))
    response["Content-Disposition"] = disposition or "attachment"
    return response


def name_of(media: MediaFile) -> str:
    """Name a file for whoever keeps it: as it was sent, or by what it is."""
    if media.name:
        return media.name
    extension = _EXTENSIONS.get(media.mime_type, "bin")
    return f"whatsapp-{media.pk}.{extension}"


def _span(header: str, size: int) -> tuple[int, int] | None:
    """Return where to begin and end; None if that lies outside. What is no range means all."""
    asked = _RANGE.fullmatch(header.strip())
    if asked is None or not (asked[1] or asked[2]):
        return 0, size
    if not asked[1]:
        start, end = max(size - int(asked[2]), 0), size
    else:
        start = int(asked[1])
        end = min(int(asked[2]) + 1, size) if asked[2] else size
        if asked[2] and int(asked[2]) < start:
            return 0, size
    return (start, end) if start < end else None
