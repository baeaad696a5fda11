"""Hand files over to Meta before they are sent. Reached from tasks and the sweeper only.

When an upload is due stands in its row. A claim moves that time, so what a dead worker had claimed
comes again by itself; an attempt may be repeated without harm.
"""

import logging
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext_noop as _

from tenants import secrets
from tenants.models import Tenant
from whatsapp import errors
from whatsapp.client import CloudApiClient
from whatsapp.client import uploads as client
from whatsapp.limits.media import VOICE_TYPE
from whatsapp.models import MediaUpload, Phone
from whatsapp.services import files, health, numbers

logger = logging.getLogger(__name__)

# Meta keeps what it was handed for 30 days.
ID_LIFE = timedelta(days=29)
# Longer than an attempt can take.
LEASE = timedelta(seconds=client.TOTAL_SECONDS + 60)
RETRY_SECONDS = (5, 30, 120, 600, 1800, 3600, 7200)
ATTEMPTS_MAX = len(RETRY_SECONDS) + 1
# The code of files that Meta does not take, for failures whose own code says no more than that.
FILE_REFUSED = 131053
_VAGUE = {None, 100, 131008, 131009}
# Stored in English, translated when shown.
GONE = _("The file is not there any more.")
UNREACHABLE = _("WhatsApp could not be reached to hand the file over.")
_State = MediaUpload.State
_random = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attempt came to; ``changes`` are the row's columns."""

    upload: MediaUpload
    changes: dict[str, Any]
    token_refused: bool = False

    @property
    def is_ready(self) -> bool:
        return bool(self.changes.get("state") == _State.READY)

    @property
    def is_failed(self) -> bool:
        return bool(self.changes.get("state") == _State.FAILED)


def due(*, now: datetime) -> QuerySet[MediaUpload]:
    """Return what is due; what belongs to a number that cannot send waits until it can."""
    waiting = MediaUpload.objects.filter(
        state=_State.PENDING, due_at__lte=now, phone__status=Phone.Status.ACTIVE
    )
    return waiting.exclude(phone__health=Phone.Health.AUTH_ERROR).order_by("due_at", "id")


def claim(*, now: datetime) -> MediaUpload | None:
    """Take the upload that has been due for longest; None when there is none."""
    with transaction.atomic():
        # Rivals: other workers, each of whom is to have another file.
        upload = (
            due(now=now)
            .select_for_update(skip_locked=True, no_key=True, of=("self",))
            .select_related("phone", "file")
            .first()
        )
        if upload is not None:
            MediaUpload.objects.filter(pk=upload.pk).update(
                due_at=now + LEASE, attempts=F("attempts") + 1
            )
            upload.attempts += 1
    return upload


def hand_over(upload: MediaUpload, *, tenant: Tenant, now: datetime) -> Outcome:
    """Hand a claimed file over; the row is for ``settle``. Never raises."""
    try:
        return _ready(upload, _hand_over(upload, tenant), now)
    except (errors.TokenError, secrets.SealBrokenError):
        # Not the file's fault: it waits, with the messages, for a new token.
        changes = {"due_at": now, "attempts": upload.attempts - 1}
        return Outcome(upload, changes, token_refused=True)
    except errors.RefusedError as refusal:
        return _failed(upload, refusal.detail, refusal.code)
    except errors.CloudApiError as error:
        return _later(upload, error, now)
    except FileNotFoundError:
        logger.error("file %s is not in the storage", upload.file_id)  # noqa: TRY400 - the id says it all
        return _failed(upload, GONE)
    except Exception:
        # The border of one file: its fault must not keep the others from being handed over.
        logger.exception("handing file %s over failed", upload.file_id)
        return _later(upload, errors.NotSentError(UNREACHABLE), now)


def settle(outcome: Outcome, *, tenant: Tenant) -> bool:
    """Write an attempt's outcome; False when the row is gone, or another attempt was quicker.

    In the caller's transaction, before messages are locked and before the change counter.
    """
    upload = outcome.upload
    if outcome.token_refused:
        sealed = upload.phone.access_token_sealed
        health.token_refused(tenant=tenant, phone_id=upload.phone_id, sealed=sealed)
    current = MediaUpload.objects.filter(
        pk=upload.pk, state=_State.PENDING, attempts=upload.attempts
    )
    return bool(current.update(**outcome.changes))


def _hand_over(upload: MediaUpload, tenant: Tenant) -> str:
    token = numbers.opened_token(tenant=tenant, phone=upload.phone)
    access = CloudApiClient(settings.GRAPH_API_URL, settings.GRAPH_API_VERSION, token)
    kind = upload.file.mime_type
    # What we keep as OGG is Opus, and Meta wants to hear that.
    mime_type = f"{kind}; codecs=opus" if kind == VOICE_TYPE else kind
    with files.open_file(tenant_id=tenant.pk, key=upload.file.key) as file:
        return client.Uploads(access).upload(
            upload.phone.phone_number_id, file, mime_type=mime_type
        )


def _ready(upload: MediaUpload, media_id: str, now: datetime) -> Outcome:
    changes = {
        "state": _State.READY,
        "media_id": media_id,
        "expires_at": now + ID_LIFE,
        "due_at": None,
        "error_code": None,
        "error_detail": "",
    }
    return Outcome(upload, changes)


def _later(upload: MediaUpload, error: errors.CloudApiError, now: datetime) -> Outcome:
    """Plan the next attempt, or give up."""
    if upload.attempts >= ATTEMPTS_MAX:
        return _failed(upload, UNREACHABLE, error.code)
    seconds = RETRY_SECONDS[upload.attempts - 1] * (0.9 + _random.random() / 5)
    seconds = max(seconds, error.retry_after_seconds or 0.0)
    changes = {"due_at": now + timedelta(seconds=seconds), "error_code": error.code}
    return Outcome(upload, {**changes, "error_detail": error.detail[:500]})


def _failed(upload: MediaUpload, detail: str, code: int | None = None) -> Outcome:
    changes = {
        "state": _State.FAILED,
        "due_at": None,
        "error_code": FILE_REFUSED if code in _VAGUE else code,
        "error_detail": detail[:500],
    }
    return Outcome(upload, changes)
