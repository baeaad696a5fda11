"""Let an API client repeat a request without repeating the act."""

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from tenants import context
from tenants.errors import DomainError
from tenants.feed.models import IdempotencyKey

KEPT_FOR = timedelta(hours=24)


class StillRunningError(DomainError):
    code = "idempotency_running"
    http_status = 409
    message = _("The first request with this Idempotency-Key is still running.")


class OtherBodyError(DomainError):
    code = "idempotency_other_body"
    http_status = 422
    message = _("This Idempotency-Key was used with another request.")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered with."""

    status: int
    body: Any
    replayed: bool = False


def once(
    *,
    client: str,
    key: str,
    fingerprint: str,
    now: datetime,
    act: Callable[[], Answer],
    told_once: Collection[str] = (),
) -> Answer:
    """Run ``act`` and keep its answer, or return the answer that the first request got.

    Act and answer commit together, so that a crash between them leaves neither; an act that raises
    leaves no trace and may be tried again with the same key. Members of the body that are
    ``told_once`` are kept as null. Keys of clients and of tenants are apart.
    Raises: StillRunningError, OtherBodyError, and whatever ``act`` raises.
    """
    with transaction.atomic():
        if not _lock(client, key):
            raise StillRunningError
        kept = IdempotencyKey.objects.filter(client=client, key=key)
        first = kept.filter(created_at__gt=now - KEPT_FOR).first()
        if first is not None:
            return _replay(first, fingerprint)
        kept.delete()
        answer = act()
        IdempotencyKey.objects.create(
            client=client,
            key=key,
            fingerprint=fingerprint,
            response_status=answer.status,
            response_body=_kept(answer.body, told_once),
            created_at=now,
        )
    return answer


def purge(*, now: datetime) -> int:
    """Delete the current tenant's answers that nobody may ask for any more."""
    count, _details = IdempotencyKey.objects.filter(created_at__lte=now - KEPT_FOR).delete()
    return count


def _kept(body: Any, told_once: Collection[str]) -> Any:
    if not isinstance(body, dict):
        return body
    return {name: None if name in told_once else value for name, value in body.items()}


def _replay(first: IdempotencyKey, fingerprint: str) -> Answer:
    if first.fingerprint != fingerprint:
        raise OtherBodyError
    return Answer(first.response_status or 200, first.response_body, replayed=True)


def _lock(client: str, key: str) -> bool:
    """Take the key until the transaction ends; False when another request holds it."""
    text = f"{context.current_schema()}|{client}|{key}"
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        (taken,) = cursor.fetchone()
    return bool(taken)
