"""Sign API clients in, keep them signed in and sign them out."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Q
from django.utils import timezone

from tenants import context, selectors, throttling, trace
from tenants.models import RefreshSession, Tenant
from tenants.permissions import Actor, Permission
from tenants.services import credentials, tokens
from tenants.services.tokens import Claims, InvalidTokenError, Kind


@dataclass(frozen=True, slots=True)
class Grant:
    """What a client gets to work with."""

    access: str
    refresh: str
    expires_in: int  # seconds that the access token lives
    tenant: UUID
    role: str


def start(
    *, tenant: Tenant | None, email: str, password: str, code: str = "", now: datetime
) -> Grant:
    """Open a session in an active tenant; ``code`` is a super-admin's second factor.

    Raises: credentials.RefusedError (also without a tenant), throttling.TooManyFailuresError.
    """
    actor = credentials.caller(tenant=tenant, email=email, password=password, code=code, now=now)
    if actor.user is None:
        raise credentials.RefusedError  # the system has no sessions
    jti = secrets.token_hex(16)
    with context.platform():
        session = RefreshSession.objects.create(
            user=actor.user,
            tenant=actor.tenant,
            support=actor.support,
            current_jti=jti,
            used_at=now,
            expires_at=_expiry(actor, now),
        )
    return _grant(actor, session.pk, jti, now)


def refresh(*, token: str, tenant: Tenant | None, now: datetime) -> Grant:
    """Exchange a refresh token, which works once, for a new pair.

    ``tenant`` is the host's (None on the public host), ``now`` the moment the request came in. Of
    several requests with the same token at the same time one wins; a token that was spent before
    this request began was copied by somebody, so its whole session ends. An address that brings
    many refused ones is slowed down. Raises: InvalidTokenError, throttling.TooManyFailuresError.
    """
    address = trace.current.get().ip_address
    throttling.check_token(address=address, now=timezone.now())
    try:
        return _refreshed(token, tenant, now)
    except InvalidTokenError:
        throttling.token_failed(address=address, now=timezone.now())
        raise


def _refreshed(token: str, tenant: Tenant | None, now: datetime) -> Grant:
    claims = _refresh_claims(token, tenant)
    actor = actor_of(claims, now=now)
    jti = secrets.token_hex(16)
    with context.platform():
        session = RefreshSession.objects.filter(pk=claims.session_id, revoked_at=None)
        # Compare and swap: the rival is the same token in another request.
        won = session.filter(current_jti=claims.jti).update(
            current_jti=jti, used_at=timezone.now(), expires_at=_expiry(actor, now)
        )
        if not won:
            session.filter(used_at__lt=now).update(revoked_at=now)
            raise InvalidTokenError
    return _grant(actor, claims.session_id, jti, now)


def end(*, session_id: UUID, now: datetime) -> None:
    """End one session; the person's other sessions go on. Twice is no error."""
    with context.platform():
        RefreshSession.objects.filter(pk=session_id, revoked_at=None).update(revoked_at=now)


def end_own(*, actor: Actor, now: datetime, but: UUID | None = None) -> None:
    """End a person's own sessions in the tenant, one excepted if named. Raises: ForbiddenError."""
    actor.require(Permission.OWN_SESSIONS)
    if actor.user is None:
        return
    with context.platform():
        own = RefreshSession.objects.filter(user=actor.user, tenant=actor.tenant, revoked_at=None)
        others = own if but is None else own.exclude(pk=but)
        others.update(revoked_at=now)


def end_by_token(*, token: str, tenant: Tenant | None, now: datetime) -> None:
    """End the session of a refresh token, spent or not. Raises: InvalidTokenError."""
    end(session_id=_refresh_claims(token, tenant).session_id, now=now)


def actor_of(claims: Claims, *, now: datetime) -> Actor:
    """Return whom a token speaks for as of this moment, in one query. Raises: InvalidTokenError."""
    actor = selectors.actor_in_session(
        user_id=claims.user_id,
        tenant_id=claims.tenant_id,
        session_id=claims.session_id,
        token_version=claims.token_version,
        now=now,
    )
    if actor is None:
        raise InvalidTokenError
    return actor


def purge(*, now: datetime) -> int:
    """Delete sessions: pages' that ended, API clients' that ended long ago. Periodic."""
    long_ago = now - Kind.REFRESH.lifetime
    with context.platform():
        ended = RefreshSession.objects.filter(
            Q(expires_at__lt=long_ago) | Q(revoked_at__lt=long_ago)
        )
        count, _details = ended.delete()
        pages, _details = Session.objects.filter(expire_date__lt=now).delete()
    return count + pages


def _expiry(actor: Actor, now: datetime) -> datetime:
    return now + Kind.REFRESH.lifetime if actor.support is None else actor.support.expires_at


def _refresh_claims(token: str, tenant: Tenant | None) -> Claims:
    """Read a refresh token that fits the host: a tenant's takes its own only."""
    claims = tokens.read(Kind.REFRESH, token)
    if tenant is not None and claims.tenant_id != tenant.pk:
        raise InvalidTokenError
    return claims


def _grant(actor: Actor, session_id: UUID, jti: str, now: datetime) -> Grant:
    if actor.user is None or actor.role is None:
        raise InvalidTokenError  # the system has no sessions
    claims = Claims(
        user_id=actor.user.pk,
        tenant_id=actor.tenant.pk,
        session_id=session_id,
        token_version=actor.user.token_version,
        jti=jti,
    )
    return Grant(
        access=tokens.sign(Kind.ACCESS, claims, now=now),
        refresh=tokens.sign(Kind.REFRESH, claims, now=now),
        expires_in=settings.ACCESS_TOKEN_SECONDS,
        tenant=actor.tenant.pk,
        role=actor.role,
    )
