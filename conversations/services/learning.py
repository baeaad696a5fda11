"""Learn from Meta's answer to a message, and its statuses, how its customer is known."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from django.db import DatabaseError, connection, transaction

from conversations import rules
from conversations.models import ContactIdentity
from conversations.services import identities, merging, people
from tenants.db import arrays
from tenants.feed import live
from tenants.feed.live import Cursor, Draft
from tenants.feed.models import Change
from whatsapp.payloads import Sender

logger = logging.getLogger(__name__)

_RESPELL = """
    UPDATE conversations_contactidentity SET value = %s
    WHERE contact_id = %s AND kind = 'WA_ID' AND match_key = %s AND value <> %s
"""
# User ids that are not their contact's yet: hardly ever any.
_UNKNOWN = """
    SELECT message.id FROM unnest(%s::bigint[], %s::text[]) AS one (message_id, user_id)
    JOIN conversations_message AS message ON message.id = one.message_id
    JOIN conversations_conversation AS conversation ON conversation.id = message.conversation_id
    WHERE NOT EXISTS (
        SELECT FROM conversations_contactidentity AS identity
        WHERE identity.kind = 'BSUID' AND identity.match_key = one.user_id
            AND identity.contact_id = conversation.contact_id
    )
"""
# Answers that name a contact otherwise than he is known, in any way: hardly ever any.
_OTHERWISE = """
    SELECT message.id, conversation.contact_id, message.timestamp
    FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[]) AS said (id, kind, key, value)
    JOIN conversations_message AS message ON message.id = said.id
    JOIN conversations_conversation AS conversation ON conversation.id = message.conversation_id
    WHERE NOT EXISTS (
        SELECT FROM conversations_contactidentity AS identity
        WHERE identity.contact_id = conversation.contact_id AND identity.kind = said.kind
            AND identity.match_key = said.key AND identity.value = said.value
    )
"""


def unknown(cursor: Cursor, about: Iterable[tuple[int | None, Sender]]) -> dict[int, Sender]:
    """Return whom statuses name by number and user id, by message, where we do not know it yet.

    For the worker's session: what is found is to be learnt after the commit. One query at most.
    """
    named = {pk: one for pk, one in about if pk is not None and one.wa_id and one.user_id}
    if not named:
        return {}
    user_ids = arrays.texts(one.user_id for one in named.values())
    cursor.execute(_UNKNOWN, (arrays.numbers(named), user_ids))
    return {pk: named[pk] for (pk,) in cursor.fetchall()}


def learn(accepted: Mapping[int, Sender]) -> None:
    """Take over number and user id that Meta gave, by message id. Never raises.

    One query while there is nothing new. The number is kept as Meta writes it: a Brazilian one
    with or without the ninth digit, whatever somebody typed.
    """
    named = {pk: sent for pk, sent in accepted.items() if sent.wa_id or sent.user_id}
    if not named:
        return
    try:
        for sender, at in _news(named):
            with transaction.atomic(), connection.cursor() as cursor:
                _take(cursor, sender, at)
    except (DatabaseError, merging.RivalMergeError):
        # The messages are gone and accounted for; the next answer says the same again.
        logger.warning("what an answer said of its customer was not kept")


def _news(named: Mapping[int, Sender]) -> list[tuple[Sender, datetime]]:
    """Return the answers that name a contact otherwise than he is known.

    One of the names must be his already, in any spelling: else it speaks of somebody else.
    """
    said = {pk: replace(one, profile_name="") for pk, one in named.items()}
    rows = _otherwise(said)
    if not rows:
        return []
    values: dict[int, set[tuple[str, str]]] = defaultdict(set)
    keys: dict[int, set[tuple[str, str]]] = defaultdict(set)
    identities_of = ContactIdentity.objects.filter(contact__in={contact for _, contact, _ in rows})
    for contact, kind, value, key in identities_of.values_list(
        "contact_id", "kind", "value", "match_key"
    ):
        values[contact].add((kind, value))
        keys[contact].add((kind, key))
    news = []
    for pk, contact, at in rows:
        names = identities.names_of(said[pk])
        is_his = any(key in keys[contact] for key, _value in names)
        written = {(key[0], value) for key, value in names}
        if is_his and not written <= values[contact]:
            news.append((said[pk], at))
            values[contact] |= written
    return news


def _otherwise(said: Mapping[int, Sender]) -> list[tuple[int, int, datetime]]:
    """Return the messages (with contact and moment) whose answer says a name not known so."""
    names = [
        (pk, *key, value) for pk, one in said.items() for key, value in identities.names_of(one)
    ]
    if not names:
        return []
    ids, kinds, keys, values = zip(*names, strict=True)
    columns = arrays.numbers(ids), arrays.texts(kinds), arrays.texts(keys), arrays.texts(values)
    with connection.cursor() as cursor:
        cursor.execute(_OTHERWISE, columns)
        return sorted(set(cursor.fetchall()))


def _take(cursor: Cursor, sender: Sender, at: datetime) -> None:
    """Make the names lead to one contact; as of when the message was written, for moved numbers."""
    met = people.meet(cursor, [(sender, at)])
    (contact_id,) = met.contacts
    drafts = met.changes() + merging.join(cursor, met.gone, met.contacts)
    key = rules.match_key(sender.wa_id)
    cursor.execute(_RESPELL, (sender.wa_id, contact_id, key, sender.wa_id))
    drafts += [Draft(Change.Kind.CONVERSATION, pk) for pk in _threads(cursor, contact_id)]
    live.publish(*dict.fromkeys([*drafts, Draft(Change.Kind.CONTACT, subject_id=contact_id)]))


def _threads(cursor: Cursor, contact_id: int) -> list[int]:
    cursor.execute(
        "SELECT id FROM conversations_conversation"
        " WHERE contact_id = %s AND merged_into_id IS NULL ORDER BY id",
        (contact_id,),
    )
    return [pk for (pk,) in cursor.fetchall()]
