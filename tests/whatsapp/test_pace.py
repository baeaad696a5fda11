"""How fast a number may send: what Meta allows, what it refused, and what is left without Redis."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tenants import buckets, context
from tenants.buckets import AwayError
from tenants.models import Plan
from whatsapp.models import NumberFact, NumberPace, Phone
from whatsapp.services import pace
from whatsapp.services.pace import Ask


@pytest.fixture
def phone(phones, acme):
    with context.tenant(acme.schema_name):
        yield phones["acme"]


@pytest.fixture
def away(monkeypatch):
    def refuse(**_values):
        raise AwayError

    monkeypatch.setattr(buckets, "reserve", refuse)


def asks(count):
    return [Ask(message_id=pk, conversation_id=10**6 + pk) for pk in range(1, count + 1)]


def allowed(phone, **later):
    found = pace.with_pace(Phone.objects.filter(pk=phone.pk)).get()
    return pace.allowance(found, now=timezone.now() + timedelta(**later))


def reserve(tenant, phone, count, *, horizon=1.0):
    return pace.reserve(
        tenant=tenant, phone=phone, per_second=80.0, asks=asks(count), horizon_seconds=horizon
    )


def test_a_number_starts_with_meta_s_default(phone):
    assert allowed(phone) == pace.Allowance(80.0)


@pytest.mark.parametrize(("word", "rate"), [("STANDARD", 80.0), ("HIGH", 1000.0), ("NEW", 80.0)])
def test_meta_s_word_on_throughput_is_believed(phone, word, rate):
    NumberFact.objects.create(
        phone=phone, matter="throughput", word=word, grade="OK", code="x", at=timezone.now()
    )

    assert allowed(phone).per_second == rate


@pytest.mark.parametrize("level", ["STANDARD", "HIGH"])
def test_a_number_of_the_business_app_has_twenty_whatever_the_level_says(phone, level):
    told = {"throughput": level, "platform": "COEXISTENCE"}
    for matter, word in told.items():
        NumberFact.objects.create(
            phone=phone, matter=matter, word=word, grade="OK", code="x", at=timezone.now()
        )

    assert allowed(phone).per_second == 20.0

    NumberFact.objects.filter(matter="platform").update(word="CLOUD_API")
    assert allowed(phone).per_second == {"STANDARD": 80.0, "HIGH": 1000.0}[level]


@pytest.mark.parametrize("code", [130429, 613])
def test_who_was_too_fast_is_slower_for_a_while(phone, code):
    pace.fed_back(phone_id=phone.pk, waits={code: 1.0})

    assert allowed(phone).per_second == pytest.approx(56.0, abs=1.0)
    assert allowed(phone, seconds=18).per_second == pytest.approx(68.0, abs=1.0)
    assert allowed(phone, seconds=60).per_second == 80.0


def test_refusals_of_one_moment_count_as_one(phone):
    for _ in range(20):
        pace.fed_back(phone_id=phone.pk, waits={130429: 1.0})

    assert allowed(phone).per_second == pytest.approx(56.0, abs=1.0)


def test_who_is_still_too_fast_gets_slower_but_never_stops(phone):
    for _ in range(20):
        pace.fed_back(phone_id=phone.pk, waits={130429: 1.0})
        NumberPace.objects.update(slowed_at=timezone.now() - timedelta(seconds=1.1))

    assert 8.0 <= allowed(phone).per_second <= 10.0


@pytest.mark.parametrize("code", [4, 80007])
def test_a_used_up_account_rests_with_all_its_numbers(phone, code):
    sister = Phone.objects.create(phone_number_id="77", waba_id=phone.waba_id, name="Sister")
    other = Phone.objects.create(phone_number_id="78", waba_id="another", name="Other")

    pace.fed_back(phone_id=phone.pk, waits={code: 90.0})
    pace.fed_back(phone_id=phone.pk, waits={code: 30.0})  # the longer one holds

    assert allowed(phone).paused_seconds == pytest.approx(90, abs=2)
    assert allowed(sister).paused_seconds == pytest.approx(90, abs=2)
    assert allowed(other).paused_seconds == 0.0
    assert allowed(phone, seconds=95).paused_seconds == 0.0


def test_a_number_that_is_taken_for_spam_sends_no_bulk_for_hours(phone):
    pace.fed_back(phone_id=phone.pk, waits={131048: 0.0})

    assert allowed(phone).bulk_paused_until is not None
    assert allowed(phone).paused_seconds == 0.0
    assert allowed(phone, hours=7).bulk_paused_until is None


def test_other_refusals_teach_nothing(phone):
    pace.fed_back(phone_id=phone.pk, waits={131026: 0.0, 131056: 4.0})

    assert not NumberPace.objects.exists()


def test_what_one_tenant_s_number_learnt_is_not_another_s(phone, phones, globex):
    pace.fed_back(phone_id=phone.pk, waits={130429: 1.0})

    with context.tenant(globex.schema_name):
        assert not NumberPace.objects.exists()


def test_the_plan_holds_all_numbers_of_a_tenant(phone, acme):
    with context.platform():
        Plan.objects.filter(pk=acme.plan_id).update(messages_per_second=5)
    acme.refresh_from_db()

    grant = reserve(acme, phone, 20, horizon=2.0)

    waits = list(grant.waits.values())
    assert 10 <= len(waits) <= 11
    assert waits[-1] - waits[1] == pytest.approx(0.2 * (len(waits) - 2), abs=0.02)
    assert 2.0 < grant.rest_seconds <= 2.2


@pytest.mark.usefixtures("away")
def test_without_redis_a_number_has_a_share(phone, acme):
    grant = reserve(acme, phone, 100)

    assert len(grant.waits) == 21  # a quarter of 80/s, and the one of this moment
    assert list(grant.waits.values())[:3] == pytest.approx([0, 0.05, 0.1], abs=0.01)
    assert grant.rest_seconds == pytest.approx(1.05, abs=0.05)


@pytest.mark.usefixtures("away")
def test_without_redis_nobody_gets_the_same_share_twice(phone, acme):
    first, second = reserve(acme, phone, 10), reserve(acme, phone, 10)

    assert min(second.waits.values()) >= max(first.waits.values())


def test_nobody_asks_for_nothing(phone, acme):
    assert reserve(acme, phone, 0) == pace.Grant()
