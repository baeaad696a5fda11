"""Fetch customers' files from Meta before it forgets them. Reached from tasks and the sweeper only.

When a file is due stands in its row. A claim moves that time, so what a dead worker had claimed
comes again by itself; an attempt may be repeated without harm.
"""

import hashlib
import logging
import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import IO, Any

from django.conf import settings
from django.db import transaction
from django.db.models import F

from tenants import secrets
from tenants.models import Tenant
from whatsapp import errors, sniffing
from whatsapp.client import media
from whatsapp.models import MediaFile, Phone
from whatsapp.services import files, health, numbers, pictures, quota

logger = logging.getLogger(__name__)

FILE_MAX_BYTES = 100 * 1024 * 1024
# Longer than the two calls of an attempt can take.
LEASE = timedelta(seconds=120)
RETRY_SECONDS = (5, 30, 120, 600, 3600, 21_600)
# Damaged bytes are no matter of time: after so many attempts they are given up.
DAMAGED_MAX = 5
_State, _Error = MediaFile.State, MediaFile.Error
_DAMAGES = {_Error.EMPTY, _Error.DAMAGED}


class _FailedError(Exception):
    """An attempt failed for one of the known reasons."""

    def __init__(self, reason: MediaFile.Error) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attempt came to; ``changes`` are the row's columns."""

    file: MediaFile
    changes: dict[str, Any]
    token_refused: bool = False

    @property
    def is_visible(self) -> bool:
        """Whether a page has to draw the file anew."""
        file = self.file
        return self.changes.get("state", file.state) != file.state or (
            self.changes["error"] != file.error
        )


@dataclass(slots=True)
class _Hashing:
    """A file that is written once, and hashed on the way."""

    target: IO[bytes]
    digest: Any = field(default_factory=hashlib.sha256)

    def write(self, chunk: bytes) -> int:
        self.digest.update(chunk)
        return self.target.write(chunk)


def claim(*, now: datetime) -> MediaFile | None:
    """Take the file that has been due for longest; None when there is none."""
    with transaction.atomic():
        # What we upload ourselves has no due time: its bytes are on their way from us.
        due = MediaFile.objects.filter(state=_State.PENDING, due_at__lte=now)
        # Rivals: other workers, each of whom is to have another file.
        file = (
            due.select_for_update(skip_locked=True, no_key=True, of=("self",))
            .select_related("phone")
            .order_by("due_at", "id")
            .first()
        )
        if file is not None:
            MediaFile.objects.filter(pk=file.pk).update(
                due_at=now + LEASE, attempts=F("attempts") + 1
            )
            file.attempts += 1
    return file


def fetch(file: MediaFile, *, tenant: Tenant, now: datetime) -> Outcome:
    """Fetch a claimed file and store its bytes; the row is for ``settle``. Never raises."""
    try:
        if now >= _ends_at(file) and file.attempts > 1:
            return Outcome(file, {"state": _State.EXPIRED, "due_at": None, "error": file.error})
        return Outcome(file, _fetch(file, tenant))
    except errors.TokenError:
        return _failed(file, _Error.NO_ACCESS, now=now, token_refused=True)
    except errors.RefusedError:
        return _failed(file, _Error.REFUSED, now=now)
    except errors.CloudApiError:
        return _failed(file, _Error.UNREACHABLE, now=now)
    except _FailedError as failed:
        return _failed(file, failed.reason, now=now)
    except media.FileTooLargeError:
        return Outcome(
            file, {"state": _State.FAILED, "due_at": None, "error": _Error.TOO_LARGE.value}
        )
    except media.ForeignAddressError:
        return _failed(file, _Error.FOREIGN, now=now)
    except (media.SinkError, OSError) as error:
        logger.error("file %s cannot be stored: %s", file.pk, type(error).__name__)  # noqa: TRY400 - a full disk needs no traceback
        return _failed(file, _Error.DISK, now=now)
    except Exception:
        # The border of one file: its fault must not keep the others from being fetched.
        logger.exception("fetching file %s failed", file.pk)
        return _failed(file, _Error.DISK, now=now)


def settle(outcome: Outcome, *, tenant: Tenant) -> bool:
    """Write an attempt's outcome; False when the row is gone, or another attempt was quicker.

    In the caller's transaction, before the change counter.
    """
    file = outcome.file
    if outcome.token_refused:
        phone = _phone(file)
        sealed = phone.access_token_sealed
        health.token_refused(tenant=tenant, phone_id=phone.pk, sealed=sealed)
    current = MediaFile.objects.filter(pk=file.pk, state=_State.PENDING, attempts=file.attempts)
    if current.update(**outcome.changes):
        return True
    if not MediaFile.objects.filter(pk=file.pk).exists():
        files.remove(tenant_id=tenant.pk, key=file.key)
    return False


def _fetch(file: MediaFile, tenant: Tenant) -> dict[str, Any]:
    phone = _phone(file)
    reader = _reader(phone, tenant)
    left = quota.bytes_left()
    if left <= 0:
        raise _FailedError(_Error.QUOTA)
    described = reader.describe(file.media_id, phone_number_id=phone.phone_number_id)
    with tempfile.TemporaryFile() as temporary:
        sink = _Hashing(temporary)
        size = reader.download(described.url, sink, max_bytes=FILE_MAX_BYTES)  # type: ignore[arg-type] # it writes
        if size > left:
            raise _FailedError(_Error.QUOTA)
        digest = sink.digest.digest()
        for declared in (described.sha256, file.sha256_declared):
            if not sniffing.same_sha256(declared, digest):
                raise _FailedError(_Error.DAMAGED)
        if size == 0:
            raise _FailedError(_Error.EMPTY)
        return {"size_bytes": size, "sha256": digest.hex(), **_keep(file, tenant, temporary)}


def _keep(file: MediaFile, tenant: Tenant, temporary: IO[bytes]) -> dict[str, Any]:
    """Store the bytes; return what they are."""
    temporary.seek(0)
    mime_type = sniffing.sniff(temporary.read(sniffing.HEAD_BYTES), file.mime_declared)
    picture = pictures.read(temporary, mime_type)
    thumbnail = picture.thumbnail if picture else None
    files.save(tenant_id=tenant.pk, key=file.key, source=temporary, thumbnail=thumbnail)
    return {
        "mime_type": mime_type,
        "width": picture.width if picture else None,
        "height": picture.height if picture else None,
        "has_thumbnail": picture is not None,
        "state": _State.STORED,
        "error": "",
        "due_at": None,
    }


def _phone(file: MediaFile) -> Phone:
    """Return the number that a customer sent the file to."""
    if file.phone is None:
        raise LookupError("an upload is not fetched")
    return file.phone


def _ends_at(file: MediaFile) -> datetime:
    """Return when Meta forgets the file's id."""
    if file.expires_at is None:
        raise LookupError("an upload has no end")
    return file.expires_at


def _reader(phone: Phone, tenant: Tenant) -> media.Reader:
    if phone.status != Phone.Status.ACTIVE or phone.health == Phone.Health.AUTH_ERROR:
        raise _FailedError(_Error.NO_ACCESS)
    try:
        token = numbers.opened_token(tenant=tenant, phone=phone)
    except secrets.SealBrokenError:
        raise _FailedError(_Error.NO_ACCESS) from None
    return media.Reader(
        settings.GRAPH_API_URL, settings.GRAPH_API_VERSION, token, settings.MEDIA_HOSTS
    )


def _failed(
    file: MediaFile, reason: MediaFile.Error, *, now: datetime, token_refused: bool = False
) -> Outcome:
    """Plan the next attempt, or give up what no waiting repairs."""
    if reason in _DAMAGES and file.attempts >= DAMAGED_MAX:
        return Outcome(file, {"state": _State.FAILED, "due_at": None, "error": reason.value})
    seconds = RETRY_SECONDS[min(file.attempts, len(RETRY_SECONDS)) - 1]
    due_at = max(min(now + timedelta(seconds=seconds), _ends_at(file)), now)
    return Outcome(file, {"due_at": due_at, "error": reason.value}, token_refused=token_refused)
