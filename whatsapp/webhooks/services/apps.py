"""Meta apps whose webhooks we take: their secrets go in here and never come out."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants import audit, context, sealing, secrets
from tenants.errors import DomainError, NotFoundError
from tenants.models import Tenant, User
from whatsapp.webhooks.models import MetaApp, PhoneRoute

TABLE = "webhooks_metaapp"
SECRET_MIN_CHARACTERS = 16
VERIFY_TOKEN_MIN_CHARACTERS = 8
# What Meta could not bring at once it brings for so long, signed with the secret of that time.
PREVIOUS_KEPT = timedelta(days=7)


class AppTakenError(DomainError):
    code = "app_taken"
    http_status = 409
    message = _("This app is registered already, or there is a platform's app already.")


class AppGoneError(NotFoundError):
    """The app was removed since the caller looked."""


class WeakSecretError(DomainError):
    code = "secret_weak"
    message = _(
        "An app secret has 16 printable characters or more, a verify token 8 or more; no spaces."
    )


class AppInUseError(DomainError):
    code = "app_in_use"
    http_status = 409
    message = _("Numbers get their messages through this app: move them to another one first.")


def register_app(
    *,
    actor: User | None,
    name: str,
    app_id: str,
    app_secret: str,
    verify_token: str,
    tenant: Tenant | None = None,
) -> MetaApp:
    """Take a Meta app's webhooks from now on; without a tenant it is the platform's one app.

    The platform's own app is nobody else's. Raises: AppTakenError, WeakSecretError.
    """
    owner = None if tenant is None else tenant.pk
    app = MetaApp(
        name=name,
        app_id=app_id,
        tenant=tenant,
        app_secret_sealed=_sealed(owner, "app_secret", app_secret),
        verify_token_sealed=_sealed(owner, "verify_token", verify_token),
    )
    with context.platform():
        platforms = MetaApp.objects.filter(app_id=app_id, tenant=None, removed_at=None)
        if tenant is not None and platforms.exists():
            raise AppTakenError
        try:
            with transaction.atomic():
                app.save()
                _record(actor, "meta_app.registered", app)
        except IntegrityError as error:
            raise AppTakenError from error
    return app


def rotate_secret(*, actor: User | None, app: MetaApp, app_secret: str) -> bool:
    """Take a new app secret; those of the last days still open what Meta signed with them.

    False, and nothing changes, when it is the current secret already.
    Raises: WeakSecretError, AppGoneError.
    """
    if opened(app=app, column="app_secret") == app_secret:
        return False
    sealed = _sealed(app.tenant_id, "app_secret", app_secret)
    with context.platform(), transaction.atomic():
        # The rival is another rotation: what it made current must become the previous one.
        current = _locked(app)
        app.previous_secret_sealed = _previous(current, now=timezone.now())
        app.app_secret_sealed = sealed
        app.save(update_fields=["app_secret_sealed", "previous_secret_sealed"])
        _record(actor, "meta_app.secret_rotated", app)
    return True


def forget_previous_secret(*, actor: User | None, app: MetaApp, reason: str = "") -> bool:
    """Take no more of what the secret before the rotation signed. False if there was none."""
    with context.platform(), transaction.atomic():
        held = MetaApp.objects.filter(pk=app.pk).exclude(previous_secret_sealed="")
        if not held.update(previous_secret_sealed=""):
            return False
        _record(actor, "meta_app.previous_secret_forgotten", app, reason=reason)
    return True


def set_verify_token(*, actor: User | None, app: MetaApp, verify_token: str) -> None:
    """Take a new verify token; it counts at the next handshake only.

    Raises: WeakSecretError, AppGoneError.
    """
    app.verify_token_sealed = _sealed(app.tenant_id, "verify_token", verify_token)
    with context.platform(), transaction.atomic():
        _locked(app)
        app.save(update_fields=["verify_token_sealed"])
        _record(actor, "meta_app.verify_token_set", app)


def change_app(*, actor: User | None, app: MetaApp, name: str, is_active: bool) -> None:
    """Rename an app, or stop and resume taking its webhooks. Raises: AppGoneError."""
    app.name, app.is_active = name, is_active
    with context.platform(), transaction.atomic():
        _locked(app)
        app.save(update_fields=["name", "is_active"])
        _record(actor, "meta_app.changed", app, is_active=is_active)


def remove_app(*, actor: User | None, app: MetaApp) -> None:
    """Take no more of an app's webhooks and forget its secrets; what it brought stays.

    Raises: AppInUseError, while a number is on it; AppGoneError.
    """
    with context.platform(), transaction.atomic():
        # The rival is a number that is just being moved here: it waits, and then finds no app.
        _locked(app)
        if PhoneRoute.objects.filter(app=app).exists():
            raise AppInUseError
        app.app_secret_sealed = app.previous_secret_sealed = app.verify_token_sealed = ""
        app.is_active, app.removed_at = False, timezone.now()
        app.save(
            update_fields=[
                *("app_secret_sealed", "previous_secret_sealed", "verify_token_sealed"),
                *("is_active", "removed_at"),
            ]
        )
        _record(actor, "meta_app.removed", app)


def opened(*, app: MetaApp, column: str) -> str | None:
    """Return a secret in the clear, or None when no key that we have opens it."""
    return _open(app, getattr(app, f"{column}_sealed"), column)


def _open(app: MetaApp, sealed: str, column: str) -> str | None:
    try:
        return secrets.open(sealed, tenant=_owner(app.tenant_id), table=TABLE, column=column)
    except secrets.SealBrokenError:
        return None


def _locked(app: MetaApp) -> MetaApp:
    # Rival: a removal, whose emptied row must not be filled again.
    live = MetaApp.objects.select_for_update(of=("self",)).filter(pk=app.pk, removed_at=None)
    current = live.first()
    if current is None:
        raise AppGoneError
    return current


def _previous(app: MetaApp, *, now: datetime) -> str:
    """Return the secrets that still count once the current one is replaced."""
    known = [app.app_secret_sealed, *app.previous_secret_sealed.split()]
    # Each one's time ended when the one after it was sealed.
    ended = [now, *(sealing.sealed_at(newer) for newer in known[:-1])]
    kept = [one for one, at in zip(known, ended, strict=True) if now - at < PREVIOUS_KEPT]
    # One that no key opens any more would keep the whole app from being read.
    return " ".join(one for one in kept if _open(app, one, "app_secret") is not None)


def _sealed(owner: UUID | None, column: str, value: str) -> str:
    enough = SECRET_MIN_CHARACTERS if column == "app_secret" else VERIFY_TOKEN_MIN_CHARACTERS
    if len(value) < enough or not value.isascii() or not value.isprintable() or " " in value:
        raise WeakSecretError
    return secrets.seal(value, tenant=_owner(owner), table=TABLE, column=column)


def _owner(owner: UUID | None) -> str:
    return secrets.PLATFORM if owner is None else str(owner)


def _record(
    actor: User | None, action: str, app: MetaApp, *, reason: str = "", **changes: object
) -> None:
    audit.record(
        actor=actor, action=action, target=app, tenant=app.tenant, changes=changes, reason=reason
    )
