"""Moments are reserved evenly, shared by everybody, and nobody gets more by asking oddly."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from redis import Redis

from config.demo import ports
from tenants import buckets
from tenants.buckets import AwayError, Pace, Pairs

FREE = Pairs(every_seconds=6.0, burst=45)


@pytest.fixture
def name():
    return f"test:{uuid4()}"


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    monkeypatch.setattr(buckets, "_silent_until", 0.0)


def reserve(name, count, *, rate=80.0, horizon=0.3, pairs=FREE, keys=None, plan=None, floor=0.0):
    return buckets.reserve(
        number=Pace(name, rate),
        plan=plan,
        pairs=pairs,
        keys=keys or [f"{name}:{uuid4()}" for _ in range(count)],
        horizon_seconds=horizon,
        floor_seconds=floor,
    )


def test_moments_are_as_far_apart_as_the_pace_says(name):
    slots = reserve(name, 10)

    assert slots.seconds[0] == 0.0
    assert slots.seconds == pytest.approx([place / 80 for place in range(10)], abs=1e-4)
    assert slots.rest_seconds == 0.0


def test_nothing_is_given_beyond_the_horizon(name):
    slots = reserve(name, 100, horizon=0.25)

    assert len(slots.seconds) == 21  # now, and every eightieth of a second up to the horizon
    assert slots.rest_seconds == pytest.approx(21 / 80, abs=1e-4)


def test_who_asks_next_gets_what_comes_after(name):
    first, second = reserve(name, 8), reserve(name, 8)

    assert second.seconds[0] == pytest.approx(first.seconds[-1] + 1 / 80, abs=0.05)
    assert second.seconds[0] <= first.seconds[-1] + 1 / 80


def test_many_who_ask_at_once_get_no_more_together(name):
    with ThreadPoolExecutor(8) as pool:
        slots = list(pool.map(lambda _: reserve(name, 5, rate=20, horizon=1.0), range(16)))

    assert 20 <= sum(len(one.seconds) for one in slots) <= 30  # a second's worth, and what it took


def test_a_customer_gets_a_burst_and_then_one_at_a_time(name):
    keys = [f"{name}:customer"] * 50
    slots = reserve(name, 50, rate=1000.0, horizon=10.0, keys=keys)

    assert [one >= 0 for one in slots.seconds] == [True] * 45 + [False] * 5
    assert -slots.seconds[45] == pytest.approx(6.0, abs=0.1)


def test_who_has_to_wait_takes_nobody_s_moment(name):
    keys = [f"{name}:a"] * 3 + [f"{name}:b"]
    slots = reserve(name, 4, keys=keys, pairs=Pairs(every_seconds=6.0, burst=1))

    assert [one >= 0 for one in slots.seconds] == [True, False, False, True]
    assert slots.seconds[3] == pytest.approx(1 / 80, abs=1e-5)


def test_two_numbers_share_their_plan_s_pace(name):
    plan = Pace(f"{name}:plan", 10)

    first = reserve(f"{name}:one", 5, plan=plan, horizon=2.0)
    second = reserve(f"{name}:two", 5, plan=plan, horizon=2.0)

    slots = sorted([*first.seconds, *second.seconds])
    # The first one may be anywhere in its tenth of a second; from then on they are even.
    assert slots[1:] == pytest.approx([slots[1] + place / 10 for place in range(9)], abs=0.02)
    assert slots[1] <= 0.1


def test_a_number_that_reserved_far_ahead_leaves_room_for_the_others(name):
    plan = Pace(f"{name}:plan", 100)
    slow = reserve(f"{name}:slow", 5, rate=10, plan=plan, horizon=1.0)

    quick = reserve(f"{name}:quick", 50, rate=80, plan=plan, horizon=0.5)

    assert slow.seconds[-1] == pytest.approx(0.4, abs=0.02)
    assert len(quick.seconds) >= 37


@pytest.mark.parametrize("per_second", [20, 100, 400])
def test_no_sliding_second_of_a_plan_holds_more_than_a_tenth_above_it(name, per_second):
    plan = Pace(f"{name}:plan", per_second)
    slots = sorted(
        second
        for number in range(10)
        for second in reserve(f"{name}:{number}", 200, plan=plan, horizon=3.0).seconds
    )

    most = max(sum(at <= one < at + 1 for one in slots) for at in slots)
    assert most <= per_second * 1.1


def test_a_redis_that_forgot_everything_gives_nothing_twice(name):
    first = reserve(name, 10)
    buckets._redis().delete(*buckets._redis().keys(f"*{name}*"))

    second = reserve(name, 10, floor=first.seconds[-1] + 1 / 80)

    assert second.seconds[0] >= first.seconds[-1]


def test_a_customer_whom_meta_counts_otherwise_is_left_alone(name):
    key = f"{name}:customer"
    buckets.push(key=key, seconds=4.0, pairs=FREE)

    slots = reserve(name, 1, keys=[key])

    assert -slots.seconds[0] == pytest.approx(4.0, abs=0.2)


def test_nothing_is_kept_for_longer_than_it_counts(name):
    reserve(name, 3, plan=Pace(f"{name}:plan", 10))

    left = [buckets._redis().pttl(key) for key in buckets._redis().keys(f"*{name}*")]
    assert len(left) == 5
    assert all(0 < milliseconds <= 8000 for milliseconds in left)


def test_without_redis_it_says_so_and_does_not_ask_again_at_once(name, monkeypatch):
    away = Redis(host="127.0.0.1", port=ports.free(), socket_connect_timeout=0.2)
    with monkeypatch.context() as patched:
        patched.setattr(buckets, "_redis", lambda: away)
        with pytest.raises(AwayError):
            reserve(name, 1)

    with pytest.raises(AwayError):
        reserve(name, 1)
    buckets.push(key=name, seconds=1.0, pairs=FREE)  # never raises
