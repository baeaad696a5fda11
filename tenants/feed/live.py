"""Number what a tenant's pages may have drawn, and hint at it: no text enters the channel layer."""

import logging
from dataclasses import dataclass

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import connection, transaction

from tenants import context
from tenants.feed.models import Change

logger = logging.getLogger(__name__)

# One statement, so that two writers queue at the row and numbers stay dense.
_TAKE = """
    INSERT INTO feed_counter AS counter (id, value) VALUES (1, %(count)s)
    ON CONFLICT (id) DO UPDATE SET value = counter.value + %(count)s
    RETURNING value
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """A change that waits for its number."""

    kind: str
    conversation_id: int
    message_id: int | None = None


def publish(*drafts: Draft) -> int:
    """Number the changes, keep them and hint at them after the commit; return the last number.

    Takes the tenant's counter: must be the last statement before the commit, in the outermost
    service only. Any other order lets two writers deadlock.
    """
    schema = context.current_schema()
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"count": len(drafts)})
        (last,) = cursor.fetchone()
    first = last - len(drafts) + 1
    Change.objects.bulk_create(
        Change(
            seq=seq,
            kind=draft.kind,
            conversation_id=draft.conversation_id,
            message_id=draft.message_id,
        )
        for seq, draft in enumerate(drafts, start=first)
    )
    transaction.on_commit(lambda: hint(schema, last))
    return int(last)


def group(schema: str) -> str:
    """Name the group of one tenant's pages; made here only, never from what a client says."""
    return f"{schema}.inbox"


def hint(schema: str, seq: int) -> None:
    """Tell a tenant's open pages that number ``seq`` exists. Never raises: pages also poll."""
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        async_to_sync(layer.group_send)(group(schema), {"type": "hint", "seq": seq})
    except Exception:
        logger.warning("hint %s to %s lost: the channel layer does not answer", seq, schema)
