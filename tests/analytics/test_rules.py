from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from analytics import rules
from analytics.rules import Period

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
NOW = datetime(2026, 11, 10, 1, 0, tzinfo=UTC)  # still the 9th in São Paulo


def test_without_words_it_is_the_last_thirty_days_until_today():
    period = rules.period(None, None, zone=SAO_PAULO, now=NOW)

    assert (period.first, period.last) == (date(2026, 10, 11), date(2026, 11, 9))
    assert period.days == len(list(period.dates())) == 30


def test_the_first_day_counts_back_from_the_last_one():
    period = rules.period(None, date(2026, 3, 2), zone=SAO_PAULO, now=NOW)

    assert period.first == date(2026, 2, 1)


def test_its_days_are_whole_ones_of_the_zone():
    period = Period(date(2026, 11, 9), date(2026, 11, 10), SAO_PAULO)

    assert period.starts_at == datetime(2026, 11, 9, 3, 0, tzinfo=UTC)
    assert period.ends_at == datetime(2026, 11, 11, 3, 0, tzinfo=UTC)
    assert list(period.dates()) == [date(2026, 11, 9), date(2026, 11, 10)]
