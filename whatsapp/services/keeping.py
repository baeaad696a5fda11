"""Take the files that people of ours upload: looked at first, then kept, then ready to be sent."""

import hashlib
import tempfile
from typing import IO
from uuid import uuid4

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.errors import DomainError
from tenants.permissions import Actor, Permission
from whatsapp import limits, sniffing
from whatsapp.limits import media
from whatsapp.models import MediaFile
from whatsapp.payloads import cleaning
from whatsapp.services import files, pictures, quota, voices

_CHUNK_BYTES = 256 * 1024
_State = MediaFile.State


class FileRefusedError(DomainError):
    """Something that Meta would not take; says what it takes, and what this is."""

    http_status = 415

    def __init__(self, found: limits.Violation) -> None:
        super().__init__(gettext(found.sentence) % found.values)
        self.code = found.code
        self.http_status = _STATUSES.get(found.code, 415)


class StorageFullError(DomainError):
    code = "storage_full"
    http_status = 409
    message = _("This account's storage is full: no more files can be kept.")


_STATUSES = {"file_too_large": 413, "file_empty": 400}


def keep(*, actor: Actor, source: IO[bytes], name: str, declared: str, kind: str = "") -> MediaFile:
    """Keep a file of the actor's, to be sent as ``kind`` or as whatever it is; nothing leaves yet.

    The same file again is the same row. ``source`` can be read twice; it is never held in memory. A
    voice that a browser recorded is packed anew, where the `voice` extra is installed.
    Raises: ForbiddenError, FileRefusedError, StorageFullError; OSError for a full disk.
    """
    actor.require(Permission.REPLY)
    name = sniffing.clean_name(name)
    size, head = _look(source)
    if sniffing.sniff(head) == voices.RECORDED and size <= voices.MAX_BYTES:
        with tempfile.TemporaryFile() as packed:
            if voices.pack(source, packed):
                name = f"{name.rpartition('.')[0] or name or 'voice'}.ogg"
                return _take(actor, packed, name, voices.PACKED, kind)
    return _take(actor, source, name, declared, kind)


def _look(source: IO[bytes]) -> tuple[int, bytes]:
    size = source.seek(0, 2)
    source.seek(0)
    return size, source.read(sniffing.HEAD_BYTES)


def _take(actor: Actor, source: IO[bytes], name: str, declared: str, kind: str) -> MediaFile:
    size, head = _look(source)
    file = MediaFile(
        author=actor.user,
        api_key=actor.key,
        key=uuid4(),
        name=name,
        mime_declared=cleaning.clean_text(declared)[:100],
        mime_type=sniffing.sniff_upload(head, declared, name),
        size_bytes=size,
        is_animated=sniffing.is_animated(head),
    )
    check(file, kind=kind, head=head)
    file.sha256 = _sha256(source)
    return _same(file) or _keep(file, actor, source)


def check(file: MediaFile, *, kind: str, head: bytes = b"") -> None:
    """Pass a file that Meta takes as ``kind``. Raises: FileRefusedError."""
    found = violations(file, kind=kind, head=head)
    if found:
        raise FileRefusedError(found[0])


def violations(
    file: MediaFile, *, kind: str, path: media.Path = (), head: bytes = b""
) -> list[limits.Violation]:
    """Return why Meta would not take a file as ``kind``. ``head``: its bytes, where at hand."""
    seen = media.File(
        mime_type=file.mime_type,
        size_bytes=file.size_bytes,
        is_animated=file.is_animated,
        is_opus_mono=not head or sniffing.is_opus_mono(head),
    )
    return media.file_violations(seen, path, kind=kind)


def _sha256(source: IO[bytes]) -> str:
    digest = hashlib.sha256()
    source.seek(0)
    while chunk := source.read(_CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest()


def _same(file: MediaFile) -> MediaFile | None:
    """Find the file among those that its author uploaded before."""
    known = MediaFile.objects.filter(phone=None, state=_State.STORED, sha256=file.sha256)
    same = known.filter(
        author=file.author, api_key=file.api_key, name=file.name, mime_type=file.mime_type
    )
    return same.order_by("pk").first() if file.author or file.api_key else None


def _keep(file: MediaFile, actor: Actor, source: IO[bytes]) -> MediaFile:
    """Store the bytes. The row comes first, so that nothing lies about that nobody knows of."""
    if file.size_bytes > quota.bytes_left():
        raise StorageFullError
    picture = pictures.read(source, file.mime_type)
    if picture is not None:
        file.width, file.height, file.has_thumbnail = picture.width, picture.height, True
    file.save(force_insert=True)
    thumbnail = picture.thumbnail if picture else None
    files.save(tenant_id=actor.tenant.pk, key=file.key, source=source, thumbnail=thumbnail)
    if not _count_in(file):
        files.remove(tenant_id=actor.tenant.pk, key=file.key)
        file.delete()
        raise StorageFullError
    return file


def _count_in(file: MediaFile) -> bool:
    """Make the file count, unless others that came meanwhile have filled the storage."""
    with transaction.atomic():
        quota.hold()
        if file.size_bytes > quota.bytes_left():
            return False
        file.state = _State.STORED
        file.save(update_fields=["state"])
    return True
