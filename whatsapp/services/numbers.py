"""Business numbers: who owns one in the installation, and what its tenant knows of it."""

import re
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants import audit, context, secrets
from tenants.errors import DomainError
from tenants.models import Tenant, User
from whatsapp.models import NumberFact, Phone
from whatsapp.services import health
from whatsapp.webhooks.models import MetaApp, PhoneRoute

_ID = re.compile(r"[0-9]{5,40}")


class NumberTakenError(DomainError):
    """Says nothing of who has it: that is nobody else's business."""

    code = "number_taken"
    http_status = 409
    message = _("This number is connected already.")


class NumberInvalidError(DomainError):
    code = "number_invalid"
    message = _("Phone number id and WABA id are Meta's: digits only. The access token is needed.")


class ForeignAppError(DomainError):
    code = "app_foreign"
    message = _("This Meta app belongs to somebody else.")


def connect(
    *,
    actor: User | None,
    tenant: Tenant,
    app: MetaApp,
    phone_number_id: str,
    waba_id: str,
    display_phone_number: str,
    name: str,
    access_token: str,
) -> PhoneRoute:
    """Claim a number for a tenant and give it its token, sealed.

    The first one to claim a number has it; a tenant that has it already gets it back to work with
    the new token. Raises: NumberTakenError, NumberInvalidError, ForeignAppError.
    """
    check_shape(phone_number_id=phone_number_id, waba_id=waba_id, access_token=access_token)
    if app.tenant_id not in (None, tenant.pk):
        raise ForeignAppError
    with context.platform(), transaction.atomic():
        route = _claim(tenant, app, phone_number_id, waba_id, display_phone_number)
        with context.tenant(tenant.schema_name):
            Phone.objects.update_or_create(
                phone_number_id=phone_number_id,
                defaults={
                    "waba_id": waba_id,
                    "display_phone_number": display_phone_number,
                    "name": name,
                    "access_token_sealed": sealed_token(tenant=tenant, access_token=access_token),
                    "status": Phone.Status.ACTIVE,
                    "health": Phone.Health.UNKNOWN,
                    "check_due_at": timezone.now(),
                },
            )
            # What was known of it before somebody let it go says nothing any more.
            NumberFact.objects.filter(phone__phone_number_id=phone_number_id).delete()
        _record(actor, "number.connected", route)
    return route


def replace_token(*, actor: User | None, route: PhoneRoute, access_token: str) -> None:
    """Give a number a new token; what was held for the old one flows again.

    Raises: NumberInvalidError.
    """
    if not _is_token(access_token):
        raise NumberInvalidError
    with context.platform(), transaction.atomic():
        _update_phone(
            route,
            access_token_sealed=sealed_token(tenant=route.tenant, access_token=access_token),
            health=Phone.Health.UNKNOWN,
            check_due_at=timezone.now(),
        )
        _forget_token(route)
        _record(actor, "number.token_replaced", route)


def release(*, actor: User | None, route: PhoneRoute, reason: str = "") -> None:
    """Let go of a number: its events are nobody's from now on, its token is forgotten.

    The conversations stay. Whoever connects the number next gets what comes in from then on only.
    """
    with context.platform(), transaction.atomic():
        _update_phone(
            route, access_token_sealed="", status=Phone.Status.INACTIVE, check_due_at=None
        )
        _record(actor, "number.released", route, reason=reason)
        route.delete()


def check_shape(*, phone_number_id: str, waba_id: str, access_token: str) -> None:
    """Refuse what cannot be Meta's. Raises: NumberInvalidError."""
    if not (_ID.fullmatch(phone_number_id) and _ID.fullmatch(waba_id) and _is_token(access_token)):
        raise NumberInvalidError


def is_taken(*, tenant: Tenant, phone_number_id: str) -> bool:
    """Tell whether another tenant has a number; never whose it is."""
    with context.platform():
        routes = PhoneRoute.objects.filter(phone_number_id=phone_number_id)
        return routes.exclude(tenant=tenant).exists()


def token_of(*, route: PhoneRoute) -> str:
    """Return the sealed token of a route's number, or "" when the tenant knows none."""
    with context.tenant(route.tenant.schema_name):
        phones = Phone.objects.filter(phone_number_id=route.phone_number_id)
        return phones.values_list("access_token_sealed", flat=True).first() or ""


def opened_token(*, tenant: Tenant, phone: Phone) -> str:
    """Open what ``sealed_token`` made. Raises: secrets.SealBrokenError."""
    return secrets.open(
        phone.access_token_sealed,
        tenant=str(tenant.pk),
        table="whatsapp_phone",
        column="access_token",
    )


def sealed_token(*, tenant: Tenant, access_token: str) -> str:
    """Seal a token for the one column that it may be opened from."""
    return secrets.seal(
        access_token, tenant=str(tenant.pk), table="whatsapp_phone", column="access_token"
    )


def _claim(
    tenant: Tenant, app: MetaApp, phone_number_id: str, waba_id: str, display_phone_number: str
) -> PhoneRoute:
    known = PhoneRoute.objects.filter(phone_number_id=phone_number_id).first()
    if known is not None and known.tenant_id != tenant.pk:
        raise NumberTakenError
    route = known or PhoneRoute(phone_number_id=phone_number_id, tenant=tenant)
    route.app, route.waba_id, route.display_phone_number = app, waba_id, display_phone_number
    try:
        with transaction.atomic():
            route.save()
    except IntegrityError as error:  # claimed by somebody else since we looked
        raise NumberTakenError from error
    return route


def _forget_token(route: PhoneRoute) -> None:
    with context.tenant(route.tenant.schema_name):
        phones = Phone.objects.filter(phone_number_id=route.phone_number_id)
        for phone_id in phones.values_list("pk", flat=True):
            health.forget_token(phone_id=phone_id)


def _update_phone(route: PhoneRoute, **columns: str | datetime | None) -> None:
    with context.tenant(route.tenant.schema_name):
        Phone.objects.filter(phone_number_id=route.phone_number_id).update(**columns)


def _is_token(access_token: str) -> bool:
    printable = access_token.isascii() and access_token.isprintable() and " " not in access_token
    return 8 <= len(access_token) <= 2048 and printable


def _record(actor: User | None, action: str, route: PhoneRoute, *, reason: str = "") -> None:
    audit.record(
        actor=actor,
        action=action,
        target=route,
        tenant=route.tenant,
        changes={"phone_number_id": route.phone_number_id, "app": route.app_id},
        reason=reason,
    )
