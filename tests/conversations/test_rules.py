from datetime import timedelta

import pytest

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
