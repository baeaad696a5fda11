"""What admins do with numbers. Nothing here calls Meta: each act becomes a job."""

import re

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tenants import audit, context
from tenants.errors import DomainError, NotFoundError
from tenants.permissions import Actor, Permission
from whatsapp.models import Job, Phone
from whatsapp.services import jobs, numbers
from whatsapp.services.jobs import NumberAwayError
from whatsapp.services.own_apps import AppInactiveError, NoPlatformAppError
from whatsapp.webhooks.models import MetaApp, PhoneRoute

_PIN = re.compile(r"[0-9]{6}")


class PinInvalidError(DomainError):
    code = "pin_invalid"
    message = _("The PIN has six digits.")


@transaction.atomic
def connect(
    *,
    actor: Actor,
    phone_number_id: str,
    waba_id: str,
    access_token: str,
    name: str = "",
    pin: str = "",
    app_id: int | None = None,
) -> Job:
    """Start connecting a number; nothing is claimed before Meta has confirmed every step.

    ``app_id`` is the row of an app of the tenant's own; None is the installation's app. ``pin``
    registers a number that is not on the Cloud API yet. Raises: ForbiddenError, NumberInvalidError,
    PinInvalidError, NumberTakenError, NotFoundError, NoPlatformAppError, AppInactiveError.
    """
    actor.require(Permission.MANAGE_NUMBERS)
    numbers.check_shape(phone_number_id=phone_number_id, waba_id=waba_id, access_token=access_token)
    check_pin(pin=pin)
    _check_app(actor, app_id)
    if numbers.is_taken(tenant=actor.tenant, phone_number_id=phone_number_id):
        raise numbers.NumberTakenError
    job = jobs.start(
        author=actor.user,
        kind=Job.Kind.NUMBER_CONNECT,
        subject=phone_number_id,
        arguments={
            "phone_number_id": phone_number_id,
            "waba_id": waba_id,
            "name": name,
            "app": app_id,
        },
        secret={"access_token": access_token, "pin": pin},
    )
    _record(actor, "number.connect_asked", job)
    return job


@transaction.atomic
def replace_token(*, actor: Actor, phone: Phone, access_token: str) -> Job:
    """Start giving a number a new token: it counts once Meta has confirmed it.

    Raises: ForbiddenError, NumberAwayError, NumberInvalidError.
    """
    actor.require(Permission.MANAGE_NUMBERS)
    numbers.check_shape(
        phone_number_id=phone.phone_number_id, waba_id=phone.waba_id, access_token=access_token
    )
    jobs.check_connected(phone=phone)
    job = jobs.start(
        author=actor.user,
        kind=Job.Kind.NUMBER_TOKEN,
        subject=phone.phone_number_id,
        arguments={"phone": phone.pk},
        secret={"access_token": access_token},
    )
    _record(actor, "number.token_asked", job)
    return job


def check(*, actor: Actor, phone: Phone, repair: bool = False) -> Job:
    """Start looking at a number; a check that waits already is not doubled.

    ``repair`` has Meta tell our app again what happens in the account.
    Raises: ForbiddenError, NumberAwayError.
    """
    actor.require(Permission.MANAGE_NUMBERS)
    jobs.check_connected(phone=phone)
    return jobs.start(
        author=actor.user,
        kind=Job.Kind.NUMBER_CHECK,
        subject=phone.phone_number_id,
        arguments={"phone": phone.pk, "repair": repair},
        single=not repair,
    )


def disconnect(*, actor: Actor, phone: Phone) -> None:
    """Let go of a number: its token is forgotten, its conversations stay.

    Raises: ForbiddenError, NumberAwayError.
    """
    actor.require(Permission.MANAGE_NUMBERS)
    with context.platform():
        route = (
            PhoneRoute.objects.filter(phone_number_id=phone.phone_number_id, tenant=actor.tenant)
            .select_related("tenant")
            .first()
        )
        if route is None:
            raise NumberAwayError
        numbers.release(actor=actor.user, route=route)


def check_pin(*, pin: str) -> None:
    """Refuse what is no PIN; "" is none. Raises: PinInvalidError."""
    if pin and not _PIN.fullmatch(pin):
        raise PinInvalidError


def _check_app(actor: Actor, app_id: int | None) -> None:
    owner = {"tenant": None} if app_id is None else {"pk": app_id, "tenant": actor.tenant}
    with context.platform():
        app = MetaApp.objects.filter(removed_at=None, **owner).first()
    if app is None:
        raise NoPlatformAppError if app_id is None else NotFoundError
    if not app.is_active:
        raise AppInactiveError


def _record(actor: Actor, action: str, job: Job) -> None:
    audit.record(actor=actor.user, action=action, target=job, tenant=actor.tenant)
