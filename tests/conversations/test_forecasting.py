"""What a broadcast says before it starts: to how many, how many of them today, and until when."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from conversations.models import Contact, ContactIdentity
from conversations.services.broadcasts import forecasting
from tenants import context
from tests.api import Api, api_of, check_problem
from tests.conversations import lists
from tests.conversations.sending import conversation_with
from whatsapp.models import NumberFact, NumberPace, Outreach, Phone
from whatsapp.services import reach

pytestmark = pytest.mark.django_db
DAY = timedelta(hours=24)
SECOND = timedelta(seconds=1)


@pytest.fixture
def place(acme):
    with context.tenant(acme.schema_name):
        yield acme


@pytest.fixture
def phone(phones, place) -> Phone:
    return phones["acme"]


@pytest.fixture
def drafted(phone):
    def make(numbers, **fields):
        listed = lists.numbers(numbers) if isinstance(numbers, int) else numbers
        return lists.broadcast_to(listed, phone=phone, **fields)

    return make


@pytest.fixture
def now():
    return timezone.now()


def limit(phone, word):
    NumberFact.objects.create(
        phone=phone, matter="limit", word=word, grade="OK", code="limit", at=timezone.now()
    )


def written_to(phone, count, *, hours, now):
    """So many others were written to first, the latest ``hours`` ago, each a minute apart."""
    first = Outreach.objects.count() + 10**6
    Outreach.objects.bulk_create(
        Outreach(
            message_id=first + place,
            phone_id=phone.pk,
            person_id=first + place,
            at=now - timedelta(hours=hours) - timedelta(minutes=place),
        )
        for place in range(count)
    )


def told(broadcast, now):
    return forecasting.forecast(broadcast=broadcast, now=now)


def test_without_a_known_limit_the_pace_alone_counts(drafted, now):
    made = told(drafted(160), now)

    assert (made.ready, made.at_once, made.room) == (160, 160, None)
    assert made.finishes_at == now + 2 * SECOND


def test_where_there_is_room_nobody_waits(drafted, phone, now):
    limit(phone, "TIER_250")
    written_to(phone, 90, hours=1, now=now)

    made = told(drafted(160), now)

    assert made.room == forecasting.Room(people=250, used=90, counting=160)
    assert (made.room.left, made.room.waiting, made.at_once) == (160, 0, 160)
    assert made.finishes_at == now + 2 * SECOND


def test_the_rest_waits_for_those_who_fall_out_of_the_day(drafted, phone, now):
    limit(phone, "100")
    written_to(phone, 90, hours=3, now=now)

    made = told(drafted(40), now)

    assert (made.room.left, made.room.waiting, made.at_once) == (10, 30, 10)
    # Ninety fall out from the one of 4:29 hours ago on; the thirtieth of them is for the last one.
    assert made.finishes_at == now - timedelta(hours=3, minutes=60) + DAY


def test_a_long_list_takes_days(drafted, phone, now):
    limit(phone, "100")

    made = told(drafted(350), now)

    assert (made.room.waiting, made.at_once) == (250, 100)
    assert made.finishes_at == now + 3 * DAY + 50 / 80 * SECOND


def test_nobody_may_be_written_to_and_it_never_ends(drafted, phone, now):
    limit(phone, "0")

    made = told(drafted(3), now)

    assert (made.at_once, made.finishes_at) == (0, None)


def test_who_counts_already_or_has_an_open_window_is_not_counted(drafted, phone, now):
    limit(phone, "5")
    known, talking, *_rest = numbers = lists.numbers(6)
    conversation_with(talking, phone=phone, opened_at=now - timedelta(hours=1))
    person = Contact.objects.create(profile_name="Known")
    ContactIdentity.objects.create(
        contact=person, kind="WA_ID", value=known, match_key=f"{known[:4]}{known[4:]}"
    )
    Outreach.objects.create(message_id=1, phone_id=phone.pk, person_id=person.pk, at=now)

    made = told(drafted(numbers), now)

    assert made.room == forecasting.Room(people=5, used=1, counting=4)
    assert made.at_once == 6


def test_what_holds_bulk_back_comes_first(drafted, phone, now):
    limit(phone, "2")
    NumberPace.objects.create(phone=phone, bulk_paused_until=now + timedelta(hours=6))

    made = told(drafted(4), now)

    assert made.finishes_at == now + timedelta(hours=6) + DAY + 2 / 80 * SECOND


def test_when_there_is_room_again(phone, now):
    written_to(phone, 3, hours=1, now=now)
    found = reach.limit_of(phone)

    assert reach.room_at(found, over=0, now=now) == now - timedelta(hours=1, minutes=2) + DAY
    assert reach.room_at(found, over=2, now=now) == now - timedelta(hours=1) + DAY
    assert reach.room_at(found, over=3, now=now) is None


# --- the doors ------------------------------------------------------------------------------------
def test_the_page_says_it(drafted, phone, page, now):
    limit(phone, "TIER_2K")
    written_to(phone, 412, hours=1, now=now)
    draft = drafted(1700)

    shown = page("ana@acme.test").get(f"/broadcasts/{draft.pk}/").content.decode()

    assert "412 of 2,000" in shown
    assert "1,588 can be written to at once; the other 112 follow by themselves" in shown
    asked = page("ana@acme.test").get(f"/broadcasts/{draft.pk}/start").content.decode()
    assert "the other 112 follow by themselves" in asked


def test_the_page_of_one_that_waits_says_until_when(drafted, page, now):
    until = now + timedelta(hours=5)
    running = drafted(1, status="RUNNING", started_at=now, waiting_for="LIMIT", waits_until=until)

    shown = page("ana@acme.test").get(f"/broadcasts/{running.pk}/").content.decode()

    assert "write first to no more people for now" in shown
    assert f'datetime="{until.strftime("%Y-%m-%dT%H:%M")}' in shown


@pytest.mark.parametrize(
    ("status", "words"), [("RUNNING", "Through, about"), ("PAUSED", "Through, if resumed now")]
)
def test_the_page_of_one_under_way_says_how_long_the_rest_takes(
    drafted, phone, page, now, status, words
):
    limit(phone, "2")
    running = drafted(5, status=status, started_at=now)
    running.recipients.filter(position=1).update(state="SKIPPED", reason="DUPLICATE")
    browser = page("vera@acme.test")

    shown = browser.get(f"/broadcasts/{running.pk}/").content.decode()
    moved = browser.get(f"/broadcasts/{running.pk}/", headers={"HX-Request": "true"})

    rest = shown.partition('id="broadcast-rest"')[2]
    assert words in rest
    assert "no room yet" in rest
    assert f'datetime="{(now + DAY).strftime("%Y-%m-%dT%H")}' in rest
    # The part that moves looks every two seconds: it is not counted anew for that.
    assert "broadcast-rest" not in moved.content.decode()


def test_the_page_of_one_that_is_through_says_nothing_of_a_rest(drafted, page, now):
    ended = drafted(1, status="FINISHED", started_at=now, finished_at=now)

    assert (
        "broadcast-rest"
        not in page("ana@acme.test").get(f"/broadcasts/{ended.pk}/").content.decode()
    )


def test_the_api_says_it(drafted, phone, people, acme, now):
    limit(phone, "2")
    draft = drafted(3)
    url = f"/api/v1/tenant/{acme.pk}/broadcasts/{draft.pk}/forecast"

    for who in ("ana", "vera"):
        answer = api_of(people[f"{who}@acme.test"]).get(url)
        assert answer.status_code == 200
        made = answer.json()
        assert made["limit"] == {"people": 2, "used": 0, "counting": 3, "waiting": 1}
        assert (made["rows"], made["ready"], made["at_once"]) == (3, 3, 2)
        assert parse_datetime(made["finishes_at"]) > now + DAY


def test_another_tenant_and_nobody_find_no_forecast(drafted, people, acme, globex):
    draft = drafted(1)
    stranger = api_of(people["ana@globex.test"])
    for tenant in (acme, globex):
        url = f"/api/v1/tenant/{tenant.pk}/broadcasts/{draft.pk}/forecast"
        check_problem(stranger.get(url), 404, "not_found")
    assert Api().get(url).status_code == 401
    ana = api_of(people["ana@acme.test"])
    check_problem(ana.get(f"/api/v1/tenant/{acme.pk}/broadcasts/999/forecast"), 404, "not_found")
