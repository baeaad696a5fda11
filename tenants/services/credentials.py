"""Check who somebody is by e-mail address and password, and slow down who guesses."""

from datetime import datetime

from django.conf import settings
from django.contrib import auth
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants import context, selectors, support, throttling, trace
from tenants.errors import DomainError
from tenants.models import Membership, Tenant, User
from tenants.permissions import Actor
from tenants.services import second_factor


class RefusedError(DomainError):
    """One sentence for every case: who has an account here is nobody's business."""

    code = "credentials_refused"
    http_status = 401
    message = _("This e-mail address and password do not open this account.")


def member(*, tenant: Tenant | None, email: str, password: str) -> User:
    """Return the person behind the credentials, who works in the tenant.

    Every refusal takes the same work and says the same, also for a tenant that does not exist
    (None).
    Raises: RefusedError, throttling.TooManyFailuresError.
    """
    user = _authenticated(email, password)
    if user is None or tenant is None or selectors.actor_of(user, tenant) is None:
        raise _refusal(email)
    throttling.succeeded(email=email)
    note_sign_in(user=user, tenant=tenant)
    return user


def caller(*, tenant: Tenant | None, email: str, password: str, code: str, now: datetime) -> Actor:
    """Return whoever signs in at a tenant's API: a member, or a super-admin who is in just now.

    He brings the code of his second factor, too, as he does on the console.
    Raises: RefusedError, throttling.TooManyFailuresError.
    """
    user = _authenticated(email, password)
    actor = None
    if user is not None and tenant is not None:
        actor = selectors.actor_of(user, tenant) or _let_in(user, tenant, code, now)
    if user is None or tenant is None or actor is None:
        raise _refusal(email)
    throttling.succeeded(email=email)
    note_sign_in(user=user, tenant=tenant)
    return actor


def owner(*, email: str, password: str) -> User:
    """Return the person behind the credentials, wherever he works.

    Raises: RefusedError, throttling.TooManyFailuresError.
    """
    user = _authenticated(email, password)
    if user is None:
        raise _refusal(email)
    throttling.succeeded(email=email)
    return user


def super_admin(*, email: str, password: str) -> User:
    """Return the super-admin behind the credentials.

    Raises: RefusedError, throttling.TooManyFailuresError.
    """
    user = _authenticated(email, password)
    if user is None or not user.is_superuser:
        raise _refusal(email)
    throttling.succeeded(email=email)
    return user


def note_sign_in(*, user: User, tenant: Tenant) -> None:
    """Remember when somebody came in here last."""
    with context.platform():
        Membership.objects.filter(user=user, tenant=tenant).update(signed_in_at=timezone.now())


def _let_in(user: User, tenant: Tenant, code: str, now: datetime) -> Actor | None:
    actor = support.actor_at(user=user, tenant=tenant, now=now)
    if actor is None or (settings.BALCAO_DEMO and not code):
        return actor
    try:
        second_factor.check(user=user, code=code)
    except second_factor.WrongCodeError:
        return None
    return actor


def _authenticated(email: str, password: str) -> User | None:
    address = trace.current.get().ip_address
    throttling.check(email=email, address=address, now=timezone.now())
    with throttling.turn():
        # Again: the rivals are guesses that were under way when we looked first.
        throttling.check(email=email, address=address, now=timezone.now())
        with context.platform():
            user = auth.authenticate(username=email, password=password)
    return user if isinstance(user, User) else None


def _refusal(email: str) -> RefusedError:
    address = trace.current.get().ip_address
    throttling.failed(email=email, address=address, now=timezone.now())
    return RefusedError()
