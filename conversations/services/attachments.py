"""The files of messages: one row for each that arrives, to be fetched by ``fetching``."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg

from whatsapp import sniffing
from whatsapp.payloads import InboundMessage
from whatsapp.payloads.media import media_of

# Meta forgets the id of a customer's file then.
ID_LIFE = timedelta(days=7)

_ATTACH = """
    WITH one AS (
        SELECT * FROM json_to_recordset(%s::json) AS one (message_id bigint, phone_id bigint,
            media_id text, key uuid, name text, mime text, sha256 text, expires_at timestamptz)
    ), made AS (
        INSERT INTO whatsapp_mediafile (phone_id, media_id, key, name, mime_declared, mime_type,
            size_bytes, sha256_declared, sha256, has_thumbnail, state, error, due_at, attempts,
            expires_at)
        SELECT phone_id, media_id, key, name, mime, '', 0, sha256, '', false, 'PENDING', '',
            clock_timestamp(), 0, expires_at
        FROM one ORDER BY message_id
        RETURNING id, key
    )
    UPDATE conversations_message AS message SET media_id = made.id
    FROM made JOIN one ON one.key = made.key WHERE message.id = one.message_id
"""


def attach(
    cursor: psycopg.Cursor[Any],
    messages: Sequence[tuple[int, InboundMessage]],
    ids: Mapping[tuple[int, str], int],
) -> None:
    """Give new messages (each with its number) the rows of their files.

    ``ids`` are the messages' own, by number and wamid. On the caller's session, like ``threads``.
    """
    rows = [
        _row(phone_id, message, ids[phone_id, message.wamid])
        for phone_id, message in messages
        if (phone_id, message.wamid) in ids
    ]
    found = [row for row in rows if row is not None]
    if found:
        cursor.execute(_ATTACH, (json.dumps(found),))


def _row(phone_id: int, message: InboundMessage, message_id: int) -> dict[str, Any] | None:
    media = media_of(message)
    if media is None:
        return None
    return {
        "message_id": message_id,
        "phone_id": phone_id,
        "media_id": media.media_id,
        "key": str(uuid4()),
        "name": sniffing.clean_name(media.name),
        "mime": media.mime_type,
        "sha256": media.sha256,
        "expires_at": (message.timestamp + ID_LIFE).isoformat(),
    }
