"""A tenant's own Meta apps: made, changed and removed by its admins."""

import secrets as randomness

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tenants import audit, context
from tenants.errors import DomainError, NotFoundError
from tenants.permissions import Actor, Permission
from whatsapp.models import Phone
from whatsapp.webhooks.models import MetaApp, PhoneRoute
from whatsapp.webhooks.services import apps

_TOKEN_BYTES = 24
# Every process that takes webhooks knows the secrets of all apps.
APPS_MAX = 10


class TooManyAppsError(DomainError):
    code = "too_many_apps"
    http_status = 409
    message = _("There are ten apps already: remove one of them first.")


class NoPlatformAppError(DomainError):
    code = "no_platform_app"
    http_status = 409
    message = _("This installation has no Meta app of its own that could take the number.")


class AppInactiveError(DomainError):
    code = "app_inactive"
    http_status = 409
    message = _("This app is switched off: nothing that it brings is taken.")


def callback_url(app: MetaApp) -> str:
    """Return the address that belongs into the app's settings at Meta."""
    return f"{settings.PUBLIC_URL.rstrip('/')}/webhook/whatsapp/apps/{app.app_key}"


def verify_token(*, actor: Actor, app: MetaApp) -> str:
    """Return what belongs beside the address; "" when no key opens it. Raises: ForbiddenError."""
    actor.require(Permission.MANAGE_NUMBERS)
    return apps.opened(app=app, column="verify_token") or ""


def register(
    *, actor: Actor, name: str, app_id: str, app_secret: str, verify_token: str = ""
) -> MetaApp:
    """Take an app's webhooks from now on; a verify token is made where none is given.

    Raises: ForbiddenError, TooManyAppsError, AppTakenError, WeakSecretError.
    """
    actor.require(Permission.MANAGE_NUMBERS)
    with context.platform():
        if MetaApp.objects.filter(tenant=actor.tenant, removed_at=None).count() >= APPS_MAX:
            raise TooManyAppsError
    return apps.register_app(
        actor=actor.user,
        tenant=actor.tenant,
        name=name,
        app_id=app_id,
        app_secret=app_secret,
        verify_token=verify_token or randomness.token_urlsafe(_TOKEN_BYTES),
    )


def change(
    *,
    actor: Actor,
    app: MetaApp,
    name: str | None = None,
    is_active: bool | None = None,
    app_secret: str = "",
    verify_token: str = "",
) -> MetaApp:
    """Change what is given; of a new app secret the one before counts for seven days more.

    Raises: ForbiddenError, WeakSecretError.
    """
    actor.require(Permission.MANAGE_NUMBERS)
    name = app.name if name is None else name
    is_active = app.is_active if is_active is None else is_active
    with context.platform(), transaction.atomic():
        if app_secret:
            apps.rotate_secret(actor=actor.user, app=app, app_secret=app_secret)
        if verify_token:
            apps.set_verify_token(actor=actor.user, app=app, verify_token=verify_token)
        if (name, is_active) != (app.name, app.is_active):
            apps.change_app(actor=actor.user, app=app, name=name, is_active=is_active)
    return app


def hold(app_id: int) -> None:
    """Let nobody else change an app before the caller's transaction has ended."""
    with context.platform():
        MetaApp.objects.select_for_update(of=("self",)).filter(pk=app_id).first()


def forget_previous_secret(*, actor: Actor, app: MetaApp) -> None:
    """Refuse at once what earlier secrets signed. Raises: ForbiddenError."""
    actor.require(Permission.MANAGE_NUMBERS)
    apps.forget_previous_secret(actor=actor.user, app=app)


def remove(*, actor: Actor, app: MetaApp) -> None:
    """Take no more of an app's webhooks. Raises: ForbiddenError, AppInUseError."""
    actor.require(Permission.MANAGE_NUMBERS)
    apps.remove_app(actor=actor.user, app=app)


def move_number(*, actor: Actor, phone_id: int, app: MetaApp | None) -> PhoneRoute:
    """Let another app bring a number's events from now on; None is the platform's.

    What the app before has not brought yet is then set aside as nobody's.
    Raises: ForbiddenError, NotFoundError, NoPlatformAppError, AppInactiveError.
    """
    actor.require(Permission.MANAGE_NUMBERS)
    phone = Phone.objects.filter(pk=phone_id).first()
    if phone is None:
        raise NotFoundError
    with context.platform(), transaction.atomic():
        target = _locked(actor, app)
        route = PhoneRoute.objects.filter(
            phone_number_id=phone.phone_number_id, tenant=actor.tenant
        ).first()
        if route is None:
            raise NotFoundError
        before, route.app = route.app_id, target
        if before != target.pk:
            route.save(update_fields=["app"])
            audit.record(
                actor=actor.user,
                action="number.app_changed",
                target=route,
                tenant=actor.tenant,
                changes={"from": before, "to": target.pk},
            )
    return route


def _locked(actor: Actor, app: MetaApp | None) -> MetaApp:
    """Lock the app, so that it is not removed while a number moves to it."""
    owner = {"tenant": None} if app is None else {"pk": app.pk, "tenant": actor.tenant}
    found = MetaApp.objects.select_for_update(of=("self",)).filter(removed_at=None, **owner).first()
    if found is None:
        raise NoPlatformAppError if app is None else NotFoundError
    if not found.is_active:
        raise AppInactiveError
    return found
