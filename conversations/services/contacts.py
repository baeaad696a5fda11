"""What operators write about a contact."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from conversations import rules
from conversations.models import Contact, Conversation
from conversations.selectors import MergedError
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
def rename(*, actor: Actor, contact: Contact, name: str) -> Contact:
    """Write a contact's name; an empty one gives way to the name on WhatsApp, which never wins.

    Publishes only when something changed. Locks the contact's row.
    Raises: ForbiddenError, NameTooLongError, MergedError.
    """
    actor.require(Permission.EDIT_CONTACTS)
    cleaned = " ".join(rules.clean_text(name).split())
    if len(cleaned) > NAME_MAX_CHARACTERS:
        raise NameTooLongError
    # Rivals: a merge, which takes the name along, and another operator.
    row = Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)
    if row.merged_into_id is not None:
        raise MergedError(row.merged_into_id)
    if row.name == cleaned:
        return row
    row.name = cleaned
    row.save(update_fields=["name"])
    publish(row)
    return row


def publish(contact: Contact) -> None:
    """Number the change of everything that shows a contact; the last thing before the commit."""
    shown = Conversation.objects.filter(contact=contact, merged_into=None).order_by("pk")
    drafts = [Draft(Change.Kind.CONVERSATION, pk) for pk in shown.values_list("pk", flat=True)]
    if drafts:
        live.publish(*drafts)
