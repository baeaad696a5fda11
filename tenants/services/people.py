"""People of the installation: accounts, and their places in tenants. Nobody is ever deleted."""

from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants import audit, context
from tenants.errors import DomainError
from tenants.models import Membership, RefreshSession, Tenant, User


class EmailTakenError(DomainError):
    code = "email_taken"
    http_status = 409
    message = _("There is an account with this e-mail address already.")


class WeakPasswordError(DomainError):
    code = "password_weak"
    message = _("This password is too easy to guess.")


class AlreadyMemberError(DomainError):
    code = "already_member"
    http_status = 409
    message = _("This person works for this tenant already.")


class LastAdminError(DomainError):
    code = "last_admin"
    http_status = 409
    message = _("This is the last admin of %(name)s: make somebody else an admin first.")


class LastSuperAdminError(DomainError):
    code = "last_super_admin"
    http_status = 409
    message = _("This is the last super-admin: make somebody else one first.")


def find(*, email: str) -> User | None:
    """Return the account of an address, whatever its case."""
    with context.platform():
        return User.objects.alias(lowered=Lower("email")).filter(lowered=email.lower()).first()


def create_user(
    *, actor: User | None, email: str, name: str, password: str, is_superuser: bool = False
) -> User:
    """Create an account. Raises: EmailTakenError, WeakPasswordError."""
    user = User(email=email.strip(), name=name, is_superuser=is_superuser)
    _set_password(user, password)
    with context.platform():
        try:
            with transaction.atomic():
                user.save()
                _record(actor, "user.created", user, {"is_superuser": is_superuser})
        except IntegrityError as error:
            raise EmailTakenError from error
    return user


def change_user(*, actor: User | None, user: User, email: str, name: str) -> None:
    """Change a person's name and the address that he signs in with. Raises: EmailTakenError."""
    with context.platform():
        before = User.objects.get(pk=user.pk)
        changed = [f for f, new in (("email", email), ("name", name)) if getattr(before, f) != new]
        if not changed:
            return
        user.email, user.name = email, name
        try:
            with transaction.atomic():
                user.save(update_fields=changed)
                _record(actor, "user.changed", user, {"fields": changed})
        except IntegrityError as error:
            raise EmailTakenError from error


def set_password(*, actor: User | None, user: User, password: str) -> None:
    """Give a new password and end every session, page and API. Raises: WeakPasswordError."""
    _set_password(user, password)
    with context.platform(), transaction.atomic():
        User.objects.filter(pk=user.pk).update(password=user.password)
        _end_sessions(user)
        _record(actor, "user.password_set", user)


def deactivate(*, actor: User | None, user: User, reason: str = "") -> bool:
    """Lock a person out everywhere, at once. False if that is so already.

    Raises: LastAdminError, LastSuperAdminError.
    """
    with context.platform(), transaction.atomic():
        for membership in user.memberships.filter(role=Membership.Role.ADMIN).order_by("tenant_id"):
            _require_other_admin(membership)
        _require_other_super_admin(user)
        if not User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
            return False
        _end_sessions(user)
        _record(actor, "user.deactivated", user, reason=reason)
    user.is_active = False
    return True


def reactivate(*, actor: User | None, user: User, reason: str = "") -> bool:
    """Let a person in again. False if he was not locked out."""
    with context.platform(), transaction.atomic():
        if not User.objects.filter(pk=user.pk, is_active=False).update(is_active=True):
            return False
        _record(actor, "user.reactivated", user, reason=reason)
    user.is_active = True
    return True


def set_super_admin(*, actor: User | None, user: User, is_superuser: bool) -> None:
    """Give or take the console. Raises: LastSuperAdminError."""
    with context.platform(), transaction.atomic():
        if not is_superuser:
            _require_other_super_admin(user)
        changed = User.objects.filter(pk=user.pk).exclude(is_superuser=is_superuser)
        if changed.update(is_superuser=is_superuser):
            _record(actor, "user.super_admin_set", user, {"is_superuser": is_superuser})
    user.is_superuser = is_superuser


def add_membership(*, actor: User | None, user: User, tenant: Tenant, role: str) -> Membership:
    """Let a person work for a tenant. Raises: AlreadyMemberError."""
    with context.platform():
        try:
            with transaction.atomic():
                membership = Membership.objects.create(user=user, tenant=tenant, role=role)
                _record_membership(actor, "membership.added", membership)
        except IntegrityError as error:
            raise AlreadyMemberError from error
    return membership


def set_role(*, actor: User | None, membership: Membership, role: str) -> None:
    """Change what a person may do in a tenant, from his next request on. Raises: LastAdminError."""
    with context.platform(), transaction.atomic():
        if role != Membership.Role.ADMIN:
            _require_other_admin(membership)
        if Membership.objects.filter(pk=membership.pk).exclude(role=role).update(role=role):
            membership.role = role
            _record_membership(actor, "membership.role_set", membership)


def remove_membership(*, actor: User | None, membership: Membership, reason: str = "") -> None:
    """End a person's work for a tenant, at once. What he wrote stays. Raises: LastAdminError."""
    with context.platform(), transaction.atomic():
        _require_other_admin(membership)
        _record_membership(actor, "membership.removed", membership, reason=reason)
        _revoke(RefreshSession.objects.filter(user=membership.user_id, tenant=membership.tenant_id))
        membership.delete()


def _require_other_admin(membership: Membership) -> None:
    # The rival is another admin who leaves at this moment: each would see the other still there.
    tenant = Tenant.objects.select_for_update().get(pk=membership.tenant_id)
    admins = Membership.objects.filter(
        tenant=tenant, role=Membership.Role.ADMIN, user__is_active=True
    )
    mine = admins.filter(pk=membership.pk).exists()
    if mine and not admins.exclude(pk=membership.pk).exists():
        raise LastAdminError(LastAdminError.message % {"name": tenant.name})


def _require_other_super_admin(user: User) -> None:
    # The rival is another super-admin who leaves at this moment, as above.
    admins = User.objects.select_for_update().filter(is_superuser=True, is_active=True)
    keys = set(admins.order_by("pk").values_list("pk", flat=True))
    if keys == {user.pk}:
        raise LastSuperAdminError


def _set_password(user: User, password: str) -> None:
    try:
        password_validation.validate_password(password, user)
    except ValidationError as error:
        raise WeakPasswordError(" ".join(error.messages)) from error
    user.set_password(password)


def _end_sessions(user: User) -> None:
    """End API sessions. Pages end by themselves: their hash no longer fits, or the user is off."""
    User.objects.filter(pk=user.pk).update(token_version=F("token_version") + 1)
    _revoke(RefreshSession.objects.filter(user=user))
    user.refresh_from_db(fields=["token_version"])


def _revoke(sessions: QuerySet[RefreshSession]) -> None:
    sessions.filter(revoked_at=None).update(revoked_at=timezone.now())


def _record(
    actor: User | None,
    action: str,
    user: User,
    changes: dict[str, object] | None = None,
    *,
    reason: str = "",
) -> None:
    audit.record(actor=actor, action=action, target=user, changes=changes, reason=reason)


def _record_membership(
    actor: User | None, action: str, membership: Membership, *, reason: str = ""
) -> None:
    audit.record(
        actor=actor,
        action=action,
        target=membership,
        tenant=membership.tenant,
        changes={"user": membership.user_id, "role": membership.role},
        reason=reason,
    )
