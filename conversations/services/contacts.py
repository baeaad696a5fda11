"""What the team writes about a contact, adds, and knows to be one person."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from conversations import rules
from conversations.models import Contact, Conversation
from conversations.selectors import MergedError
from conversations.services import attributes as definitions
from tenants.errors import DomainError
from tenants.feed import live
from tenants.feed.live import Draft
from tenants.feed.models import Change
from tenants.permissions import Actor, Permission

NAME_MAX_CHARACTERS = 200


class NameTooLongError(DomainError):
    code = "name_too_long"
    http_status = 400
    message = _("A name can have 200 characters at most.")


@transaction.atomic
def change(
    *,
    actor: Actor,
    contact: Contact,
    name: str | None = None,
    attributes: Mapping[str, Any] | None = None,
) -> Contact:
    """Write a contact's name and attributes; what is None stays, an attribute that is None goes.

    Locks the contact's row.
    Raises: ForbiddenError, NameTooLongError, MergedError, attributes.ValuesError.
    """
    actor.require(Permission.EDIT_CONTACTS)
    known = definitions.kept(attributes or ())
    row = _locked(contact)
    before = (row.name, row.attributes)
    if name is not None:
        row.name = _cleaned(name)
    if attributes is not None:
        row.attributes = definitions.merged(row.attributes, attributes, known)
    if (row.name, row.attributes) != before:
        row.save(update_fields=["name", "attributes"])
        publish(row)
    return row


def hold(contact_id: int) -> None:
    """Let nobody else change a contact before the caller's transaction has ended."""
    Contact.objects.select_for_update(no_key=True).filter(pk=contact_id).first()


def publish(contact: Contact) -> None:
    """Number the change of a contact and of what shows it; the last thing before the commit."""
    shown = Conversation.objects.filter(contact=contact, merged_into=None).order_by("pk")
    drafts = [Draft(Change.Kind.CONVERSATION, pk) for pk in shown.values_list("pk", flat=True)]
    live.publish(*drafts, Draft(Change.Kind.CONTACT, subject_id=contact.pk))


def _cleaned(name: str) -> str:
    cleaned = rules.one_line(name)
    if len(cleaned) > NAME_MAX_CHARACTERS:
        raise NameTooLongError
    return cleaned


def _locked(contact: Contact) -> Contact:
    # Rivals: a merge, which takes name and attributes along, and another operator.
    row = Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)
    if row.merged_into_id is not None:
        raise MergedError(row.merged_into_id)
    return row
