"""Embedded Signup: what the page brings back from Meta becomes a job at once.

What the browser says of account and number is a claim; the job proves it with the token.
"""

import re

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tenants import audit, context
from tenants.errors import DomainError, NotFoundError
from tenants.permissions import Actor, Permission
from whatsapp.models import Job
from whatsapp.services import connections, jobs, numbers
from whatsapp.services.numbers import NumberTakenError
from whatsapp.webhooks.models import MetaApp

_CODE = re.compile(r"[\x21-\x7e]{8,2000}")


class CodeInvalidError(DomainError):
    code = "code_invalid"
    message = _("This is no code of Meta's sign-up.")


def app() -> MetaApp | None:
    """Return the app whose sign-up is offered; None where this installation offers none."""
    if not settings.META_SIGNUP_CONFIG_ID:
        return None
    with context.platform():
        return MetaApp.objects.filter(tenant=None, is_active=True, removed_at=None).first()


@transaction.atomic
def start(*, actor: Actor, code: str, waba_id: str, phone_number_id: str, pin: str = "") -> Job:
    """Start connecting the number that somebody signed up with; the code is good for 30 seconds.

    ``pin`` registers a number that is not on the Cloud API yet.
    Raises: ForbiddenError, NotFoundError (no sign-up here), CodeInvalidError, NumberInvalidError,
    PinInvalidError, NumberTakenError.
    """
    actor.require(Permission.MANAGE_NUMBERS)
    if app() is None:
        raise NotFoundError
    if not _CODE.fullmatch(code):
        raise CodeInvalidError
    numbers.check_shape(phone_number_id=phone_number_id, waba_id=waba_id, access_token=code)
    connections.check_pin(pin=pin)
    if numbers.is_taken(tenant=actor.tenant, phone_number_id=phone_number_id):
        raise NumberTakenError
    job = jobs.start(
        author=actor.user,
        kind=Job.Kind.SIGNUP,
        subject=phone_number_id,
        arguments={"phone_number_id": phone_number_id, "waba_id": waba_id, "name": "", "app": None},
        secret={"code": code, "pin": pin},
        urgent=True,
    )
    audit.record(actor=actor.user, action="number.signup_asked", target=job, tenant=actor.tenant)
    return job
