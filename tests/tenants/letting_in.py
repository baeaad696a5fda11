"""A super-admin who was let into a tenant: his browser and his programs there."""

from django.test import Client
from django.utils import timezone

from tenants import context
from tenants.models import RefreshSession, SupportAccess, Tenant, User
from tenants.services import support, tokens
from tenants.services.support import Opened
from tenants.services.tokens import Kind
from tests.api import Api, open_session

REASON = "Ticket 4711: a template is not shown"


def opened(boss: User, tenant: Tenant, role: str = "VIEWER") -> Opened:
    """Open a tenant as the console does; nobody is in yet."""
    return support.open_access(
        actor=boss, tenant=tenant, role=role, reason=REASON, now=timezone.now()
    )


def entered(boss: User, tenant: Tenant, role: str = "VIEWER") -> SupportAccess:
    """Open a tenant and use the link."""
    link = opened(boss, tenant, role).link
    return support.enter(tenant=tenant, token=link.partition("=")[2], now=timezone.now())


def path_of(link: str) -> str:
    """Return a link's path on the tenant's host."""
    return "/" + link.split("/", 3)[3]


def let_in(boss: User, tenant: Tenant, role: str = "VIEWER") -> Client:
    """Return his browser on the tenant's host."""
    browser = Client(SERVER_NAME=f"{tenant.subdomain}.localhost")
    browser.get(path_of(opened(boss, tenant, role).link))
    return browser


def api_let_in(boss: User, tenant: Tenant, role: str = "VIEWER") -> Api:
    """Return the API as he has it, let in and signed in without a password."""
    return api_by(entered(boss, tenant, role))


def api_by(access: SupportAccess) -> Api:
    """Return the API of somebody who is in already."""
    claims = open_session(access.user, access.tenant)
    with context.platform():
        RefreshSession.objects.filter(pk=claims.session_id).update(support=access)
    token = tokens.sign(Kind.ACCESS, claims, now=timezone.now())
    return Api(f"{access.tenant.subdomain}.localhost", token)
