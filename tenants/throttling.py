"""Slow down who guesses: passwords by account and by address, tokens by address, never for good.

Rows in PostgreSQL, so that it works without Redis. A refused try is not counted: whoever waits as
long as he was told gets his turn, and no stranger can push an owner's turn away for ever.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import BoundedSemaphore

from django.db import connection
from django.db.models import Count, Max
from django.utils.translation import gettext_lazy as _

from tenants import addresses, context, secrets
from tenants.errors import DomainError
from tenants.models import LoginFailure

WINDOW = timedelta(hours=1)
DELAY_MAX_SECONDS = 60
# Failures within the window that cost nothing. People of one office share an address.
FREE_PER_ACCOUNT = 5
FREE_PER_ADDRESS = 20
# A password's hash takes a processor for a third of a second. So many are made at once.
TURNS = 4
TURN_SECONDS = 3.0
_turns = BoundedSemaphore(TURNS)


class TooManyFailuresError(DomainError):
    code = "too_many_failures"
    http_status = 429
    message = _("Too many failed tries. Please wait a moment and try again.")


class BusyError(TooManyFailuresError):
    code = "busy"
    message = _("Many people are signing in at the moment. Please try again in a few seconds.")


@dataclass(frozen=True, slots=True)
class _Key:
    value: str
    free: int


def check(*, email: str, address: str | None, now: datetime) -> None:
    """Pass, or say how long to wait. One query. Raises: TooManyFailuresError."""
    _check(_keys(email, address), now=now)


def check_token(*, address: str | None, now: datetime) -> None:
    """Do the same for an address that brings a refresh token. Raises: TooManyFailuresError."""
    _check(_token_keys(address), now=now)


@contextmanager
def turn() -> Iterator[None]:
    """Wait for a turn to check a password. Raises: BusyError.

    Whoever waits holds no database session: a crowd of strangers at the door must not take them
    from the people at work.
    """
    if not connection.in_atomic_block:
        connection.close()
    if not _turns.acquire(timeout=TURN_SECONDS):
        raise BusyError(retry_after_seconds=int(TURN_SECONDS))
    try:
        yield
    finally:
        _turns.release()


def failed(*, email: str, address: str | None, now: datetime) -> None:
    """Count a wrong password against the account (whether or not it exists) and the address."""
    _count(_keys(email, address), now=now)


def token_failed(*, address: str | None, now: datetime) -> None:
    """Count a refused refresh token against the address, apart from its wrong passwords.

    A program that keeps an old token must not keep the people of its office from signing in.
    """
    _count(_token_keys(address), now=now)


def succeeded(*, email: str) -> None:
    """Forget the account's failures. The address keeps its own: a stranger has an account too."""
    with context.platform():
        LoginFailure.objects.filter(key=_account(email).value).delete()


def purge(*, now: datetime) -> int:
    """Delete what no check reads any more; for the periodic schedule."""
    with context.platform():
        count, _details = LoginFailure.objects.filter(at__lte=now - WINDOW).delete()
    return count


def delay_seconds(failures: int, free: int) -> int:
    """Return how long after the last failure the next try may come: 1, 2, 4, ... 60 seconds."""
    if failures < free:
        return 0
    return min(DELAY_MAX_SECONDS, 2 ** min(failures - free, 10))


def _check(keys: list[_Key], *, now: datetime) -> None:
    free = {key.value: key.free for key in keys}
    with context.platform():
        rows = list(
            LoginFailure.objects.filter(key__in=free, at__gt=now - WINDOW)
            .values("key")
            .annotate(failures=Count("id"), last_at=Max("at"))
        )
    # What costs nothing yet is no wait, also where a failure beside this try is later than it.
    waits = [
        row["last_at"] + timedelta(seconds=delay) - now
        for row in rows
        if (delay := delay_seconds(row["failures"], free[row["key"]]))
    ]
    longest = max(waits, default=timedelta())
    if longest > timedelta():
        raise TooManyFailuresError(retry_after_seconds=int(longest.total_seconds()) + 1)


def _count(keys: list[_Key], *, now: datetime) -> None:
    values = [key.value for key in keys]
    with context.platform():
        LoginFailure.objects.filter(key__in=values, at__lte=now - WINDOW).delete()
        LoginFailure.objects.bulk_create(LoginFailure(key=value, at=now) for value in values)


def _keys(email: str, address: str | None) -> list[_Key]:
    return [_account(email), *_network("address", address)]


def _token_keys(address: str | None) -> list[_Key]:
    return _network("token", address)


def _network(kind: str, address: str | None) -> list[_Key]:
    if not address:
        return []
    return [_Key(_hash(kind, addresses.network_of(address)), FREE_PER_ADDRESS)]


def _account(email: str) -> _Key:
    return _Key(_hash("account", email.strip().casefold()), FREE_PER_ACCOUNT)


def _hash(kind: str, value: str) -> str:
    # A surrogate in an address is refused elsewhere; here it must only not be an error.
    text = value.encode(errors="replace").decode()
    return f"{kind}:{secrets.mac(text, purpose=f'login-{kind}', size_bytes=16)}"
