"""What an actor may see of templates and jobs."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Max, QuerySet
from django.utils.translation import gettext_lazy as _

from tenants.errors import DomainError, NotFoundError
from tenants.permissions import Actor, Permission
from whatsapp.models import BusinessProfile, Job, MessageTemplate, Phone

ACTS_SHOWN = 3


class SeveralPhonesError(DomainError):
    code = "phone_needed"
    http_status = 400
    message = _("This account has several numbers: say from which one to send.")


def templates_of(
    actor: Actor, *, waba_id: str = "", status: str = "", search: str = ""
) -> QuerySet[MessageTemplate]:
    """Return the templates, the one whose status changed last first. Raises: ForbiddenError."""
    actor.require(Permission.READ_TEMPLATES)
    found = MessageTemplate.objects.order_by("-status_at", "-id")
    if waba_id:
        found = found.filter(waba_id=waba_id)
    if status:
        found = found.filter(status=status)
    else:
        found = found.exclude(status=MessageTemplate.Status.DELETED)
    return found.filter(name__icontains=search) if search else found


def template_for(actor: Actor, pk: int, *, waba_id: str = "") -> MessageTemplate:
    """Return one template, deleted ones too. Raises: NotFoundError, ForbiddenError."""
    actor.require(Permission.FIND)
    found = MessageTemplate.objects.filter(pk=pk)
    template = (found.filter(waba_id=waba_id) if waba_id else found).first()
    if template is None:
        raise NotFoundError
    return template


def template_acts_of(actor: Actor) -> list[Job]:
    """Return the newest jobs that make, change or delete templates. Raises: ForbiddenError."""
    actor.require(Permission.READ_TEMPLATES)
    kinds = (Job.Kind.TEMPLATE_CREATE, Job.Kind.TEMPLATE_EDIT, Job.Kind.TEMPLATE_DELETE)
    return list(Job.objects.filter(kind__in=kinds).order_by("-pk")[:ACTS_SHOWN])


def template_named(
    actor: Actor, *, waba_id: str, name: str, language: str
) -> MessageTemplate | None:
    """Return the template of a name and language, if the account has it."""
    actor.require(Permission.FIND)
    return MessageTemplate.objects.filter(waba_id=waba_id, name=name, language=language).first()


def accounts_of(actor: Actor) -> list[str]:
    """Return the ids of the business accounts that the tenant's numbers belong to."""
    actor.require(Permission.FIND)
    phones = Phone.objects.filter(status=Phone.Status.ACTIVE)
    return list(phones.order_by("waba_id").values_list("waba_id", flat=True).distinct())


def account_for(actor: Actor, waba_id: str) -> str:
    """Return the id of an account of the tenant's. Raises: ForbiddenError, NotFoundError."""
    if waba_id not in accounts_of(actor):
        raise NotFoundError
    return waba_id


def phones_of(actor: Actor) -> QuerySet[Phone]:
    """Return the tenant's numbers, released ones too, in the order of connecting."""
    actor.require(Permission.FIND)
    return Phone.objects.order_by("pk")


def phones_to_send_from(actor: Actor) -> QuerySet[Phone]:
    """Return the numbers that are switched on. Raises: ForbiddenError."""
    return phones_of(actor).filter(status=Phone.Status.ACTIVE)


def phone_to_send_from(actor: Actor, phone_id: int | None) -> Phone:
    """Return the number of an id, or the only one that is switched on.

    Raises: ForbiddenError, NotFoundError, SeveralPhonesError.
    """
    actor.require(Permission.FIND)
    found = chosen_phones(phone_id)
    if not found:
        raise NotFoundError
    return found[0]


def chosen_phones(phone_id: int | None) -> list[Phone]:
    """Return the number of an id, or the only one that is switched on, or none.

    Raises: NotFoundError (no such number of the tenant), SeveralPhonesError.
    """
    if phone_id is None:
        found = list(Phone.objects.filter(status=Phone.Status.ACTIVE)[:2])
    else:
        found = list(Phone.objects.filter(pk=phone_id))
        if not found:
            raise NotFoundError
    if len(found) > 1:
        raise SeveralPhonesError
    return found


def phone_for(actor: Actor, pk: int) -> Phone:
    """Return one number. Raises: NotFoundError, ForbiddenError."""
    phone = phones_of(actor).filter(pk=pk).first()
    if phone is None:
        raise NotFoundError
    return phone


def numbers_of(actor: Actor) -> QuerySet[Phone]:
    """Return the numbers with what is known of each, newest first. Raises: ForbiddenError."""
    return phones_of(actor).prefetch_related("facts").order_by("-created_at", "-id")


def profile_of(actor: Actor, phone: Phone) -> BusinessProfile | None:
    """Return a number's profile; None while WhatsApp has not told of it. Raises: ForbiddenError."""
    actor.require(Permission.READ_NUMBERS)
    return BusinessProfile.objects.filter(phone=phone).first()


def newest_job(actor: Actor, *, subject: str, kinds: Iterable[str]) -> Job | None:
    """Return the newest job of these kinds about something. Raises: ForbiddenError."""
    actor.require(Permission.FOLLOW_JOBS)
    return Job.objects.filter(subject=subject, kind__in=list(kinds)).order_by("-pk").first()


def job_for(actor: Actor, pk: int, *, kinds: Iterable[str] = ()) -> Job:
    """Return one job, of ``kinds`` where any are named. Raises: NotFoundError, ForbiddenError."""
    actor.require(Permission.FOLLOW_JOBS)
    found = Job.objects.filter(pk=pk)
    job = (found.filter(kind__in=list(kinds)) if kinds else found).first()
    if job is None:
        raise NotFoundError
    return job


def syncs_of(actor: Actor) -> tuple[datetime | None, Job | None]:
    """Return when the templates were last fetched, and the newest job that is to do so."""
    actor.require(Permission.READ_TEMPLATES)
    syncs = Job.objects.filter(kind=Job.Kind.TEMPLATES_SYNC)
    last = syncs.filter(state=Job.State.DONE).aggregate(at=Max("finished_at"))["at"]
    return last, syncs.order_by("-pk").first()
