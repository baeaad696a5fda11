"""Who may do what: the one table, and the actor that every door acts for."""

import enum
from dataclasses import dataclass, field

from tenants.errors import ForbiddenError
from tenants.models import Membership, Tenant, User

Role = Membership.Role


class Permission(enum.Enum):
    """An act that some roles may do."""

    READ_CONVERSATIONS = "read_conversations"
    REPLY = "reply"
    BLOCK_CONTACTS = "block_contacts"
    BROADCAST = "broadcast"
    MANAGE_NUMBERS = "manage_numbers"
    MANAGE_TEMPLATES = "manage_templates"
    MANAGE_PEOPLE = "manage_people"
    MANAGE_WEBHOOKS = "manage_webhooks"


TABLE: dict[Permission, frozenset[str]] = {
    Permission.READ_CONVERSATIONS: frozenset({Role.ADMIN, Role.OPERATOR, Role.VIEWER}),
    Permission.REPLY: frozenset({Role.ADMIN, Role.OPERATOR}),
    Permission.BLOCK_CONTACTS: frozenset({Role.ADMIN, Role.OPERATOR}),
    Permission.BROADCAST: frozenset({Role.ADMIN, Role.OPERATOR}),
    Permission.MANAGE_NUMBERS: frozenset({Role.ADMIN}),
    Permission.MANAGE_TEMPLATES: frozenset({Role.ADMIN}),
    Permission.MANAGE_PEOPLE: frozenset({Role.ADMIN}),
    Permission.MANAGE_WEBHOOKS: frozenset({Role.ADMIN}),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever acts in a tenant: a person, or the system itself (no user, every permission)."""

    tenant: Tenant
    user: User | None
    role: str | None
    scopes: frozenset[str] = field(default_factory=frozenset)

    @property
    def is_system(self) -> bool:
        return self.user is None

    def may(self, permission: Permission) -> bool:
        """Tell whether the table gives this actor's role the permission."""
        return self.is_system or self.role in TABLE[permission]

    def require(self, permission: Permission) -> None:
        """Pass, or raise ForbiddenError."""
        if not self.may(permission):
            raise ForbiddenError


def system_actor(tenant: Tenant) -> Actor:
    """Return the actor of work that no person asked for."""
    return Actor(tenant=tenant, user=None, role=None)
