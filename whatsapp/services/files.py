"""Where the bytes of files lie. Names are ours: nothing that a sender wrote is part of a path."""

from typing import IO
from uuid import UUID

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage

_SMALL = "-small"


def path_of(tenant_id: UUID, key: UUID, *, thumbnail: bool = False) -> str:
    """Return a file's path in the storage."""
    return f"media/{tenant_id}/{key.hex[:2]}/{key}{_SMALL if thumbnail else ''}"


def save(*, tenant_id: UUID, key: UUID, source: IO[bytes], thumbnail: bytes | None) -> None:
    """Store a file and its thumbnail, in place of what a broken attempt left. Raises: OSError."""
    source.seek(0)
    _put(path_of(tenant_id, key), File(source))
    if thumbnail is not None:
        _put(path_of(tenant_id, key, thumbnail=True), ContentFile(thumbnail))


def open_file(*, tenant_id: UUID, key: UUID, thumbnail: bool = False) -> IO[bytes]:
    """Open a stored file for reading. Raises: FileNotFoundError."""
    file: IO[bytes] = default_storage.open(path_of(tenant_id, key, thumbnail=thumbnail), "rb")
    return file


def remove(*, tenant_id: UUID, key: UUID) -> None:
    """Delete a file and its thumbnail, if they are there."""
    for thumbnail in (False, True):
        default_storage.delete(path_of(tenant_id, key, thumbnail=thumbnail))


def _put(path: str, content: File) -> None:
    default_storage.delete(path)
    if default_storage.save(path, content) != path:
        raise OSError("somebody else stores the same file")
