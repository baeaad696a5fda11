"""What stands before a tenant's pages: signed in, in a sufficient role, in a tenant that works."""

import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from tenants.errors import DomainError
from tenants.models import SupportAccess, Tenant, User
from tenants.permissions import Actor, Permission

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# The session's key for what it is bound to: a tenant's id, or PUBLIC for the console.
SESSION_BINDING = "bound_to"
PUBLIC = "public"
# And, of a super-admin who was let into a tenant, for the access that let him in.
SUPPORT = "support"
SUPPORT_OVER_URL = "/support/over"
# Longer than any access, so that its end can be told.
SUPPORT_SESSION_SECONDS = 24 * 3600
# As Django makes them: what else a cookie holds, PostgreSQL may not even be able to look for.
_SESSION_KEY = re.compile(r"[a-z0-9]{32}")

_P = ParamSpec("_P")


class OperatorRequest(HttpRequest):
    """A request on a tenant's host by somebody who works there (behind ``role_required``)."""

    user: User
    tenant: Tenant
    actor: Actor
    request_id: str
    htmx: HtmxDetails


class TenantSuspendedError(DomainError):
    code = "tenant_suspended"
    http_status = 403
    message = _(
        "This account is suspended: everything can be read, nothing can be sent or changed."
        " Ask the administrator of this installation."
    )


_View = Callable[Concatenate[OperatorRequest, _P], HttpResponseBase]


def role_required(
    permission: Permission,
) -> Callable[[_View[_P]], Callable[..., HttpResponseBase]]:
    """Let a view of a tenant's host be reached by roles that have the permission.

    Anonymous: to the log-in page and back.
    Raises: ForbiddenError; TenantSuspendedError for a change in a tenant that is suspended.
    """

    def decorate(view: _View[_P]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(
            request: OperatorRequest, *args: _P.args, **kwargs: _P.kwargs
        ) -> HttpResponseBase:
            actor: Actor | None = request.actor
            if actor is None:
                return to_login(request)
            actor.require(permission)
            if not request.tenant.is_active and request.method not in SAFE_METHODS:
                raise TenantSuspendedError
            return view(request, *args, **kwargs)

        guarded.permission = permission  # type: ignore[attr-defined] # read by the guard over all URLs
        return guarded

    return decorate


def to_login(request: HttpRequest) -> HttpResponse:
    """Send somebody to the log-in page, and from there back to where he wanted to go.

    A super-admin whose support access is over is told so instead.
    """
    mode = request.headers.get("Sec-Fetch-Mode", "navigate")
    is_over = getattr(request, "support_is_over", False)
    if request.headers.get("HX-Request"):
        # A fragment's place must not be filled with a whole page.
        back = _path_of(request.headers.get("HX-Current-URL", ""))
        return HttpResponseClientRedirect(SUPPORT_OVER_URL if is_over else _login_url(back))
    if mode != "navigate":
        return HttpResponse(status=401)
    back = request.get_full_path() if request.method == "GET" else ""
    return HttpResponseRedirect(SUPPORT_OVER_URL if is_over else _login_url(back))


def unreferred(response: HttpResponse) -> HttpResponse:
    """Keep the link, which is a secret, out of what the browser says where it goes from there."""
    # Not "no-referrer": forms would come without an Origin, and be refused.
    response["Referrer-Policy"] = "strict-origin"
    return response


def own_path(candidate: str, default: str) -> str:
    """Return ``candidate`` if every browser reads it as a path on this host, else ``default``."""
    odd = "\\" in candidate or not candidate.isprintable()
    if odd or not candidate.startswith("/") or candidate.startswith("//"):
        return default
    return candidate if url_has_allowed_host_and_scheme(candidate, allowed_hosts=None) else default


def session_key(cookies: Mapping[str, str]) -> str:
    """Return the session's key from the cookies; "" where there is none that could be ours."""
    key = cookies.get(settings.SESSION_COOKIE_NAME, "")
    return key if _SESSION_KEY.fullmatch(key) else ""


def _path_of(url: str) -> str:
    try:
        return urlunsplit(("", "", *urlsplit(url)[2:4], ""))
    except ValueError:  # brackets that hold no address
        return ""


def _login_url(back: str) -> str:
    path = own_path(back, "")
    return f"{settings.LOGIN_URL}?{urlencode({'next': path})}" if path else settings.LOGIN_URL


def begin_session(request: HttpRequest, user: User) -> None:
    """Sign somebody in on this host only, under a new session key and with an empty session."""
    tenant: Tenant | None = request.tenant  # type: ignore[attr-defined]
    request.session.flush()  # nothing that an earlier visitor, or an attacker, put there stays
    auth.login(request, user)
    request.session[SESSION_BINDING] = str(tenant.pk) if tenant is not None else PUBLIC


def begin_support_session(request: HttpRequest, access: SupportAccess) -> None:
    """Let a super-admin in on this host, for as long as the access lasts."""
    begin_session(request, access.user)
    request.session[SUPPORT] = access.pk
    request.session.set_expiry(SUPPORT_SESSION_SECONDS)
