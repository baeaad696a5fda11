"""Choose the rows that Meta's messaging limit has room for.

The limit is on people who are written to first, see ``whatsapp.services.reach``. Whoever was
written to within the day, or has an open window, costs nothing and goes all the same. What waits
in the outbox counts as if it had left.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from conversations import rules
from conversations.models import Broadcast, BroadcastRecipient
from tenants.db import arrays
from whatsapp.models import Phone
from whatsapp.services import reach
from whatsapp.services.reach import Limit

# Windows open, and limits rise, at any time: it is looked at again so soon.
LOOK_AGAIN = timedelta(seconds=60)
# What is still in the outbox has yet to leave before anybody knows until when to wait.
LOOK_SOON = timedelta(seconds=5)

# A template that waits for its turn, to somebody without an open window.
_QUEUED = """
    waiting.phone_id = ANY (%(phones)s::bigint[]) AND waiting.type = 'TEMPLATE'
        AND waiting.direction = 'OUTBOUND' AND waiting.status IN ('PENDING', 'HELD')
"""
_CLOSED = "(thread.window_opened_at IS NULL OR thread.window_opened_at <= %(opened_since)s)"
_USED = f"""
    SELECT count(*) FROM (
        SELECT person_id FROM whatsapp_outreach
        WHERE at > %(since)s AND phone_id = ANY (%(phones)s::bigint[])
        UNION
        SELECT thread.contact_id FROM conversations_message AS waiting
        JOIN conversations_conversation AS thread ON thread.id = waiting.conversation_id
        WHERE {_QUEUED} AND {_CLOSED}
    ) AS person
"""  # noqa: S608 - words of our own
_FREE = f"""
    FROM conversations_broadcastrecipient AS recipient
    JOIN conversations_contactidentity AS identity ON identity.kind = recipient.kind
        AND identity.match_key = recipient.match_key AND identity.kind <> 'PARENT_BSUID'
    WHERE recipient.broadcast_id = %(broadcast)s AND recipient.state = 'READY'
        AND (%(ids)s::bigint[] IS NULL OR recipient.id = ANY (%(ids)s::bigint[]))
        AND (
            EXISTS (
                SELECT FROM whatsapp_outreach AS one
                WHERE one.person_id = identity.contact_id AND one.at > %(since)s
                    AND one.phone_id = ANY (%(phones)s::bigint[])
            )
            OR EXISTS (
                SELECT FROM conversations_conversation AS thread
                WHERE thread.contact_id = identity.contact_id AND thread.merged_into_id IS NULL
                    AND (
                        thread.phone_id = %(phone)s AND NOT {_CLOSED}
                        OR {_CLOSED} AND EXISTS (
                            SELECT FROM conversations_message AS waiting
                            WHERE waiting.conversation_id = thread.id AND {_QUEUED}
                        )
                    )
            )
        )
"""  # noqa: S608 - words of our own
_FIRST_FREE = f"SELECT recipient.id {_FREE} ORDER BY recipient.position LIMIT %(room)s"
_COUNT_FREE = f"SELECT count(*) {_FREE}"


def choose(
    *, broadcast: Broadcast, phone: Phone, room: int, now: datetime
) -> list[BroadcastRecipient]:
    """Return up to ``room`` rows in the list's order; note on the broadcast if the limit holds it.

    In the feeder's transaction, under the broadcast's lock: until it ends nobody else of the tenant
    gives room away.
    """
    limit = reach.limit_of(phone)
    if limit.people is None:
        broadcast.waits()
        return list(_ready(broadcast)[:room])
    reach.hold()
    left = limit.people - used(limit, now=now)
    found = _fitting(broadcast, phone, limit, room, left, now) if left > 0 else []
    if not found:
        ids = _free(broadcast, phone, limit, now, most=room)
        found = list(_ready(broadcast).filter(pk__in=ids)) if ids else []
    if found or not _ready(broadcast).exists():
        broadcast.waits()
    else:
        _wait(broadcast, limit, left, now)
    return found


def used(limit: Limit, *, now: datetime) -> int:
    """Return how many people count, with those whom something in the outbox will go to."""
    with connection.cursor() as cursor:
        cursor.execute(_USED, _params(limit, now))
        count: int = cursor.fetchone()[0]
    return count


def count_free(broadcast: Broadcast, phone: Phone, limit: Limit, *, now: datetime) -> int:
    """Return how many of the rows that wait cost nothing. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_FREE, _params(limit, now) | _rows(broadcast, phone))
        count: int = cursor.fetchone()[0]
    return count


def _free(
    broadcast: Broadcast,
    phone: Phone,
    limit: Limit,
    now: datetime,
    *,
    ids: Iterable[int] | None = None,
    most: int | None = None,
) -> list[int]:
    """Return the rows (of ``ids``, or of all) that cost nothing, at most so many. One query."""
    params = _params(limit, now) | _rows(broadcast, phone, ids) | {"room": most}
    with connection.cursor() as cursor:
        cursor.execute(_FIRST_FREE, params)
        return [pk for (pk,) in cursor.fetchall()]


def _rows(broadcast: Broadcast, phone: Phone, ids: Iterable[int] | None = None) -> dict[str, Any]:
    listed = None if ids is None else arrays.numbers(ids)
    return {"broadcast": broadcast.pk, "phone": phone.pk, "ids": listed}


def _params(limit: Limit, now: datetime) -> dict[str, Any]:
    return {
        "phones": arrays.numbers(limit.phones),
        "since": now - reach.DAY,
        "opened_since": now - rules.WINDOW + rules.WINDOW_MARGIN,
    }


def _ready(broadcast: Broadcast) -> Any:
    ready = broadcast.recipients.filter(state=BroadcastRecipient.State.READY)
    return ready.select_related("message").order_by("position")


def _fitting(
    broadcast: Broadcast, phone: Phone, limit: Limit, room: int, left: int, now: datetime
) -> list[BroadcastRecipient]:
    """Return the first rows, without those for whom nothing is left."""
    first = list(_ready(broadcast)[:room])
    costless = set(_free(broadcast, phone, limit, now, ids=[row.pk for row in first]))
    found = []
    for row in first:
        if row.pk in costless:
            found.append(row)
        elif left > 0:
            left -= 1
            found.append(row)
    return found


def _wait(broadcast: Broadcast, limit: Limit, left: int, now: datetime) -> None:
    until = reach.room_at(limit, over=-left, now=now)
    broadcast.waits(Broadcast.Wait.LIMIT, until=until)
    broadcast.look_at = now + LOOK_SOON if until is None else min(now + LOOK_AGAIN, until)
