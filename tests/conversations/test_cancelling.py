"""Taking a message back: before it leaves, by whoever may send, and never after."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from conversations.models import Conversation, Mark, Message
from conversations.services import cancelling, claims, outbound, retrying
from conversations.services.cancelling import AlreadyLeftError
from tenants import context
from tenants.errors import ForbiddenError
from tenants.feed.models import Change
from tests.api import api_of
from tests.conversations.sending import conversation_with, message_in

PART = {"HX-Request": "true"}


@pytest.fixture
def conversation(acme, phones):
    with context.tenant(acme.schema_name):
        opened_at = timezone.now() - timedelta(hours=1)
        yield conversation_with("5511987654321", phone=phones["acme"], opened_at=opened_at)


@pytest.fixture
def ana(actor):
    return actor("ana@acme.test")


def cancel(ana, message):
    return cancelling.cancel(actor=ana, message=message)


@pytest.mark.parametrize("status", ["PENDING", "HELD"])
def test_what_waits_is_taken_back(ana, conversation, status):
    message = message_in(conversation, status=status, due_at=timezone.now())

    cancel(ana, message)

    message = Message.objects.get()
    assert (message.status, message.rank, message.due_at) == ("CANCELLED", 36, None)
    assert message.error_detail == str(ana.user)
    assert Change.objects.get().message_id == message.pk


@pytest.mark.parametrize(
    "status",
    ["SENDING", "UNKNOWN", "UNCONFIRMED", "ACCEPTED", "SENT", "FAILED", "DELIVERED", "READ"],
)
def test_what_may_have_left_is_not(ana, conversation, status):
    message = message_in(conversation, status=status)

    with pytest.raises(AlreadyLeftError):
        cancel(ana, message)

    assert Message.objects.get().status == status
    assert not Change.objects.exists()


def test_what_a_customer_wrote_is_not(ana, conversation):
    with pytest.raises(AlreadyLeftError):
        cancel(ana, message_in(conversation, status="RECEIVED"))


def test_twice_is_no_error_and_one_change(ana, conversation):
    message = message_in(conversation)

    cancel(ana, message)
    cancel(ana, message)

    assert Change.objects.count() == 1


def test_a_viewer_takes_nothing_back(actor, conversation):
    with pytest.raises(ForbiddenError):
        cancel(actor("vera@acme.test"), message_in(conversation))


def test_what_was_taken_back_is_never_claimed_and_holds_nothing_up(ana, conversation):
    message, behind = message_in(conversation), message_in(conversation)
    cancel(ana, message)

    taken = claims.take(phone_id=conversation.phone_id, limit=5).claims

    assert [claim.message_id for claim in taken] == [behind.pk]


def test_it_may_be_sent_again(ana, conversation):
    message = message_in(conversation, client_id=uuid4())
    cancel(ana, message)

    again = retrying.send_again(actor=ana, message=message, client_id=uuid4(), now=timezone.now())

    assert (again.status, again.retry_of_id) == ("PENDING", message.pk)


def test_a_reaction_that_was_taken_back_is_none(ana, conversation):
    asked = message_in(conversation, status="RECEIVED", wamid="wamid.A")
    reaction = outbound.send_message(
        actor=ana,
        conversation=conversation,
        kind="reaction",
        content={"message_id": asked.wamid, "emoji": "👍"},
        client_id=uuid4(),
        now=timezone.now(),
    )

    cancel(ana, reaction)

    assert Mark.objects.filter(message=reaction).exists()
    assert Message.objects.get(pk=reaction.pk).is_cancelled


@pytest.mark.django_db(transaction=True)
def test_of_the_sender_and_the_one_who_cancels_one_wins(acme, ana, conversation):
    outcomes = []
    for _ in range(12):
        message = message_in(conversation_of_its_own(conversation))
        start = threading.Barrier(2)

        def claim(start=start):
            return work(acme, start, lambda: claims.take(phone_id=conversation.phone_id, limit=50))

        def take_back(start=start, message=message):
            return work(acme, start, lambda: refused(ana, message))

        with ThreadPoolExecutor(2) as pool:
            taken, was_refused = pool.submit(claim), pool.submit(take_back)
            claimed = {one.message_id for one in taken.result().claims}
            outcomes.append((message.pk in claimed, was_refused.result()))
        message.refresh_from_db()
        assert message.status == ("SENDING" if was_refused.result() else "CANCELLED")

    assert all(claimed == was_refused for claimed, was_refused in outcomes)


def conversation_of_its_own(conversation):
    return conversation_with(
        f"5511{uuid4().int % 10**9:09}",
        phone=conversation.phone,
        opened_at=conversation.window_opened_at,
    )


def refused(ana, message):
    try:
        cancel(ana, message)
    except AlreadyLeftError:
        return True
    return False


def work(acme, start, act):
    try:
        with context.tenant(acme.schema_name):
            start.wait(10)
            return act()
    finally:
        connection.close()


# --- The doors --------------------------------------------------------------------------------


def place(conversation, message):
    return f"/inbox/{conversation.pk}/messages/{message.pk}/cancel"


def test_the_page_takes_it_back_and_draws_it_anew(page, conversation):
    message = message_in(conversation, status="HELD")
    Conversation.objects.update(last_message=message, last_message_at=message.timestamp)
    ana = page("ana@acme.test")

    offered = ana.get(f"/inbox/{conversation.pk}/").content.decode()
    html = ana.post(place(conversation, message), headers=PART).content.decode()

    assert place(conversation, message) in offered
    assert "Waiting for the number to be reconnected" in offered
    assert "Taken back before it was sent." in html
    assert place(conversation, message) not in html
    assert f"/inbox/{conversation.pk}/messages/{message.pk}/again" in html


def test_without_script_the_page_comes_back(page, conversation):
    message = message_in(conversation)

    response = page("ana@acme.test").post(place(conversation, message))

    assert (response.status_code, response["Location"]) == (
        302,
        f"/inbox/{conversation.pk}/#composer",
    )


def test_too_late_is_said_in_words(page, conversation):
    message = message_in(conversation, status="SENT")

    response = page("ana@acme.test").post(place(conversation, message), headers=PART)

    assert response.status_code == 409
    assert "too late" in response.content.decode()


def test_the_page_is_for_those_who_send_here(page, conversation, globex):
    message = message_in(conversation)

    assert page("vera@acme.test").post(place(conversation, message)).status_code == 403
    foreign = page("ana@globex.test").post(
        place(conversation, message), SERVER_NAME="globex.localhost"
    )
    assert foreign.status_code == 404
    vera = page("vera@acme.test").get(f"/inbox/{conversation.pk}/").content.decode()
    assert place(conversation, message) not in vera


def test_the_message_must_be_of_the_conversation(page, conversation):
    message = message_in(conversation_of_its_own(conversation))

    assert page("ana@acme.test").post(place(conversation, message)).status_code == 404


@pytest.fixture
def route(acme):
    return lambda pk: f"/api/v1/tenant/{acme.pk}/messages/{pk}/cancel"


def test_the_api_takes_it_back(people, route, conversation):
    message = message_in(conversation)

    response = api_of(people["ana@acme.test"]).post(route(message.pk))

    assert response.status_code == 200
    assert response.json()["status"] == "CANCELLED"


def test_the_api_says_when_it_is_too_late(people, route, conversation):
    message = message_in(conversation, status="ACCEPTED")

    response = api_of(people["ana@acme.test"]).post(route(message.pk))

    assert (response.status_code, response.json()["code"]) == (409, "already_left")


def test_the_api_is_for_those_who_send_here(people, route, conversation, acme, globex):
    message = message_in(conversation)

    assert api_of(people["vera@acme.test"]).post(route(message.pk)).status_code == 403
    assert api_of(people["ana@acme.test"]).post(route(message.pk + 999)).status_code == 404
    assert api_of(people["ana@globex.test"]).post(route(message.pk)).status_code in {401, 404}
    with context.tenant(acme.schema_name):
        assert Message.objects.get().status == "PENDING"
