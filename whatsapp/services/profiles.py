"""The business profile of a number. Nothing here calls Meta: each act becomes a job."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants import audit
from tenants.errors import DomainError
from tenants.permissions import Actor, Permission
from whatsapp.limits.profile import PROFILE
from whatsapp.limits.rules import Violation
from whatsapp.models import Job, Phone
from whatsapp.payloads import cleaning
from whatsapp.services import jobs


class ProfileInvalidError(DomainError):
    """Something that Meta would refuse; ``context["errors"]`` has each place, sentence and code."""

    code = "invalid"
    http_status = 400
    message = _("WhatsApp would refuse this profile: see errors.")

    def __init__(self, found: list[Violation]) -> None:
        told = [(one.path, gettext(one.sentence) % one.values, one.code) for one in found]
        super().__init__(errors=told)


def refresh(*, actor: Actor, phone: Phone) -> Job:
    """Read the profile anew; a job that waits already is not doubled.

    Raises: ForbiddenError, NumberAwayError.
    """
    actor.require(Permission.MANAGE_NUMBERS)
    jobs.check_connected(phone=phone)
    return jobs.start(
        author=actor.user,
        kind=Job.Kind.PROFILE_READ,
        subject=phone.phone_number_id,
        arguments={"phone": phone.pk},
        single=True,
    )


@transaction.atomic
def edit(*, actor: Actor, phone: Phone, changes: dict[str, Any]) -> Job:
    """Change what ``changes`` names, in Meta's words, and nothing else.

    Raises: ForbiddenError, NumberAwayError, ProfileInvalidError.
    """
    actor.require(Permission.MANAGE_NUMBERS)
    jobs.check_connected(phone=phone)
    changes = cleaning.clean(changes)
    found = list(PROFILE(changes, ()))
    if found:
        raise ProfileInvalidError(found)
    job = jobs.start(
        author=actor.user,
        kind=Job.Kind.PROFILE_EDIT,
        subject=phone.phone_number_id,
        arguments={"phone": phone.pk, "changes": changes},
    )
    audit.record(
        actor=actor.user,
        action="number.profile_edit_asked",
        target=phone,
        tenant=actor.tenant,
        changes={"fields": sorted(changes)},
    )
    return job
