"""Note on marketing what a customer told the team, or WhatsApp told by letting a message fail."""

from datetime import datetime, timedelta
from uuid import uuid4

from django.db import connection, transaction
from django.db.models import Case, When
from django.utils.translation import gettext_lazy as _

from conversations import rules
from conversations.models import ConsentEvent, Contact
from conversations.selectors import MergedError
from conversations.services import consent, heads
from conversations.services.consent import Source, Value, Word
from tenants.db import arrays
from tenants.errors import DomainError
from tenants.feed import live
from tenants.permissions import Actor, Permission

NOTE_MAX_CHARACTERS = 300
# Meta brings an event again for seven days.
FAILURE_DAYS = 8
# What we refused ourselves is nobody's word. More than these are found in the next round.
_AT_ONCE = 500
_FAILED = """
    SELECT conversation.contact_id, message.id, message.wamid, message.failed_at
    FROM conversations_message AS message
    JOIN conversations_conversation AS conversation ON conversation.id = message.conversation_id
    WHERE message.error_code = 131050 AND message.error_detail <> %s
        AND message.failed_at > clock_timestamp() - make_interval(days => %s)
        AND NOT EXISTS (
            SELECT FROM conversations_consentevent AS event
            WHERE event.key = 'failure ' || message.id
        )
    ORDER BY message.id LIMIT %s
"""
# Rivals: merges. Whoever is merged just now is found under the other id in the next round.
_LOCK = """
    SELECT id FROM conversations_contact
    WHERE id = ANY (%s::bigint[]) AND merged_into_id IS NULL ORDER BY id FOR NO KEY UPDATE
"""


class NoteTooLongError(DomainError):
    code = "note_too_long"
    http_status = 400
    message = _("A note can have 300 characters at most.")


@transaction.atomic
def note(
    *, actor: Actor, contact: Contact, stops: bool, words: str, now: datetime
) -> tuple[ConsentEvent, bool]:
    """Write that a customer told the team to stop marketing, or agreed to it; tell if it is new.

    ``words`` say how they told it. It counts from now on, also after words that Meta's clock puts
    ahead of ours. What is the newest word already is not written again. Locks the contact's row.
    Raises: ForbiddenError, NoteTooLongError, MergedError.
    """
    actor.require(Permission.EDIT_CONTACTS)
    cleaned = rules.one_line(words)
    if len(cleaned) > NOTE_MAX_CHARACTERS:
        raise NoteTooLongError
    # Rivals: a merge, the customer's own word, and another operator.
    row = Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)
    if row.merged_into_id is not None:
        raise MergedError(row.merged_into_id)
    newest = _newest(row)
    if newest is not None and (newest.value == Value.STOP) == stops:
        return newest, False
    at = now if newest is None else max(now, newest.provider_at + timedelta(milliseconds=1))
    word = Word(
        value=Value.STOP if stops else Value.RESUME,
        source=Source.OPERATOR,
        at=at,
        key=f"operator {uuid4()}",
        note=cleaned,
        author_id=actor.user.pk if actor.user else None,
    )
    with connection.cursor() as cursor:
        drafts = consent.record(cursor, [(row.pk, word)])
    written = ConsentEvent.objects.get(key=word.key)
    if drafts:
        live.publish(*drafts)
    return written, True


def _newest(contact: Contact) -> ConsentEvent | None:
    stop_first = Case(When(value=Value.STOP, then=0), default=1)
    marketing = contact.consent_events.filter(kind=ConsentEvent.Kind.MARKETING)
    return marketing.order_by("-provider_at", stop_first).first()


@transaction.atomic
def note_failures() -> int:
    """Note who stopped marketing at WhatsApp: it says so by refusing a message (131050).

    For the sweeper, in the current tenant: whether the refusal came with the call or as a status,
    before or after the message had its wamid. Idempotent. Returns how many were noted.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FAILED, (heads.STOPPED_WHILE_QUEUED, FAILURE_DAYS, _AT_ONCE))
        rows = cursor.fetchall()
        if not rows:
            return 0
        cursor.execute(_LOCK, (arrays.numbers(sorted({contact for contact, *_ in rows})),))
        kept = {pk for (pk,) in cursor.fetchall()}
        said = [
            (contact, Word(Value.STOP, Source.STATUS, at, f"failure {pk}", wamid or ""))
            for contact, pk, wamid, at in rows
            if contact in kept
        ]
        drafts = consent.record(cursor, said)
    if drafts:
        live.publish(*drafts)
    return len(said)
