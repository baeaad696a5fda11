"""To how many people a number may write first within 24 hours, and to how many it did.

Meta limits a business portfolio, all of its numbers together: templates to people without an open
window, each person once, in a moving day.
Source: developers.facebook.com/docs/whatsapp/messaging-limits, read 2026-11.
Which portfolio a number belongs to we do not know; so numbers of one account count together, and
those of one limit, since numbers of one portfolio have the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from tenants import context
from tenants.db import arrays
from whatsapp.findings import levels
from whatsapp.models import NumberFact, Outreach, Phone

DAY = timedelta(hours=24)
# A row is of no use after that; a little longer than the day, so that no clock matters.
KEPT_FOR = timedelta(hours=25)

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
_USED = """
    SELECT share.place, count(DISTINCT one.person_id)
    FROM unnest(%(places)s::int[], %(phones)s::bigint[]) AS share (place, phone_id)
    JOIN whatsapp_outreach AS one ON one.phone_id = share.phone_id
    WHERE one.at > %(since)s GROUP BY share.place
"""
# Whoever was written to last falls out last.
_FREE_AT = """
    SELECT max(at) AS last FROM whatsapp_outreach
    WHERE at > %(since)s AND phone_id = ANY (%(phones)s::bigint[])
    GROUP BY person_id ORDER BY last OFFSET %(over)s LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """So many people a day, for these numbers together; None: no limit, or none known."""

    people: int | None
    phones: tuple[int, ...]


def limit_of(phone: Phone) -> Limit:
    """Return the limit that a number is under, by Meta's last word. Two queries."""
    return limits([phone])[phone.pk]


def limits(phones: Iterable[Phone]) -> dict[int, Limit]:
    """Return the limits that numbers are under. Two queries."""
    words = dict(NumberFact.objects.filter(matter="limit").values_list("phone", "word"))
    accounts = dict(Phone.objects.values_list("pk", "waba_id"))
    found = {}
    for phone in phones:
        word = words.get(phone.pk)
        together = tuple(
            pk
            for pk, account in accounts.items()
            if account == phone.waba_id or (word and words.get(pk) == word)
        )
        found[phone.pk] = Limit(levels.people_a_day(word or ""), together)
    return found


def used_of(limits: Iterable[Limit], *, now: datetime) -> dict[Limit, int]:
    """Return how many people were written to first, by limit. One query: 100,000 take 50 ms."""
    different = list(dict.fromkeys(limits))
    shares = [(place, pk) for place, one in enumerate(different) for pk in one.phones]
    params: dict[str, str | datetime] = {
        "places": arrays.numbers(place for place, _ in shares),
        "phones": arrays.numbers(pk for _, pk in shares),
        "since": now - DAY,
    }
    with connection.cursor() as cursor:
        cursor.execute(_USED, params)
        counts = dict(cursor.fetchall())
    return {one: counts.get(place, 0) for place, one in enumerate(different)}


def room_at(limit: Limit, *, over: int, now: datetime) -> datetime | None:
    """Return when the first person falls out of the day after ``over`` others did. One query."""
    phones = arrays.numbers(limit.phones)
    with connection.cursor() as cursor:
        cursor.execute(_FREE_AT, {"since": now - DAY, "phones": phones, "over": max(over, 0)})
        row = cursor.fetchone()
    return row[0] + DAY if row else None


def hold() -> None:
    """Let nobody else give this tenant's people away until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [f"{context.current_schema()}|outreach"])


def forget(*, now: datetime) -> None:
    """Delete whoever counts no more."""
    Outreach.objects.filter(at__lt=now - KEPT_FOR).delete()
