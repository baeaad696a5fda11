"""Block and unblock contacts on a number. Nothing here calls Meta: each act becomes a job."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from conversations import blocked, rules
from conversations.models import Block, Contact, ContactIdentity, Conversation
from conversations.selectors import MergedError
from conversations.services import contacts
from tenants import audit
from tenants.errors import DomainError
from tenants.permissions import Actor, Permission
from whatsapp.models import Job, Phone
from whatsapp.services import jobs

_NAMES = (ContactIdentity.Kind.WA_ID, ContactIdentity.Kind.BSUID)


class ContactBlockedError(DomainError):
    code = "contact_blocked"
    http_status = 409
    message = _("This customer is blocked on this number: unblock them to write to them.")


class BlockTooLateError(DomainError):
    code = "block_too_late"
    http_status = 409
    message = _("WhatsApp lets a business block only who wrote to it within the last 24 hours.")


class BlockStateError(DomainError):
    """``blocked``: whether it is so already."""

    http_status = 409

    def __init__(self, *, blocked: bool) -> None:
        self.code = "already_blocked" if blocked else "not_blocked"
        super().__init__(
            _("This customer is blocked on this number already.")
            if blocked
            else _("This customer is not blocked on this number.")
        )


class NamelessError(DomainError):
    code = "contact_nameless"
    http_status = 409
    message = _("WhatsApp names neither a number nor a user id of this customer.")


def check_apart(conversation: Conversation) -> None:
    """Refuse to write to somebody who is blocked. One query. Raises: ContactBlockedError."""
    pair = Block.objects.filter(contact=conversation.contact_id, phone=conversation.phone_id)
    if pair.filter(state__in=blocked.APART).exists():
        raise ContactBlockedError


@transaction.atomic
def block(*, actor: Actor, contact: Contact, phone: Phone, now: datetime) -> Job:
    """Keep a contact from writing to a number; asked twice, it is done once.

    Locks the contact's row. Raises: ForbiddenError, MergedError, NumberAwayError, NamelessError,
    BlockTooLateError, BlockStateError.
    """
    actor.require(Permission.BLOCK_CONTACTS)
    row = _locked(contact)
    _check(row, phone)
    known = Block.objects.filter(contact=row, phone=phone).first()
    if known is not None and known.is_blocked:
        raise BlockStateError(blocked=True)
    if not _wrote_lately(row, phone, now):
        raise BlockTooLateError
    return _ask(actor, row, phone, Block.State.BLOCKING, now)


@transaction.atomic
def unblock(*, actor: Actor, contact: Contact, phone: Phone, now: datetime) -> Job:
    """Let a contact write to a number again; asked twice, it is done once.

    Locks the contact's row.
    Raises: ForbiddenError, MergedError, NumberAwayError, NamelessError, BlockStateError.
    """
    actor.require(Permission.BLOCK_CONTACTS)
    row = _locked(contact)
    _check(row, phone)
    if not Block.objects.filter(contact=row, phone=phone, state__in=blocked.APART).exists():
        raise BlockStateError(blocked=False)
    return _ask(actor, row, phone, Block.State.UNBLOCKING, now)


def refresh(*, actor: Actor, phone: Phone) -> Job:
    """Read from WhatsApp who is blocked on a number; a job that waits already is not doubled.

    Raises: ForbiddenError, NumberAwayError.
    """
    actor.require(Permission.BLOCK_CONTACTS)
    jobs.check_connected(phone=phone)
    return jobs.start(
        author=actor.user,
        kind=Job.Kind.BLOCKS_READ,
        subject=phone.phone_number_id,
        arguments={"phone": phone.pk},
        single=True,
    )


def _locked(contact: Contact) -> Contact:
    # Rivals: a merge, which takes the block along, and another operator.
    row = Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)
    if row.merged_into_id is not None:
        raise MergedError(row.merged_into_id)
    return row


def _check(contact: Contact, phone: Phone) -> None:
    jobs.check_connected(phone=phone)
    if not contact.identities.filter(kind__in=_NAMES).exists():
        raise NamelessError


def _wrote_lately(contact: Contact, phone: Phone, now: datetime) -> bool:
    spoken = Conversation.objects.filter(contact=contact, phone=phone, merged_into=None).first()
    opened_at = spoken.window_opened_at if spoken is not None else None
    return opened_at is not None and now < opened_at + rules.WINDOW


def _ask(actor: Actor, contact: Contact, phone: Phone, state: Block.State, now: datetime) -> Job:
    kind = Job.Kind.CONTACT_BLOCK if state == Block.State.BLOCKING else Job.Kind.CONTACT_UNBLOCK
    job = jobs.start(
        author=actor.user,
        kind=kind,
        subject=f"contact/{contact.pk}/{phone.pk}",
        arguments={"contact": contact.pk, "phone": phone.pk},
        single=True,
    )
    words = {"state": state, "error": "", "error_code": None, "author": actor.user}
    Block.objects.update_or_create(
        contact=contact, phone=phone, defaults={**words, "changed_at": now}
    )
    audit.record(
        actor=actor.user,
        action=f"contact.{'block' if state == Block.State.BLOCKING else 'unblock'}_asked",
        target=contact,
        tenant=actor.tenant,
        changes={"phone": phone.pk},
    )
    contacts.publish(contact)  # takes the tenant's counter: last
    return job
