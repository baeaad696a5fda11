"""Who goes first, how fast, and what becomes of it when the process is to end."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from conversations.models import Block, Message
from conversations.rules import Lane
from conversations.services import claims, delivery, outbound
from tenants import buckets, context, permissions, queue, stopping
from tenants.models import ApiKey, Membership, Plan
from tenants.services import support
from tests.api import key_of
from tests.conversations.sending import conversation_with, message_in
from tests.tenants.letting_in import entered
from tests.whatsapp import raw_meta
from whatsapp import errors
from whatsapp.models import NumberPace
from whatsapp.services import pace


def message_id_of(request):
    return int(request.body["biz_opaque_callback_data"].split(".")[1])


def accept(to, request):
    raw_meta.answer(to, raw_meta.accepted(f"wamid.{message_id_of(request)}"))


def refuse(code, **headers):
    def script(to, _request):
        raw_meta.answer(
            to, raw_meta.refused(code, "Meta's why."), status="400 Bad Request", headers=headers
        )

    return script


@pytest.fixture
def meta(settings):
    with raw_meta.serving(accept) as server:
        settings.GRAPH_API_URL = server.url
        yield server


@pytest.fixture
def phone(phones, acme):
    with context.tenant(acme.schema_name):
        yield phones["acme"]


@pytest.fixture
def talk(phone):
    counter = iter(range(10**6))

    def new(**changes):
        values = {"phone": phone, "opened_at": timezone.now() - timedelta(hours=1), **changes}
        return conversation_with(f"55119{next(counter):08}", **values)

    return new


@pytest.fixture
def nudges(monkeypatch):
    sent = []
    monkeypatch.setattr(queue, "enqueue", lambda path, **kwargs: sent.append(path))
    return sent


@pytest.fixture(autouse=True)
def _going_on():
    yield
    stopping.forget()


def drain(phone, seconds=30):
    delivery.drain(phone_id=phone.pk, seconds=seconds)


def fresh(message):
    message.refresh_from_db()
    return message


def take(phone, limit=10, **how):
    return claims.take(phone_id=phone.pk, limit=limit, **how)


# --- Lanes ------------------------------------------------------------------------------------


def test_a_reply_is_claimed_before_what_waits_in_bulk(phone, talk):
    bulk = [message_in(talk(), lane=Lane.BULK) for _ in range(5)]
    machine = message_in(talk(), lane=Lane.API)
    reply = message_in(talk())

    claimed = [claim.message_id for claim in take(phone, limit=3).claims]

    assert claimed == [reply.pk, machine.pk, bulk[0].pk]


def test_a_reply_overtakes_bulk_of_its_own_conversation(meta, phone, talk):
    conversation = talk()
    bulk, reply = message_in(conversation, lane=Lane.BULK), message_in(conversation)

    drain(phone)

    assert [message_id_of(request) for request in meta.requests] == [reply.pk, bulk.pk]


@pytest.mark.parametrize("lane", [Lane.REPLY, Lane.API])
def test_bulk_never_overtakes_and_the_others_keep_their_order(meta, phone, talk, lane):
    conversation = talk()
    first = message_in(conversation, lane=lane, due_at=timezone.now() + timedelta(hours=1))
    for later in (Lane.BULK, Lane.REPLY, Lane.API):
        message_in(conversation, lane=later)

    drain(phone)

    assert meta.requests == []
    assert fresh(first).status == "PENDING"


@pytest.mark.parametrize("lane", list(Lane))
def test_what_is_on_its_way_is_overtaken_by_nobody(phone, talk, lane):
    conversation = talk()
    message_in(conversation, status="SENDING", lane=Lane.BULK, lease_until=timezone.now())
    message_in(conversation, lane=lane)

    assert take(phone).claims == []


def test_each_lane_that_waits_has_its_turn(phone, talk, monkeypatch):
    monkeypatch.setattr(pace, "PER_SECOND", 1000.0)
    replies = {message_in(talk()).pk for _ in range(30)}
    bulk = {message_in(talk(), lane=Lane.BULK).pk for _ in range(30)}

    claimed = [claim.message_id for claim in take(phone, limit=20, horizon_seconds=1).claims]

    assert len(replies & set(claimed)) == 18
    assert len(bulk & set(claimed)) == 2


def test_an_unknown_end_holds_its_conversation_up_for_a_while_only(meta, phone, talk):
    waits, over = talk(), talk()
    message_in(waits, status="UNKNOWN", due_at=timezone.now() + timedelta(seconds=60))
    message_in(over, status="UNKNOWN", due_at=timezone.now() - timedelta(seconds=1))
    behind, next_one = message_in(waits), message_in(over)

    drain(phone)

    assert (fresh(behind).status, fresh(next_one).status) == ("PENDING", "ACCEPTED")


# --- Looked at again at the claim -------------------------------------------------------------


def dismiss(user, acme):
    Membership.objects.filter(user=user, tenant=acme).delete()


def demote(user, acme):
    Membership.objects.filter(user=user, tenant=acme).update(role="VIEWER")


def disable(user, acme):
    user.is_active = False
    user.save(update_fields=["is_active"])


@pytest.mark.parametrize("lose", [dismiss, demote, disable])
def test_whoever_lost_the_right_to_send_sends_nothing(meta, phone, talk, acme, people, lose):
    ana = people["ana@acme.test"]
    message, system = message_in(talk(), author=ana), message_in(talk())
    with context.platform():
        lose(ana, acme)

    drain(phone)

    assert [message_id_of(request) for request in meta.requests] == [system.pk]
    message = fresh(message)
    assert (message.status, message.error_code) == ("FAILED", errors.NOT_PERMITTED)
    assert message.may_send_again


def test_whoever_may_send_sends(meta, phone, talk, people):
    message = message_in(talk(), author=people["ana@acme.test"])

    drain(phone)

    assert fresh(message).status == "ACCEPTED"


@pytest.mark.parametrize(
    ("role", "is_over", "status"),
    [("ADMIN", False, "ACCEPTED"), ("VIEWER", False, "FAILED"), ("ADMIN", True, "FAILED")],
)
def test_what_support_wrote_leaves_while_it_may(
    meta, phone, talk, acme, people, role, is_over, status
):
    boss = people["admin@balcao.test"]
    message = message_in(talk(), author=boss, by_support=True)
    with context.platform():
        access = entered(boss, acme, role)
        if is_over:
            support.end(actor=boss, access=access, now=timezone.now())

    drain(phone)

    assert fresh(message).status == status


def test_a_customer_who_was_blocked_meanwhile_gets_nothing(meta, phone, talk):
    conversation = talk()
    message = message_in(conversation)
    Block.objects.create(contact=conversation.contact, phone=phone, state=Block.State.BLOCKED)

    drain(phone)

    assert meta.requests == []
    assert (fresh(message).status, message.error_code) == ("FAILED", 130403)


# --- Pace -------------------------------------------------------------------------------------


def test_no_more_is_claimed_than_leaves_soon(phone, talk):
    for _ in range(60):
        message_in(talk())

    taken = take(phone, limit=60)

    assert len(taken.claims) == 57  # what 80/s make of the horizon, and the one of this moment
    leaves = [claim.leaves_at - taken.claims[0].leaves_at for claim in taken.claims]
    assert leaves == pytest.approx([place / 80 for place in range(57)], abs=1e-3)
    assert Message.objects.filter(status="PENDING").count() == 3


def test_a_plan_s_pace_holds(meta, phone, talk, acme):
    with context.platform():
        Plan.objects.filter(pk=acme.plan_id).update(messages_per_second=20)
    for _ in range(12):
        message_in(talk())
    began = timezone.now()

    drain(phone)

    assert len(meta.requests) == 12
    # Eleven twentieths of a second lie between the first and the last.
    assert timezone.now() - began > timedelta(seconds=0.5)


def test_a_customer_who_gets_too_many_holds_up_nobody_else(phone, talk, monkeypatch):
    monkeypatch.setattr(pace, "PAIRS", buckets.Pairs(every_seconds=6.0, burst=1))
    chatty, other = talk(), talk()
    first = message_in(chatty)
    take(phone)
    Message.objects.filter(pk=first.pk).update(status="ACCEPTED")
    second, theirs = message_in(chatty), message_in(other)

    claimed = [claim.message_id for claim in take(phone).claims]

    assert claimed == [theirs.pk]
    due = fresh(second).due_at - timezone.now()
    assert (second.status, second.attempts) == ("PENDING", 0)
    assert timedelta(seconds=4) < due < timedelta(seconds=7)


def test_what_meta_refuses_slows_the_number_down(meta, phone, talk):
    meta.script = refuse(130429, **{"Retry-After": "600"})
    message_in(talk())

    drain(phone)

    assert NumberPace.objects.get().factor < 1


def test_what_is_taken_for_spam_stops_bulk_and_no_reply(meta, phone, talk):
    meta.script = refuse(131048)
    refused = message_in(talk())
    drain(phone)
    meta.script = accept
    bulk, reply = message_in(talk(), lane=Lane.BULK), message_in(talk())

    drain(phone)

    assert fresh(refused).status == "FAILED"
    assert (fresh(bulk).status, fresh(reply).status) == ("PENDING", "ACCEPTED")


def test_a_paused_number_claims_nothing(phone, talk):
    NumberPace.objects.create(phone=phone, paused_until=timezone.now() + timedelta(seconds=60))
    message_in(talk())

    taken = take(phone)

    assert taken.claims == []
    assert taken.rest_seconds == pytest.approx(60, abs=2)


def test_who_waits_for_a_pause_asks_for_no_other_meanwhile(phone, talk, nudges):
    NumberPace.objects.create(phone=phone, paused_until=timezone.now() + timedelta(seconds=60))
    message_in(talk())

    drain(phone)

    assert nudges == []


def test_what_is_left_when_the_process_is_to_stop_is_somebody_else_s(meta, phone, talk, nudges):
    def stop(to, request):
        stopping.ask()
        accept(to, request)

    meta.script = stop
    for _ in range(20):
        message_in(talk())

    drain(phone)

    assert "conversations.tasks.drain_outbox" in nudges


# --- Two at once, and the end -----------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_one_thread_of_a_process_serves_a_number_and_hears_of_more(
    meta, phone, talk, acme, actor, nudges
):
    """A reply that comes while a drain is at work is sent by that drain."""
    busy, begun = threading.Event(), threading.Event()

    def slow(to, request):
        begun.set()
        busy.wait(10)
        accept(to, request)

    meta.script = slow
    message_in(talk())
    conversation = talk()

    def work():
        try:
            with context.tenant(acme.schema_name):
                drain(phone)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(work)
        assert begun.wait(10)
        reply = outbound.send_text(
            actor=actor("ana@acme.test"),
            conversation=conversation,
            text="oi",
            client_id=uuid4(),
            now=timezone.now(),
        )
        drain(phone)  # returns at once: the other thread is told
        busy.set()
        running.result(30)

    assert fresh(reply).status == "ACCEPTED"


def test_who_is_to_stop_claims_nothing(meta, phone, talk, nudges):
    message = message_in(talk())
    stopping.ask()

    drain(phone)

    assert meta.requests == []
    assert fresh(message).status == "PENDING"


def test_what_has_not_left_when_the_process_is_to_stop_is_queued_again(meta, phone, talk, nudges):
    def stop(to, request):
        stopping.ask()
        accept(to, request)

    meta.script = stop
    messages = [message_in(talk()) for _ in range(20)]

    drain(phone)

    states = {fresh(message).status for message in messages}
    assert states == {"ACCEPTED", "PENDING"}
    assert {m.attempts for m in messages if m.status == "PENDING"} == {0}
    assert len(meta.requests) == sum(m.status == "ACCEPTED" for m in messages)


def test_what_is_handed_back_too_late_stays_as_it_is(phone, talk):
    message = message_in(talk())
    taken = take(phone).claims
    Message.objects.update(status="DELIVERED", rank=40)

    claims.hand_back(taken)

    assert fresh(message).status == "DELIVERED"


def test_the_roles_that_reply_are_the_table_s():
    assert permissions.TABLE[permissions.Permission.REPLY] == {"ADMIN", "OPERATOR"}


@pytest.fixture
def program(people, acme):
    """Return the row of a key of acme's that may send."""
    secret = key_of(people["admin@acme.test"], acme, "messages:write")
    with context.platform():
        return ApiKey.objects.select_related("tenant").get(prefix=secret.split("_")[1])


def test_what_a_program_queued_goes_as_long_as_its_key_is_not_revoked(meta, phone, talk, program):
    first, second = talk(), talk()
    actor = permissions.key_actor(program)
    sent = outbound.send_text(
        actor=actor, conversation=first, text="one", client_id=uuid4(), now=timezone.now()
    )
    drain(phone)
    waits = outbound.send_text(
        actor=actor, conversation=second, text="two", client_id=uuid4(), now=timezone.now()
    )
    with context.platform():
        ApiKey.objects.update(revoked_at=timezone.now())
    drain(phone)

    assert (fresh(sent).status, fresh(sent).written_by) == ("ACCEPTED", "API: Loja")
    waits = fresh(waits)
    assert (waits.status, waits.error_code) == ("FAILED", errors.NOT_PERMITTED)
    assert len(meta.requests) == 1


def test_what_an_expired_key_queued_in_time_goes(meta, phone, talk, program):
    message = message_in(talk(), api_key=program)
    with context.platform():
        ApiKey.objects.update(expires_at=timezone.now())

    drain(phone)

    assert fresh(message).status == "ACCEPTED"


def test_a_key_of_another_tenant_sends_nothing(meta, phone, talk, people, globex):
    key_of(people["admin@globex.test"], globex, "messages:write")
    with context.platform():
        theirs = ApiKey.objects.get()
    message = message_in(talk(), api_key=theirs)

    drain(phone)

    assert meta.requests == []
    assert fresh(message).error_code == errors.NOT_PERMITTED
