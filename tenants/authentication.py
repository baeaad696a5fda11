"""Who calls the API: the bearer of an access token or of an API key, and nobody else."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from tenants import trace
from tenants.models import ApiKey, Tenant, User
from tenants.permissions import Actor
from tenants.services import keys, sessions, tokens


@dataclass(frozen=True, slots=True)
class Bearer:
    """What ``request.auth`` is: the actor of the token's tenant, and the session it came from."""

    actor: Actor
    session_id: UUID | None  # none of a key


class ApiKeyAuthentication(BaseAuthentication):
    """``Authorization: Bearer blc_...``, a program's."""

    def authenticate(self, request: Request) -> tuple[ApiKey, Bearer] | None:
        """Return the key and its bearer. Raises: tokens.InvalidTokenError."""
        secret = _brought(request)
        if secret is None or not secret.startswith(keys.BEGINNING):
            return None
        asked = trace.current.get()
        actor = keys.admit(
            secret=secret, host=_host(request), address=asked.ip_address, now=timezone.now()
        )
        if actor.key is None:
            raise tokens.InvalidTokenError
        trace.current.set(replace(asked, api_key_id=actor.key.pk))
        return actor.key, Bearer(actor=actor, session_id=None)

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class AccessTokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer <access token>``. A session's cookie is never looked at."""

    def authenticate(self, request: Request) -> tuple[User, Bearer] | None:
        """Return the person and the bearer. Raises: tokens.InvalidTokenError."""
        token = _brought(request)
        if token is None or token.startswith(keys.BEGINNING):
            return None
        claims = tokens.read(tokens.Kind.ACCESS, token)
        host = _host(request)
        if host is not None and host.pk != claims.tenant_id:
            raise tokens.InvalidTokenError
        actor = sessions.actor_of(claims, now=timezone.now())
        if actor.user is None:
            raise tokens.InvalidTokenError
        if actor.support is not None:
            trace.current.set(replace(trace.current.get(), support_id=actor.support.pk))
        return actor.user, Bearer(actor=actor, session_id=claims.session_id)

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def bearer_of(request: Request) -> Bearer | None:
    """Return who bears the request's token or key; None for an anonymous one."""
    return request.auth if isinstance(request.auth, Bearer) else None


def _brought(request: Request) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _host(request: Request) -> Tenant | None:
    host: Tenant | None = request._request.tenant  # type: ignore[attr-defined] # the middleware's
    return host


class ApiKeyScheme(OpenApiAuthenticationExtension):
    """How the OpenAPI document names the keys."""

    target_class = ApiKeyAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "blc_<id>_<secret>",
            "description": "A program's key, which an admin makes; it may do what its scopes say.",
        }


class AccessTokenScheme(OpenApiAuthenticationExtension):
    """How the OpenAPI document names the tokens."""

    target_class = AccessTokenAuthentication
    name = "accessToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "The access token of POST /api/v1/auth/login; it lives for 10 minutes.",
        }
