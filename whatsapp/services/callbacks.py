"""Overrides: other addresses for the events of one number or account. Each act becomes a job."""

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants import audit
from tenants.errors import DomainError
from tenants.permissions import Actor, Permission
from whatsapp import selectors
from whatsapp.limits.callbacks import OVERRIDE
from whatsapp.limits.rules import Violation
from whatsapp.models import Job, Phone
from whatsapp.services import jobs


class CallbackInvalidError(DomainError):
    """An address that Meta could not use; ``context["errors"]`` has place, sentence and code."""

    code = "invalid"
    http_status = 400
    message = _("Events cannot be brought there: see errors.")

    def __init__(self, found: list[Violation]) -> None:
        told = [(one.path, gettext(one.sentence) % one.values, one.code) for one in found]
        super().__init__(errors=told)


def set_for_number(*, actor: Actor, phone: Phone, uri: str, verify_token: str) -> Job:
    """Let Meta bring a number's messages to another address than the app's.

    Raises: ForbiddenError, NumberAwayError, CallbackInvalidError.
    """
    jobs.check_connected(phone=phone)
    return _ask(actor, phone.phone_number_id, {"phone": phone.pk}, uri, verify_token)


def remove_for_number(*, actor: Actor, phone: Phone) -> Job:
    """Take a number's override away. Raises: ForbiddenError, NumberAwayError."""
    jobs.check_connected(phone=phone)
    return _ask(actor, phone.phone_number_id, {"phone": phone.pk})


def set_for_account(*, actor: Actor, waba_id: str, uri: str, verify_token: str) -> Job:
    """Let Meta bring an account's messages to another address than the app's.

    Raises: ForbiddenError, NotFoundError, CallbackInvalidError.
    """
    selectors.account_for(actor, waba_id)
    return _ask(actor, waba_id, {"waba_id": waba_id}, uri, verify_token)


def remove_for_account(*, actor: Actor, waba_id: str) -> Job:
    """Take an account's override away. Raises: ForbiddenError, NotFoundError."""
    selectors.account_for(actor, waba_id)
    return _ask(actor, waba_id, {"waba_id": waba_id})


@transaction.atomic
def _ask(
    actor: Actor, subject: str, place: dict[str, object], uri: str = "", verify_token: str = ""
) -> Job:
    actor.require(Permission.MANAGE_NUMBERS)
    if uri or verify_token:
        given = {"override_callback_uri": uri, "verify_token": verify_token}
        found = list(OVERRIDE(given, ()))
        if found:
            raise CallbackInvalidError(found)
    job = jobs.start(
        author=actor.user,
        kind=Job.Kind.CALLBACK_SET if uri else Job.Kind.CALLBACK_REMOVE,
        subject=subject,
        arguments={**place, "uri": uri},
        secret={"verify_token": verify_token} if uri else None,
    )
    audit.record(
        actor=actor.user,
        action=f"callback.{'set' if uri else 'remove'}_asked",
        target=job,
        tenant=actor.tenant,
        changes={"subject": subject},
    )
    return job
