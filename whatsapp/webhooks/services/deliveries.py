"""Claim deliveries, settle them, and notice those that kill whoever looks into them.

Two sessions work together. ``claims`` holds the row locks in a transaction that stays open until
the work is done, so that a worker's death sets its deliveries free at once; ``work`` commits
meanwhile, first of all a note of what is held.
"""

from collections.abc import Collection, Iterator, Mapping
from operator import itemgetter
from typing import Any

import psycopg

from tenants.db import arrays
from whatsapp.webhooks.services.turns import Ring
from whatsapp.webhooks.types import Batch, Counts, Delivery, Fate

Session = psycopg.Connection[Any]

# Bodies up to this size come with the claim, larger ones one by one, up to a sum.
_SMALL_BYTES = 16_384
_SUM_BYTES = 8 * 1024 * 1024

_ROW = f"""
    SELECT id, app_id, received_at, attempts, units_total, octet_length(body),
        CASE WHEN octet_length(body) <= {_SMALL_BYTES} THEN body END, EXISTS (
            SELECT FROM public.webhooks_prunedbody AS pruned
            WHERE pruned.sha256 = delivery.sha256
        ) AS is_known
    FROM public.webhooks_webhookdelivery AS delivery
"""  # noqa: S608 - a number of our own
_NOTED = """
    SELECT claimed.*, EXISTS (
        SELECT FROM public.webhooks_deliveryclaim AS note WHERE claimed.id = ANY (note.delivery_ids)
    ) FROM ({}) AS claimed
"""
_CLAIM = _NOTED.format(f"""
    {_ROW} WHERE state = 'NEW' AND id <> ALL (%s::bigint[])
    ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
""")
_DRAWN = _NOTED.format(f"{_ROW} WHERE id = ANY (%s::bigint[])")
_READ = _ROW + "WHERE id = ANY (%s::bigint[]) ORDER BY id"
_ANY = """
    SELECT FROM public.webhooks_webhookdelivery
    WHERE state = 'NEW' AND id <> ALL (%s::bigint[]) LIMIT 1
"""
_BODY = "SELECT body FROM public.webhooks_webhookdelivery WHERE id = %s"
_NOTES = "SELECT id, delivery_ids FROM public.webhooks_deliveryclaim"
_NOTE = """
    INSERT INTO public.webhooks_deliveryclaim (delivery_ids) VALUES (%s::bigint[]) RETURNING id
"""
_FORGET = "DELETE FROM public.webhooks_deliveryclaim WHERE id = ANY (%s::bigint[])"
_COUNT_DEATH = """
    UPDATE public.webhooks_webhookdelivery SET attempts = attempts + 1 WHERE id = ANY (%s::bigint[])
"""
_STRIKE_OUT = """
    UPDATE public.webhooks_deliveryclaim SET delivery_ids = ARRAY(
        SELECT one FROM unnest(delivery_ids) AS one WHERE one <> ALL (%s::bigint[])
    ) WHERE id = %s
"""
_FORGET_EMPTY = "DELETE FROM public.webhooks_deliveryclaim WHERE delivery_ids = '{}'"
_SETTLE = """
    WITH forgotten AS (DELETE FROM public.webhooks_deliveryclaim WHERE id = %s)
    UPDATE public.webhooks_webhookdelivery AS delivery
    SET state = 'DONE', processed_at = clock_timestamp(), units_total = done.total,
        units_stored = done.stored, units_duplicate = done.duplicate,
        units_placeholder = done.placeholder, units_parked = done.parked
    FROM unnest(%s::bigint[], %s::int[], %s::int[], %s::int[], %s::int[], %s::int[])
        AS done (id, total, stored, duplicate, placeholder, parked)
    WHERE delivery.id = done.id
"""
_COLUMNS = (Fate.STORED, Fate.DUPLICATE, Fate.PLACEHOLDER, Fate.PARKED)


def claim(
    claims: Session,
    work: Session,
    *,
    limit: int,
    skip: Collection[int] = (),
    ring: Ring | None = None,
) -> Batch:
    """Lock the oldest new deliveries that nobody holds, in a transaction that the caller ends.

    With a ``ring`` half of them are drawn from each number alike: for whoever finds more than a
    batch holds. Deliveries that were in a dead worker's hands come one at a time, so that the one
    that killed it takes no other along.
    """
    while True:
        rows = _drawn(claims, limit, skip, ring) if ring else _oldest(claims, limit, skip)
        is_full = len(rows) >= limit
        if not rows:
            claims.rollback()
            return Batch()
        noted = any(row[-1] for row in rows)
        if not noted or not bury(claims, {row[0] for row in rows}):
            break
    rows = [row[:-1] for row in suspect_alone(rows, attempts_at=3)]
    held = list(_with_bodies(claims, rows))
    note_id = note(work, [delivery.id for delivery in held])
    return Batch(deliveries=held, note_id=note_id, is_full=is_full)


def _oldest(claims: Session, limit: int, skip: Collection[int]) -> list[Any]:
    with claims.pipeline():
        claims.execute("BEGIN", prepare=False)
        cursor = claims.cursor(binary=True).execute(_CLAIM, (arrays.numbers(skip), limit))
    return cursor.fetchall()


def _drawn(claims: Session, limit: int, skip: Collection[int], ring: Ring) -> list[Any]:
    """Draw half by number, and fill up with the oldest: no place stays empty."""
    claims.execute("BEGIN", prepare=False)
    drawn = ring.draw(claims, limit=max(1, limit // 2), skip=arrays.numbers(skip))
    others = (arrays.numbers([*skip, *drawn]), limit - len(drawn))
    with claims.pipeline():
        by_number = claims.cursor(binary=True).execute(_DRAWN, (arrays.numbers(drawn),))
        oldest = claims.cursor(binary=True).execute(_CLAIM, others)
    return sorted(by_number.fetchall() + oldest.fetchall(), key=itemgetter(0))


def any_new(claims: Session, *, skip: Collection[int] = ()) -> bool:
    """Tell whether a claim may find something. Cheaper than a claim that finds nothing."""
    return claims.execute(_ANY, (arrays.numbers(skip),)).fetchone() is not None


def read(claims: Session, delivery_ids: Collection[int]) -> list[Delivery]:
    """Return deliveries that are locked already; fewer when their bodies are too much at once."""
    cursor = claims.cursor(binary=True).execute(_READ, (arrays.numbers(delivery_ids),))
    return list(_with_bodies(claims, cursor.fetchall()))


def note(work: Session, delivery_ids: list[int]) -> int:
    """Note what this worker is about to look into, visible to the others at once."""
    (note_id,) = work.execute(_NOTE, (arrays.numbers(delivery_ids),)).fetchone() or (0,)
    return int(note_id)


def forget(session: Session, note_ids: list[int]) -> None:
    """Take back notes of work that ended, well or not, without a death."""
    session.execute(_FORGET, (arrays.numbers(note_ids),))


def settle(claims: Session, counts: Mapping[int, Counts], *, note_id: int) -> None:
    """Mark deliveries as done, with a count for each fate, and forget the note of them.

    The caller commits.
    """
    ordered = sorted(counts.items())
    totals = arrays.numbers(count.total for _, count in ordered)
    columns = [arrays.numbers(count.by_fate[fate] for _, count in ordered) for fate in _COLUMNS]
    claims.execute(_SETTLE, (note_id, arrays.numbers(key for key, _ in ordered), totals, *columns))


def bury(claims: Session, held: set[int]) -> bool:
    """Count the deaths that notes tell of: we hold the locks, so whoever wrote them is gone.

    Ends the transaction when there was one: whatever happens to us next, it has been counted.
    """
    notes = claims.execute(_NOTES).fetchall()
    deaths = [(note_id, sorted(held.intersection(ids))) for note_id, ids in notes]
    deaths = [(note_id, ids) for note_id, ids in deaths if ids]
    if not deaths:
        return False
    for note_id, ids in deaths:
        claims.execute(_COUNT_DEATH, (arrays.numbers(ids),))
        claims.execute(_STRIKE_OUT, (arrays.numbers(ids), note_id))
    claims.execute(_FORGET_EMPTY)
    claims.commit()
    return True


def suspect_alone(rows: list[Any], *, attempts_at: int) -> list[Any]:
    """Keep the first row that was there when a worker died, or all when none was."""
    suspects = [row for row in rows if row[attempts_at]]
    return suspects[:1] or rows


def _with_bodies(claims: Session, rows: list[Any]) -> Iterator[Delivery]:
    total = 0
    for delivery_id, app_id, received_at, attempts, units_total, size, body, is_known in rows:
        if body is None and total and total + size > _SUM_BYTES:
            continue  # for the next round
        total += size
        whole = _large(claims, delivery_id) if body is None else bytes(body)
        yield Delivery(delivery_id, app_id, received_at, attempts, units_total, whole, is_known)


def _large(claims: Session, delivery_id: int) -> bytes:
    cursor = claims.cursor(binary=True).execute(_BODY, (delivery_id,))
    (body,) = cursor.fetchone() or (b"",)
    return bytes(body)
