"""When a conversation begins, is answered and ends: the same rows for any order of the events."""

from datetime import UTC, datetime
from itertools import permutations

import pytest

from conversations.models import Conversation, Episode
from conversations.services import handling
from tests.conversations.events import NOON, contact, text

pytestmark = pytest.mark.django_db(transaction=True)
CLOSED = NOON + 100


def moment(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def episodes() -> list[tuple[int, int | None]]:
    rows = Episode.objects.filter(conversation__merged_into=None).order_by("opened_at", "pk")
    return [
        (
            round(one.opened_at.timestamp()) - NOON,
            one.closed_at and round(one.closed_at.timestamp()) - NOON,
        )
        for one in rows
    ]


def close(actor, at: int = CLOSED) -> None:
    thread = Conversation.objects.filter(merged_into=None).order_by("pk").first()
    handling.set_status(actor=actor, conversation=thread, status="CLOSED", now=moment(at))


@pytest.mark.parametrize("together", [True, False], ids=["in one body", "one by one"])
@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_it_begins_with_the_customers_first_time(take, inside, order, together):
    messages = [text(f"w{place}", at=NOON + place) for place in order]

    for part in [messages] if together else [[one] for one in messages]:
        take(*part)
    take(*messages)  # once more

    assert episodes() == [(0, None)]


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_after_the_closing_another_one_begins_and_never_before_it(take, inside, actor, order):
    """A message of before the closing that comes after it was read by nobody: it opens, too."""
    take(text("first", at=NOON))
    close(actor("ana@acme.test"))
    later = [NOON + 50, CLOSED + 10, CLOSED + 20]

    for place in order:
        take(text(f"w{place}", at=later[place]))

    assert episodes() == [(0, 100), (100, None)]
    assert Conversation.objects.get().status == "OPEN"


def test_what_comes_again_after_the_closing_opens_nothing(take, inside, actor):
    take(text("first", at=NOON))
    close(actor("ana@acme.test"))

    take(text("first", at=NOON))

    assert episodes() == [(0, 100)]
    assert Conversation.objects.get().status == "CLOSED"


def test_a_number_change_is_no_beginning(take, inside):
    told = {"from": "5511988887777", "id": "s", "timestamp": str(NOON), "type": "system"}
    take({**told, "system": {"type": "user_changed_number", "wa_id": "12195555358"}})

    assert episodes() == []


@pytest.mark.parametrize("answered", [0, 1, 2])
def test_two_that_become_one_have_one_beginning_and_the_first_answer(
    take, inside, people, answered
):
    take(text("a", at=NOON + 10), contacts=[contact(name="Ana")])
    hidden = text("b", at=NOON)
    del hidden["from"]
    take(hidden | {"from_user_id": "BR.1"})
    ana = people["ana@acme.test"]
    for number, one in enumerate(Episode.objects.order_by("pk")[:answered]):
        one.first_reply_at, one.first_reply_by = moment(NOON + 60 - number), ana
        one.save()

    take(text("c", at=NOON + 20, from_user_id="BR.1"))

    (one,) = Episode.objects.all()
    assert episodes() == [(0, None)]
    assert one.conversation == Conversation.objects.get(merged_into=None)
    assert one.first_reply_at == (moment(NOON + 61 - answered) if answered else None)


def test_what_was_closed_and_what_is_open_stay_when_they_become_one(take, inside, actor, people):
    take(text("a", at=NOON))
    close(actor("ana@acme.test"))
    hidden = text("b", at=NOON + 200)
    del hidden["from"]
    take(hidden | {"from_user_id": "BR.1"})
    Conversation.objects.filter(status="OPEN").update(assignee=people["ana@acme.test"])

    take(text("c", at=NOON + 300, from_user_id="BR.1"))

    kept = Conversation.objects.get(merged_into=None)
    assert episodes() == [(0, 100), (200, None)]
    assert (kept.status, kept.assignee_id) == ("OPEN", people["ana@acme.test"].pk)
