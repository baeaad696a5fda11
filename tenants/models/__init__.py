"""Who the customers are, who works for them, and what they let programs do."""

from tenants.models.joining import Invitation
from tenants.models.keys import ApiKey
from tenants.models.mail import Mail
from tenants.models.platform import (
    AuditEvent,
    Domain,
    LoginFailure,
    Membership,
    Plan,
    RefreshSession,
    Tenant,
    User,
    UserManager,
)
from tenants.models.rates import Rate
from tenants.models.support import SupportAccess

__all__ = [
    "ApiKey",
    "AuditEvent",
    "Domain",
    "Invitation",
    "LoginFailure",
    "Mail",
    "Membership",
    "Plan",
    "Rate",
    "RefreshSession",
    "SupportAccess",
    "Tenant",
    "User",
    "UserManager",
]
