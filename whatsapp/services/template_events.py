"""What webhooks say of templates, in the set-based writer's open transaction.

Events come in any order, twice, and before or after the list that made the row: each matter keeps
the newest word by Meta's time, and of two words of one second the greater, so that every order ends
in the same row.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tenants.db import arrays
from tenants.feed.live import Cursor
from whatsapp.payloads import AccountEvent

STATUS = "message_template_status_update"
QUALITY = "message_template_quality_update"
COMPONENTS = "message_template_components_update"
CATEGORY = "template_category_update"
FIELDS = frozenset({STATUS, QUALITY, COMPONENTS, CATEGORY})
# Words of events for which the list has another.
_LISTED_AS = {"REINSTATED": "APPROVED", "UNARCHIVED": "APPROVED", "UNPAUSED": "APPROVED"}
WORD_MAX_CHARACTERS = 40

_ROWS = """
    SELECT id, waba_id, template_id, name, language FROM whatsapp_messagetemplate
    WHERE waba_id = ANY (%s::text[]) AND (template_id = ANY (%s::text[]) OR name = ANY (%s::text[]))
    ORDER BY id FOR NO KEY UPDATE
"""
_STATUS = """
    UPDATE whatsapp_messagetemplate AS template
    SET status = one.word, reason = one.reason, status_at = one.at
    FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[], %s::text[])
        AS one (id, at, word, reason)
    WHERE template.id = one.id
        AND (one.at, one.word COLLATE "C") > (template.status_at, template.status COLLATE "C")
"""
_QUALITY = """
    UPDATE whatsapp_messagetemplate AS template SET quality = one.word, quality_at = one.at
    FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[], %s::text[])
        AS one (id, at, word, unused)
    WHERE template.id = one.id
        AND (one.at, one.word COLLATE "C") > (template.quality_at, template.quality COLLATE "C")
"""
_CATEGORY = """
    UPDATE whatsapp_messagetemplate AS template SET category = one.word, category_at = one.at
    FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[], %s::text[])
        AS one (id, at, word, unused)
    WHERE template.id = one.id
        AND (one.at, one.word COLLATE "C") > (template.category_at, template.category COLLATE "C")
"""
_STALE = """
    UPDATE whatsapp_messagetemplate AS template SET synced_at = NULL
    FROM unnest(%s::bigint[], %s::timestamptz[]) AS one (id, at)
    WHERE template.id = one.id AND template.synced_at < one.at + interval '2 seconds'
"""
_KEPT = """
    SELECT waba_id, field, value::text, provider_at FROM whatsapp_accountevent
    WHERE waba_id = %s AND field = ANY (%s::text[]) AND provider_at >= %s
"""


@dataclass(frozen=True, slots=True, order=True)
class _Word:
    """What one event says of one template's status, quality or category."""

    at: datetime
    word: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Said:
    """One event, as far as it concerns a template."""

    waba_id: str
    template_id: str
    name: str
    language: str
    matter: str
    word: _Word


def is_about_template(event: AccountEvent) -> bool:
    """Tell whether an event changes what is known of a template."""
    return _said(event.waba_id, event.field, event.value, event.time) is not None


def apply(cursor: Cursor, events: Iterable[AccountEvent]) -> None:
    """Change the templates that the events name. Unknown ones get their row from the next sync."""
    said = [_said(event.waba_id, event.field, event.value, event.time) for event in events]
    _apply(cursor, [one for one in said if one is not None])


def replay(cursor: Cursor, *, waba_id: str, since: datetime) -> None:
    """Apply once more what came in since: it may have come before the row that it is about."""
    cursor.execute(_KEPT, (waba_id, arrays.texts(sorted(FIELDS)), since))
    said = [
        _said(waba, field, json.loads(value), at) for waba, field, value, at in cursor.fetchall()
    ]
    _apply(cursor, [one for one in said if one is not None])


def _apply(cursor: Cursor, said: list[_Said]) -> None:
    if not said:
        return
    keys = (
        arrays.texts(sorted({one.waba_id for one in said})),
        arrays.texts(sorted({one.template_id for one in said if one.template_id})),
        arrays.texts(sorted({one.name for one in said if one.name})),
    )
    words: dict[str, dict[int, _Word]] = {STATUS: {}, QUALITY: {}, CATEGORY: {}, COMPONENTS: {}}
    cursor.execute(_ROWS, keys)
    for row_id, *row in cursor.fetchall():
        for one in said:
            if _means(one, *row):
                newest = words[one.matter].get(row_id, one.word)
                words[one.matter][row_id] = max(newest, one.word)
    for matter, statement in ((STATUS, _STATUS), (QUALITY, _QUALITY), (CATEGORY, _CATEGORY)):
        if words[matter]:
            cursor.execute(statement, _columns(words[matter]))
    if words[COMPONENTS]:
        cursor.execute(_STALE, _columns(words[COMPONENTS])[:2])


def _means(one: _Said, waba_id: str, template_id: str, name: str, language: str) -> bool:
    if one.waba_id != waba_id:
        return False
    if one.template_id and template_id:
        return one.template_id == template_id
    return (one.name, one.language) == (name, language.replace("-", "_"))


def _columns(words: dict[int, _Word]) -> tuple[str, str, str, str]:
    ordered = sorted(words.items())
    return (
        arrays.numbers(row_id for row_id, _ in ordered),
        arrays.times(word.at for _, word in ordered),
        arrays.texts(word.word for _, word in ordered),
        arrays.texts(word.reason for _, word in ordered),
    )


def _said(waba_id: str, field: str, value: Any, at: datetime | None) -> _Said | None:
    """Read an event; None when it is about something else, or says nothing that can be dated."""
    if at is None or not isinstance(value, dict) or field not in FIELDS:
        return None
    # Meta's own example of a quality event comes under the field of the status.
    matter = QUALITY if "new_quality_score" in value else field
    word = _READERS[matter](value)
    if word is None:
        return None
    template_id = value.get("message_template_id", "")
    return _Said(
        waba_id=waba_id,
        template_id="" if isinstance(template_id, bool) else str(template_id or ""),
        name=_text(value.get("message_template_name")),
        language=_text(value.get("message_template_language")).replace("-", "_"),
        matter=matter,
        word=_Word(at, *word),
    )


def _status(value: dict[str, Any]) -> tuple[str, str] | None:
    word = _word(value.get("event"))
    reason = _text(value.get("reason"))
    return (_LISTED_AS.get(word, word), "" if reason == "NONE" else reason) if word else None


def _quality(value: dict[str, Any]) -> tuple[str, str] | None:
    word = _word(value.get("new_quality_score"))[:20]
    return (word, "") if word else None


def _category(value: dict[str, Any]) -> tuple[str, str] | None:
    # A notice of what is to come names today's category as the new one.
    word = _word(value.get("new_category"))
    return (word, "") if word and value.get("correct_category") is None else None


def _components(value: dict[str, Any]) -> tuple[str, str] | None:
    return ("", "")


_READERS: dict[str, Callable[[dict[str, Any]], tuple[str, str] | None]] = {
    STATUS: _status,
    QUALITY: _quality,
    CATEGORY: _category,
    COMPONENTS: _components,
}


def _word(value: Any) -> str:
    return _text(value).upper()[:WORD_MAX_CHARACTERS]


def _text(value: Any) -> str:
    return value[:200] if isinstance(value, str) else ""
