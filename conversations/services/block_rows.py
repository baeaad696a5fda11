"""Write whom WhatsApp keeps apart from a number: merges, lists that were read, refused messages."""

import logging
from collections.abc import Collection
from datetime import datetime

from django.db import DatabaseError, transaction

from conversations.models import Block, Contact, ContactIdentity, Conversation, Message
from tenants.db import arrays
from tenants.feed import live
from tenants.feed.live import Cursor, Draft
from tenants.feed.models import Change

logger = logging.getLogger(__name__)

_AT_ONCE = 1000
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
    """Give what is blocked of merged contacts to those who stay; all of them are locked.

    Set-based, in the caller's open transaction.
    """
    columns = arrays.numbers(gone), arrays.numbers(gone.values())
    cursor.execute(_DROP_TWINS, columns)
    cursor.execute(_MOVE, columns)


def learn(*, message_ids: Collection[int]) -> None:
    """Note whom WhatsApp keeps apart, as it said by refusing these messages (130403). Never raises.

    Costs nothing when there are none.
    """
    if not message_ids:
        return
    try:
        _learn(message_ids)
    except DatabaseError:
        # The messages are accounted for; the next one that is refused says the same again.
        logger.warning("that a customer is blocked was not kept")


@transaction.atomic
def _learn(message_ids: Collection[int]) -> None:
    pairs = set(
        Message.objects.filter(pk__in=message_ids).values_list(
            "conversation__contact_id", "phone_id"
        )
    )
    kept = _locked({contact for contact, _ in pairs})
    drafts = _apart({pair for pair in pairs if pair[0] in kept})
    if drafts:
        live.publish(*drafts)


def replace(
    *, phone_id: int, names: Collection[tuple[str, str]], read_at: datetime
) -> tuple[list[Draft], int]:
    """Let the names, as (kind, match key), be everybody who is blocked on a number.

    What was changed since ``read_at`` stays. Returns the changes to publish, and how many contacts
    are blocked. In the caller's transaction; locks contacts.
    """
    named = _named(names)
    stale = Block.objects.filter(
        phone=phone_id, state=Block.State.BLOCKED, changed_at__lt=read_at
    ).exclude(contact__in=named)
    gone = set(stale.values_list("contact_id", flat=True))
    kept = _locked(named | gone)
    stale.filter(contact__in=gone & kept).delete()
    drafts = _apart({(contact, phone_id) for contact in named & kept})
    return drafts + _shown(sorted((contact, phone_id) for contact in gone & kept)), len(named)


def _named(names: Collection[tuple[str, str]]) -> set[int]:
    found: set[int] = set()
    for kind in {kind for kind, _ in names}:
        keys = sorted(key for one, key in names if one == kind)
        for start in range(0, len(keys), _AT_ONCE):
            rows = ContactIdentity.objects.filter(
                kind=kind, match_key__in=keys[start : start + _AT_ONCE]
            )
            found |= set(rows.values_list("contact_id", flat=True))
    return found


def _locked(contact_ids: Collection[int]) -> set[int]:
    # Rivals: merges, which take blocks along, and operators who block just now.
    rows = Contact.objects.select_for_update(no_key=True).filter(
        pk__in=contact_ids, merged_into=None
    )
    return set(rows.order_by("pk").values_list("pk", flat=True))


def _apart(pairs: set[tuple[int, int]]) -> list[Draft]:
    """Write that WhatsApp keeps these apart, unless somebody is changing that just now.

    A few queries. Their contacts are locked.
    """
    contacts, phones = {contact for contact, _ in pairs}, {phone for _, phone in pairs}
    known = {
        (block.contact_id, block.phone_id): block
        for block in Block.objects.filter(contact__in=contacts, phone__in=phones)
    }
    fresh = [pair for pair in sorted(pairs) if pair not in known]
    Block.objects.bulk_create(
        [
            Block(contact_id=contact, phone_id=phone, state=Block.State.BLOCKED)
            for contact, phone in fresh
        ],
        batch_size=_AT_ONCE,
    )
    # WhatsApp refused ours, and somebody else's was taken.
    refused = [known[pair] for pair in pairs & known.keys() if known[pair].is_refused]
    Block.objects.filter(pk__in=[block.pk for block in refused]).update(
        state=Block.State.BLOCKED, error="", error_code=None
    )
    return _shown([*fresh, *((block.contact_id, block.phone_id) for block in refused)])


def _shown(pairs: Collection[tuple[int, int]]) -> list[Draft]:
    contacts = {contact for contact, _ in pairs}
    threads = Conversation.objects.filter(contact__in=contacts, merged_into=None).order_by("pk")
    wanted = set(pairs)
    return [
        Draft(Change.Kind.CONVERSATION, pk)
        for pk, contact, phone in threads.values_list("pk", "contact_id", "phone_id")
        if (contact, phone) in wanted
    ]
