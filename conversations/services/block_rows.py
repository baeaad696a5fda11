"""Write whom WhatsApp keeps apart from a number. Set-based, in the caller's open transaction."""

from tenants.db import arrays
from tenants.feed.live import Cursor

# Of two about one number that stays which says more of what WhatsApp does.
_DROP_TWINS = """
    WITH merged AS (SELECT * FROM unnest(%s::bigint[], %s::bigint[]) AS one (gone, kept)),
    ranked AS (
        SELECT block.id, row_number() OVER (
            PARTITION BY COALESCE(merged.kept, block.contact_id), block.phone_id
            ORDER BY array_position(
                ARRAY['BLOCKED', 'UNBLOCKING', 'BLOCKING', 'REFUSED'], block.state::text
            ), block.id
        ) AS place
        FROM conversations_block AS block LEFT JOIN merged ON merged.gone = block.contact_id
        WHERE merged.gone IS NOT NULL OR block.contact_id IN (SELECT kept FROM merged)
    )
    DELETE FROM conversations_block AS block USING ranked
    WHERE block.id = ranked.id AND ranked.place > 1
"""
_MOVE = """
    UPDATE conversations_block AS block SET contact_id = merged.kept
    FROM unnest(%s::bigint[], %s::bigint[]) AS merged (gone, kept)
    WHERE block.contact_id = merged.gone
"""


def move(cursor: Cursor, gone: dict[int, int]) -> None:
    """Give what is blocked of merged contacts to those who stay; all of them are locked."""
    columns = arrays.numbers(gone), arrays.numbers(gone.values())
    cursor.execute(_DROP_TWINS, columns)
    cursor.execute(_MOVE, columns)
