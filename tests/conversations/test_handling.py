"""States of conversations and whose they are: the service, the routes, the sweeper."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone

from conversations.models import Conversation, Episode
from conversations.services import handling, outbound
from tenants import context
from tenants.feed.models import Change
from tenants.models import Membership
from tenants.services import people as staff
from tests.api import Api, api_of, check_problem, key_of
from tests.conversations.sending import conversation_with, message_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def conversation(phones, acme) -> Conversation:
    """One that a customer began an hour ago."""
    with context.tenant(acme.schema_name):
        began = timezone.now() - timedelta(hours=1)
        made = conversation_with("5511987654321", phone=phones["acme"], opened_at=began)
        made.last_message = message_in(made, status="RECEIVED", timestamp=began, wamid="w1")
        made.last_message_at, made.unread_count = began, 1
        made.save()
        Episode.objects.create(conversation=made, opened_at=began)
        return made


@pytest.fixture
def place(acme, conversation) -> str:
    return f"/api/v1/tenant/{acme.pk}/conversations/{conversation.pk}"


@pytest.fixture
def ana(people) -> Api:
    return api_of(people["ana@acme.test"])


def changes(tenant) -> int:
    with context.tenant(tenant.schema_name):
        return Change.objects.filter(message_id=None, subject_id=None).count()


def episodes(tenant) -> list[Episode]:
    with context.tenant(tenant.schema_name):
        return list(Episode.objects.order_by("pk"))


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_closing_ends_the_episode_once(ana, place, acme, people, method):
    first = ana.tell(method, f"{place}/status", {"status": "CLOSED"})
    (closed,) = episodes(acme)
    again = ana.tell(method, f"{place}/status", {"status": "CLOSED"})

    assert first.status_code == again.status_code == 200
    assert first.json()["status"] == again.json()["status"] == "CLOSED"
    assert closed.closed_by_id == people["ana@acme.test"].pk
    assert [one.closed_at for one in episodes(acme)] == [closed.closed_at]
    assert changes(acme) == 1


def test_who_opens_it_by_hand_takes_the_closing_back(ana, place, acme):
    ana.tell("PUT", f"{place}/status", {"status": "ARCHIVED"})
    ana.tell("PUT", f"{place}/status", {"status": "OPEN"})

    (episode,) = episodes(acme)
    assert (episode.closed_at, episode.closed_by_id) == (None, None)


def test_a_snoozed_one_is_open_again_when_its_time_has_come(ana, place, acme, conversation):
    until = timezone.now() + timedelta(hours=2)
    answer = ana.tell(
        "PUT", f"{place}/status", {"status": "SNOOZED", "until": until.isoformat()}
    ).json()
    assert answer["status"] == "SNOOZED"
    assert answer["snoozed_until"]

    with context.tenant(acme.schema_name):
        assert handling.sweep(tenant=acme, now=until - timedelta(seconds=1)) == 0
        assert handling.sweep(tenant=acme, now=until) == 1
        assert handling.sweep(tenant=acme, now=until) == 0
        conversation.refresh_from_db()

    assert (conversation.status, conversation.snoozed_until) == ("OPEN", None)
    assert changes(acme) == 2


@pytest.mark.parametrize(
    "body",
    [
        {"status": "SNOOZED"},
        {"status": "SNOOZED", "until": "2020-01-01T00:00:00Z"},
        {"status": "SNOOZED", "until": "2999-01-01T00:00:00Z"},
        {"status": "CLOSED", "until": "2027-01-01T00:00:00Z"},
    ],
)
def test_only_a_snooze_has_a_time_and_it_is_to_come(ana, place, acme, body):
    problem = check_problem(ana.tell("PUT", f"{place}/status", body), 400, "snooze_until")

    assert problem["errors"][0]["pointer"] == "#/until"
    assert changes(acme) == 0


def test_one_takes_it_and_the_next_is_told_who_has_it(ana, place, acme, people):
    admin = api_of(people["admin@acme.test"])

    assert ana.tell("PUT", f"{place}/assignee", {}).json()["assignee"]["name"] == "Ana"
    problem = check_problem(admin.tell("PUT", f"{place}/assignee", {}), 409, "assigned_already")
    assert problem["assigned_to"] == people["ana@acme.test"].pk
    assert "Ana" in problem["detail"]

    over = admin.tell("PUT", f"{place}/assignee", {"take_over": True})
    assert over.json()["assignee"]["name"] == "Admin"
    back = ana.tell("DELETE", f"{place}/assignee")
    assert back.json()["assignee"] is None
    assert changes(acme) == 3


def test_whoever_has_it_may_hand_it_on(ana, place, people):
    ana.tell("PUT", f"{place}/assignee", {})
    handed = ana.tell("PUT", f"{place}/assignee", {"user": people["admin@acme.test"].pk})

    assert handed.json()["assignee"]["name"] == "Admin"


@pytest.mark.parametrize("who", ["vera@acme.test", "ana@globex.test", "admin@balcao.test"])
def test_it_is_given_to_who_may_answer_here_only(ana, place, acme, people, who):
    refused = ana.tell("PUT", f"{place}/assignee", {"user": people[who].pk})

    check_problem(refused, 400, "assignee_invalid")
    assert changes(acme) == 0


@pytest.mark.django_db(transaction=True)
def test_of_two_who_claim_it_at_once_one_has_it(actor, acme, conversation, people):
    start = Barrier(2)

    def claim(who: str) -> str:
        claimant = actor(who)
        with context.tenant(acme.schema_name):
            start.wait()
            try:
                handling.assign(actor=claimant, conversation=conversation, user_id=people[who].pk)
            except handling.AssignedAlreadyError:
                return "refused"
            finally:
                connection.close()
            return "has it"

    with ThreadPoolExecutor(2) as pool:
        ends = list(pool.map(claim, ["ana@acme.test", "admin@acme.test"]))

    assert sorted(ends) == ["has it", "refused"]


def test_what_somebody_had_who_left_is_nobodys(ana, place, acme, people, conversation):
    ana.tell("PUT", f"{place}/assignee", {})
    with context.tenant(acme.schema_name):
        assert handling.sweep(tenant=acme, now=timezone.now()) == 0
    with context.platform():
        membership = Membership.objects.get(user=people["ana@acme.test"])
    staff.remove_membership(actor=None, membership=membership)

    with context.tenant(acme.schema_name):
        assert handling.sweep(tenant=acme, now=timezone.now()) == 1
        conversation.refresh_from_db()

    assert conversation.assignee_id is None


def test_the_first_answer_is_noted_once(actor, acme, conversation, people):
    ana, now = actor("ana@acme.test"), timezone.now()
    with context.tenant(acme.schema_name):
        for number in range(2):
            outbound.send_text(
                actor=ana,
                conversation=conversation,
                text="Oi",
                client_id=f"00000000-0000-4000-8000-00000000000{number}",
                now=now + timedelta(minutes=number),
            )

    (episode,) = episodes(acme)
    assert (episode.first_reply_at, episode.first_reply_by_id) == (now, people["ana@acme.test"].pk)


def test_all_is_read_and_the_last_unread_again(ana, place, acme):
    assert ana.tell("POST", f"{place}/read").json()["unread_count"] == 0
    assert ana.tell("DELETE", f"{place}/read").json()["unread_count"] == 1
    assert ana.tell("DELETE", f"{place}/read").json()["unread_count"] == 1
    assert changes(acme) == 2


ACTS = [
    ("PUT", "status", {"status": "CLOSED"}),
    ("PATCH", "status", {"status": "CLOSED"}),
    ("PUT", "assignee", {}),
    ("DELETE", "assignee", None),
    ("POST", "read", None),
    ("DELETE", "read", None),
]


@pytest.mark.parametrize(("method", "route", "body"), ACTS)
def test_only_those_who_answer_do_it_and_only_in_their_own(
    people, place, acme, method, route, body
):
    stranger = api_of(people["admin@globex.test"], public=True)
    viewer = api_of(people["vera@acme.test"])
    own = api_of(people["admin@acme.test"])
    missing = f"/api/v1/tenant/{acme.pk}/conversations/999999/{route}"

    check_problem(stranger.tell(method, f"{place}/{route}", body), 404, "not_found")
    check_problem(viewer.tell(method, f"{place}/{route}", body), 403, "forbidden")
    check_problem(own.tell(method, missing, body), 404, "not_found")
    assert changes(acme) == 0


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("status", {}),
        ("status", {"status": "open"}),
        ("status", {"status": "SNOOZED", "until": "soon"}),
        ("status", {"status": "CLOSED", "x": 1}),
        ("assignee", {"user": "3"}),
        ("assignee", {"user": 2**63}),
        ("assignee", {"user": True}),
        ("assignee", []),
    ],
)
def test_anything_else_is_refused(ana, place, acme, route, body):
    check_problem(ana.tell("PUT", f"{place}/{route}", body), 400, "invalid")
    assert changes(acme) == 0


def test_a_program_handles_them_and_owns_none(people, place, acme):
    scope = "conversations:write"
    program = Api("localhost", key_of(people["admin@acme.test"], acme, scope))

    closed = program.tell("PUT", f"{place}/status", {"status": "CLOSED"})
    assert closed.json()["status"] == "CLOSED"
    check_problem(program.tell("PUT", f"{place}/assignee", {}), 400, "invalid")
    (episode,) = episodes(acme)
    assert episode.closed_by_id is None
    assert episode.closed_by_key_id is not None
    listed = f"/api/v1/tenant/{acme.pk}/conversations/?assignee=me"
    check_problem(program.get(listed), 400, "invalid")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", 2),
        ("status=OPEN", 1),
        ("status=CLOSED", 1),
        ("status=OPEN,CLOSED", 2),
        ("status=ARCHIVED", 1),
        ("assignee=me", 1),
        ("assignee=none", 1),
        ("assignee=999", 0),
        ("unread=true", 1),
        ("phone=999", 0),
        ("contact=999", 0),
        ("status=OPEN&assignee=me", 0),
    ],
)
def test_a_list_has_what_is_asked_for(ana, acme, conversation, phones, people, query, found):
    with context.tenant(acme.schema_name):
        for number, status in enumerate(("CLOSED", "ARCHIVED")):
            made = conversation_with(
                f"551198765400{number}", phone=phones["acme"], opened_at=timezone.now()
            )
            made.last_message = message_in(made, status="SENT")
            made.last_message_at, made.status = made.last_message.timestamp, status
            made.assignee = people["ana@acme.test"]
            made.save()

    listed = ana.get(f"/api/v1/tenant/{acme.pk}/conversations/?{query}").json()["results"]

    assert len(listed) == found


@pytest.mark.parametrize(
    "query",
    ["status=", "status=open", "status=OPEN;CLOSED", "assignee=", "assignee=-1", "unread=x"],
)
def test_an_odd_list_is_refused(ana, acme, query):
    check_problem(ana.get(f"/api/v1/tenant/{acme.pk}/conversations/?{query}"), 400, "invalid")
