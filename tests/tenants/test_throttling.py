from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from tenants import context, throttling
from tenants.models import LoginFailure
from tenants.services import credentials

ADDRESS = "203.0.113.7"
pytestmark = pytest.mark.django_db


def _fail(times, *, email="ana@acme.test", address=ADDRESS, now):
    for _ in range(times):
        throttling.failed(email=email, address=address, now=now)


class Turns:
    """Stands in for the semaphore, and looks who waits."""

    def __init__(self, *, free: bool) -> None:
        self.free = free
        self.taken = 0
        self.sessions: list[object] = []

    def acquire(self, timeout: float) -> bool:
        self.sessions.append(connection.connection)
        self.taken += self.free
        return self.free

    def release(self) -> None:
        self.taken -= 1


@pytest.mark.parametrize("path", ["/login/", "/api/v1/auth/login"])
def test_a_crowd_at_the_door_is_told_to_come_again(people, client, monkeypatch, path):
    monkeypatch.setattr(throttling, "_turns", Turns(free=False))
    given = {"email": "ana@acme.test", "password": "demo"}

    kind = {"content_type": "application/json"} if path.startswith("/api/") else {}
    answer = client.post(path, given, headers={"host": "acme.localhost"}, **kind)

    assert answer.status_code == 429
    assert "Many people are signing in" in answer.content.decode()
    with context.platform():
        assert not LoginFailure.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_whoever_waits_for_a_turn_holds_no_database_session(people, monkeypatch):
    turns = Turns(free=True)
    monkeypatch.setattr(throttling, "_turns", turns)

    user = credentials.super_admin(email="admin@balcao.test", password="demo")
    with pytest.raises(credentials.RefusedError):
        credentials.super_admin(email="admin@balcao.test", password="wrong")

    assert user == people["admin@balcao.test"]
    assert turns.sessions == [None, None]
    assert turns.taken == 0


def test_guesses_that_were_under_way_count(people, monkeypatch):
    class Late(Turns):
        def acquire(self, timeout: float) -> bool:
            _fail(throttling.FREE_PER_ACCOUNT, now=timezone.now())
            return super().acquire(timeout)

    monkeypatch.setattr(throttling, "_turns", Late(free=True))

    with pytest.raises(throttling.TooManyFailuresError):
        credentials.super_admin(email="ana@acme.test", password="demo")


def test_the_first_failures_cost_nothing(noon):
    _fail(throttling.FREE_PER_ACCOUNT - 1, now=noon)

    throttling.check(email="ana@acme.test", address=ADDRESS, now=noon)


def test_a_failure_beside_the_try_costs_nothing_either(noon):
    _fail(1, now=noon + timedelta(milliseconds=50))

    throttling.check(email="ana@acme.test", address=ADDRESS, now=noon)


def test_the_account_is_slowed_from_any_address_and_in_any_spelling(noon):
    _fail(throttling.FREE_PER_ACCOUNT, now=noon)

    with pytest.raises(throttling.TooManyFailuresError) as caught:
        throttling.check(email=" ANA@acme.test", address="198.51.100.1", now=noon)

    assert caught.value.http_status == 429
    assert caught.value.context["retry_after_seconds"] == 2


def test_whoever_waits_gets_a_turn_however_many_failures_there_were(noon):
    _fail(200, now=noon)
    later = noon + timedelta(seconds=throttling.DELAY_MAX_SECONDS)

    throttling.check(email="ana@acme.test", address="198.51.100.1", now=later)


def test_one_address_that_tries_many_accounts_is_slowed(noon):
    for number in range(throttling.FREE_PER_ADDRESS):
        _fail(1, email=f"{number}@acme.test", now=noon)

    with pytest.raises(throttling.TooManyFailuresError):
        throttling.check(email="fresh@acme.test", address=ADDRESS, now=noon)
    throttling.check(email="fresh@acme.test", address="198.51.100.1", now=noon)


def test_a_whole_ipv6_network_is_one_address(noon):
    for number in range(throttling.FREE_PER_ADDRESS):
        _fail(1, email=f"{number}@acme.test", address=f"2001:db8:1:2::{number:x}", now=noon)

    with pytest.raises(throttling.TooManyFailuresError):
        throttling.check(email="fresh@acme.test", address="2001:db8:1:2:ffff::1", now=noon)
    throttling.check(email="fresh@acme.test", address="2001:db8:1:3::1", now=noon)


def test_an_ipv4_address_written_as_ipv6_is_the_same_address(noon):
    for number in range(throttling.FREE_PER_ADDRESS):
        _fail(1, email=f"{number}@acme.test", address=f"::ffff:{ADDRESS}", now=noon)

    with pytest.raises(throttling.TooManyFailuresError):
        throttling.check(email="fresh@acme.test", address=ADDRESS, now=noon)


def test_a_success_forgives_the_account_and_not_the_address(noon):
    _fail(throttling.FREE_PER_ADDRESS, now=noon)

    throttling.succeeded(email="Ana@acme.test")

    throttling.check(email="ana@acme.test", address="198.51.100.1", now=noon)
    with pytest.raises(throttling.TooManyFailuresError):
        throttling.check(email="ana@acme.test", address=ADDRESS, now=noon)


def test_failures_older_than_the_window_are_forgotten_and_purged(noon):
    _fail(throttling.FREE_PER_ACCOUNT, now=noon - throttling.WINDOW)

    throttling.check(email="ana@acme.test", address=ADDRESS, now=noon)

    assert throttling.purge(now=noon) == 2 * throttling.FREE_PER_ACCOUNT


def test_rows_hold_neither_addresses_nor_accounts(noon):
    _fail(1, now=noon)

    with context.platform():
        keys = "".join(LoginFailure.objects.values_list("key", flat=True))
    assert "ana" not in keys
    assert ADDRESS not in keys


@pytest.mark.parametrize(
    ("failures", "seconds"), [(4, 0), (5, 1), (6, 2), (8, 8), (11, 60), (999, 60)]
)
def test_delays_double_up_to_a_minute(failures, seconds):
    assert throttling.delay_seconds(failures, 5) == seconds
