"""Add a person by hand, and say that two contacts are one person."""

from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from conversations.models import Contact, ContactIdentity
from conversations.selectors import MergedError
from conversations.services import addressing, contacts, merging, people
from tenants import audit
from tenants.errors import DomainError
from tenants.feed import live
from tenants.permissions import Actor, Permission
from whatsapp.payloads import Sender


class SamePersonError(DomainError):
    code = "same_contact"
    http_status = 409
    message = _("This is one contact already.")


class TwoNamesError(DomainError):
    """Of two numbers nobody could say to which one a reply goes."""

    code = "contacts_apart"
    http_status = 409
    message = _(
        "Both have a number, or both a user id, of their own: WhatsApp keeps them apart, and a"
        " reply could reach the wrong one."
    )


@transaction.atomic
def add(*, actor: Actor, number: str, name: str, now: datetime) -> tuple[Contact, bool]:
    """Return the contact of a number, under every spelling of it, and whether it was made now.

    A name is written only where there is none yet. Raises: ForbiddenError, NumberInvalidError,
    contacts.NameTooLongError, merging.RivalMergeError.
    """
    actor.require(Permission.EDIT_CONTACTS)
    sender = Sender(addressing.wa_id_of(number, None), "", "", "")
    with connection.cursor() as cursor:
        met = people.meet(cursor, [(sender, now)])
    contact = Contact.objects.get(pk=met.contacts[0])
    if met.new:
        live.publish(*met.changes())
    if name and not contact.name:
        contacts.change(actor=actor, contact=contact, name=name)
    return contact, contact.pk in met.new


def check(*, actor: Actor, contact: Contact, other: Contact) -> tuple[Contact, Contact]:
    """Return which of two contacts would stay, the older, and which would go.

    Raises: ForbiddenError, SamePersonError, TwoNamesError.
    """
    actor.require(Permission.EDIT_CONTACTS)
    if contact.pk == other.pk:
        raise SamePersonError
    kinds = [_own_kinds(one) for one in (contact, other)]
    if kinds[0] & kinds[1]:
        raise TwoNamesError
    kept, gone = sorted((contact, other), key=lambda one: one.pk)
    return kept, gone


@transaction.atomic
def merge(*, actor: Actor, contact: Contact, other: Contact) -> tuple[Contact, Contact]:
    """Make one of two contacts, as when WhatsApp says that they are one: nothing undoes it.

    Return which stayed and which went. The older stays, with its name and attributes; what it has
    not the other gives. Conversations on one number become one.
    Raises: ForbiddenError, SamePersonError, TwoNamesError, MergedError.
    """
    kept, gone = check(actor=actor, contact=contact, other=other)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            merging.move_identities(cursor, {gone.pk: kept.pk})
            merging.merge(cursor, {gone.pk: kept.pk})
            drafts = merging.join(cursor, {gone.pk: kept.pk})
    except merging.RivalMergeError:
        raise MergedError(_successor(kept, gone)) from None
    # Under the locks: a name may have come since we looked.
    if len(_names(kept)) > len(set(_names(kept))):
        raise TwoNamesError
    audit.record(
        actor=actor.user,
        action="contact.merged",
        target=kept,
        tenant=actor.tenant,
        changes={"gone": gone.pk},
    )
    live.publish(*drafts)
    return kept, gone


def _own_kinds(contact: Contact) -> set[str]:
    return set(_names(contact))


def _names(contact: Contact) -> list[str]:
    """Return the kinds of the names that are one person's alone."""
    shared = ContactIdentity.Kind.PARENT_BSUID
    names = ContactIdentity.objects.filter(contact=contact).exclude(kind=shared)
    return list(names.values_list("kind", flat=True))


def _successor(*contacts: Contact) -> int:
    rows = Contact.objects.filter(pk__in=[one.pk for one in contacts], merged_into__isnull=False)
    into = rows.values_list("merged_into", flat=True).first()
    return into or contacts[0].pk
