"""The numbered changes as programs read them: dense, in order, and honest about what is gone."""

import pytest

from tenants import context
from tenants.feed import live
from tenants.feed.live import Draft
from tenants.feed.models import Change
from tests.api import Api, api_of, check_problem, key_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(acme) -> str:
    return f"/api/v1/tenant/{acme.pk}/changes"


@pytest.fixture
def vera(people) -> Api:
    return api_of(people["vera@acme.test"])


@pytest.fixture
def first(acme) -> int:
    """The number before five changes."""
    with context.tenant(acme.schema_name):
        last = live.publish(
            Draft(Change.Kind.ARRIVAL, 7, 12),
            Draft(Change.Kind.CONVERSATION, 7),
            Draft(Change.Kind.BROADCAST, broadcast_id=3),
            Draft(Change.Kind.STATUS, 7, 13),
            Draft(Change.Kind.MESSAGE, 7, 14),
        )
    return last - 5


def told(answer) -> list[tuple[str, int, int | None]]:
    return [(one["kind"], one["id"], one["conversation"]) for one in answer["results"]]


def test_without_a_number_the_last_one_is_told(vera, place, first):
    assert vera.get(place).json() == {"results": [], "last_seq": first + 5, "reset": False}


def test_changes_come_in_order_and_say_what_to_read(vera, place, first):
    answer = vera.get(f"{place}?after={first}").json()

    assert told(answer) == [
        ("ARRIVAL", 12, 7),
        ("CONVERSATION", 7, 7),
        ("BROADCAST", 3, None),
        ("STATUS", 13, 7),
        ("MESSAGE", 14, 7),
    ]
    assert [one["seq"] for one in answer["results"]] == list(range(first + 1, first + 6))
    assert (answer["last_seq"], answer["reset"]) == (first + 5, False)
    assert vera.get(f"{place}?after={first + 5}").json()["results"] == []


def test_they_are_walked_page_by_page(vera, place, first):
    after, seen = first, []
    while True:
        page = vera.get(f"{place}?after={after}&limit=2").json()
        if not page["results"]:
            break
        seen += page["results"]
        after = page["results"][-1]["seq"]

    assert [one["seq"] for one in seen] == list(range(first + 1, first + 6))


def test_what_was_swept_away_or_never_was_means_to_start_anew(vera, place, first, acme):
    with context.tenant(acme.schema_name):
        Change.objects.filter(seq__lte=first + 2).delete()

    assert vera.get(f"{place}?after={first}").json()["reset"] is True
    assert vera.get(f"{place}?after={first + 2}").json()["reset"] is False
    assert vera.get(f"{place}?after={first + 99}").json()["reset"] is True


def test_they_are_a_tenants_own(people, place, first, acme):
    stranger = api_of(people["admin@globex.test"], public=True)
    program = Api("localhost", key_of(people["admin@acme.test"], acme, "messages:write"))

    check_problem(stranger.get(f"{place}?after={first}"), 404, "not_found")
    check_problem(program.get(place), 403, "scope_missing")


@pytest.mark.parametrize(
    "query", ["after=-1", "after=x", "after=9223372036854775808", "limit=0", "limit=1001", "x=1"]
)
def test_an_odd_question_is_refused(vera, place, query):
    check_problem(vera.get(f"{place}?{query}"), 400, "invalid")
