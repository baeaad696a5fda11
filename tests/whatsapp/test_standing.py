"""What holds a number back, and how much of the messaging limit is used: on pages, by the API."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tenants import context
from tests.api import Queries, api_of, check_problem
from whatsapp.models import NumberFact, NumberPace, Outreach, Phone
from whatsapp.services import pace, standing

pytestmark = pytest.mark.django_db


@pytest.fixture
def phone(phones, acme) -> Phone:
    with context.tenant(acme.schema_name):
        yield phones["acme"]


@pytest.fixture
def now():
    return timezone.now()


def another(phone, **fields) -> Phone:
    values = {"waba_id": phone.waba_id, "display_phone_number": "+55 11 4000-0002", **fields}
    number = f"900{Phone.objects.count()}"
    return Phone.objects.create(
        phone_number_id=number, name="Other", access_token_sealed="x", **values
    )


def limited(phone, word):
    NumberFact.objects.create(
        phone=phone, matter="limit", word=word, grade="OK", code="limit", at=timezone.now()
    )


def written_to(phone, people, at):
    first = Outreach.objects.count()
    Outreach.objects.bulk_create(
        Outreach(message_id=first + place, phone_id=phone.pk, person_id=person, at=at)
        for place, person in enumerate(people, start=1)
    )


def test_a_number_that_nothing_holds_back(phone, now):
    assert standing.standing(phone, now=now) == standing.Standing(
        per_second=80.0,
        most_per_second=80.0,
        recovers_at=None,
        paused_until=None,
        bulk_paused_until=None,
        people=None,
        used=0,
        sharing=1,
    )


def test_a_number_that_was_slowed_down_says_when_it_is_back(phone, now):
    NumberPace.objects.create(phone=phone, factor=0.5, slowed_at=now - timedelta(seconds=30))

    found = standing.standing(phone, now=now)

    assert (found.per_second, found.most_per_second) == (60.0, 80.0)
    assert found.recovers_at == now + timedelta(seconds=30)
    assert standing.standing(phone, now=now + timedelta(seconds=31)).recovers_at is None


def test_pauses_that_are_over_are_none(phone, now):
    NumberPace.objects.create(
        phone=phone, paused_until=now + timedelta(minutes=5), bulk_paused_until=now
    )

    found = standing.standing(phone, now=now)

    assert found.paused_until == now + timedelta(minutes=5)
    assert found.bulk_paused_until is None


def test_people_count_once_for_all_numbers_that_share_a_limit(phone, now):
    other, apart = another(phone), another(phone, waba_id="elsewhere")
    limited(phone, "TIER_2K")
    limited(other, "TIER_2K")
    limited(apart, "TIER_250")
    written_to(phone, range(400), now - timedelta(hours=1))
    written_to(other, range(390, 412), now - timedelta(hours=23))
    written_to(other, range(1000, 1010), now - timedelta(hours=24, seconds=1))
    written_to(apart, range(7), now)

    with Queries() as queries:
        found = standing.standings([phone, other, apart], now=now)

    assert len(queries) == 4
    assert {(one.used, one.people, one.sharing) for one in found.values()} == {
        (412, 2000, 2),
        (7, 250, 1),
    }
    assert not any(one.is_used_up for one in found.values())


@pytest.mark.parametrize("where", ["", "{pk}/"])
@pytest.mark.parametrize("who", ["admin", "ana", "vera"])
def test_the_pages_say_it_plainly(phone, page, now, where, who):
    limited(phone, "TIER_250")
    written_to(phone, range(250), now)
    NumberPace.objects.create(
        phone=phone,
        factor=pace.SLOWEST,
        slowed_at=now,
        paused_until=now + timedelta(hours=1),
        bulk_paused_until=now + timedelta(hours=6),
    )

    url = f"/settings/numbers/{where.format(pk=phone.pk)}"
    shown = page(f"{who}@acme.test").get(url).content.decode()

    assert "Written to first: 250 of 250 people in the last 24 hours." in shown
    assert "Broadcasts wait for room" in shown
    assert "Nothing is sent until" in shown
    assert "Broadcasts are held until" in shown
    assert "8 messages a second instead of 80" in shown


def test_without_anything_to_say_the_pages_say_nothing(phone, page):
    shown = page("ana@acme.test").get(f"/settings/numbers/{phone.pk}/").content.decode()

    assert "Written to first" not in shown
    assert "messages a second" not in shown


def test_the_api_says_it(phone, people, acme, now):
    limited(phone, "TIER_2K")
    written_to(phone, range(412), now)
    until = now + timedelta(hours=6)
    NumberPace.objects.create(phone=phone, bulk_paused_until=until)
    api = api_of(people["vera@acme.test"])
    base = f"/api/v1/tenant/{acme.pk}/phones/"

    (listed,) = api.get(base).json()["results"]
    read = api.get(f"{base}{phone.pk}/").json()

    assert listed == read
    assert read["sending"] == {
        "per_second": 80.0,
        "most_per_second": 80.0,
        "recovers_at": None,
        "paused_until": None,
        "bulk_paused_until": until.isoformat().replace("+00:00", "Z"),
        "people": 2000,
        "used": 412,
        "sharing": 1,
    }


def test_another_tenant_finds_no_number(phone, people, acme, globex):
    stranger = api_of(people["ana@globex.test"])
    for tenant in (acme, globex):
        answer = stranger.get(f"/api/v1/tenant/{tenant.pk}/phones/{phone.pk}/")
        if answer.status_code == 200:  # its own number of the same id
            assert answer.json()["phone_number_id"] != phone.phone_number_id
        else:
            check_problem(answer, 404, "not_found")
