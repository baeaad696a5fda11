"""Settle for every request which host it came to, and who is asking.

Both are sync only: under ASGI the whole request then runs in one thread, and what a ``finally``
undoes is undone after the answer was made, not before.
"""

import logging
import re
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation

from tenants import access, context, selectors, support, trace
from tenants.models import Tenant, User
from tenants.permissions import Actor

logger = logging.getLogger("tenants.requests")

GetResponse = Callable[[HttpRequest], HttpResponse]
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,36}")
# Everybody else is served, a suspended tenant read-only (see tenants.access).
_UNSERVED = {
    Tenant.Status.PROVISIONING: 503,
    Tenant.Status.BROKEN: 503,
    Tenant.Status.CANCELLED: 404,
}


class TenantMiddleware:
    """Work in the schema that the host name stands for, and leave it whatever happens."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.monotonic()
        token = trace.current.set(_trace(request))
        try:
            response = self._answer(request)
            response["X-Request-Id"] = trace.current.get().id
            _log(request, response, time.monotonic() - started)
        finally:
            context.leave()
            trace.current.reset(token)
        return response

    def _answer(self, request: HttpRequest) -> HttpResponse:
        request.tenant = None  # type: ignore[attr-defined]
        if not access.session_key(request.COOKIES):
            request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
        request.request_id = trace.current.get().id  # type: ignore[attr-defined]
        try:
            host = selectors.canonical_host(request.get_host())
        except DisallowedHost:
            return HttpResponse(
                "Bad Request: not a host name.\n", status=400, content_type="text/plain"
            )
        if selectors.is_public_host(host):
            request.urlconf = settings.PUBLIC_SCHEMA_URLCONF
            with context.platform():
                return self.get_response(request)
        tenant = selectors.tenant_by_host(host)
        if tenant is None:
            return _unserved(request, None, 404)
        if tenant.status in _UNSERVED:
            return _unserved(request, tenant, _UNSERVED[Tenant.Status(tenant.status)])
        request.tenant = tenant  # type: ignore[attr-defined]
        with context.tenant(tenant.schema_name):
            return self.get_response(request)


class ActorMiddleware:
    """Set ``request.actor`` from a session bound to this host's tenant, and from nothing else."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = None  # type: ignore[attr-defined]
        tenant: Tenant | None = request.tenant  # type: ignore[attr-defined]
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            bound = str(tenant.pk) if tenant is not None else access.PUBLIC
            if request.session.get(access.SESSION_BINDING) != bound:
                request.user = AnonymousUser()  # another tenant's cookie, copied to this host
            elif tenant is not None and request.user.is_authenticated:
                request.actor = _actor(request, tenant)  # type: ignore[attr-defined]
        return self.get_response(request)


def _actor(request: HttpRequest, tenant: Tenant) -> Actor | None:
    """Read what the person may do here now: as a member, or by the access that let him in."""
    user = cast(User, request.user)
    access_id = request.session.get(access.SUPPORT)
    if access_id is None:
        return selectors.actor_of(user, tenant)
    actor = support.actor_in(access_id=access_id, user=user, tenant=tenant, now=timezone.now())
    if actor is None:  # the session stays: whatever the page asks next is told so as well
        request.user = AnonymousUser()
        request.support_is_over = True  # type: ignore[attr-defined] # read by tenants.access
    else:
        trace.current.set(replace(trace.current.get(), support_id=access_id))
    return actor


def _trace(request: HttpRequest) -> trace.Request:
    """Take the id that our own proxy gave, else make one."""
    given = request.headers.get("X-Request-Id", "") if settings.TRUSTED_PROXY_COUNT else ""
    return trace.Request(
        id=given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex,
        ip_address=trace.client_address(request.META, settings.TRUSTED_PROXY_COUNT),
        arrived_at=_arrived_at(request),
    )


def _arrived_at(request: HttpRequest) -> datetime:
    """Take the moment that config.asgi noted; under WSGI a request has its thread at once."""
    noted: float = getattr(request, "scope", {}).get("arrived_at") or time.time()
    return datetime.fromtimestamp(noted, tz=UTC)


def _unserved(request: HttpRequest, tenant: Tenant | None, status: int) -> HttpResponse:
    shown = {"status": status, "is_known": tenant is not None}
    with translation.override(translation.get_language_from_request(request)):
        response = render(request, "tenants/unserved.html", shown, status=status)
    if status == 503:
        response["Retry-After"] = "60"
    return response


def _log(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    # The path only: a query string may hold what a customer wrote.
    logger.info(
        "%s %s%s %s %.0f ms",
        request.method,
        request.META.get("HTTP_HOST", ""),
        request.path,
        response.status_code,
        seconds * 1000,
    )
