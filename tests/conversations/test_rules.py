from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations import rules


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("5511987654321", "551187654321"),
        ("5491155556666", "541155556666"),
        ("5215512345678", "525512345678"),
    ],
    ids=["brazil", "argentina", "mexico"],
)
def test_the_spellings_of_one_person_match(one, other):
    assert rules.match_key(one) == rules.match_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("5511940001001", "551140001001"),
        ("5511987654321", "5511987654322"),
        ("351912345678", "35112345678"),
    ],
    ids=["a mobile and a landline", "two mobiles", "a country without an optional digit"],
)
def test_two_people_do_not_match(one, other):
    assert rules.match_key(one) != rules.match_key(other)


def test_the_window_is_open_until_a_minute_before_its_end(noon):
    assert rules.window_open(noon, noon + timedelta(hours=23, minutes=58, seconds=59))
    assert not rules.window_open(noon, noon + timedelta(hours=23, minutes=59))
    assert not rules.window_open(None, noon)


def test_a_text_is_cleaned_of_what_cannot_be_stored():
    assert rules.clean_text("a\x00b\ud83d") == "ab?"
    assert rules.clean_text("👩‍👩‍👧 ção\n") == "👩‍👩‍👧 ção\n"


@pytest.mark.parametrize(
    ("ahead", "stands"),
    [
        (None, timedelta(0)),
        (timedelta(hours=-5), timedelta(0)),
        (timedelta(minutes=50), timedelta(minutes=50)),
        (timedelta(days=400), timedelta(0)),
    ],
    ids=["first", "after", "Meta's clock is ahead", "nonsense"],
)
def test_a_reply_stands_after_what_it_answers(noon, ahead, stands):
    last = None if ahead is None else noon + ahead

    assert rules.reply_timestamp(noon, last) == noon + stands


@pytest.mark.parametrize(
    ("attempt", "at_least", "chance", "seconds"),
    [
        (1, 0, 0, 1),
        (2, 0, 0, 2),
        (5, 0, 0, 16),
        (7, 0, 0, 60),
        (10_000, 0, 0, 60),
        (1, 0, 1, 1.25),
        (1, 30, 0, 30),
        (7, 30, 1, 75),
    ],
)
def test_waits_grow_to_an_end_and_honour_what_was_asked(attempt, at_least, chance, seconds):
    wait = rules.backoff_seconds(
        first=1, most=60, factor=2, attempt=attempt, at_least=at_least, chance=chance
    )

    assert wait == seconds


LANES = st.lists(st.lists(st.integers(), max_size=40), min_size=3, max_size=3)


@given(lanes=LANES, taken=st.integers(0, 99))
def test_everybody_has_a_turn_once_and_in_the_order_of_the_lane(lanes, taken):
    named = [[(lane, place) for place in range(len(one))] for lane, one in enumerate(lanes)]

    order = rules.in_turn(named, taken=taken)

    assert sorted(order) == sorted(one for lane in named for one in lane)
    for lane in named:
        assert [one for one in order if one in lane] == lane


@given(lanes=LANES, taken=st.integers(0, 99))
def test_no_lane_that_waits_is_passed_over_ten_times_in_a_row(lanes, taken):
    named = [[(lane, place) for place in range(len(one))] for lane, one in enumerate(lanes)]

    order = rules.in_turn(named, taken=taken)

    for lane in range(3):
        waiting = [-1, *(at for at, one in enumerate(order) if one[0] == lane)]
        gaps = [after - before for before, after in pairwise(waiting)]
        assert max(gaps, default=0) <= rules.TURNS


def test_a_reply_goes_first_and_bulk_has_one_in_ten():
    order = rules.in_turn([["reply"] * 16, ["api"] * 16, ["bulk"] * 16], taken=0)

    assert order[:10] == ["reply"] * 8 + ["api", "bulk"]
    assert rules.in_turn([["reply"], [], ["bulk"] * 3], taken=5) == ["reply"] + ["bulk"] * 3
