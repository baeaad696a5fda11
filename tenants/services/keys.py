"""API keys: made and revoked by admins, brought by programs."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tenants import audit, context
from tenants.errors import DomainError, ForbiddenError
from tenants.models import ApiKey, Tenant
from tenants.permissions import Actor, Permission, key_actor
from tenants.services.tokens import InvalidTokenError

# What scanners for leaked secrets look for.
BEGINNING = "blc_"
_FORM = re.compile(r"blc_([a-z0-9]{12})_[A-Za-z0-9]{40}")
_LOWER = "abcdefghijklmnopqrstuvwxyz0123456789"
_LETTERS = _LOWER + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_NOBODYS = hashlib.sha256(b"").hexdigest()
_USE_NOTED_EVERY = timedelta(minutes=1)
KEYS_MAX = 100  # of a tenant that are not revoked


class ExpiryPastError(DomainError):
    code = "expiry_past"
    http_status = 400
    message = _("This moment is over already: give one to come, or none.")


class NetworkInvalidError(DomainError):
    code = "network_invalid"
    http_status = 400
    message = _("“%(network)s” is no address or network, such as 203.0.113.7 or 203.0.113.0/24.")


class TooManyKeysError(DomainError):
    code = "too_many_keys"
    http_status = 409
    message = _("This account has 100 API keys: revoke one that is not needed any more.")


class OtherKeyError(DomainError):
    code = "idempotency_other_body"
    http_status = 422
    message = _("This Idempotency-Key was used with another request.")


@dataclass(frozen=True, slots=True)
class Made:
    """A key and, this once, what its program brings; None when a request was repeated."""

    key: ApiKey
    secret: str | None


def make(
    *,
    actor: Actor,
    name: str,
    scopes: Iterable[str],
    now: datetime,
    networks: Iterable[str] = (),
    expires_at: datetime | None = None,
    made_as: str | None = None,
) -> Made:
    """Make a key. ``made_as`` names the request: the same again makes no second key.

    Raises: ForbiddenError, ExpiryPastError, NetworkInvalidError, TooManyKeysError, OtherKeyError.
    """
    actor.require(Permission.MANAGE_KEYS)
    if actor.user is None:
        raise ForbiddenError  # there is always a person who answers for a key
    prefix = "".join(secrets.choice(_LOWER) for _ in range(12))
    secret = f"{BEGINNING}{prefix}_{''.join(secrets.choice(_LETTERS) for _ in range(40))}"
    key = ApiKey(
        tenant=actor.tenant,
        name=name,
        prefix=prefix,
        secret_hash=_hash(secret),
        scopes=sorted(set(scopes)),
        networks=canonical_networks(networks),
        made_as=None if made_as is None else _hash(f"{actor.user.pk}|{made_as}"),
        created_by=actor.user,
        expires_at=expires_at,
    )
    with context.platform():
        if (first := _made_before(key)) is not None:
            return first
        if key.is_over(now):
            raise ExpiryPastError
        if ApiKey.objects.filter(tenant=actor.tenant, revoked_at=None).count() >= KEYS_MAX:
            raise TooManyKeysError
        try:
            with transaction.atomic():
                key.save()
                _record(actor, "api_key.made", key)
        except IntegrityError:
            # The rival is the same request, which came twice at once.
            first = _made_before(key)
            if first is None:
                raise
            return first
        key.refresh_from_db(fields=["created_at"])
    return Made(key, secret)


def revoke(*, actor: Actor, key: ApiKey, now: datetime) -> None:
    """End a key at once: its next request is refused, and what it queued fails. Twice is no error.

    Raises: ForbiddenError.
    """
    actor.require(Permission.MANAGE_KEYS)
    with context.platform(), transaction.atomic():
        found = ApiKey.objects.filter(pk=key.pk, tenant=actor.tenant, revoked_at=None)
        if found.update(revoked_at=now):
            _record(actor, "api_key.revoked", key)
    key.refresh_from_db(fields=["revoked_at"])


def admit(*, secret: str, host: Tenant | None, address: str | None, now: datetime) -> Actor:
    """Return whom a key speaks for on a host (None: the public one). One query.

    Whatever is wrong with it, the answer and the work are the same. When it was used is noted to
    the minute. Raises: InvalidTokenError.
    """
    form = _FORM.fullmatch(secret)
    with context.platform():
        key = (
            ApiKey.objects.select_related("tenant__plan")
            .filter(prefix=form[1] if form is not None else "")
            .first()
        )
        is_right = hmac.compare_digest(_hash(secret), _NOBODYS if key is None else key.secret_hash)
        if key is None or not is_right or not _holds(key, host, address, now):
            raise InvalidTokenError
        _note_use(key, now)
    return key_actor(key)


def canonical_networks(networks: Iterable[str]) -> list[str]:
    """Return networks as they are kept. Raises: NetworkInvalidError."""
    found = set()
    for text in networks:
        try:
            network = ip_network(text.strip(), strict=False)
        except ValueError:
            sentence = NetworkInvalidError.message % {"network": text[:60]}
            raise NetworkInvalidError(sentence) from None
        one = network.num_addresses == 1
        found.add(str(network.network_address if one else network))
    return sorted(found)


def _holds(key: ApiKey, host: Tenant | None, address: str | None, now: datetime) -> bool:
    return (
        key.revoked_at is None
        and not key.is_over(now)
        and key.tenant.is_active
        and (host is None or host.pk == key.tenant_id)
        and _comes_from(key.networks, address)
    )


def _comes_from(networks: list[str], address: str | None) -> bool:
    if not networks:
        return True
    if address is None:
        return False
    parsed = ip_address(address)
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return any(parsed in ip_network(network) for network in networks)


def _note_use(key: ApiKey, now: datetime) -> None:
    before = now - _USE_NOTED_EVERY
    if key.last_used_at is not None and key.last_used_at > before:
        return
    # Rivals: the key's other requests. One of them notes it.
    stale = Q(last_used_at=None) | Q(last_used_at__lte=before)
    ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)


def _made_before(key: ApiKey) -> Made | None:
    if key.made_as is None:
        return None
    first = ApiKey.objects.filter(tenant=key.tenant, made_as=key.made_as).first()
    if first is None:
        return None
    if any(
        getattr(first, field) != getattr(key, field)
        for field in ("name", "scopes", "networks", "expires_at")
    ):
        raise OtherKeyError
    return Made(first, None)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def _record(actor: Actor, action: str, key: ApiKey) -> None:
    audit.record(
        actor=actor.user,
        action=action,
        target=key,
        tenant=actor.tenant,
        changes={"scopes": key.scopes},
    )
