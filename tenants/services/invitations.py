"""Ask people into a tenant by e-mail; whether an address has an account shows nowhere."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet, Value
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from tenants import audit, context, selectors
from tenants.errors import DomainError, ForbiddenError
from tenants.models import Invitation, Membership, Tenant, User
from tenants.permissions import Actor, Permission
from tenants.services import credentials, letters, links, mail, people
from tenants.services.links import LinkOverError

VALID_DAYS = 7
# Of a tenant, and of a tenant for one address.
A_DAY, A_DAY_TO_ONE = 100, 5
LETTERS_MAX = 10
LETTER_EVERY = timedelta(minutes=1)
DAY = timedelta(days=1)


class RoleTooHighError(ForbiddenError):
    code = "role_too_high"
    message = _("Nobody gives others more than he has himself.")


class AlreadyInvitedError(DomainError):
    code = "already_invited"
    http_status = 409
    message = _("This address is invited already: send it the letter again, or withdraw it.")


class TooManyInvitationsError(DomainError):
    code = "too_many_invitations"
    http_status = 429
    message = _("So many invitations are not sent in such a short time. Please try again later.")


def invite(*, actor: Actor, email: str, role: str, language: str, now: datetime) -> Invitation:
    """Invite the person of an address; the letter is in the same transaction.

    Raises: ForbiddenError, RoleTooHighError, mail.MailOffError, people.AlreadyMemberError,
    AlreadyInvitedError, TooManyInvitationsError, mail.MailAddressError.
    """
    inviter = _inviter(actor, role)
    token = links.new_token()
    with context.platform(), transaction.atomic():
        # The rival is another invitation: for the same address, or the last of the day.
        tenant = Tenant.objects.select_for_update().get(pk=actor.tenant.pk)
        _refuse_known(tenant, email, now)
        _refuse_too_many(tenant, email, now)
        invitation = Invitation.objects.create(
            tenant=tenant,
            email=email,
            role=role,
            language=language,
            token_hash=links.digest(token),
            invited_by=inviter,
            sent_at=now,
            expires_at=now + timedelta(days=VALID_DAYS),
        )
        invitation.refresh_from_db(fields=["created_at"])
        _send(invitation, token)
        _record(actor.user, "invitation.made", invitation)
    return invitation


def send_again(*, actor: Actor, invitation: Invitation, now: datetime) -> None:
    """Send a new letter with a new link; the one before works no more, and the days begin anew.

    Raises: ForbiddenError, RoleTooHighError, mail.MailOffError, TooManyInvitationsError,
    LinkOverError.
    """
    inviter = _inviter(actor, invitation.role)
    token = links.new_token()
    with context.platform(), transaction.atomic():
        # The rival is a second click.
        fresh = _open().select_for_update().filter(pk=invitation.pk).first()
        if fresh is None:
            raise LinkOverError
        wait = fresh.sent_at + LETTER_EVERY - now
        if fresh.letters >= LETTERS_MAX or wait > timedelta():
            wait = DAY if fresh.letters >= LETTERS_MAX else wait
            raise TooManyInvitationsError(retry_after_seconds=int(wait.total_seconds()) + 1)
        fresh.token_hash = links.digest(token)
        fresh.sent_at, fresh.letters = now, fresh.letters + 1
        fresh.expires_at = now + timedelta(days=VALID_DAYS)
        fresh.invited_by = inviter  # who answers for it from now on
        fresh.save()
        _send(fresh, token)
        _record(actor.user, "invitation.sent_again", fresh)
        invitation.refresh_from_db()


def withdraw(*, actor: Actor, invitation: Invitation, now: datetime) -> None:
    """End an invitation: its link works no more. Twice is no error. Raises: ForbiddenError."""
    actor.require(Permission.MANAGE_PEOPLE)
    with context.platform(), transaction.atomic():
        if _open().filter(pk=invitation.pk).update(withdrawn_at=now):
            _record(actor.user, "invitation.withdrawn", invitation)


def opened(*, tenant: Tenant, token: str, now: datetime) -> Invitation:
    """Return the invitation of a link, as long as it may be accepted. Raises: LinkOverError.

    Whoever invited must still be one who may: with him his invitations go.
    """
    with context.platform():
        found = _open().filter(tenant=tenant, token_hash=links.digest(token), expires_at__gt=now)
        invitation = found.select_related("tenant", "invited_by").first()
        if invitation is None or not _still_may(invitation):
            raise LinkOverError
    return invitation


def accept(*, invitation: Invitation, password: str, now: datetime) -> User:
    """Take in the person of the address, who proves with his password that the account is his.

    Raises: credentials.RefusedError, throttling.TooManyFailuresError, LinkOverError,
    people.AlreadyMemberError.
    """
    user = credentials.owner(email=invitation.email, password=password)
    with context.platform(), transaction.atomic():
        _take(invitation, now)
        _let_in(invitation, user)
    return user


def accept_as_new(*, invitation: Invitation, name: str, password: str, now: datetime) -> User:
    """Make an account for the person of the address, and take him in.

    Raises: LinkOverError, people.WeakPasswordError, people.EmailTakenError.
    """
    with context.platform(), transaction.atomic():
        _take(invitation, now)
        user = people.create_user(actor=None, email=invitation.email, name=name, password=password)
        _let_in(invitation, user)
    return user


def purge(*, now: datetime) -> int:
    """Delete those that ended long ago; for the periodic schedule."""
    with context.platform():
        old = Invitation.objects.filter(expires_at__lt=now - timedelta(days=90))
        count, _details = old.delete()
    return count


def _inviter(actor: Actor, role: str) -> User:
    actor.require(Permission.MANAGE_PEOPLE)
    if actor.user is None:
        raise ForbiddenError  # there is always a person who answers for it
    if not actor.may_give(role):
        raise RoleTooHighError
    mail.require_set_up()
    return actor.user


def _refuse_known(tenant: Tenant, email: str, now: datetime) -> None:
    members = Membership.objects.alias(lowered=Lower("user__email"))
    if members.filter(tenant=tenant, lowered=Lower(Value(email))).exists():
        raise people.AlreadyMemberError
    known = _open().alias(lowered=Lower("email")).filter(tenant=tenant, lowered=Lower(Value(email)))
    known.filter(expires_at__lte=now).update(withdrawn_at=now)
    if known.exists():
        raise AlreadyInvitedError


def _refuse_too_many(tenant: Tenant, email: str, now: datetime) -> None:
    today = Invitation.objects.filter(tenant=tenant, created_at__gt=now - DAY)
    to_one = today.alias(lowered=Lower("email")).filter(lowered=Lower(Value(email)))
    if to_one.count() >= A_DAY_TO_ONE or today.count() >= A_DAY:
        raise TooManyInvitationsError(retry_after_seconds=3600)


def _open() -> QuerySet[Invitation]:
    return Invitation.objects.filter(accepted_at=None, withdrawn_at=None)


def _still_may(invitation: Invitation) -> bool:
    inviter = invitation.invited_by
    if inviter.is_superuser and inviter.is_active:
        return True
    actor = selectors.actor_of(inviter, invitation.tenant)
    return actor is not None and actor.may(Permission.MANAGE_PEOPLE)


def _take(invitation: Invitation, now: datetime) -> None:
    # Compare and set: the rivals are a second click, and an admin who withdraws it.
    mine = _open().filter(pk=invitation.pk, token_hash=invitation.token_hash, expires_at__gt=now)
    if not mine.update(accepted_at=now):
        raise LinkOverError


def _let_in(invitation: Invitation, user: User) -> None:
    people.add_membership(actor=user, user=user, tenant=invitation.tenant, role=invitation.role)
    credentials.note_sign_in(user=user, tenant=invitation.tenant)
    _record(user, "invitation.accepted", invitation)


def _send(invitation: Invitation, token: str) -> None:
    letter = letters.invitation(
        tenant=invitation.tenant,
        role=invitation.role,
        link=links.address(invitation.tenant, f"/invitation/{token}"),
        days=VALID_DAYS,
        language=invitation.language,
    )
    mail.post(
        to=invitation.email,
        subject=letter.subject,
        body=letter.body,
        tenant=invitation.tenant,
        until=invitation.expires_at,
    )


def _record(actor: User | None, action: str, invitation: Invitation) -> None:
    audit.record(
        actor=actor,
        action=action,
        target=invitation,
        tenant=invitation.tenant,
        changes={"role": invitation.role},
    )
