"""Write what Meta's list says of an account's templates."""

import json
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from tenants.db import arrays
from whatsapp.client.templates import RemoteTemplate
from whatsapp.models import MessageTemplate
from whatsapp.services import template_events

# What a webhook said later than the list was read stays.
_UPSERT = """
    INSERT INTO whatsapp_messagetemplate AS template (
        waba_id, template_id, name, language, category, status, quality, parameter_format,
        components, reason, status_at, quality_at, category_at, synced_at)
    SELECT %(waba)s, one.template_id, one.name, one.language, one.category, one.status,
        one.quality, one.form, one.components, one.reason,
        %(read_at)s, %(read_at)s, %(read_at)s, %(now)s
    FROM unnest(%(ids)s::text[], %(names)s::text[], %(languages)s::text[], %(categories)s::text[],
        %(statuses)s::text[], %(qualities)s::text[], %(forms)s::text[], %(components)s::jsonb[],
        %(reasons)s::text[])
        AS one (template_id, name, language, category, status, quality, form, components, reason)
    ON CONFLICT (waba_id, name, language) DO UPDATE SET
        template_id = EXCLUDED.template_id,
        parameter_format = EXCLUDED.parameter_format,
        components = EXCLUDED.components,
        synced_at = EXCLUDED.synced_at,
        status = CASE WHEN template.status_at <= EXCLUDED.status_at
            THEN EXCLUDED.status ELSE template.status END,
        reason = CASE WHEN template.status_at <= EXCLUDED.status_at
            THEN EXCLUDED.reason ELSE template.reason END,
        status_at = GREATEST(template.status_at, EXCLUDED.status_at),
        quality = CASE WHEN template.quality_at <= EXCLUDED.quality_at
            THEN EXCLUDED.quality ELSE template.quality END,
        quality_at = GREATEST(template.quality_at, EXCLUDED.quality_at),
        category = CASE WHEN template.category_at <= EXCLUDED.category_at
            THEN EXCLUDED.category ELSE template.category END,
        category_at = GREATEST(template.category_at, EXCLUDED.category_at)
"""


def store(
    templates: Iterable[RemoteTemplate], *, waba_id: str, read_at: datetime, now: datetime
) -> set[tuple[str, str]]:
    """Write one page of the list; return the names and languages on it. Idempotent.

    ``read_at`` is a moment before the list was asked for: newer words of webhooks win over it.
    """
    found = {(one.name[:512], one.language[:20]): one for one in templates}
    keys = sorted(found)  # locks in one order
    ordered = [found[key] for key in keys]
    params: dict[str, Any] = {
        "waba": waba_id,
        "read_at": read_at,
        "now": now,
        "ids": arrays.texts(one.template_id[:40] for one in ordered),
        "names": arrays.texts(name for name, _ in keys),
        "languages": arrays.texts(language for _, language in keys),
        "categories": arrays.texts(one.category[:40] for one in ordered),
        "statuses": arrays.texts(one.status[:40] for one in ordered),
        "qualities": arrays.texts(_quality(one) for one in ordered),
        "forms": arrays.texts(one.parameter_format[:20] or "POSITIONAL" for one in ordered),
        "components": arrays.texts(json.dumps(one.components) for one in ordered),
        "reasons": arrays.texts(one.reason[:200] for one in ordered),
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_UPSERT, params)
        # Events that came while the row was not there yet.
        template_events.replay(cursor, waba_id=waba_id, since=read_at)
    return set(keys)


def forget(*, waba_id: str, seen: Collection[tuple[str, str]], read_at: datetime) -> int:
    """Mark as deleted what the whole list did not name; return how many those were."""
    gone = [
        pk
        for pk, name, language in MessageTemplate.objects.filter(
            waba_id=waba_id, status_at__lte=read_at
        )
        .exclude(status=MessageTemplate.Status.DELETED)
        .values_list("pk", "name", "language")
        if (name, language) not in seen
    ]
    # Rival: a webhook about it, whose word is newer than the list.
    return MessageTemplate.objects.filter(pk__in=gone, status_at__lte=read_at).update(
        status=MessageTemplate.Status.DELETED, status_at=read_at
    )


def _quality(template: RemoteTemplate) -> str:
    return template.quality[:20] or MessageTemplate.Quality.UNKNOWN.value
