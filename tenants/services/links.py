"""Links in letters that work once. The token in one is a secret; we keep its hash."""

import hashlib
import secrets

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from tenants import context
from tenants.errors import DomainError
from tenants.models import Domain, Tenant


class LinkOverError(DomainError):
    """One answer for every link that does not work: nobody learns what there was."""

    code = "link_over"
    http_status = 404
    message = _("This link is not whole, too old, or was used already. Ask for a new one.")


def new_token() -> str:
    """Return what stands in a link."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def address(tenant: Tenant, path: str) -> str:
    """Return the address of a page of a tenant: on its own host, whatever a request claimed."""
    with context.platform():
        host = Domain.objects.get(tenant=tenant, is_primary=True).domain
    port = "" if settings.PUBLIC_PORT is None else f":{settings.PUBLIC_PORT}"
    return f"{'https' if settings.IS_TLS else 'http'}://{host}{port}{path}"
