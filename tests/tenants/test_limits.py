"""Requests are counted exactly by all processes together, and by each alone without Redis."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.http import HttpResponse

from tenants import buckets, limits
from tenants.buckets import AwayError
from tenants.limits import Count, Limit


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    monkeypatch.setattr(buckets, "_silent_until", 0.0)
    monkeypatch.setattr(limits, "_local", {})


@pytest.fixture
def away(monkeypatch):
    def run(*_args):
        raise AwayError

    monkeypatch.setattr(buckets, "run", run)


def limit(quota=3, seconds=60, name="plan"):
    return Limit(name, f"test:{uuid4()}", quota, seconds)


def test_each_request_is_counted_once_and_looking_counts_none():
    one = limit()

    assert limits.look(one) == Count(one, 0, 60)
    counts = [limits.count([one])[0] for _ in range(4)]

    assert [(each.used, each.left, each.is_over) for each in counts] == [
        (1, 2, False),
        (2, 1, False),
        (3, 0, False),
        (4, 0, True),
    ]
    assert limits.look(one).used == 4
    assert all(0 < each.resets_seconds <= 60 for each in counts)


def test_a_window_ends():
    one = limit(seconds=1)
    limits.count([one])
    key = f"{buckets.settings.BUCKET_KEY_PREFIX}requests:{one.key}"

    buckets._redis().pexpire(key, 1)
    while buckets._redis().exists(key):
        pass

    assert limits.count([one])[0].used == 1


def test_several_limits_are_one_call(monkeypatch):
    calls, real = [], buckets.run
    monkeypatch.setattr(buckets, "run", lambda *what: calls.append(what) or real(*what))
    plan, address = limit(), limit(5, 30, "address")

    counts = limits.count([plan, address])

    assert len(calls) == 1
    assert [each.limit for each in counts] == [plan, address]
    assert limits.count([]) == []


def test_nobody_is_lost_side_by_side():
    one = limit(quota=1000)

    with ThreadPoolExecutor(8) as pool:
        used = sorted(pool.map(lambda _n: limits.count([one])[0].used, range(200)))

    assert used == list(range(1, 201))


def test_without_redis_a_process_counts_for_itself(away):
    one = limit(quota=2)

    counts = [limits.count([one])[0] for _ in range(3)]

    assert [each.is_over for each in counts] == [False, False, True]
    assert limits.look(one).used == 3
    assert limits.count([limit()])[0].used == 1


def test_without_redis_counts_take_no_room_for_ever(away, monkeypatch):
    monkeypatch.setattr(limits, "LOCAL_MAX", 10)

    for _ in range(50):
        limits.count([limit()])

    assert len(limits._local) <= 10


def test_what_was_counted_is_told_as_the_draft_has_it():
    response = HttpResponse()

    limits.tell(
        response,
        [
            Count(Limit("plan", "k", 1000, 3600), 1, 3599),
            Count(Limit("address", "k", 5, 60), 9, 7),
        ],
    )

    assert response["RateLimit-Policy"] == '"plan";q=1000;w=3600, "address";q=5;w=60'
    assert response["RateLimit"] == '"plan";r=999;t=3599, "address";r=0;t=7'


@pytest.mark.parametrize(
    ("quota", "marks"), [(1, {1: [80, 100]}), (5, {4: [80], 5: [100]}), (1000, {800: [80]})]
)
def test_a_mark_is_passed_by_one_request(quota, marks):
    of = Limit("plan", "k", quota, 3600)

    found = {
        used: passed
        for used in range(1, 10 if quota < 10 else 999)
        if (passed := [mark for mark in (80, 100) if Count(of, used, 1).passes(mark)])
    }

    assert found == marks
