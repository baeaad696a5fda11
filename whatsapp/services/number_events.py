"""What webhooks say of numbers and accounts, in the set-based writer's open transaction.

They come in any order and twice: see ``facts``. None of them takes a number out of work: what
comes in is stored whatever they say, and only a refused token stops what goes out.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tenants.db import arrays
from tenants.feed.live import Cursor
from whatsapp.findings import Grade, levels
from whatsapp.models import NumberFact
from whatsapp.payloads import AccountEvent
from whatsapp.payloads.cleaning import dict_of, text_of
from whatsapp.services import facts
from whatsapp.services.facts import Fact

_NOT_DIGITS = re.compile(r"\D")
_WEBHOOK = NumberFact.Source.WEBHOOK
_PHONES = r"""
    SELECT id, phone_number_id, waba_id, regexp_replace(display_phone_number, '\D', '', 'g')
    FROM whatsapp_phone WHERE waba_id = ANY (%s::text[]) OR phone_number_id = ANY (%s::text[])
        OR regexp_replace(display_phone_number, '\D', '', 'g') = ANY (%s::text[])
    ORDER BY id FOR NO KEY UPDATE
"""
# The event tells a part; soon, but not for all numbers at once, Meta is asked for the whole.
_LOOK_SOON = """
    UPDATE whatsapp_phone
    SET check_due_at = LEAST(check_due_at, now() + (10 + 50 * random()) * interval '1 second')
    WHERE id = ANY (%s::bigint[]) AND check_due_at IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class _Said:
    """One event as far as it concerns numbers: whom it means, and what it says of them."""

    waba_id: str
    phone_number_id: str
    digits: str
    facts: tuple[Fact, ...]

    def means(self, phone_number_id: str, waba_id: str, digits: str) -> bool:
        if self.phone_number_id:
            return self.phone_number_id == phone_number_id
        if self.digits:
            return self.digits == digits
        return self.waba_id == waba_id


def is_about_number(event: AccountEvent) -> bool:
    """Tell whether an event changes what is known of a number."""
    said = _said(event)
    return said is not None and bool(said.facts)


def apply(cursor: Cursor, events: Iterable[AccountEvent]) -> None:
    """Note what the events say of the tenant's numbers; what they say of others is passed over."""
    said = [one for one in map(_said, events) if one is not None]
    if not said:
        return
    keys = (
        arrays.texts(sorted({one.waba_id for one in said if one.waba_id})),
        arrays.texts(sorted({one.phone_number_id for one in said if one.phone_number_id})),
        arrays.texts(sorted({one.digits for one in said if one.digits})),
    )
    cursor.execute(_PHONES, keys)
    told: list[tuple[int, Fact]] = []
    meant: set[int] = set()
    for phone_id, *names in cursor.fetchall():
        for one in said:
            if one.means(*names):
                meant.add(phone_id)
                told += [(phone_id, fact) for fact in one.facts]
    if meant:
        facts.write(cursor, told)
        facts.settle(cursor, meant)
        cursor.execute(_LOOK_SOON, (arrays.numbers(sorted(meant)),))


def _said(event: AccountEvent) -> _Said | None:
    reader = _READERS.get(event.field)
    if reader is None or event.time is None or not isinstance(event.value, dict):
        return None
    alerted = dict_of(event.value).get("entity_type") == "PHONE_NUMBER"
    return _Said(
        waba_id=event.waba_id,
        phone_number_id=text_of(event.value.get("entity_id"), 40) if alerted else "",
        digits=_NOT_DIGITS.sub("", event.display_phone_number),
        facts=tuple(fact for fact in reader(event.value, event.time) if fact is not None),
    )


def _judged(matter: str, word: str, at: datetime, **values: Any) -> Fact | None:
    return facts.judged(matter, word, at=at, source=_WEBHOOK, values=values) if word else None


def _account(value: dict[str, Any], at: datetime) -> Iterator[Fact | None]:
    word = _word(value.get("event"))
    if word == "ACCOUNT_VIOLATION":
        kind = _word(dict_of(value.get("violation_info")).get("violation_type"))
        yield _judged("violation", kind or word, at)
    elif word == "ACCOUNT_RESTRICTION":
        yield _restriction(value.get("restriction_info"), at)
    elif word == "DISABLED_UPDATE":
        yield _judged("account", _word(dict_of(value.get("ban_info")).get("waba_ban_state")), at)
    else:
        yield _judged("account", word, at)


def _restriction(info: Any, at: datetime) -> Fact | None:
    items = [dict_of(item) for item in (info if isinstance(info, list) else [info])]
    kinds = sorted({_word(item.get("restriction_type")) for item in items} - {""})
    ends = [_moment(item.get("expiration")) for item in items]
    known = [end for end in ends if end is not None]
    # What has no end is not over when another restriction is.
    until = max(known) if known and len(known) == len(ends) else None
    word = ", ".join(kinds) or "ACCOUNT_RESTRICTION"
    return _judged("restriction", word, at, **({"until": until.isoformat()} if until else {}))


def _quality(value: dict[str, Any], at: datetime) -> Iterator[Fact | None]:
    word = _word(value.get("event"))
    if word == "THROUGHPUT_UPGRADE":
        yield _judged("throughput", "HIGH", at, rate=levels.RATES["HIGH"])
    if word in {"FLAGGED", "UNFLAGGED"}:
        yield _judged("status", "FLAGGED" if word == "FLAGGED" else "CONNECTED", at)
    yield _judged("limit", _limit(value, "current_limit"), at)


def _name(value: dict[str, Any], at: datetime) -> Iterator[Fact | None]:
    name = text_of(value.get("requested_verified_name"), 120)
    yield _judged("name", _word(value.get("decision")), at, name=name)


def _capability(value: dict[str, Any], at: datetime) -> Iterator[Fact | None]:
    yield _judged("limit", _limit(value, "max_daily_conversation_per_phone"), at)


def _review(value: dict[str, Any], at: datetime) -> Iterator[Fact | None]:
    yield _judged("review", _word(value.get("decision")), at)


def _security(value: dict[str, Any], at: datetime) -> Iterator[Fact | None]:
    yield _judged("security", _word(value.get("event")), at)


def _alert(value: dict[str, Any], at: datetime) -> Iterator[Fact | None]:
    info = dict_of(value.get("alert_info")) or value
    kind = _word(info.get("alert_type"))
    words = f"{kind}: {text_of(info.get('alert_description'))}".strip(": ")[:120]
    over = _word(info.get("alert_status")) in {"RESOLVED", "CLOSED"}
    mild = over or _word(info.get("alert_severity")) in {"INFORMATIONAL", "INFO"}
    if words:
        grade, code = Grade.OK if mild else Grade.WARNING, "alert_over" if over else "alert_told"
        yield Fact("alert", words, at, _WEBHOOK, grade, code, {"word": words})


def _limit(value: dict[str, Any], older: str) -> str:
    """Return a tier, which Meta writes as a word or as a number of customers a day."""
    found = value.get("max_daily_conversations_per_business", value.get(older))
    if isinstance(found, int) and not isinstance(found, bool):
        return levels.TIERS.get(found, str(found))
    return _word(found)


def _moment(value: Any) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**33:
        return None
    return datetime.fromtimestamp(value, tz=UTC)


def _word(value: Any) -> str:
    return text_of(value).upper()[:80]


_READERS: dict[str, Callable[[dict[str, Any], datetime], Iterator[Fact | None]]] = {
    "account_update": _account,
    "phone_number_quality_update": _quality,
    "phone_number_name_update": _name,
    "business_capability_update": _capability,
    "account_review_update": _review,
    "account_alerts": _alert,
    "security": _security,
}
