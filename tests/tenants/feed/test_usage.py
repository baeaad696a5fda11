"""The counts of a tenant's days, and what is taken from them again."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from tenants import context
from tenants.feed import usage
from tenants.feed.models import UsageDay
from tenants.feed.usage import Month
from tenants.services import usage as reading


@pytest.fixture
def cursor(acme):
    with context.tenant(acme.schema_name), connection.cursor() as cursor:
        yield cursor


def days():
    return list(UsageDay.objects.order_by("day").values_list("day", "received", "sent"))


def today():
    return timezone.now().astimezone(UTC).date()


def test_a_day_adds_up(cursor):
    usage.count(cursor, received=2)
    usage.count(cursor, received=1, sent=3)

    assert days() == [(today(), 3, 3)]


def test_what_never_left_is_taken_from_its_own_day(cursor):
    yesterday = timezone.now() - timedelta(days=1)
    UsageDay.objects.create(day=yesterday.date(), received=1, sent=5)
    usage.count(cursor, sent=5)

    usage.take_back(cursor, [yesterday, yesterday, timezone.now()])

    assert days() == [(yesterday.date(), 1, 3), (today(), 0, 4)]


def test_the_day_is_that_of_utc(cursor):
    UsageDay.objects.create(day="2026-11-10", sent=1)
    UsageDay.objects.create(day="2026-11-11", sent=1)

    # Late in the evening in São Paulo it is tomorrow already.
    usage.take_back(cursor, [datetime.fromisoformat("2026-11-10T22:30:00-03:00")])

    assert [sent for _day, _received, sent in days()] == [1, 0]


def test_nothing_falls_below_nothing(cursor):
    usage.count(cursor, sent=1)

    usage.take_back(cursor, [timezone.now()] * 3 + [timezone.now() - timedelta(days=400)])
    usage.take_back(cursor, [])

    assert days() == [(today(), 0, 0)]


def test_a_count_goes_with_its_transaction(cursor):
    with transaction.atomic():
        usage.count(cursor, received=1)
        transaction.set_rollback(True)

    assert days() == []


def test_a_month_is_the_calendars(acme, globex, cursor):
    first = today().replace(day=1)
    UsageDay.objects.create(day=first - timedelta(days=1), received=100, sent=100)
    usage.count(cursor, received=1, sent=2)
    if today() != first:
        UsageDay.objects.create(day=first, received=10, sent=20)
        assert reading.month_of(acme) == Month(received=11, sent=22)
    else:
        assert reading.month_of(acme) == Month(received=1, sent=2)

    assert reading.month_of(globex) == Month(received=0, sent=0)
