"""What the team writes down about a conversation. Nothing of it ever leaves."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from conversations import annotations, rules
from conversations.models import Conversation, Note
from conversations.services import handling
from tenants.errors import DomainError, ForbiddenError, NotFoundError
from tenants.permissions import Actor, Permission


class EmptyNoteError(DomainError):
    code = "note_empty"
    http_status = 400
    message = _("Write something first.")


class NoteTooLongError(DomainError):
    code = "note_too_long"
    http_status = 400
    message = _("A note can have 4,000 characters at most.")


class NotYoursError(ForbiddenError):
    code = "not_yours"
    message = _("A note is changed by who wrote it, or by an admin.")


@transaction.atomic
def add(*, actor: Actor, conversation: Conversation, body: str) -> Note:
    """Write a note down. Locks the conversation's row.

    Raises: ForbiddenError, EmptyNoteError, NoteTooLongError, MergedError.
    """
    actor.require(Permission.HANDLE_CONVERSATIONS)
    words = _cleaned(body)
    row = handling.locked(conversation)
    note = Note.objects.create(conversation=row, body=words, author=actor.user, api_key=actor.key)
    handling.publish([row.pk])
    return note


@transaction.atomic
def edit(*, actor: Actor, note: Note, body: str, now: datetime) -> Note:
    """Write a note anew.

    Raises: ForbiddenError, NotYoursError, EmptyNoteError, NoteTooLongError, NotFoundError.
    """
    words = _cleaned(body)
    row = _own(actor, note)
    if row.body != words:
        row.body, row.edited_at = words, now
        row.save(update_fields=["body", "edited_at"])
        handling.publish([row.conversation_id])
    return row


@transaction.atomic
def delete(*, actor: Actor, note: Note, now: datetime) -> None:
    """Forget a note's words; that there was one stays to be seen.

    Raises: ForbiddenError, NotYoursError, NotFoundError.
    """
    row = _own(actor, note)
    row.body, row.deleted_at = "", now
    row.save(update_fields=["body", "deleted_at"])
    handling.publish([row.conversation_id])


def _own(actor: Actor, note: Note) -> Note:
    actor.require(Permission.HANDLE_CONVERSATIONS)
    # Rivals: whoever changes it as well, and a merge, which moves it.
    row = Note.objects.select_for_update().filter(pk=note.pk, deleted_at=None).first()
    if row is None:
        raise NotFoundError
    if not annotations.may_change(actor, row):
        raise NotYoursError
    return row


def _cleaned(body: str) -> str:
    words = rules.clean_text(body).strip()
    if not words:
        raise EmptyNoteError
    if len(words) > Note.BODY_MAX_CHARACTERS:
        raise NoteTooLongError
    return words
