"""Who may do what: the one table, what keys' scopes give of it, and the actor of every door."""

import enum
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants.errors import ForbiddenError
from tenants.models import ApiKey, Membership, SupportAccess, Tenant, User

Role = Membership.Role


class ScopeMissingError(ForbiddenError):
    code = "scope_missing"
    message = _("This API key has no scope that allows this.")


class Permission(enum.Enum):
    """An act that some roles may do."""

    # Numbers, templates and jobs by name or id, for an act that has a permission of its own.
    FIND = "find"
    READ_CONVERSATIONS = "read_conversations"
    READ_CONTACTS = "read_contacts"
    READ_TEMPLATES = "read_templates"
    READ_NUMBERS = "read_numbers"
    READ_BROADCASTS = "read_broadcasts"
    READ_ANALYTICS = "read_analytics"
    REPLY = "reply"
    HANDLE_CONVERSATIONS = "handle_conversations"
    MANAGE_LABELS = "manage_labels"
    EDIT_CONTACTS = "edit_contacts"
    BLOCK_CONTACTS = "block_contacts"
    MANAGE_ATTRIBUTES = "manage_attributes"
    SYNC_TEMPLATES = "sync_templates"
    FOLLOW_JOBS = "follow_jobs"
    BROADCAST = "broadcast"
    MANAGE_NUMBERS = "manage_numbers"
    MANAGE_TEMPLATES = "manage_templates"
    MANAGE_PEOPLE = "manage_people"
    MANAGE_WEBHOOKS = "manage_webhooks"
    MANAGE_KEYS = "manage_keys"
    OWN_SESSIONS = "own_sessions"
    SEE_SUPPORT = "see_support"


_EVERYBODY = frozenset({Role.ADMIN, Role.OPERATOR, Role.VIEWER})
_WHO_ANSWER = frozenset({Role.ADMIN, Role.OPERATOR})
_ADMINS = frozenset({Role.ADMIN})

TABLE: dict[Permission, frozenset[str]] = {
    Permission.FIND: _EVERYBODY,
    Permission.READ_CONVERSATIONS: _EVERYBODY,
    Permission.READ_CONTACTS: _EVERYBODY,
    Permission.READ_TEMPLATES: _EVERYBODY,
    Permission.READ_NUMBERS: _EVERYBODY,
    Permission.READ_BROADCASTS: _EVERYBODY,
    Permission.READ_ANALYTICS: _EVERYBODY,
    Permission.REPLY: _WHO_ANSWER,
    Permission.HANDLE_CONVERSATIONS: _WHO_ANSWER,
    Permission.MANAGE_LABELS: _ADMINS,
    Permission.EDIT_CONTACTS: _WHO_ANSWER,
    Permission.BLOCK_CONTACTS: _WHO_ANSWER,
    Permission.MANAGE_ATTRIBUTES: _ADMINS,
    Permission.SYNC_TEMPLATES: _WHO_ANSWER,
    Permission.FOLLOW_JOBS: _EVERYBODY,
    Permission.BROADCAST: _WHO_ANSWER,
    Permission.MANAGE_NUMBERS: _ADMINS,
    Permission.MANAGE_TEMPLATES: _ADMINS,
    Permission.MANAGE_PEOPLE: _ADMINS,
    Permission.MANAGE_WEBHOOKS: _ADMINS,
    Permission.MANAGE_KEYS: _ADMINS,
    Permission.OWN_SESSIONS: _EVERYBODY,
    Permission.SEE_SUPPORT: _ADMINS,
}


class Scope(enum.StrEnum):
    """What a key may be made for. Whoever may write something may read it, messages excepted."""

    CONVERSATIONS_READ = "conversations:read"
    CONVERSATIONS_WRITE = "conversations:write"
    MESSAGES_WRITE = "messages:write"
    CONTACTS_READ = "contacts:read"
    CONTACTS_WRITE = "contacts:write"
    TEMPLATES_READ = "templates:read"
    TEMPLATES_WRITE = "templates:write"
    NUMBERS_READ = "numbers:read"
    NUMBERS_WRITE = "numbers:write"
    BROADCASTS_READ = "broadcasts:read"
    BROADCASTS_WRITE = "broadcasts:write"
    ANALYTICS_READ = "analytics:read"

    @property
    def label(self) -> str | Promise:
        return _LABELS[self]


_LABELS: dict[Scope, str | Promise] = {
    Scope.CONVERSATIONS_READ: _("Read conversations, with their messages and files"),
    Scope.CONVERSATIONS_WRITE: _("Read, assign, label, note, snooze and close conversations"),
    Scope.MESSAGES_WRITE: _("Send messages, and take them back"),
    Scope.CONTACTS_READ: _("Read contacts, what they agreed to, and who is blocked"),
    Scope.CONTACTS_WRITE: _("Change and block contacts, and note what they agreed to"),
    Scope.TEMPLATES_READ: _("Read templates"),
    Scope.TEMPLATES_WRITE: _("Create, change and delete templates"),
    Scope.NUMBERS_READ: _("Read numbers and their profiles"),
    Scope.NUMBERS_WRITE: _("Connect, change and release numbers, and their Meta apps"),
    Scope.BROADCASTS_READ: _("Read broadcasts and what became of them"),
    Scope.BROADCASTS_WRITE: _("Create and run broadcasts"),
    Scope.ANALYTICS_READ: _("Read counts and times of the team's work"),
}

_READ: dict[str, frozenset[Permission]] = {
    Scope.CONVERSATIONS_READ: frozenset({Permission.READ_CONVERSATIONS}),
    Scope.CONTACTS_READ: frozenset({Permission.READ_CONTACTS}),
    Scope.TEMPLATES_READ: frozenset({Permission.READ_TEMPLATES}),
    Scope.NUMBERS_READ: frozenset({Permission.READ_NUMBERS}),
    Scope.BROADCASTS_READ: frozenset({Permission.READ_BROADCASTS}),
    Scope.ANALYTICS_READ: frozenset({Permission.READ_ANALYTICS}),
}
SCOPES: dict[str, frozenset[Permission]] = {
    **_READ,
    Scope.CONVERSATIONS_WRITE: _READ[Scope.CONVERSATIONS_READ]
    | {Permission.HANDLE_CONVERSATIONS, Permission.MANAGE_LABELS},
    Scope.MESSAGES_WRITE: frozenset({Permission.REPLY}),
    Scope.CONTACTS_WRITE: _READ[Scope.CONTACTS_READ]
    | {
        Permission.EDIT_CONTACTS,
        Permission.BLOCK_CONTACTS,
        Permission.MANAGE_ATTRIBUTES,
        Permission.FOLLOW_JOBS,
    },
    Scope.TEMPLATES_WRITE: _READ[Scope.TEMPLATES_READ]
    | {Permission.MANAGE_TEMPLATES, Permission.SYNC_TEMPLATES, Permission.FOLLOW_JOBS},
    Scope.NUMBERS_WRITE: _READ[Scope.NUMBERS_READ]
    | {Permission.MANAGE_NUMBERS, Permission.FOLLOW_JOBS},
    Scope.BROADCASTS_WRITE: _READ[Scope.BROADCASTS_READ] | {Permission.BROADCAST},
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever acts in a tenant: a person, a program with a key, or the system itself.

    The system (neither user nor key) has every permission.
    """

    tenant: Tenant
    user: User | None
    role: str | None
    key: ApiKey | None = None
    support: SupportAccess | None = None  # by which a super-admin has that role, for a while

    @property
    def is_system(self) -> bool:
        return self.user is None and self.key is None

    def may(self, *permissions: Permission) -> bool:
        """Tell whether the role, or the key's scopes, give any of the permissions."""
        if self.key is not None:
            given = frozenset().union(*(SCOPES.get(scope, ()) for scope in self.key.scopes))
            return bool(given.intersection(permissions)) or bool(
                given and Permission.FIND in permissions
            )
        return self.is_system or any(self.role in TABLE[one] for one in permissions)

    def may_give(self, role: str) -> bool:
        """Tell whether somebody may be given a role: nobody gives more than he has."""
        return self.is_system or _given_by(role) <= _given_by(self.role)

    def require(self, *permissions: Permission) -> None:
        """Pass with any of the permissions. Raises: ForbiddenError, ScopeMissingError."""
        if not self.may(*permissions):
            raise ForbiddenError if self.key is None else ScopeMissingError


def _given_by(role: str | None) -> frozenset[Permission]:
    return frozenset(permission for permission, roles in TABLE.items() if role in roles)


def key_actor(key: ApiKey) -> Actor:
    """Return the actor of a program with a key, which acts as itself."""
    return Actor(tenant=key.tenant, user=None, role=None, key=key)


def support_actor(access: SupportAccess) -> Actor:
    """Return the super-admin as an actor of the tenant that he was let into."""
    return Actor(tenant=access.tenant, user=access.user, role=access.role, support=access)


def system_actor(tenant: Tenant) -> Actor:
    """Return the actor of work that nobody asked for."""
    return Actor(tenant=tenant, user=None, role=None)
