"""Number what became other of templates and numbers, whoever wrote it: Meta, a check or a person.

Each row keeps a hash of what was told of it last. So writers need not know that somebody follows,
a repeated word tells nothing, and nothing is missed by a process that dies between the two.
"""

from django.db import connection, transaction

from tenants.feed import live
from tenants.feed.live import Draft
from tenants.feed.models import Change

# Rivals: whoever writes them just now. They are not waited for: what is locked is told next time.
_TEMPLATES = """
    WITH found AS (
        SELECT id, md5(concat_ws('|', status, category, quality, reason)) AS hash
        FROM whatsapp_messagetemplate
        WHERE told <> md5(concat_ws('|', status, category, quality, reason))
        ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE whatsapp_messagetemplate AS template SET told = found.hash
    FROM found WHERE template.id = found.id
    RETURNING template.id
"""
_NUMBERS = """
    WITH known AS (
        SELECT owner.id, md5(concat_ws('|', owner.status, owner.health,
            string_agg(concat_ws('=', fact.matter, fact.word, fact.grade), '|' ORDER BY fact.matter)
        )) AS hash
        FROM whatsapp_phone AS owner
        LEFT JOIN whatsapp_numberfact AS fact ON fact.phone_id = owner.id
        GROUP BY owner.id
    ), found AS (
        SELECT phone.id, known.hash
        FROM whatsapp_phone AS phone JOIN known ON known.id = phone.id
        WHERE phone.told <> known.hash
        ORDER BY phone.id FOR NO KEY UPDATE OF phone SKIP LOCKED
    )
    UPDATE whatsapp_phone AS phone SET told = found.hash
    FROM found WHERE phone.id = found.id
    RETURNING phone.id
"""


@transaction.atomic
def sweep() -> None:
    """Publish each template and number of the current tenant that is not as it was told last."""
    drafts: list[Draft] = []
    with connection.cursor() as cursor:
        for kind, query in ((Change.Kind.TEMPLATE, _TEMPLATES), (Change.Kind.NUMBER, _NUMBERS)):
            cursor.execute(query)
            drafts += [Draft(kind, subject_id=pk) for (pk,) in sorted(cursor.fetchall())]
    if drafts:
        live.publish(*drafts)
