"""Let every number have a turn while a flood waits to be worked on.

Oldest first is fair and quickest while batches hold everything. Behind a flood it is not: one
number's 100,000 events would come before the next number's one.
"""

from dataclasses import dataclass
from typing import Any

import psycopg

from tenants.db import arrays

Session = psycopg.Connection[Any]
Place = tuple[int, str]  # app and hint: a number; without a hint, what an app says of none
_START: Place = (-1, "")

# Steps from number to number by the index, whatever each of them has waiting.
_NUMBERS = """
    WITH RECURSIVE number (app_id, hint) AS (
        (SELECT app_id, phone_number_id_hint FROM public.webhooks_webhookdelivery
        WHERE state = 'NEW' AND (app_id, phone_number_id_hint) > (%(app)s, %(hint)s)
        ORDER BY app_id, phone_number_id_hint LIMIT 1)
        UNION ALL
        SELECT next.app_id, next.hint FROM number, LATERAL (
            SELECT app_id, phone_number_id_hint AS hint FROM public.webhooks_webhookdelivery
            WHERE state = 'NEW' AND (app_id, phone_number_id_hint) > (number.app_id, number.hint)
            ORDER BY app_id, phone_number_id_hint LIMIT 1
        ) AS next
    )
    SELECT app_id, hint FROM number LIMIT %(limit)s
"""
# A range, not an equality: no other index than that of the number gives this order.
_DRAW = """
    SELECT drawn.id FROM unnest(%(apps)s::bigint[], %(hints)s::text[]) AS number (app_id, hint),
    LATERAL (
        SELECT id FROM public.webhooks_webhookdelivery AS delivery
        WHERE state = 'NEW' AND id <> ALL (%(skip)s::bigint[])
            AND (delivery.app_id, delivery.phone_number_id_hint) >= (number.app_id, number.hint)
            AND (delivery.app_id, delivery.phone_number_id_hint) <= (number.app_id, number.hint)
        ORDER BY delivery.app_id, delivery.phone_number_id_hint, id
        LIMIT %(share)s FOR UPDATE SKIP LOCKED
    ) AS drawn
"""


@dataclass(slots=True)
class Ring:
    """One worker's place among the numbers that have something new."""

    _after: Place = _START

    def draw(self, claims: Session, *, limit: int, skip: str) -> list[int]:
        """Lock the oldest new deliveries of each number, as many of each; return their ids.

        Who has less leaves room: what is missing to ``limit`` is the caller's to fill. More numbers
        than ``limit`` come in turns, a call after the other. ``skip`` is an array of ids.
        """
        numbers = self._next(claims, limit) or self._next(claims, limit)
        if not numbers:
            return []
        columns = {
            "apps": arrays.numbers(app for app, _ in numbers),
            "hints": arrays.texts(hint for _, hint in numbers),
            "share": max(1, limit // len(numbers)),
            "skip": skip,
        }
        return [pk for (pk,) in claims.execute(_DRAW, columns)]

    def _next(self, claims: Session, limit: int) -> list[Place]:
        app, hint = self._after
        found = claims.execute(_NUMBERS, {"app": app, "hint": hint, "limit": limit}).fetchall()
        self._after = found[-1] if len(found) == limit else _START
        return found
