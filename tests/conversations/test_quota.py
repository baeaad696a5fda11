"""A plan's messages of the month: never one more, nothing lost, on by itself when there is room."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from conversations.models import Broadcast, Contact, Conversation, Message
from conversations.services import cancelling, claims, outbound, reconciling, retrying
from conversations.services.broadcasts import control, feeding, forecasting
from tenants import context
from tenants.feed.models import Change, UsageDay
from tenants.models import Plan
from tenants.services import usage
from tests.api import api_of, check_problem
from tests.conversations import lists
from tests.conversations.sending import conversation_with
from tests.polling import until
from tests.whatsapp.templates import template
from whatsapp import errors
from whatsapp.models import Phone

pytestmark = pytest.mark.django_db(transaction=True)
PART = {"HX-Request": "true"}


@pytest.fixture
def place(acme):
    with context.tenant(acme.schema_name):
        yield acme


@pytest.fixture
def ana(actor, place):
    return actor("ana@acme.test")


@pytest.fixture
def conversation(phones, place):
    return talk_of(phones["acme"], "5511988887777")


@pytest.fixture
def send(ana, conversation):
    def text(**changes):
        values = {"actor": ana, "conversation": conversation, "text": "Olá!"}
        return outbound.send_text(
            **{**values, "client_id": uuid4(), "now": timezone.now(), **changes}
        )

    return text


def talk_of(phone, number):
    opened_at = timezone.now() - timedelta(hours=1)
    return conversation_with(number, phone=phone, opened_at=opened_at)


def allow(messages):
    with context.platform():
        Plan.objects.update(messages_per_month=messages)


def turn_the_month():
    """Let what was counted have been last month's."""
    last = timezone.now().astimezone(UTC).date().replace(day=1) - timedelta(days=1)
    UsageDay.objects.update(day=last)


def sent():
    return sum(UsageDay.objects.values_list("sent", flat=True))


def statuses():
    return list(Message.objects.order_by("pk").values_list("status", flat=True))


# --- Queued --------------------------------------------------------------------------------------
def test_a_plan_s_messages_are_sent_and_not_one_more(send):
    allow(2)
    send()
    send()

    with pytest.raises(usage.QuotaReachedError, match=r"The 2 messages of your plan"):
        send()

    assert (Message.objects.count(), Change.objects.count(), sent()) == (2, 2, 2)


def test_what_was_queued_before_is_still_the_answer_to_its_own_id(send):
    allow(1)
    client_id = uuid4()
    first = send(client_id=client_id)

    assert send(client_id=client_id) == first


def test_the_next_month_and_a_larger_plan_and_one_taken_back_make_room(ana, send):
    allow(1)
    message = send()
    cancelling.cancel(actor=ana, message=message)
    message = send()
    turn_the_month()
    send()
    allow(2)

    send()

    with pytest.raises(usage.QuotaReachedError):
        send()


def test_a_plan_without_messages_sends_none_and_one_without_a_limit_any_number(send):
    allow(0)
    with pytest.raises(usage.QuotaReachedError):
        send()

    allow(None)

    assert send().status == "PENDING"


def test_sending_again_needs_a_message_too(ana, send):
    allow(1)
    message = send()
    Message.objects.update(status="FAILED", rank=35, error_code=131000)

    with pytest.raises(usage.QuotaReachedError):
        retrying.send_again(actor=ana, message=message, client_id=uuid4(), now=timezone.now())


def test_replies_side_by_side_end_exactly_at_the_limit(acme, send, phones):
    allow(5)
    talks = [talk_of(phones["acme"], f"55119777766{n:02}") for n in range(16)]
    start = threading.Barrier(4)

    def queue(four):
        start.wait(10)
        return [reply(talk) for talk in four]

    def reply(talk):
        try:
            with context.tenant(acme.schema_name):
                send(conversation=talk)
        except usage.QuotaReachedError:
            return "refused"
        finally:
            connection.close()
        return "queued"

    with ThreadPoolExecutor(4) as pool:
        ends = [end for four in pool.map(queue, [talks[n::4] for n in range(4)]) for end in four]

    assert (ends.count("queued"), Message.objects.count(), sent()) == (5, 5, 5)


def test_another_tenant_on_the_same_plan_has_its_own_messages(send, globex, actor, phones):
    allow(1)
    send()

    with context.tenant(globex.schema_name):
        talk = talk_of(phones["globex"], "5511988887777")
        message = send(actor=actor("ana@globex.test"), conversation=talk)

    assert message.status == "PENDING"


# --- Asked again at the claim -------------------------------------------------------------------
def test_what_a_smaller_plan_does_not_cover_is_held_and_says_why(send, conversation):
    message = send()
    send(conversation=talk_of(conversation.phone, "5511977776666"))
    allow(1)

    assert claims.take(phone_id=conversation.phone_id, limit=5).claims == []

    message.refresh_from_db()
    assert statuses() == ["HELD", "HELD"]
    assert (message.error_code, message.may_send_again) == (errors.QUOTA_REACHED, False)
    assert message.status_label == "Waiting: the messages of this month's plan are used up."
    assert message.error.whose == errors.Whose.SETUP
    assert Change.objects.count() == 4


def test_the_last_message_of_a_plan_is_no_message_too_many(send, conversation):
    allow(1)
    message = send()

    (claim,) = claims.take(phone_id=conversation.phone_id, limit=5).claims

    assert claim.message_id == message.pk


@pytest.mark.parametrize("change", ["the month", "the plan", "one taken back"])
def test_what_is_held_goes_on_by_itself(ana, send, conversation, change):
    message = send()
    other = send(conversation=talk_of(conversation.phone, "5511977776666"))
    allow(1)
    claims.take(phone_id=conversation.phone_id, limit=5)
    reconciling.reconcile()
    assert statuses() == ["HELD", "HELD"]  # nothing has changed yet

    if change == "the month":
        turn_the_month()
    elif change == "the plan":
        allow(2)
    else:
        cancelling.cancel(actor=ana, message=other)
    reconciling.reconcile()

    message.refresh_from_db()
    assert (message.status, message.error_code) == ("PENDING", None)
    taken = claims.take(phone_id=conversation.phone_id, limit=5).claims
    assert message.pk in {claim.message_id for claim in taken}


def test_what_a_dead_token_held_waits_for_no_plan(send, conversation):
    message = send()
    Message.objects.update(status="HELD")
    allow(0)

    reconciling.reconcile()  # the number is well; the plan is asked at the claim

    message.refresh_from_db()
    assert message.status == "PENDING"


def test_a_number_that_needs_a_token_keeps_what_was_held_for_the_plan(send, conversation):
    send()
    allow(0)
    claims.take(phone_id=conversation.phone_id, limit=5)
    Phone.objects.update(health=Phone.Health.AUTH_ERROR)
    allow(None)

    reconciling.reconcile()

    assert statuses() == ["HELD"]


# --- Broadcasts ---------------------------------------------------------------------------------
@pytest.fixture
def started(ana, phones):
    def start(numbers):
        made = lists.broadcast_to(lists.numbers(numbers), phone=phones["acme"], author=ana.user)
        broadcast = control.start(actor=ana, broadcast=made, now=timezone.now())
        feeding.run(now=timezone.now())
        return lists.reloaded(broadcast)

    return start


def test_a_broadcast_takes_what_is_left_and_waits_for_the_next_month(started):
    allow(2)

    broadcast = started(5)

    assert lists.states(broadcast) == ["PENDING", "PENDING", "READY", "READY", "READY"]
    assert (broadcast.status, broadcast.waiting_for) == ("RUNNING", Broadcast.Wait.QUOTA)
    assert broadcast.waits_until == usage.next_month_at(timezone.now())
    turn_the_month()
    feeding.run(now=timezone.now())
    broadcast = lists.reloaded(broadcast)
    assert lists.states(broadcast) == ["PENDING"] * 4 + ["READY"]
    allow(None)
    feeding.run(now=timezone.now())
    broadcast = lists.reloaded(broadcast)
    assert lists.states(broadcast) == ["PENDING"] * 5
    assert (broadcast.waiting_for, broadcast.waits_until) == ("", None)


def test_a_broadcast_that_meets_a_rival_hands_over_less(acme, started):
    """Somebody takes two of three between its look at the plan and its count."""
    allow(3)
    has_taken = threading.Event()

    def rival():
        try:
            with context.tenant(acme.schema_name), transaction.atomic():
                usage.take(2)
                has_taken.set()
                until(somebody_waits)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        ended = pool.submit(rival)
        has_taken.wait(10)
        broadcast = started(3)
        ended.result()

    assert lists.states(broadcast) == ["PENDING", "READY", "READY"]
    assert (broadcast.waiting_for, sent()) == (Broadcast.Wait.QUOTA, 3)


def somebody_waits():
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        return cursor.fetchone()[0]


def test_the_forecast_says_what_the_plan_leaves(acme, ana, phones, page):
    allow(2)
    made = lists.broadcast_to(lists.numbers(5), phone=phones["acme"], author=ana.user)

    found = forecasting.forecast(broadcast=made, now=timezone.now())

    assert (found.quota_left, found.over_quota, found.at_once) == (2, 3, 2)
    assert found.finishes_at is None
    html = page("ana@acme.test").get(f"/broadcasts/{made.pk}/").content.decode()
    assert "Your plan has 2 messages left this month. The other 3 follow" in html
    allow(None)
    with context.tenant(acme.schema_name):
        found = forecasting.forecast(broadcast=made, now=timezone.now())
    assert (found.quota_left, found.over_quota, found.at_once) == (None, 0, 5)


# --- What people and programs see ---------------------------------------------------------------
def test_the_page_says_so_and_keeps_the_text(page, acme, conversation):
    allow(0)
    ana = page("ana@acme.test")
    form = {"text": "A long and careful answer", "client_id": str(uuid4()), "seen": 0}

    whole = ana.post(f"/inbox/{conversation.pk}/reply", form)
    part = ana.post(f"/inbox/{conversation.pk}/reply", form, headers=PART)

    assert (whole.status_code, part.status_code) == (409, 409)
    assert "A long and careful answer" in whole.content.decode()
    for response in (whole, part):
        assert "messages of your plan are used up for this month" in response.content.decode()
    with context.tenant(acme.schema_name):
        assert not Message.objects.exists()


def test_a_held_message_says_why_and_can_be_taken_back(page, send, conversation):
    message = send()
    Conversation.objects.update(last_message=message, last_message_at=message.timestamp)
    allow(0)
    claims.take(phone_id=conversation.phone_id, limit=5)

    html = page("ana@acme.test").get(f"/inbox/{conversation.pk}/").content.decode()

    assert "the messages of this month&#x27;s plan are used up" in html
    assert "reconnected" not in html
    assert f"/inbox/{conversation.pk}/messages/{message.pk}/cancel" in html
    assert f"/inbox/{conversation.pk}/messages/{message.pk}/again" not in html


def test_the_api_refuses_and_nothing_is_left_behind(people, acme, conversation, phones):
    allow(0)
    ana, base = api_of(people["ana@acme.test"]), f"/api/v1/tenant/{acme.pk}"
    text = {"type": "text", "text": {"body": "Oi"}}
    approved = template()
    known = Contact.objects.count()

    into = ana.post(f"{base}/messages/send", {"conversation": conversation.pk, **text})
    dry = {"conversation": conversation.pk, **text, "dry_run": True}
    only = ana.post(f"{base}/messages/send", dry)
    new = {
        "to": "+5511912341234",
        "template": {"name": approved.name, "language": approved.language},
        "values": lists.VALUES,
    }
    first = ana.post(f"{base}/messages/template", new)

    check_problem(into, 409, "quota_reached")
    check_problem(only, 409, "quota_reached")
    check_problem(first, 409, "quota_reached")
    with context.tenant(acme.schema_name):
        assert (Message.objects.count(), Contact.objects.count(), sent()) == (0, known, 0)


def test_the_api_says_why_a_message_is_held(people, acme, send, conversation):
    send()
    allow(0)
    claims.take(phone_id=conversation.phone_id, limit=5)
    place = f"/api/v1/tenant/{acme.pk}/conversations/{conversation.pk}/messages"

    (message,) = api_of(people["ana@acme.test"]).get(place).json()["results"]

    assert message["status"] == "HELD"
    assert message["error"]["code"] == errors.QUOTA_REACHED


@pytest.mark.parametrize(
    ("now", "then"),
    [
        ("2026-11-30T23:59:59+00:00", "2026-12-01T00:00:00+00:00"),
        ("2026-11-30T22:30:00-03:00", "2027-01-01T00:00:00+00:00"),
        ("2026-12-31T12:00:00+00:00", "2027-01-01T00:00:00+00:00"),
        ("2026-01-01T00:00:00+00:00", "2026-02-01T00:00:00+00:00"),
    ],
)
def test_the_next_month_is_that_of_utc(now, then):
    assert usage.next_month_at(datetime.fromisoformat(now)) == datetime.fromisoformat(then)
