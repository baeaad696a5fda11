"""What a tenant's admins do with the people who work for it."""

from django.utils.translation import gettext_lazy as _

from tenants import context
from tenants.errors import DomainError
from tenants.models import Membership, Tenant
from tenants.permissions import Actor, Permission
from tenants.services import people
from tenants.services.invitations import RoleTooHighError


class NotYourselfError(DomainError):
    code = "not_yourself"
    http_status = 409
    message = _("Nobody changes his own role or removes himself: ask another admin.")


def set_role(*, actor: Actor, membership: Membership, role: str) -> None:
    """Change what a person may do here, from his next request on.

    Raises: ForbiddenError, RoleTooHighError, NotYourselfError, people.LastAdminError.
    """
    _check(actor, membership)
    if not actor.may_give(role):
        raise RoleTooHighError
    people.set_role(actor=actor.user, membership=membership, role=role)


def remove(*, actor: Actor, membership: Membership) -> None:
    """End a person's work here, at once; what he wrote stays, and so does his account.

    Raises: ForbiddenError, NotYourselfError, people.LastAdminError.
    """
    _check(actor, membership)
    people.remove_membership(actor=actor.user, membership=membership)


def hold(user_id: int) -> None:
    """Let nobody else change a person's work in the current tenant before the transaction ends.

    In the order of the other writers: the tenant first, since there is always an admin.
    """
    schema = context.current_schema()
    with context.platform():
        tenant = Tenant.objects.select_for_update().get(schema_name=schema)
        Membership.objects.select_for_update().filter(tenant=tenant, user=user_id).first()


def _check(actor: Actor, membership: Membership) -> None:
    actor.require(Permission.MANAGE_PEOPLE)
    if actor.user is not None and actor.user.pk == membership.user_id:
        raise NotYourselfError
