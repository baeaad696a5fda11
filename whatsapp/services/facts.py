"""What is known of numbers, one row a matter, and the health that follows from it.

Set-based, in the caller's open transaction. Every fact has a time, Meta's own where there is one:
the newest word stays (of two words of one second the greater), so that every order of webhooks,
checks and repetitions ends in the same rows.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tenants.db import arrays
from tenants.feed.live import Cursor
from whatsapp.findings import Grade, levels
from whatsapp.findings import numbers as findings

WORD_MAX_CHARACTERS = 120
TOKEN = "token"  # noqa: S105 - the name of a matter
VALID, REFUSED = "VALID", "REFUSED"

_UPSERT = """
    INSERT INTO whatsapp_numberfact AS fact
        (phone_id, matter, word, grade, code, "values", source, at)
    SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[],
        %s::jsonb[], %s::text[], %s::timestamptz[])
    ON CONFLICT (phone_id, matter) DO UPDATE SET
        word = EXCLUDED.word, grade = EXCLUDED.grade, code = EXCLUDED.code,
        "values" = EXCLUDED."values", source = EXCLUDED.source, at = EXCLUDED.at,
        received_at = EXCLUDED.received_at
    WHERE (EXCLUDED.at, EXCLUDED.word COLLATE "C") > (fact.at, fact.word COLLATE "C")
"""
# A refused token is another matter: only a better one, or Meta's plain word, ends that.
_SETTLE = """
    UPDATE whatsapp_phone AS phone SET health = derived.health
    FROM (
        SELECT owner.id, CASE
            WHEN bool_or(fact.grade = 'PROBLEM'
                AND COALESCE((fact."values" ->> 'until')::timestamptz, 'infinity') > now())
            THEN 'DEGRADED'
            WHEN owner.health = 'OK' OR bool_or(fact.matter = 'token' AND fact.word = 'VALID')
            THEN 'OK'
            ELSE 'UNKNOWN' END AS health
        FROM whatsapp_phone AS owner
        LEFT JOIN whatsapp_numberfact AS fact ON fact.phone_id = owner.id
        WHERE owner.id = ANY (%s::bigint[])
        GROUP BY owner.id
    ) AS derived
    WHERE phone.id = derived.id AND phone.health NOT IN ('AUTH_ERROR', derived.health)
"""


@dataclass(frozen=True, slots=True)
class Fact:
    """A word on one matter, from ``at``; of two the newer, then the greater, stays."""

    matter: str
    word: str
    at: datetime
    source: str  # NumberFact.Source
    grade: str
    code: str
    values: Mapping[str, Any] = field(default_factory=dict)


def judged(
    matter: str, word: str, *, at: datetime, source: str, values: Mapping[str, Any] | None = None
) -> Fact | None:
    """Return the fact that Meta's word is; None where it tells nothing of the number's state."""
    word = word.strip()[:WORD_MAX_CHARACTERS]
    verdict = findings.judge(matter, word)
    if verdict is None:
        return None
    filled = {"word": word, **(values or {})}
    if matter == "limit":
        filled["count"] = levels.customers_a_day(word)
    return Fact(matter, word, at, source, verdict.grade, verdict.code, filled)


def token(word: str, *, at: datetime, source: str, code: str, detail: str = "") -> Fact:
    """Return what is known of a number's token: ``VALID`` or ``REFUSED``."""
    grade = Grade.OK if word == VALID else Grade.PROBLEM
    return Fact(TOKEN, word, at, source, grade, code, {"detail": detail[:200]})


def write(cursor: Cursor, told: Iterable[tuple[int, Fact]]) -> None:
    """Write facts by their number's row; older words than those known change nothing."""
    newest: dict[tuple[int, str], Fact] = {}
    for phone_id, fact in told:
        known = newest.get((phone_id, fact.matter))
        if known is None or (fact.at, fact.word) > (known.at, known.word):
            newest[phone_id, fact.matter] = fact
    if not newest:
        return
    keys = sorted(newest)  # locks in one order
    rows = [newest[key] for key in keys]
    columns = (
        arrays.numbers(phone_id for phone_id, _ in keys),
        arrays.texts(fact.matter for fact in rows),
        arrays.texts(fact.word for fact in rows),
        arrays.texts(str(fact.grade) for fact in rows),
        arrays.texts(fact.code for fact in rows),
        arrays.texts(json.dumps(dict(fact.values)) for fact in rows),
        arrays.texts(str(fact.source) for fact in rows),
        arrays.times(fact.at for fact in rows),
    )
    cursor.execute(_UPSERT, columns)


def settle(cursor: Cursor, phone_ids: Collection[int]) -> None:
    """Let the health of numbers follow from what is known of them.

    Never to nor from AUTH_ERROR: see ``health``.
    """
    cursor.execute(_SETTLE, (arrays.numbers(sorted(phone_ids)),))
