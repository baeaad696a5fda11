"""The outbox's statements: how queued messages change their state, many at once.

On Django's session and in the caller's transaction. Rows are locked in the order of their ids, and
each statement checks the state that it leaves, so that a status which came first is never undone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from conversations import rules
from conversations.services import outreach
from tenants.feed import live, usage
from tenants.feed.live import Cursor, Draft
from tenants.feed.models import Change
from whatsapp import errors

_LOCK = """
    SELECT id FROM conversations_message WHERE id = ANY (%s::bigint[])
    ORDER BY id FOR NO KEY UPDATE
"""
_MOVE = """
    UPDATE conversations_message AS message SET
        status = one.status, rank = one.rank, lease_until = NULL,
        due_at = clock_timestamp() + make_interval(secs => one.seconds),
        attempts = message.attempts - one.unburnt,
        failed_at = CASE WHEN one.status = 'FAILED' THEN clock_timestamp() END,
        error_code = one.code, error_detail = one.detail
    FROM unnest(%s::bigint[], %s::text[], %s::int[], %s::text[], %s::int[], %s::float8[],
        %s::int[], %s::int[], %s::text[])
        AS one (id, was, attempt, status, rank, seconds, unburnt, code, detail)
    WHERE message.id = one.id AND message.status = one.was AND message.attempts = one.attempt
    RETURNING message.conversation_id, message.id, message.broadcast_id
"""
_ACCEPT = """
    UPDATE conversations_message AS message SET
        wamid = COALESCE(message.wamid, one.wamid),
        accepted_at = COALESCE(message.accepted_at, clock_timestamp()),
        status = CASE WHEN message.rank < %(rank)s THEN 'ACCEPTED' ELSE message.status END,
        error_code = CASE WHEN message.rank < %(rank)s THEN NULL ELSE message.error_code END,
        error_detail = CASE WHEN message.rank < %(rank)s THEN '' ELSE message.error_detail END,
        rank = GREATEST(message.rank, %(rank)s), lease_until = NULL, due_at = NULL
    FROM unnest(%(ids)s::bigint[], %(wamids)s::text[]) AS one (id, wamid)
    WHERE message.id = one.id
    RETURNING message.conversation_id, message.id, message.broadcast_id
"""
_TAKEN = """
    SELECT wamid FROM conversations_message
    WHERE phone_id = %s AND wamid = ANY (%s::text[]) AND id <> ALL (%s::bigint[])
"""
# A locked row belongs to a rival, who looks at the number's health by himself.
_HOLD = """
    UPDATE conversations_message SET status = 'HELD', error_code = COALESCE(%s, error_code)
    WHERE id IN (
        SELECT id FROM conversations_message WHERE phone_id = %s AND status = 'PENDING'
        ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
    ) RETURNING conversation_id, id, broadcast_id
"""
# What is held for the plan waits until the month has turned, something was taken back, or it grew.
_RELEASE = f"""
    UPDATE conversations_message SET status = 'PENDING', due_at = NULL,
        error_code = NULLIF(error_code, %(quota)s)
    WHERE id IN (
        SELECT message.id FROM conversations_message AS message
        JOIN whatsapp_phone AS phone ON phone.id = message.phone_id
        WHERE message.status = 'HELD' AND phone.status = 'ACTIVE' AND phone.health <> 'AUTH_ERROR'
            AND (%(phone)s::bigint IS NULL OR phone.id = %(phone)s)
            AND (message.error_code IS DISTINCT FROM %(quota)s OR NOT EXISTS (
                SELECT FROM tenants_tenant AS tenant
                JOIN tenants_plan AS plan ON plan.id = tenant.plan_id
                WHERE tenant.schema_name = current_schema() AND plan.messages_per_month
                    < {usage.SENT_THIS_MONTH}
            ))
        ORDER BY message.id FOR NO KEY UPDATE OF message SKIP LOCKED
    ) RETURNING conversation_id, id, broadcast_id
"""  # noqa: S608 - words of our own


@dataclass(frozen=True, slots=True)
class Move:
    """One message's way from a state (and an attempt) to the next."""

    message_id: int
    attempt: int
    status: str
    was: str = "SENDING"
    seconds: float | None = None  # from now until it is due
    unburnt: int = 0  # 1: this attempt does not count
    code: int | None = None
    detail: str = ""


def lock(cursor: Cursor, message_ids: Iterable[int]) -> None:
    """Lock rows in the one order, before any statement that would in another."""
    cursor.execute(_LOCK, (list(message_ids),))


def move(cursor: Cursor, moves: Sequence[Move]) -> list[Draft]:
    """Move the messages that are still where their move begins; return the changes."""
    columns = (
        [one.message_id for one in moves],
        [one.was for one in moves],
        [one.attempt for one in moves],
        [one.status for one in moves],
        [rules.RANKS[one.status] for one in moves],
        [one.seconds for one in moves],
        [one.unburnt for one in moves],
        [one.code for one in moves],
        [one.detail for one in moves],
    )
    if not moves:
        return []
    drafts = _changes(cursor, _MOVE, columns)
    outreach.take_back(cursor, [one.message_id for one in moves])
    return drafts


def accept(cursor: Cursor, phone_id: int, wamids: dict[int, str]) -> list[Draft]:
    """Store the wamids of accepted messages; a status that came before the answer stays."""
    if not wamids:
        return []
    known = _unique(cursor, phone_id, wamids)
    params = {
        "rank": rules.RANKS["ACCEPTED"],
        "ids": list(wamids),
        "wamids": [known.get(message_id) for message_id in wamids],
    }
    return _changes(cursor, _ACCEPT, params)


def hold(cursor: Cursor, phone_id: int, *, code: int | None = None) -> list[Draft]:
    """Hold everything that a number was to send; ``code`` says why, if not for its token."""
    return _changes(cursor, _HOLD, (code, phone_id))


def release(cursor: Cursor, phone_id: int | None = None) -> list[Draft]:
    """Queue again what was held for numbers that may send again, or for one of them."""
    return _changes(cursor, _RELEASE, {"phone": phone_id, "quota": errors.QUOTA_REACHED})


def changes(rows: Iterable[tuple[int, int, int | None]]) -> list[Draft]:
    """Return the changes of messages (conversation, id, broadcast), in one order.

    A broadcast's progress is one change for all of them, see ``broadcasts.progress``.
    """
    shown = sorted((conversation, pk) for conversation, pk, broadcast in rows if broadcast is None)
    return [Draft(Change.Kind.STATUS, conversation, pk) for conversation, pk in shown]


def publish(drafts: Iterable[Draft]) -> None:
    """Publish each change once; the last thing before the commit."""
    unique = list(dict.fromkeys(drafts))
    if unique:
        live.publish(*unique)


def _changes(cursor: Cursor, query: str, params: object) -> list[Draft]:
    cursor.execute(query, params)
    return changes(cursor.fetchall())


def _unique(cursor: Cursor, phone_id: int, wamids: dict[int, str]) -> dict[int, str]:
    """Leave out wamids that another message has: one odd answer must not spoil a whole batch."""
    first = {wamid: message_id for message_id, wamid in reversed(wamids.items())}
    cursor.execute(_TAKEN, (phone_id, list(first), list(wamids)))
    taken = {wamid for (wamid,) in cursor.fetchall()}
    return {pk: wamid for wamid, pk in first.items() if wamid not in taken}
