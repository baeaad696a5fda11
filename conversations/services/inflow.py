"""How much programs may queue ahead of a number: then they wait, and no outbox grows for ever."""

import time
from dataclasses import dataclass

from django.db import connection
from django.utils.translation import gettext_lazy as _

from conversations.models import Message
from conversations.rules import Lane
from tenants import context
from tenants.errors import DomainError

# Of one number that no broadcast and no operator queued: two minutes' worth at Meta's usual rate.
WAITING_MAX = 10_000
RETRY_SECONDS = 10
# In between a process adds its own: counting a full outbox takes a few milliseconds.
LOOK_SECONDS = 2.0
_WAITING = """
    SELECT count(*) FROM (
        SELECT FROM conversations_message
        WHERE phone_id = %s AND lane = %s AND status IN ('PENDING', 'HELD') LIMIT %s
    ) AS waiting
"""


class OutboxFullError(DomainError):
    code = "outbox_full"
    http_status = 429
    message = _(
        "So many messages wait to leave this number that no more are taken for a moment: wait as"
        " long as Retry-After says."
    )


@dataclass(slots=True)
class _Look:
    waiting: int
    until: float


_looks: dict[tuple[str, int], _Look] = {}


def check(draft: Message, phone_id: int) -> None:
    """Let a program queue one more message, or have it wait. Raises: OutboxFullError.

    In the current tenant. The limit is kept to what processes add within two seconds.
    """
    if draft.lane != Lane.API:
        return
    now, key = time.monotonic(), (context.current_schema(), phone_id)
    look = _looks.get(key)
    if look is None or look.until <= now:
        look = _looks[key] = _Look(_waiting(phone_id), now + LOOK_SECONDS)
    if look.waiting >= WAITING_MAX:
        raise OutboxFullError(retry_after_seconds=RETRY_SECONDS)
    look.waiting += 1


def _waiting(phone_id: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, (phone_id, int(Lane.API), WAITING_MAX))
        (waiting,) = cursor.fetchone()
    return int(waiting)
