"""What Meta's words for levels are worth."""

import pytest

from whatsapp.findings import levels


@pytest.mark.parametrize(
    ("tier", "people"),
    [
        ("TIER_50", 50),
        ("TIER_250", 250),
        ("TIER_2K", 2_000),
        ("TIER_10K", 10_000),
        ("TIER_100K", 100_000),
        ("4000", 4_000),
        ("TIER_UNLIMITED", None),
        ("TIER_NOT_SET", None),
        ("UNKNOWN", None),
        ("", None),
    ],
)
def test_a_tier_is_so_many_people_a_day(tier, people):
    assert levels.people_a_day(tier) == people
