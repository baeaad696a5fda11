"""Check who somebody is by e-mail address and password."""

from django.contrib import auth
from django.utils.translation import gettext_lazy as _

from tenants import context, selectors
from tenants.errors import DomainError
from tenants.models import Tenant, User


class RefusedError(DomainError):
    """One sentence for every case: who has an account here is nobody's business."""

    code = "credentials_refused"
    http_status = 401
    message = _("This e-mail address and password do not open this account.")


def member(*, tenant: Tenant, email: str, password: str) -> User:
    """Return the person behind the credentials, who works in the tenant. Raises: RefusedError."""
    user = _authenticated(email, password)
    if user is None or selectors.actor_of(user, tenant) is None:
        raise RefusedError
    return user


def super_admin(*, email: str, password: str) -> User:
    """Return the super-admin behind the credentials. Raises: RefusedError."""
    user = _authenticated(email, password)
    if user is None or not user.is_superuser:
        raise RefusedError
    return user


def _authenticated(email: str, password: str) -> User | None:
    with context.platform():
        user = auth.authenticate(username=email, password=password)
    return user if isinstance(user, User) else None
