"""Meta's messaging limit: whom templates reach first is counted, and bulk waits for its day."""

from datetime import timedelta
from threading import Thread
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from conversations import rules
from conversations.models import Broadcast, Contact, Message
from conversations.services import claims, outbox, outreach, retention, starting, statuses
from conversations.services.broadcasts import control, feeding
from conversations.services.outbox import Move
from conversations.services.statuses import Report
from tenants import context, queue
from tests.conversations import lists
from tests.conversations.sending import conversation_with, message_in
from tests.whatsapp.templates import template
from whatsapp.models import MessageTemplate, NumberFact, Outreach, Phone
from whatsapp.payloads import Sender, StatusUpdate
from whatsapp.services import reach

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def place(acme):
    with context.tenant(acme.schema_name):
        yield acme


@pytest.fixture
def phone(phones, place) -> Phone:
    return phones["acme"]


@pytest.fixture
def ana(actor, place):
    return actor("ana@acme.test")


@pytest.fixture(autouse=True)
def _no_nudges(monkeypatch):
    monkeypatch.setattr(queue, "enqueue", lambda *_args, **_kwargs: None)


@pytest.fixture
def approved(place) -> MessageTemplate:
    return template()


@pytest.fixture
def running(phone, ana, approved):
    """Return one that was started: ``running(3)`` for three numbers, or ``running([...])``."""

    def run(numbers, *, sender=phone) -> Broadcast:
        listed = lists.numbers(numbers) if isinstance(numbers, int) else numbers
        made = lists.broadcast_to(listed, phone=sender, author=ana.user, approved=approved)
        return control.start(actor=ana, broadcast=made, now=timezone.now())

    return run


def limit(phone, word):
    told = {"word": word, "grade": "OK", "code": "limit", "source": "CHECK", "at": timezone.now()}
    NumberFact.objects.update_or_create(phone=phone, matter="limit", defaults=told)


def another(phone, **fields) -> Phone:
    values = {"waba_id": phone.waba_id, "display_phone_number": "+55 11 4000-0002", **fields}
    return Phone.objects.create(
        phone_number_id=f"9{uuid4().int % 10**9}", name="Other", access_token_sealed="x", **values
    )


def feed(*broadcasts):
    """Let the feeder look again, as it does after a while."""
    Broadcast.objects.update(look_at=None)
    feeding.run(now=timezone.now())
    return [lists.states(one).count("PENDING") for one in broadcasts]


def leave(phone, count=1000):
    """Claim what waits, as the sender does, and let WhatsApp take it."""
    while taken := claims.take(phone_id=phone.pk, limit=count, horizon_seconds=600).claims:
        ids = [claim.message_id for claim in taken]
        Message.objects.filter(pk__in=ids).update(status="ACCEPTED", rank=rules.RANKS["ACCEPTED"])


def hours_pass(hours, **people):
    for one in Outreach.objects.filter(**people):
        Outreach.objects.filter(pk=one.pk).update(at=one.at - timedelta(hours=hours))


# --- what a broadcast does ------------------------------------------------------------------------
def test_it_writes_to_no_more_people_a_day_than_whatsapp_allows(running, phone):
    limit(phone, "3")
    broadcast = running(5)

    assert feed(broadcast) == [3]
    assert feed(broadcast) == [3]  # what waits in the outbox counts
    leave(phone)
    assert feed(broadcast) == [0]

    waiting = lists.reloaded(broadcast)
    assert (waiting.status, waiting.waiting_for) == ("RUNNING", "LIMIT")
    assert waiting.waits_until == Outreach.objects.earliest("at").at + reach.DAY


def test_it_goes_on_by_itself_as_people_fall_out_of_the_day(running, phone):
    limit(phone, "3")
    broadcast = running(5)
    feed(broadcast)
    leave(phone)
    feed(broadcast)

    hours_pass(24, message_id=Outreach.objects.earliest("at").pk)
    feed(broadcast)
    assert lists.states(broadcast) == [*["ACCEPTED"] * 3, "PENDING", "READY"]
    hours_pass(24)
    feed(broadcast)

    assert lists.states(broadcast) == [*["ACCEPTED"] * 3, "PENDING", "PENDING"]
    through = lists.reloaded(broadcast)
    assert (through.waiting_for, through.waits_until) == ("", None)


def test_a_higher_limit_counts_at_once(running, phone):
    limit(phone, "TIER_250")
    limit(phone, "2")
    broadcast = running(5)
    assert feed(broadcast) == [2]

    limit(phone, "TIER_250")

    assert feed(broadcast) == [5]


@pytest.mark.parametrize("word", ["TIER_UNLIMITED", "UNKNOWN", "TIER_OF_TOMORROW"])
def test_without_a_limit_that_is_known_nothing_waits(running, phone, word):
    limit(phone, word)

    assert feed(running(5)) == [5]


def test_who_was_written_to_within_the_day_costs_nothing(running, phone, monkeypatch):
    monkeypatch.setattr(feeding, "BATCH", 2)
    limit(phone, "3")
    numbers = lists.numbers(8)
    first = running(numbers[:3])
    feed(first)
    leave(phone)

    # All of the limit is used up; who counts already stands at the end of the list.
    second = running([*numbers[3:], *numbers[:3]])

    feed(second)
    assert lists.states(second) == [*["READY"] * 5, *["PENDING"] * 3]
    assert used(reach.limit_of(phone), now=timezone.now()) == 3
    leave(phone)
    assert used(reach.limit_of(phone), now=timezone.now()) == 3


def test_who_is_about_to_be_written_to_counts_once(running, phone):
    limit(phone, "3")
    first, second = running(3), running(3)

    assert feed(first, second) == [3, 3]


def test_who_has_an_open_window_costs_nothing(running, phone):
    limit(phone, "2")
    numbers = lists.numbers(6)
    now = timezone.now()
    for number in (numbers[0], numbers[5]):
        conversation_with(number, phone=phone, opened_at=now - timedelta(hours=1))
    conversation_with(numbers[4], phone=phone, opened_at=now - timedelta(hours=24))

    broadcast = running(numbers)
    feed(broadcast)

    assert lists.states(broadcast) == [*["PENDING"] * 3, "READY", "READY", "PENDING"]
    leave(phone)
    assert Outreach.objects.count() == 2


def test_a_window_at_another_number_is_none_here(running, phone):
    limit(phone, "0")
    other = another(phone)
    conversation_with(lists.numbers(1)[0], phone=other, opened_at=timezone.now())

    assert feed(running(1)) == [0]


def test_numbers_of_one_account_or_one_limit_count_together(running, phone):
    beside = another(phone)
    same, apart = another(phone, waba_id="other-1"), another(phone, waba_id="other-2")
    for number in (phone, beside, same):
        limit(number, "4")
    limit(apart, "5")
    numbers = lists.numbers(24)
    made = [
        running(numbers[6 * place : 6 * place + 6], sender=sender)
        for place, sender in enumerate((beside, same, phone, apart))
    ]

    handed = feed(*made)

    assert (sum(handed[:3]), handed[3]) == (4, 5)
    assert reach.limit_of(phone).phones == (phone.pk, beside.pk, same.pk)


def test_feeders_side_by_side_give_no_room_away_twice(running, phone, place, monkeypatch):
    monkeypatch.setattr(feeding, "BATCH", 3)
    limit(phone, "20")
    numbers = lists.numbers(80)
    made = [running(numbers[20 * part : 20 * part + 20]) for part in range(4)]

    def work(broadcast):
        with context.tenant(place.schema_name):
            feeding.feed(broadcast_id=broadcast.pk)
        connection.close()

    threads = [Thread(target=work, args=(broadcast,)) for broadcast in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Message.objects.count() == 20


def test_replies_and_single_templates_are_never_held(running, phone, ana, approved):
    limit(phone, "1")
    broadcast = running(3)
    feed(broadcast)
    leave(phone)
    thread = conversation_with("5511777", phone=phone, opened_at=timezone.now())
    reply = message_in(thread)
    single = starting.send_template(
        actor=ana,
        number="+5511988887777",
        phone=phone,
        template=approved,
        values=lists.VALUES,
        client_id=uuid4(),
        now=timezone.now(),
    )

    claimed = {one.message_id for one in claims.take(phone_id=phone.pk, limit=9).claims}

    assert claimed == {reply.pk, single.pk}
    assert used(reach.limit_of(phone), now=timezone.now()) == 2


def test_it_is_looked_at_again_only_after_a_while(running, phone):
    limit(phone, "0")
    broadcast = running(1)
    feed(broadcast)

    limit(phone, "TIER_250")
    feeding.run(now=timezone.now())
    assert lists.states(broadcast) == ["READY"]
    assert lists.reloaded(broadcast).look_at > timezone.now()

    assert feed(broadcast) == [1]


# --- what counts ----------------------------------------------------------------------------------
@pytest.fixture
def going(phone):
    """Return a template on its way to somebody: ``going(opened_at=...)``."""
    counter = iter(range(10**6))

    def send(opened_at=None, **fields):
        thread = conversation_with(f"55117{next(counter):08}", phone=phone, opened_at=opened_at)
        values = {"type": "TEMPLATE", "content": {"name": "x"}, "timestamp": timezone.now()}
        message = message_in(thread, **values | fields)
        (claim,) = claims.take(phone_id=phone.pk, limit=1, horizon_seconds=60).claims
        return message, claim

    return send


def used(limit, *, now):
    return reach.used_of([limit], now=now)[limit]


def counted(phone):
    return used(reach.limit_of(phone), now=timezone.now())


def test_a_template_outside_the_window_counts_from_the_claim_on(going, phone):
    before = timezone.now()

    message, _claim = going()

    row = Outreach.objects.get()
    assert (row.pk, row.phone_id) == (message.pk, phone.pk)
    assert row.person_id == message.conversation.contact_id
    assert before <= row.at <= timezone.now()


def test_what_goes_into_an_open_window_does_not_count(going, phone):
    recently = timezone.now() - timedelta(hours=1)
    going(opened_at=recently)
    going(opened_at=recently, type="TEXT", content={"body": "x"})

    assert counted(phone) == 0


def test_somebody_counts_once_and_from_the_last_time_on(going, phone):
    message, _claim = going()
    Message.objects.update(status="SENT", rank=rules.RANKS["SENT"])
    hours_pass(23)
    values = {"type": "TEMPLATE", "content": {"name": "x"}, "timestamp": timezone.now()}
    message_in(message.conversation, **values)
    claims.take(phone_id=phone.pk, limit=1, horizon_seconds=60)

    assert counted(phone) == 1
    found = reach.limit_of(phone)
    assert used(found, now=timezone.now() + timedelta(hours=20)) == 1
    assert used(found, now=timezone.now() + timedelta(hours=25)) == 0


@pytest.mark.parametrize(
    ("status", "count"), [("FAILED", 0), ("PENDING", 0), ("HELD", 0), ("UNKNOWN", 1)]
)
def test_what_did_not_go_does_not_count_and_what_may_have_gone_does(going, phone, status, count):
    message, claim = going()

    with connection.cursor() as cursor:
        outbox.move(cursor, [Move(message.pk, claim.attempt, status, seconds=60.0)])

    assert counted(phone) == count


def test_what_was_never_begun_is_handed_back_uncounted(going, phone):
    _message, claim = going()

    claims.hand_back([claim])

    assert counted(phone) == 0


@pytest.mark.parametrize(("words", "count"), [(["FAILED"], 0), (["FAILED", "DELIVERED"], 1)])
def test_a_status_that_says_failed_takes_the_person_back(going, phone, words, count):
    message, _claim = going()
    Message.objects.update(status="ACCEPTED", rank=20, wamid="wamid.1")
    told = [
        StatusUpdate(
            index=place,
            waba_id=phone.waba_id,
            phone_number_id=phone.phone_number_id,
            wamid="wamid.1",
            timestamp=timezone.now(),
            status=word,
            callback_data="",
            errors=None,
            pricing=None,
            recipient=Sender("", "", "", ""),
        )
        for place, word in enumerate(words)
    ]

    with connection.cursor() as cursor:
        statuses.store(cursor, [Report(phone.pk, one) for one in told])

    assert counted(phone) == count
    assert Message.objects.get().pk == message.pk


def test_people_who_turn_out_to_be_one_count_once(going, phone):
    one, _claim = going()
    other, _claim = going()
    assert counted(phone) == 2

    with connection.cursor() as cursor:
        outreach.move(cursor, {other.conversation.contact_id: one.conversation.contact_id})

    assert counted(phone) == 1
    assert Contact.objects.count() == 2


def test_what_counts_no_more_is_forgotten(going, place):
    going()
    hours_pass(24.5)
    retention.purge_tenant(tenant=place, now=timezone.now())
    assert Outreach.objects.count() == 1

    hours_pass(1)
    retention.purge_tenant(tenant=place, now=timezone.now())

    assert not Outreach.objects.exists()
