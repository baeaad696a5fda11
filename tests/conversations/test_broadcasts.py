"""Broadcasts: everybody once, nobody against their will, stopped in time, begun again after all."""

from datetime import timedelta
from threading import Thread
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from conversations import broadcasts, rules
from conversations.models import (
    Block,
    Broadcast,
    BroadcastRecipient,
    Contact,
    ContactIdentity,
    Conversation,
    Message,
    StatusEvent,
)
from conversations.services import claims, delivery, outbox, reconciling, retrying
from conversations.services.broadcasts import control, feeding, progress
from conversations.services.outbound import PhoneInactiveError
from conversations.services.template_sending import TemplateNotApprovedError
from tenants import context, permissions, queue
from tenants.errors import ForbiddenError, NotFoundError
from tenants.feed.models import Change
from tenants.models import ApiKey, AuditEvent, Membership
from tests.api import key_of
from tests.conversations import lists
from tests.conversations.sending import conversation_with
from tests.whatsapp import raw_meta
from tests.whatsapp.templates import template
from whatsapp.models import MessageTemplate, NumberFact, NumberPace, Phone
from whatsapp.services import pace

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


@pytest.fixture
def made(phone, ana):
    """Return a new draft: ``made(3)`` for three numbers, ``made([...])`` for these."""

    def make(numbers=3, **fields) -> Broadcast:
        listed = lists.numbers(numbers) if isinstance(numbers, int) else numbers
        return lists.broadcast_to(listed, phone=phone, author=ana.user, **fields)

    return make


@pytest.fixture
def running(made, ana):
    """Return one that was started, and whose first rows are handed over."""

    def run(numbers=3, **fields) -> Broadcast:
        broadcast = control.start(actor=ana, broadcast=made(numbers, **fields), now=timezone.now())
        feeding.run(now=timezone.now())
        return broadcast

    return run


@pytest.fixture
def nudges(monkeypatch):
    sent = []
    monkeypatch.setattr(queue, "enqueue", lambda path, **kwargs: sent.append((path, kwargs)))
    return sent


def _quality(phone, word):
    NumberFact.objects.update_or_create(
        phone=phone,
        matter="quality",
        defaults={"word": word, "grade": "OK", "code": "x", "source": "CHECK", "at": lists.now()},
    )


def _ended(broadcast, status, *, code=None, count=None):
    """Let messages end as Meta's webhooks would."""
    rows = Message.objects.filter(broadcast=broadcast, status="PENDING").order_by("pk")[:count]
    fields = {"status": status, "rank": rules.RANKS[status], "error_code": code}
    Message.objects.filter(pk__in=[row.pk for row in rows]).update(**fields)


# --- handing over ---------------------------------------------------------------------------------
def test_everybody_gets_one_message_in_a_conversation_that_moves_no_list(running, ana, phone):
    broadcast = running(3)

    assert lists.states(broadcast) == ["PENDING"] * 3
    messages = Message.objects.order_by("pk")
    assert [one.lane for one in messages] == [rules.Lane.BULK] * 3
    assert {one.type for one in messages} == {"TEMPLATE"}
    assert {one.author for one in messages} == {ana.user}
    assert messages[0].extras["template"]["name"] == broadcast.template.name
    for conversation in Conversation.objects.all():
        assert (conversation.status, conversation.unread_count) == ("ARCHIVED", 0)
        assert conversation.last_message is None
    # No page draws that somebody is known now.
    assert set(Change.objects.values_list("kind", flat=True)) == {"BROADCAST", "CONTACT_NEW"}


def test_a_conversation_that_is_there_is_used_and_stays_as_it_is(running, phone):
    opened = timezone.now() - timedelta(hours=1)
    # The same person, as Meta writes the number without the ninth digit.
    there = conversation_with("551187654321", phone=phone, opened_at=opened)
    before = Conversation.objects.values().get(pk=there.pk)

    broadcast = running(["5511987654321"])

    assert Message.objects.get().conversation_id == there.pk
    assert Conversation.objects.values().get(pk=there.pk) == before
    assert lists.states(broadcast) == ["PENDING"]


def test_the_same_person_stands_on_a_list_once(made):
    broadcast = made(["5511987654321"])

    with pytest.raises(IntegrityError, match="recipient_unique"):
        BroadcastRecipient.objects.create(
            broadcast=broadcast,
            position=2,
            address="1187654321",
            kind="WA_ID",
            value="551187654321",
            match_key=rules.match_key("551187654321"),
        )


def test_one_that_breaks_stops_no_other(made, ana, caplog):
    broken, sound = (
        control.start(actor=ana, broadcast=made(numbers, approved=known), now=timezone.now())
        for known in [template()]
        for numbers in ([lists.numbers(1)[0]], [lists.numbers(2)[1]])
    )
    broken.recipients.update(values=[])  # as nothing of ours writes them

    feeding.run(now=timezone.now())

    assert lists.states(sound) == ["PENDING"]
    assert lists.states(broken) == ["READY"]
    assert f"broadcast {broken.pk} of {context.current_schema()} failed" in caplog.text


def test_who_has_two_numbers_on_the_list_is_written_to_once(running, phone):
    there = conversation_with("5511911111111", phone=phone, opened_at=None)
    ContactIdentity.objects.create(
        contact=there.contact, kind="WA_ID", value="5511922222222", match_key="551122222222"
    )
    ContactIdentity.objects.filter(value="5511922222222").update(
        match_key=rules.match_key("5511922222222")
    )

    broadcast = running(["5511911111111", "5511922222222"])

    assert lists.states(broadcast) == ["PENDING", "SKIPPED"]
    assert broadcast.recipients.get(position=2).reason == "DUPLICATE"
    assert broadcast.recipients.get(position=2).first_position == 1


def test_a_second_number_that_comes_later_names_the_row_that_came_first(running, phone):
    there = conversation_with("5511911111111", phone=phone, opened_at=None)
    broadcast = running(["5511911111111", "5511922222222"])
    second = broadcast.recipients.get(position=2)
    Message.objects.filter(pk=second.message_id).delete()
    ContactIdentity.objects.filter(match_key=second.match_key).update(contact=there.contact)
    broadcast.recipients.filter(position=2).update(state="READY", message=None)

    feeding.run(now=timezone.now())

    second = broadcast.recipients.get(position=2)
    assert (second.state, second.reason, second.first_position) == ("SKIPPED", "DUPLICATE", 1)


def test_who_wants_no_marketing_or_is_blocked_is_left_out_with_the_reason(made, phone, ana):
    stopped = conversation_with(lists.numbers(1)[0], phone=phone, opened_at=None)
    Contact.objects.filter(pk=stopped.contact_id).update(marketing_opted_out_at=timezone.now())
    apart = conversation_with(lists.numbers(2)[1], phone=phone, opened_at=None)
    Block.objects.create(
        contact=apart.contact, phone=phone, state="BLOCKED", changed_at=timezone.now()
    )
    broadcast = made(3, approved=template(category="MARKETING"))

    control.start(actor=ana, broadcast=broadcast, now=timezone.now())
    feeding.run(now=timezone.now())

    assert lists.states(broadcast) == ["SKIPPED", "SKIPPED", "PENDING"]
    assert broadcasts.reasons(broadcast.pk) == {"BLOCKED": 1, "OPTED_OUT": 1}


def test_a_row_that_whatsapp_would_refuse_is_left_out_with_the_reason(running, made, ana):
    broadcast = made(2)
    broadcast.recipients.filter(position=1).update(values={"body.1": "Ana"})

    control.start(actor=ana, broadcast=broadcast, now=timezone.now())
    feeding.run(now=timezone.now())

    assert lists.states(broadcast) == ["SKIPPED", "PENDING"]
    row = broadcast.recipients.get(position=1)
    assert row.reason == "INVALID_VALUE"
    assert row.problem["place"] == "body.2"
    assert "body.2" in row.why_left_out


def test_the_outbox_never_holds_the_whole_list(made, ana, monkeypatch):
    monkeypatch.setattr(feeding, "BATCH", 10)
    monkeypatch.setattr(feeding, "AHEAD_SECONDS", 0.5)  # of 80 a second
    broadcast = control.start(actor=ana, broadcast=made(60), now=timezone.now())

    feeding.run(now=timezone.now())
    feeding.run(now=timezone.now())
    assert Message.objects.filter(status="PENDING").count() == 40

    _ended(broadcast, "SENT", count=25)
    feeding.run(now=timezone.now())
    assert Message.objects.filter(status="PENDING").count() == 35
    assert Message.objects.count() == 60


def test_feeders_side_by_side_hand_each_row_over_once(made, ana, place, monkeypatch):
    monkeypatch.setattr(feeding, "BATCH", 5)
    broadcast = control.start(actor=ana, broadcast=made(60), now=timezone.now())

    def feed():
        with context.tenant(place.schema_name):
            for _ in range(8):
                feeding.feed(broadcast_id=broadcast.pk)
        connection.close()

    threads = [Thread(target=feed) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Message.objects.count() == 60
    assert Message.objects.values("conversation").distinct().count() == 60
    assert lists.states(broadcast) == ["PENDING"] * 60


def test_a_sweeper_alone_feeds_and_one_with_a_broker_nudges(made, ana, nudges):
    control.start(actor=ana, broadcast=made(2), now=timezone.now())
    nudges.clear()

    feeding.sweep(alone=False)
    assert nudges == [("conversations.tasks.run_broadcasts", {})]
    assert not Message.objects.exists()

    feeding.sweep(alone=True)
    assert Message.objects.count() == 2


def test_where_nothing_runs_nobody_is_nudged(made, nudges):
    made(2)

    feeding.sweep(alone=False)

    assert nudges == []


# --- what it waits for ----------------------------------------------------------------------------
def test_it_waits_while_the_number_cannot_send_and_says_so(running, phone):
    Phone.objects.filter(pk=phone.pk).update(health="AUTH_ERROR")

    broadcast = running(2)

    assert lists.states(broadcast) == ["READY", "READY"]
    assert lists.reloaded(broadcast).waiting_for == "NUMBER"

    Phone.objects.filter(pk=phone.pk).update(health="OK")
    feeding.run(now=timezone.now())
    assert lists.states(broadcast) == ["PENDING", "PENDING"]
    assert lists.reloaded(broadcast).waiting_for == ""


def test_it_waits_while_whatsapp_wants_no_bulk_from_the_number(running, phone):
    until = timezone.now() + timedelta(hours=1)
    NumberPace.objects.create(phone=phone, bulk_paused_until=until)

    broadcast = running(2)

    assert lists.states(broadcast) == ["READY", "READY"]
    assert lists.reloaded(broadcast).waiting_for == "PACE"


def test_a_status_that_holds_the_number_back_holds_the_rest_of_the_list(running, phone, ana):
    broadcast = running(3)
    _ended(broadcast, "FAILED", code=131048, count=1)
    failed_at = timezone.now() - timedelta(minutes=1)
    Message.objects.filter(status="FAILED").update(failed_at=failed_at)

    for _ in range(2):
        feeding.run(now=timezone.now() + timedelta(seconds=2))

    waiting = lists.reloaded(broadcast)
    assert (waiting.status, waiting.waiting_for) == ("RUNNING", "PACE")
    assert waiting.waits_until == failed_at + pace.BULK_PAUSE
    assert claims.take(phone_id=phone.pk, limit=5).claims == []
    # Nothing is lost: whoever retries it writes to the one that failed, too.
    control.retry_failed(actor=ana, broadcast=waiting, now=timezone.now())
    assert lists.states(broadcast) == ["READY", "PENDING", "PENDING"]


def test_who_may_not_be_written_to_any_more_holds_up_nobody_behind(running, phone):
    running(3)
    first, second, third = Message.objects.order_by("pk")
    for one in (first, second):
        Block.objects.create(contact=one.conversation.contact, phone=phone, state="BLOCKED")

    (claim,) = claims.take(phone_id=phone.pk, limit=1).claims

    assert claim.message_id == third.pk
    assert Message.objects.filter(status="FAILED", error_code=130403).count() == 2


# --- states ---------------------------------------------------------------------------------------
def test_pause_takes_back_what_has_not_left_and_resume_writes_to_everybody_once(
    running, ana, phone
):
    broadcast = running(4)
    (left,) = claims.take(phone_id=phone.pk, limit=1).claims

    control.pause(actor=ana, broadcast=broadcast, now=timezone.now())

    assert Message.objects.get().pk == left.message_id
    assert lists.states(broadcast) == ["SENDING", "READY", "READY", "READY"]
    paused = lists.reloaded(broadcast)
    assert (paused.status, paused.pause_reason) == ("PAUSED", "PERSON")
    feeding.run(now=timezone.now())
    assert Message.objects.count() == 1

    control.resume(actor=ana, broadcast=broadcast, now=timezone.now())
    feeding.run(now=timezone.now())
    assert lists.states(broadcast) == ["SENDING", "PENDING", "PENDING", "PENDING"]
    assert Message.objects.values("conversation").distinct().count() == 4


def test_a_cancelled_one_writes_to_nobody_any_more(running, ana):
    broadcast = running(3)

    control.cancel(actor=ana, broadcast=broadcast, now=timezone.now())
    feeding.run(now=timezone.now())

    assert not Message.objects.exists()
    assert lists.reloaded(broadcast).status == "CANCELLED"
    with pytest.raises(control.BroadcastStateError):
        control.resume(actor=ana, broadcast=broadcast, now=timezone.now())


def test_it_ends_when_everybody_was_written_to_and_says_so_once(running):
    broadcast = running(3)
    _ended(broadcast, "SENT", count=2)
    progress.count(broadcast_id=broadcast.pk, now=timezone.now())
    assert lists.reloaded(broadcast).status == "RUNNING"

    _ended(broadcast, "FAILED", code=131026)
    progress.count(broadcast_id=broadcast.pk, now=timezone.now())

    ended = lists.reloaded(broadcast)
    assert ended.status == "FINISHED"
    assert ended.finished_at is not None
    assert ended.counts == {"SENT": 2, "FAILED": 1}
    changes = Change.objects.filter(broadcast_id=broadcast.pk).count()
    progress.count(broadcast_id=broadcast.pk, now=timezone.now())
    assert Change.objects.filter(broadcast_id=broadcast.pk).count() == changes


def test_statuses_of_its_messages_are_one_change_of_its_own(running, phone):
    broadcast = running(3)
    before = Change.objects.count()
    with connection.cursor() as cursor:
        ids = list(Message.objects.values_list("pk", flat=True))
        moves = [outbox.Move(pk, 0, "FAILED", was="PENDING", code=131026) for pk in ids]
        outbox.publish(outbox.move(cursor, moves))
    reconciling.reconcile()
    assert Change.objects.count() == before

    progress.count(broadcast_id=broadcast.pk, now=timezone.now())

    (change,) = Change.objects.filter(seq__gt=before)
    assert (change.kind, change.broadcast_id, change.message_id) == (
        "BROADCAST",
        broadcast.pk,
        None,
    )


def test_it_is_counted_less_often_the_longer_nothing_happens(running):
    broadcast = running(2)
    now = timezone.now()

    def next_count(after: timedelta) -> timedelta | None:
        progress.count(broadcast_id=broadcast.pk, now=now + after)
        count_at = lists.reloaded(broadcast).count_at
        return count_at and count_at - now - after

    assert next_count(timedelta(seconds=1)) == timedelta(seconds=1)
    assert next_count(timedelta(seconds=201)) == timedelta(seconds=10)
    _ended(broadcast, "READ")
    assert next_count(timedelta(seconds=301)) == timedelta(seconds=1)
    assert next_count(timedelta(days=10)) == timedelta(seconds=600)
    assert next_count(timedelta(days=40)) is None


def test_failed_ones_get_a_new_attempt_and_whom_it_cannot_help_none(running, ana):
    broadcast = running(4)
    _ended(broadcast, "SENT", count=1)
    _ended(broadcast, "FAILED", code=131050, count=1)  # wants no marketing
    _ended(broadcast, "FAILED", code=131049, count=1)  # Meta spares them
    _ended(broadcast, "FAILED", code=131000)
    failed = broadcast.recipients.get(position=4).message
    progress.count(broadcast_id=broadcast.pk, now=timezone.now())

    control.retry_failed(actor=ana, broadcast=broadcast, now=timezone.now())
    feeding.run(now=timezone.now())

    assert lists.states(broadcast) == ["SENT", "FAILED", "FAILED", "PENDING"]
    again = broadcast.recipients.get(position=4).message
    assert (again.retry_of_id, again.conversation_id) == (failed.pk, failed.conversation_id)
    assert lists.reloaded(broadcast).status == "RUNNING"


def test_an_attempt_that_is_taken_back_leaves_the_one_before(running, ana):
    broadcast = running(1)
    _ended(broadcast, "FAILED", code=131000)
    first = Message.objects.get()
    progress.count(broadcast_id=broadcast.pk, now=timezone.now())
    control.retry_failed(actor=ana, broadcast=broadcast, now=timezone.now())
    feeding.run(now=timezone.now())

    control.pause(actor=ana, broadcast=broadcast, now=timezone.now())
    assert Message.objects.get() == first

    control.resume(actor=ana, broadcast=broadcast, now=timezone.now())
    feeding.run(now=timezone.now())
    assert Message.objects.exclude(pk=first.pk).get().retry_of_id == first.pk


def test_whom_the_first_one_reached_after_all_gets_no_second(running, ana, phone):
    broadcast = running(2)
    _ended(broadcast, "FAILED", code=131000)
    late, other = Message.objects.order_by("pk")
    control.retry_failed(actor=ana, broadcast=broadcast, now=timezone.now())
    fields = {"status": "DELIVERED", "rank": rules.RANKS["DELIVERED"]}
    Message.objects.filter(pk=late.pk).update(**fields)

    feeding.run(now=timezone.now())

    assert lists.states(broadcast) == ["DELIVERED", "PENDING"]
    assert Message.objects.get(status="PENDING").retry_of_id == other.pk


@pytest.mark.parametrize("first", ["retry", "person"])
def test_what_a_person_sent_again_is_not_sent_once_more(running, ana, first):
    broadcast = running(1)
    _ended(broadcast, "FAILED", code=131000)
    failed = Message.objects.get()
    progress.count(broadcast_id=broadcast.pk, now=timezone.now())
    now = timezone.now()
    if first == "retry":
        control.retry_failed(actor=ana, broadcast=broadcast, now=now)
    again = retrying.send_again(actor=ana, message=failed, client_id=uuid4(), now=now)
    if first == "person":
        control.retry_failed(actor=ana, broadcast=broadcast, now=now)

    feeding.run(now=now)

    assert set(Message.objects.values_list("pk", flat=True)) == {failed.pk, again.pk}
    assert broadcast.recipients.get().message_id == again.pk
    assert lists.states(broadcast) == ["PENDING"]


def test_without_anything_to_retry_it_says_so(running, ana):
    broadcast = running(1)
    _ended(broadcast, "SENT")
    progress.count(broadcast_id=broadcast.pk, now=timezone.now())

    with pytest.raises(control.NobodyLeftError):
        control.retry_failed(actor=ana, broadcast=broadcast, now=timezone.now())
    assert lists.reloaded(broadcast).status == "FINISHED"


# --- stopping by itself ---------------------------------------------------------------------------
def test_it_stops_by_itself_when_too_many_fail(running, ana):
    broadcast = running(60)
    _ended(broadcast, "SENT", count=15)
    _ended(broadcast, "FAILED", code=131026, count=20)

    feeding.run(now=timezone.now() + timedelta(seconds=2))

    stopped = lists.reloaded(broadcast)
    assert (stopped.status, stopped.pause_reason) == ("PAUSED", "FAILURES")
    assert not Message.objects.filter(status="PENDING").exists()
    event = AuditEvent.objects.filter(action="broadcast.paused").get()
    assert (event.actor, event.changes) == (None, {"reason": "FAILURES"})

    # Whoever resumes it has seen them: it is judged by what comes from now on.
    control.resume(actor=ana, broadcast=broadcast, now=timezone.now())
    feeding.run(now=timezone.now() + timedelta(seconds=2))
    assert lists.reloaded(broadcast).status == "RUNNING"


def test_what_meta_chose_not_to_deliver_is_no_failure_of_the_list(running):
    broadcast = running(60)
    _ended(broadcast, "FAILED", code=131049, count=30)

    feeding.run(now=timezone.now() + timedelta(seconds=2))

    assert lists.reloaded(broadcast).status == "RUNNING"


@pytest.mark.parametrize(("before", "after"), [("GREEN", "YELLOW"), ("YELLOW", "RED"), ("", "RED")])
def test_it_stops_by_itself_when_the_quality_of_the_number_falls(running, phone, before, after):
    if before:
        _quality(phone, before)
    broadcast = running(3)
    _quality(phone, after)

    feeding.run(now=timezone.now())

    stopped = lists.reloaded(broadcast)
    assert (stopped.status, stopped.pause_reason) == ("PAUSED", "QUALITY")
    assert lists.states(broadcast) == ["READY"] * 3


def test_a_better_quality_stops_nothing(running, phone):
    _quality(phone, "YELLOW")
    broadcast = running(3)
    _quality(phone, "GREEN")

    feeding.run(now=timezone.now())

    assert lists.reloaded(broadcast).status == "RUNNING"


@pytest.mark.parametrize(
    ("fields", "reason"), [({"status": "PAUSED"}, "TEMPLATE"), ({"quality": "RED"}, "QUALITY")]
)
def test_it_stops_by_itself_when_the_template_falls(running, fields, reason):
    broadcast = running(3)
    MessageTemplate.objects.update(**fields)

    feeding.run(now=timezone.now())

    assert lists.reloaded(broadcast).pause_reason == reason


def test_it_stops_by_itself_when_its_starter_may_no_longer_send(running, ana, actor):
    broadcast = running(3)
    Membership.objects.filter(user=ana.user).update(role="VIEWER")

    feeding.run(now=timezone.now())
    assert lists.reloaded(broadcast).pause_reason == "AUTHOR"

    # It goes on upon somebody else's word.
    boss = actor("admin@acme.test")
    control.resume(actor=boss, broadcast=broadcast, now=timezone.now())
    feeding.run(now=timezone.now())
    assert {one.author for one in Message.objects.all()} == {boss.user}


def test_a_program_s_stops_by_itself_when_its_key_is_revoked(made, people, acme):
    key_of(people["admin@acme.test"], acme, "broadcasts:write")
    with context.platform():
        program = permissions.key_actor(ApiKey.objects.select_related("tenant").get())
    broadcast = control.start(actor=program, broadcast=made(3), now=timezone.now())
    feeding.run(now=timezone.now())
    assert {one.api_key_id for one in Message.objects.all()} == {program.key.pk}
    assert not lists.reloaded(broadcast).pause_reason

    with context.platform():
        ApiKey.objects.update(revoked_at=timezone.now())
    feeding.run(now=timezone.now())

    assert lists.reloaded(broadcast).pause_reason == "AUTHOR"


# --- who may, and when ----------------------------------------------------------------------------
@pytest.mark.parametrize("act", ["start", "pause", "resume", "cancel", "retry_failed"])
def test_a_viewer_may_not(act, made, actor):
    vera = actor("vera@acme.test")

    with pytest.raises(ForbiddenError):
        getattr(control, act)(actor=vera, broadcast=made(1), now=timezone.now())


@pytest.mark.parametrize("act", ["start", "pause", "resume", "cancel", "retry_failed"])
def test_another_tenant_finds_nothing(act, made, actor, globex):
    broadcast = made(1)
    stranger = actor("admin@globex.test")

    with context.tenant(globex.schema_name), pytest.raises(NotFoundError):
        getattr(control, act)(actor=stranger, broadcast=broadcast, now=timezone.now())


@pytest.mark.parametrize(
    ("act", "status"),
    [
        ("start", "PREPARING"),
        ("start", "RUNNING"),
        ("start", "CANCELLED"),
        ("pause", "PAUSED"),
        ("pause", "FINISHED"),
        ("resume", "RUNNING"),
        ("resume", "FINISHED"),
        ("cancel", "FINISHED"),
        ("retry_failed", "DRAFT"),
        ("retry_failed", "CANCELLED"),
    ],
)
def test_an_act_of_another_state_is_refused(act, status, made, ana):
    broadcast = made(1, status=status)

    with pytest.raises(control.BroadcastStateError):
        getattr(control, act)(actor=ana, broadcast=broadcast, now=timezone.now())
    assert lists.reloaded(broadcast).status == status


def test_nothing_starts_that_could_not_go(made, ana, phone):
    empty = made(0)
    with pytest.raises(control.NobodyLeftError):
        control.start(actor=ana, broadcast=empty, now=timezone.now())

    unapproved = made(1, approved=template(name="later", status="PENDING"))
    with pytest.raises(TemplateNotApprovedError):
        control.start(actor=ana, broadcast=unapproved, now=timezone.now())

    Phone.objects.filter(pk=phone.pk).update(status="INACTIVE")
    with pytest.raises(PhoneInactiveError):
        control.start(actor=ana, broadcast=made(1, approved=empty.template), now=timezone.now())


# --- the whole way --------------------------------------------------------------------------------
def test_a_test_message_goes_to_one_number_before_the_start(made, ana):
    broadcast = made(3)

    message = control.send_test(
        actor=ana,
        broadcast=broadcast,
        number="+5511900001111",
        client_id=uuid4(),
        now=timezone.now(),
    )

    assert (message.lane, message.broadcast) == (rules.Lane.REPLY, None)
    assert lists.states(broadcast) == ["READY"] * 3


def test_it_leaves_by_the_outbox_and_ends(running, phone, settings):
    def accept(to, request):
        pk = request.body["biz_opaque_callback_data"].split(".")[1]
        raw_meta.answer(to, raw_meta.accepted(f"wamid.{pk}"))

    with raw_meta.serving(accept) as meta:
        settings.GRAPH_API_URL = meta.url
        broadcast = running(5)
        delivery.drain(phone_id=phone.pk)
        calls = len(meta.requests)
    feeding.run(now=timezone.now() + timedelta(seconds=2))

    assert calls == 5
    assert lists.states(broadcast) == ["ACCEPTED"] * 5
    assert lists.reloaded(broadcast).status == "FINISHED"
    assert not StatusEvent.objects.exists()


def test_one_that_is_discarded_while_it_is_counted_is_none(made, monkeypatch):
    broadcast = made(1)
    tally = broadcasts.tally

    def meanwhile(one):
        found = tally(one)
        Broadcast.objects.filter(pk=one.pk).delete()
        return found

    monkeypatch.setattr(broadcasts, "tally", meanwhile)

    assert progress.count(broadcast_id=broadcast.pk, now=timezone.now()) is None
