"""Let people choose a new password: with the one they have, or with a link in a letter.

A link is signed by what is known of its person, the password itself included: so it works once,
and not after any other change of the password. Nothing of it is kept.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tenants import addresses, audit, context, limits, secrets, selectors, throttling, trace
from tenants.errors import DomainError, ForbiddenError
from tenants.limits import Limit
from tenants.models import Tenant, User
from tenants.permissions import Actor
from tenants.services import credentials, letters, links, mail, people
from tenants.services.links import LinkOverError

HOUR = 3600
# Letters an hour: to one account, and asked for from one address.
TO_ONE, FROM_ONE = 3, 20
# An id is a number of PostgreSQL's bigint.
_ID_MAX_CHARACTERS = 18


class TooManyLettersError(DomainError):
    code = "too_many_letters"
    http_status = 429
    message = _("So many letters are not sent in such a short time. Please try again later.")


class PresentPasswordError(DomainError):
    code = "present_password_wrong"
    http_status = 400
    message = _("This is not your present password.")


class _Links(PasswordResetTokenGenerator):
    """Signs for one tenant's host."""

    key_salt = "tenants.services.passwords"

    def __init__(self, tenant: Tenant) -> None:
        super().__init__()
        self._tenant = tenant

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        state = (self._tenant.pk, user.pk, user.password, user.token_version, user.email)
        return "|".join(map(str, (*state, timestamp)))


def ask(*, tenant: Tenant, email: str, language: str, now: datetime) -> None:
    """Send a link to whoever works here under an address; the same work and no word otherwise.

    One who asks too often for an account gets no more letters, and nobody learns of it.
    Raises: mail.MailOffError, mail.MailAddressError; TooManyLettersError for an address that asks
    for many.
    """
    mail.require_set_up()
    to_one, from_one = limits.count(_limits(email))
    if from_one.is_over:
        raise TooManyLettersError(retry_after_seconds=from_one.resets_seconds)
    found = people.find(email=email)
    is_here = found is not None and selectors.actor_of(found, tenant) is not None
    user = found if found is not None and is_here else User(email=email)
    address = links.address(tenant, f"/password/{_token(tenant, user)}")
    letter = letters.password(tenant=tenant, link=address, language=language)
    with context.platform(), transaction.atomic():
        mail.post(
            to=user.email,
            subject=letter.subject,
            body=letter.body,
            tenant=tenant,
            until=now + timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT),
        )
        about = found or tenant
        audit.record(actor=None, action="user.password_asked", target=about, tenant=tenant)
        transaction.set_rollback(not is_here or to_one.is_over)


def opened(*, tenant: Tenant, token: str) -> User:
    """Return whose password a link may change. Raises: LinkOverError."""
    number, _mark, signed = token.partition("-")
    if not number.isdecimal() or not number.isascii() or len(number) > _ID_MAX_CHARACTERS:
        raise LinkOverError
    with context.platform():
        user = User.objects.filter(pk=int(number)).first()
    if user is None or not _Links(tenant).check_token(user, signed):
        raise LinkOverError
    if selectors.actor_of(user, tenant) is None:
        raise LinkOverError  # he does not work here any more
    return user


def renew(*, tenant: Tenant, token: str, password: str) -> User:
    """Give whoever has a link's letter the password; every session ends.

    Raises: LinkOverError, people.WeakPasswordError.
    """
    user = opened(tenant=tenant, token=token)
    with context.platform(), transaction.atomic():
        # Rival: the same link in another window; whoever is second finds another password.
        user = User.objects.select_for_update().get(pk=user.pk)
        opened(tenant=tenant, token=token)
        people.set_password(actor=user, user=user, password=password)
        throttling.succeeded(email=user.email)
    return user


def require_own(*, actor: Actor) -> User:
    """Return who acts, if it is somebody who works here. Raises: ForbiddenError."""
    if actor.user is None or actor.support is not None:
        raise ForbiddenError  # whoever helps is somebody else here
    return actor.user


def change(*, actor: Actor, present: str, password: str) -> User:
    """Give somebody who is at work another password; every other session ends.

    Raises: ForbiddenError, people.WeakPasswordError, PresentPasswordError,
    throttling.TooManyFailuresError.
    """
    try:
        user = credentials.owner(email=require_own(actor=actor).email, password=present)
    except credentials.RefusedError:
        raise PresentPasswordError from None
    people.set_password(actor=user, user=user, password=password)
    return user


def rename(*, actor: Actor, name: str) -> None:
    """Let somebody be called otherwise, everywhere he works. Raises: ForbiddenError."""
    user = require_own(actor=actor)
    people.change_user(actor=user, user=user, email=user.email, name=" ".join(name.split()))


def _token(tenant: Tenant, user: User) -> str:
    return f"{user.pk or 0}-{_Links(tenant).make_token(user)}"


def _limits(email: str) -> list[Limit]:
    account, address = email.strip().casefold(), trace.current.get().ip_address
    network = addresses.network_of(address) if address else ""
    hashes = [secrets.mac(one, purpose="letters", size_bytes=12) for one in (account, network)]
    return [
        Limit("letters to one", f"letters-to:{hashes[0]}", TO_ONE, HOUR),
        Limit("letters asked for", f"letters-from:{hashes[1]}", FROM_ONE, HOUR),
    ]
