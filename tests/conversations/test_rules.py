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
