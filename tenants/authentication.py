"""Who calls the API: the bearer of an access token, and nobody else."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from tenants.models import User
from tenants.permissions import Actor
from tenants.services import sessions, tokens


@dataclass(frozen=True, slots=True)
class Bearer:
    """What ``request.auth`` is: the actor of the token's tenant, and the session it came from."""

    actor: Actor
    session_id: UUID


class AccessTokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer <access token>``. A session's cookie is never looked at."""

    def authenticate(self, request: Request) -> tuple[User, Bearer] | None:
        """Return the person and the bearer. Raises: tokens.InvalidTokenError."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        claims = tokens.read(tokens.Kind.ACCESS, token.strip())
        host: Any = request._request.tenant  # type: ignore[attr-defined] # the middleware's
        if host is not None and host.pk != claims.tenant_id:
            raise tokens.InvalidTokenError
        actor = sessions.actor_of(claims, now=timezone.now())
        if actor.user is None:
            raise tokens.InvalidTokenError
        return actor.user, Bearer(actor=actor, session_id=claims.session_id)

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def bearer_of(request: Request) -> Bearer | None:
    """Return who bears the request's token; None for an anonymous one."""
    return request.auth if isinstance(request.auth, Bearer) else None


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
