"""Counts and times of the team's work: what they count, whose they are, and odd questions."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from conversations.models import Episode
from tenants import context
from tests.api import Api, Queries, api_of, check_problem, key_of
from tests.conversations.sending import conversation_with, message_in

pytestmark = pytest.mark.django_db
DAY = datetime(2026, 11, 9, 12, 0, tzinfo=UTC)
COUNTS = ("received", "sent", "delivered", "read", "failed", "waiting")


@pytest.fixture
def base(acme):
    return f"/api/v1/tenant/{acme.pk}"


@pytest.fixture
def vera(people) -> Api:
    return api_of(people["vera@acme.test"])


@pytest.fixture
def conversation(phones, acme):
    with context.tenant(acme.schema_name):
        yield conversation_with("5511987654321", phone=phones["acme"], opened_at=DAY)


def counts(document) -> dict[str, int]:
    return {name: document[name] for name in COUNTS if document[name]}


def test_messages_are_counted_by_what_became_of_them(vera, base, conversation):
    for status in ("RECEIVED", "RECEIVED", "PENDING", "UNCONFIRMED", "ACCEPTED", "SENT"):
        message_in(conversation, status=status, timestamp=DAY)
    for status in ("DELIVERED", "READ", "PLAYED", "FAILED", "CANCELLED"):
        message_in(conversation, status=status, timestamp=DAY)

    told = vera.get(f"{base}/analytics/messages-count?from=2026-11-08&to=2026-11-09").json()

    assert counts(told["totals"]) == {
        "received": 2,
        "waiting": 2,
        "sent": 5,
        "delivered": 3,
        "read": 2,
        "failed": 1,
    }
    before, day = told["results"]
    assert (before["date"], day["date"]) == ("2026-11-08", "2026-11-09")
    assert counts(before) == {}
    assert counts(day) == counts(told["totals"])
    assert (told["from"], told["to"]) == ("2026-11-08", "2026-11-09")


def test_a_day_is_one_of_the_time_zone(vera, base, conversation):
    message_in(conversation, status="RECEIVED", timestamp=datetime(2026, 11, 10, 1, 0, tzinfo=UTC))
    place = f"{base}/analytics/messages-count?from=2026-11-09&to=2026-11-10"

    def received(zone: str) -> list[int]:
        told = vera.get(f"{place}&time_zone={zone}").json()
        assert told["time_zone"] == zone
        return [day["received"] for day in told["results"]]

    assert received("America/Sao_Paulo") == [1, 0]
    assert received("UTC") == [0, 1]


def test_another_number_is_left_out(vera, base, conversation, phones):
    message_in(conversation, status="RECEIVED", timestamp=DAY)
    place = f"{base}/analytics/messages-count?from=2026-11-09&to=2026-11-09"

    own = vera.get(f"{place}&phone={phones['acme'].pk}").json()

    assert own["totals"]["received"] == 1
    check_problem(vera.get(f"{place}&phone=999"), 404, "not_found")


def episode(conversation, opened_at, **fields) -> Episode:
    if "closed_at" not in fields:
        Episode.objects.filter(conversation=conversation, closed_at=None).delete()
    return Episode.objects.create(conversation=conversation, opened_at=opened_at, **fields)


def test_conversations_are_counted_by_when_they_began_and_ended(vera, base, conversation, people):
    ana = people["ana@acme.test"]
    closed_at = DAY + timedelta(days=1)
    episode(conversation, DAY, closed_at=closed_at, closed_by=ana)
    episode(conversation, DAY + timedelta(days=2))
    place = f"{base}/analytics/conversations-stats?from=2026-11-09&to=2026-11-11&time_zone=UTC"

    told = vera.get(place).json()

    assert told["totals"] == {"opened": 2, "closed": 1}
    assert [(day["opened"], day["closed"]) for day in told["results"]] == [(1, 0), (0, 1), (1, 0)]


def test_what_is_open_is_counted_by_what_it_waits_for(vera, base, conversation, phones, people):
    now = timezone.now()
    theirs = message_in(conversation, status="RECEIVED", timestamp=now - timedelta(hours=21))
    conversation.last_message, conversation.last_message_at = theirs, theirs.timestamp
    conversation.window_opened_at, conversation.unread_count = theirs.timestamp, 1
    conversation.save()
    answered = conversation_with("5511987654322", phone=phones["acme"], opened_at=now)
    ours = message_in(answered, status="SENT", timestamp=now)
    answered.last_message, answered.last_message_at = ours, now
    answered.assignee = people["ana@acme.test"]
    answered.save()
    conversation_with("5511987654323", phone=phones["acme"], opened_at=None)  # nobody wrote

    told = vera.get(f"{base}/analytics/conversations-stats").json()

    assert told["now"] == {
        "open": 2,
        "unassigned": 1,
        "unread": 1,
        "waiting_on_us": 1,
        "closing_soon": 1,
    }


def test_times_are_those_of_the_period(vera, base, conversation, people, phones):
    ana, admin = people["ana@acme.test"], people["admin@acme.test"]
    for number, seconds in enumerate((60, 120, 600)):
        one = conversation_with(f"551190000000{number}", phone=phones["acme"], opened_at=DAY)
        episode(
            one,
            DAY,
            first_reply_at=DAY + timedelta(seconds=seconds),
            first_reply_by=ana,
            closed_at=DAY + timedelta(hours=1),
            closed_by=admin,
        )
    episode(conversation, DAY)  # nobody answered
    message_in(conversation, status="SENT", timestamp=DAY, author=ana)
    message_in(conversation, status="CANCELLED", timestamp=DAY, author=ana)

    told = vera.get(f"{base}/analytics/performance?from=2026-11-09&to=2026-11-09").json()

    assert told["first_reply"] == {
        "count": 3,
        "median_seconds": 120.0,
        "p90_seconds": 504.0,
        "average_seconds": 260.0,
    }
    assert told["resolution"]["median_seconds"] == 3600.0
    assert [(one["user"]["name"], one["messages"]) for one in told["people"]] == [
        ("Ana", 1),
        ("Admin", 0),
    ]
    assert told["people"][0]["median_first_reply_seconds"] == 120.0
    assert told["people"][1]["closed"] == 3


def test_where_nothing_happened_there_are_no_times(vera, base, phones):
    told = vera.get(f"{base}/analytics/performance").json()

    assert told["first_reply"] == {
        "count": 0,
        "median_seconds": None,
        "p90_seconds": None,
        "average_seconds": None,
    }
    assert told["people"] == []


def test_the_dashboard_shows_today_and_what_stands(vera, base, conversation, phones):
    message_in(conversation, status="RECEIVED", timestamp=timezone.now())

    told = vera.get(f"{base}/dashboard/stats").json()

    assert told["today"]["received"] == 1
    assert told["conversations"]["open"] == 0
    assert told["numbers"]["connected"] == 1
    assert told["broadcasts_running"] == 0
    assert told["plan"] == {"code": "STARTER", "messages_per_month": None, "messages_sent": 0}


PLACES = (
    "dashboard/stats",
    "analytics/messages-count",
    "analytics/conversations-stats",
    "analytics/performance",
)


@pytest.mark.parametrize("place", PLACES)
def test_they_are_a_tenants_own(people, base, place, conversation, acme):
    stranger = api_of(people["admin@globex.test"], public=True)
    program = key_of(people["admin@acme.test"], acme, "conversations:read")

    check_problem(stranger.get(f"{base}/{place}"), 404, "not_found")
    check_problem(Api("localhost", program).get(f"{base}/{place}"), 403, "scope_missing")


@pytest.mark.parametrize("place", PLACES)
def test_a_program_may_be_let_read_them_alone(people, base, place, acme):
    program = key_of(people["admin@acme.test"], acme, "analytics:read")

    assert Api("localhost", program).get(f"{base}/{place}").status_code == 200


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("from=2026-11-10&to=2026-11-09", "to"),
        ("from=2025-01-01&to=2026-11-09", "from"),
        ("from=yesterday", "from"),
        ("to=2026-02-30", "to"),
        ("to=9999-12-31", "to"),
        ("from=0001-01-01", "from"),
        ("time_zone=Mars/Olympus", "time_zone"),
        ("time_zone=..%2F..%2Fetc%2Fpasswd", "time_zone"),
        ("time_zone=%00", "time_zone"),
        ("phone=0", "phone"),
        ("phone=9223372036854775808", "phone"),
        ("phone=x", "phone"),
        ("group_by=author__password", "group_by"),
        ("first=2026-11-09", "first"),
    ],
)
@pytest.mark.parametrize("place", PLACES[1:])
def test_an_odd_question_names_its_parameter(vera, base, place, query, parameter):
    problem = check_problem(vera.get(f"{base}/{place}?{query}"), 400, "invalid")

    assert [error["parameter"] for error in problem["errors"]] == [parameter]


def test_a_year_of_days_costs_one_query_more_than_a_day(vera, base, conversation):
    message_in(conversation, status="RECEIVED", timestamp=DAY)
    with Queries() as day:
        vera.get(f"{base}/analytics/messages-count?from=2026-11-09&to=2026-11-09")
    with Queries() as year:
        vera.get(f"{base}/analytics/messages-count?from=2025-11-10&to=2026-11-09")

    assert len(year) == len(day)
