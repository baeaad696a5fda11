"""Sign and read the API's tokens. Whatever a stranger puts into one, the answer is 401."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError

from tenants import secrets
from tenants.errors import DomainError

TOKEN_MAX_CHARACTERS = 2048
_LATEST = 2**40


class InvalidTokenError(DomainError):
    code = "token_invalid"
    http_status = 401
    message = _("This token is not valid here, or no longer.")


class Kind(StrEnum):
    ACCESS = "access"
    REFRESH = "refresh"

    @property
    def lifetime(self) -> timedelta:
        if self is Kind.ACCESS:
            return timedelta(seconds=settings.ACCESS_TOKEN_SECONDS)
        return timedelta(days=settings.REFRESH_TOKEN_DAYS)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says. Role and status are not in it: they are read on every request."""

    user_id: int
    tenant_id: UUID
    session_id: UUID
    token_version: int
    jti: str


def sign(kind: Kind, claims: Claims, *, now: datetime) -> str:
    """Return the signed token, valid for the kind's lifetime from ``now``."""
    token: str = _backend().encode(
        {
            "token_type": kind.value,
            "exp": int((now + kind.lifetime).timestamp()),
            "aud": str(claims.tenant_id),
            "sub": str(claims.user_id),
            "sid": str(claims.session_id),
            "tv": claims.token_version,
            "jti": claims.jti,
        }
    )
    return token


def read(kind: Kind, token: str) -> Claims:
    """Return the claims of a token of ours that has not expired. Raises: InvalidTokenError."""
    if len(token) > TOKEN_MAX_CHARACTERS or not token.isascii():
        raise InvalidTokenError
    try:
        return _claims(kind, _backend().decode(token))  # type: ignore[arg-type] # it wants text
    except (TokenBackendError, ValueError, TypeError, OverflowError, RecursionError):
        raise InvalidTokenError from None


@cache
def _backend() -> TokenBackend:
    # A key of its own, so that nothing else that SECRET_KEY signs can pass for a token.
    return TokenBackend("HS256", signing_key=secrets.mac(purpose="api-token", size_bytes=32))


def _claims(kind: Kind, payload: dict[str, Any]) -> Claims:
    if payload.get("token_type") != kind.value:
        raise InvalidTokenError
    expires_at = payload.get("exp")
    if type(expires_at) is not int or expires_at > _LATEST:
        raise InvalidTokenError  # a text, a float or for ever, which the library would take
    return Claims(
        user_id=_number(payload.get("sub")),
        tenant_id=_uuid(payload.get("aud")),
        session_id=_uuid(payload.get("sid")),
        token_version=_version(payload.get("tv")),
        jti=_text(payload.get("jti")),
    )


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > 64:
        raise InvalidTokenError
    return value


def _number(value: object) -> int:
    text = _text(value)
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise InvalidTokenError
    return int(text)


def _version(value: object) -> int:
    if type(value) is not int or not 0 <= value < 2**31:
        raise InvalidTokenError
    return value


def _uuid(value: object) -> UUID:
    """Take the canonical form only: an audience is one tenant, spelt in one way."""
    parsed = UUID(_text(value))
    if str(parsed) != value:
        raise InvalidTokenError
    return parsed
