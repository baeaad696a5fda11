"""The jobs about who is blocked: block, unblock, read the list. Registered by the app's start."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from conversations import rules
from conversations.models import Block, Contact, ContactIdentity
from conversations.services import block_rows, contacts
from tenants.feed import live
from whatsapp.client.blocks import Blocks, Person
from whatsapp.errors import RefusedError
from whatsapp.models import Job, Phone
from whatsapp.services import kinds
from whatsapp.services.kinds import JobKind, StepFailedError, Work

State, Kind = Block.State, ContactIdentity.Kind
# Meta's code for "not within 24 hours", beside its own for lists of blocked people.
_SENTENCES = {
    131047: _("WhatsApp lets a business block only who wrote to it within the last 24 hours."),
    139100: _("WhatsApp lets a business block only who wrote to it within the last 24 hours."),
    139101: _("64,000 are blocked on this number, and WhatsApp allows no more: unblock some."),
    139102: _("The list was being changed from elsewhere at the same moment. Try again."),
    139103: _("WhatsApp could not change its list just now. Try again in a few minutes."),
}
_NAMELESS = _("WhatsApp names neither a number nor a user id of this customer.")
_GONE = _("There is no such contact any more.")


def _block(work: Work) -> None:
    calls, contact = _place(work)
    calls.add(_person(contact))
    _note(work.job, State.BLOCKED)


def _unblock(work: Work) -> None:
    calls, contact = _place(work)
    person = _person(contact)
    try:
        calls.remove(person)
    except RefusedError:
        if _is_listed(calls, person):
            raise
    _note(work.job, None)


def _read(work: Work) -> None:
    """Take over who is blocked, whoever did it; what is being changed just now is left alone."""
    began_at = timezone.now()
    phone_id = work.job.arguments["phone"]
    calls = Blocks(work.number(phone_id), work.job.subject)
    listed: set[tuple[str, str]] = set()
    people = 0
    for page in calls.pages():
        people += len(page)
        listed |= {name for person in page for name in _names(person)}
        work.progress(done=people, total=None)
    known = _take_over(phone_id, listed, began_at)
    work.job.result = {"blocked": people, "contacts": known}


@transaction.atomic
def _take_over(phone_id: int, listed: set[tuple[str, str]], began_at: datetime) -> int:
    drafts, known = block_rows.replace(phone_id=phone_id, names=listed, read_at=began_at)
    if drafts:
        live.publish(*drafts)
    return known


def _place(work: Work) -> tuple[Blocks, Contact]:
    phone = Phone.objects.filter(pk=work.job.arguments["phone"]).first()
    contact = _contact(work.job)
    if phone is None or contact is None:
        raise StepFailedError(_GONE)
    return Blocks(work.number(phone.pk), phone.phone_number_id), contact


def _contact(job: Job) -> Contact | None:
    """Return the contact of a job, or whom he was merged into meanwhile."""
    contact = Contact.objects.filter(pk=job.arguments["contact"]).first()
    if contact is None or contact.merged_into_id is None:
        return contact
    return Contact.objects.filter(pk=contact.merged_into_id).first()


def _person(contact: Contact) -> Person:
    names = dict(contact.identities.order_by("-pk").values_list("kind", "value"))
    person = Person(names.get(Kind.WA_ID, ""), names.get(Kind.BSUID, ""))
    if not person.wa_id and not person.user_id:
        raise StepFailedError(_NAMELESS)
    return person


def _names(person: Person) -> set[tuple[str, str]]:
    """Return kind and match key of each of somebody's names."""
    said = ((Kind.WA_ID, rules.match_key(person.wa_id)), (Kind.BSUID, person.user_id))
    return {(str(kind), key) for kind, key in said if key}


def _is_listed(calls: Blocks, person: Person) -> bool:
    """Tell whether somebody is on the number's list. Only asked where Meta refused to unblock."""
    wanted = _names(person)
    return any(wanted & _names(one) for page in calls.pages() for one in page)


def _failed(job: Job) -> None:
    """Say at the contact why WhatsApp did not do it; whom it kept apart stays apart."""
    was_to_block = job.kind == Job.Kind.CONTACT_BLOCK
    sentence = _SENTENCES.get(job.error_code or 0, job.error)
    _note(job, State.REFUSED if was_to_block else State.BLOCKED, job.error_code, sentence)


@transaction.atomic
def _note(job: Job, state: Block.State | None, code: int | None = None, sentence: str = "") -> None:
    """Write what became of a job at its contact; None: there is no block any more."""
    contact = _contact(job)
    if contact is None:
        return
    # Rivals: a merge, and an operator who asks for the contrary.
    Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)
    if state is None:
        Block.objects.filter(contact=contact, phone=job.arguments["phone"]).delete()
    else:
        words = {"state": state, "error_code": code, "error": sentence[:500]}
        Block.objects.update_or_create(
            contact=contact,
            phone_id=job.arguments["phone"],
            defaults={**words, "changed_at": timezone.now()},
            create_defaults={**words, "author": job.author},
        )
    contacts.publish(contact)


_BOTH = (Job.Kind.CONTACT_BLOCK, Job.Kind.CONTACT_UNBLOCK)
kinds.register(
    JobKind(Job.Kind.CONTACT_BLOCK, _block, failed=_failed, outdated_by=_BOTH),
    JobKind(Job.Kind.CONTACT_UNBLOCK, _unblock, failed=_failed, outdated_by=_BOTH),
    JobKind(Job.Kind.BLOCKS_READ, _read),
)
