"""Sending over real sockets to a Cloud API that does what each test says."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from conversations import rules
from conversations.models import Message, StatusEvent
from conversations.services import claims, delivery, heads, statuses
from tenants import context, queue
from tenants.feed.models import Change
from tenants.models import AuditEvent
from tenants.services import tenancy
from tests.conversations.sending import conversation_with, message_in
from tests.whatsapp import raw_meta
from whatsapp import errors
from whatsapp.client import CloudApiClient
from whatsapp.models import NumberPace, Phone
from whatsapp.services import numbers
from whatsapp.webhooks.models import PhoneRoute


def message_id_of(request):
    return int(request.body["biz_opaque_callback_data"].split(".")[1])


def accept(to, request):
    raw_meta.answer(to, raw_meta.accepted(f"wamid.{message_id_of(request)}"))


def refusing(code, status="400 Bad Request", headers=None):
    def refuse(to, _request):
        raw_meta.answer(to, raw_meta.refused(code, "Meta's why."), status=status, headers=headers)

    return refuse


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
def nudges(monkeypatch):
    sent = []
    monkeypatch.setattr(queue, "enqueue", lambda path, **kwargs: sent.append((path, kwargs)))
    return sent


@pytest.fixture
def talk(phone):
    """Return a new conversation with an open window: ``talk()``, ``talk("5511...")``."""
    counter = iter(range(10**6))

    def new(wa_id=None, **changes):
        values = {"phone": phone, "opened_at": timezone.now() - timedelta(hours=1), **changes}
        return conversation_with(wa_id or f"55119{next(counter):08}", **values)

    return new


def drain(phone):
    delivery.drain(phone_id=phone.pk, seconds=30)


def fresh(message):
    message.refresh_from_db()
    return message


# --- The good end -----------------------------------------------------------------------------


def test_a_message_is_sent_as_meta_wants_it(meta, phone, talk, acme):
    message = message_in(talk("5511988887777"), text="Olá")

    drain(phone)

    (request,) = meta.requests
    assert request.line == f"POST /v25.0/{phone.phone_number_id}/messages HTTP/1.1"
    assert request.headers["authorization"] == "Bearer token-of-acme"
    data = request.body.pop("biz_opaque_callback_data")
    assert request.body == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+5511988887777",
        "type": "text",
        "text": {"body": "Olá"},
    }
    named = statuses.claimed_message_id(
        tenant_id=acme.pk, phone_number_id=phone.phone_number_id, data=data
    )
    assert named == message.pk


def test_an_accepted_message_has_its_wamid(meta, phone, talk):
    message = message_in(talk(), error_code=130429, error_detail="earlier")

    drain(phone)

    fresh(message)
    assert (message.status, message.rank) == ("ACCEPTED", rules.RANKS["ACCEPTED"])
    assert (message.wamid, message.attempts) == (f"wamid.{message.pk}", 1)
    assert message.accepted_at is not None
    assert (message.lease_until, message.due_at) == (None, None)
    assert (message.error_code, message.error_detail) == (None, "")
    change = Change.objects.get()
    assert (change.kind, change.message_id) == ("STATUS", message.pk)
    assert Phone.objects.get().health == "OK"


def test_a_customer_without_a_number_is_addressed_by_the_user_id(meta, phone, talk):
    message_in(talk("BR.13491208655302741918", kind="BSUID"))

    drain(phone)

    assert meta.requests[0].body["recipient"] == "BR.13491208655302741918"
    assert "to" not in meta.requests[0].body


def test_every_other_type_goes_as_it_is_stored(meta, phone, talk):
    message_in(talk(), type="LOCATION", content={"latitude": "1", "longitude": "2"})

    drain(phone)

    assert meta.requests[0].body["type"] == "location"
    assert meta.requests[0].body["location"] == {"latitude": "1", "longitude": "2"}


def test_nothing_queued_calls_nobody(meta, phone, talk):
    message_in(talk(), status="RECEIVED")
    message_in(talk(), due_at=timezone.now() + timedelta(minutes=5))

    drain(phone)

    assert meta.connections == 0
    assert not Change.objects.exists()


def test_one_odd_wamid_spoils_no_batch(meta, phone, talk):
    meta.script = lambda to, _: raw_meta.answer(to, raw_meta.accepted("wamid.always-this"))
    earlier = message_in(talk(), status="SENT", wamid="wamid.always-this")
    both = [message_in(talk()) for _ in range(2)]

    drain(phone)

    assert [fresh(message).status for message in both] == ["ACCEPTED", "ACCEPTED"]
    assert fresh(earlier).wamid == "wamid.always-this"


# --- Once -------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_message_is_claimed_and_committed_before_meta_is_called(meta, phone, talk, acme):
    seen = []

    def look(to, request):
        try:
            with context.tenant(acme.schema_name):
                row = Message.objects.get(pk=message_id_of(request))
                seen.append((row.status, row.attempts, row.lease_until > timezone.now()))
        finally:
            connection.close()
        accept(to, request)

    meta.script = look
    message_in(talk())

    drain(phone)

    assert seen == [("SENDING", 1, True)]


@pytest.mark.django_db(transaction=True)
def test_two_drains_at_once_send_each_message_once_and_in_order(meta, phone, talk, acme):
    conversations = [talk() for _ in range(20)]
    expected = {
        f"+{conversation.contact.identities.get().value}": [
            message_in(conversation).pk for _ in range(3)
        ]
        for conversation in conversations
    }

    def work(_number):
        try:
            with context.tenant(acme.schema_name):
                drain(phone)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, range(3)))

    calls = Counter(message_id_of(request) for request in meta.requests)
    assert calls == dict.fromkeys(Message.objects.values_list("pk", flat=True), 1)
    assert set(Message.objects.values_list("status", "attempts")) == {("ACCEPTED", 1)}
    for to, ids in expected.items():
        assert [message_id_of(r) for r in meta.requests if r.body["to"] == to] == ids


def test_one_message_of_a_conversation_is_in_flight(meta, phone, talk):
    flying, most, guard = Counter(), Counter(), threading.Lock()

    def watch(to, request):
        number = request.body["to"]
        with guard:
            flying[number] += 1
            most[number] = max(most[number], flying[number])
        threading.Event().wait(0.02)
        with guard:
            flying[number] -= 1
        accept(to, request)

    meta.script = watch
    for conversation in (talk(), talk()):
        for _ in range(4):
            message_in(conversation)

    drain(phone)

    assert len(meta.requests) == 8
    assert set(most.values()) == {1}


def test_a_sender_that_died_leaves_a_message_that_is_never_sent_again(meta, phone, talk, acme):
    conversation = talk()
    message, behind, other = message_in(conversation), message_in(conversation), message_in(talk())
    (claim,) = claims.take(phone_id=phone.pk, limit=1).claims
    assert claim.message_id == message.pk
    Message.objects.filter(pk=message.pk).update(lease_until=timezone.now() - timedelta(seconds=1))

    delivery.sweep(tenant=acme)
    drain(phone)

    assert [message_id_of(request) for request in meta.requests] == [other.pk]
    assert (fresh(message).status, message.rank, message.attempts) == ("UNKNOWN", 15, 1)
    assert fresh(behind).status == "PENDING"


def test_a_claim_that_is_alive_is_left_alone(meta, phone, talk, acme):
    message = message_in(talk())
    claims.take(phone_id=phone.pk, limit=5)

    delivery.sweep(tenant=acme)
    drain(phone)

    assert fresh(message).status == "SENDING"
    assert meta.requests == []


# --- Statuses that are quicker than the answer ------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_status_before_the_answer_is_not_lowered(meta, phone, talk, acme):
    message = message_in(talk())
    read_at = timezone.now()

    def quick(to, request):
        try:
            with context.tenant(acme.schema_name):
                Message.objects.filter(pk=message.pk).update(
                    status="READ", rank=50, read_at=read_at, wamid=f"wamid.{message.pk}"
                )
        finally:
            connection.close()
        accept(to, request)

    meta.script = quick

    drain(phone)

    fresh(message)
    assert (message.status, message.rank, message.read_at) == ("READ", 50, read_at)
    assert message.wamid == f"wamid.{message.pk}"
    assert message.accepted_at is not None


def test_statuses_that_waited_for_the_wamid_are_applied(meta, phone, talk):
    message = message_in(talk())
    at = timezone.now().replace(microsecond=0)
    for status in ("DELIVERED", "SENT"):
        StatusEvent.objects.create(
            phone=phone, wamid=f"wamid.{message.pk}", status=status, provider_at=at
        )

    drain(phone)

    fresh(message)
    assert (message.status, message.sent_at, message.delivered_at) == ("DELIVERED", at, at)
    assert set(StatusEvent.objects.values_list("message_id", flat=True)) == {message.pk}
    assert Change.objects.count() == 1


def test_a_failure_that_waited_for_the_wamid_brings_its_reason(meta, phone, talk):
    message = message_in(talk())
    StatusEvent.objects.create(
        phone=phone,
        wamid=f"wamid.{message.pk}",
        status="FAILED",
        provider_at=timezone.now(),
        errors=[{"code": 131026, "title": "T", "error_data": {"details": "Undeliverable."}}],
    )

    drain(phone)

    fresh(message)
    assert (message.status, message.error_code) == ("FAILED", 131026)
    assert message.error_detail == "Undeliverable."


# --- The other ends ---------------------------------------------------------------------------


def test_what_is_refused_for_good_failed_with_a_reason(meta, phone, talk):
    meta.script = refusing(131026)
    message = message_in(talk())

    drain(phone)

    fresh(message)
    assert (message.status, message.rank) == ("FAILED", rules.RANKS["FAILED"])
    assert (message.error_code, message.error_detail) == (131026, "Meta's why.")
    assert message.failed_at is not None
    assert message.failure.whose == "CUSTOMER"
    assert Change.objects.count() == 1


@pytest.mark.parametrize(
    "script",
    [
        refusing(131000, status="500 Oops"),
        refusing(2, status="503 Busy"),
        lambda to, _: raw_meta.answer(to, status="500 Oops", body=b"<html>Sorry</html>"),
        lambda to, _: raw_meta.answer(to, {}),
        lambda to, _: raw_meta.reset(to),
    ],
    ids=["131000", "2", "html", "no id", "reset"],
)
def test_what_nobody_knows_the_end_of_is_sent_once(meta, phone, talk, script):
    meta.script = script
    conversation = talk()
    message, behind = message_in(conversation), message_in(conversation)

    drain(phone)
    drain(phone)

    assert len(meta.requests) == 1
    assert (fresh(message).status, message.rank, message.lease_until) == ("UNKNOWN", 15, None)
    assert message.is_uncertain
    assert fresh(behind).status == "PENDING"


@pytest.mark.parametrize("code", [4, 613, 80007, 130429, 131056, 131057])
def test_what_is_refused_for_now_waits_in_its_row(meta, phone, talk, code):
    meta.script = refusing(code, headers={"Retry-After": "120"})
    message = message_in(talk())
    before = timezone.now()

    drain(phone)

    assert len(meta.requests) == 1
    fresh(message)
    assert (message.status, message.rank, message.attempts) == ("PENDING", 0, 1)
    assert message.error_code == code
    assert message.due_at >= before + timedelta(seconds=120)
    assert message.lease_until is None


def test_what_is_due_again_is_sent_again(meta, phone, talk):
    message = message_in(talk(), attempts=3, due_at=timezone.now() - timedelta(seconds=1))

    drain(phone)

    assert (fresh(message).status, message.attempts) == ("ACCEPTED", 4)


def test_a_pause_that_ends_in_time_is_sat_out(meta, phone, talk):
    answers = iter([refusing(130429, headers={"Retry-After": "0"}), accept])
    meta.script = lambda to, request: next(answers)(to, request)
    message = message_in(talk())

    drain(phone)

    assert (fresh(message).status, message.attempts) == ("ACCEPTED", 2)


def test_a_limit_of_the_number_stops_its_other_messages(meta, phone, talk, monkeypatch):
    monkeypatch.setattr(delivery, "WINDOW", 1)
    meta.script = refusing(130429, headers={"Retry-After": "600"})
    messages = [message_in(talk()) for _ in range(3)]

    drain(phone)

    assert len(meta.requests) == 1
    assert [fresh(message).attempts for message in messages] == [1, 0, 0]


def test_a_limit_of_one_customer_stops_only_that_conversation(meta, phone, talk, monkeypatch):
    monkeypatch.setattr(delivery, "WINDOW", 1)

    def first_is_limited(to, request):
        if len(meta.requests) == 1:
            refusing(131056, headers={"Retry-After": "600"})(to, request)
        else:
            accept(to, request)

    meta.script = first_is_limited
    limited, other = message_in(talk()), message_in(talk())

    drain(phone)

    assert (fresh(limited).status, fresh(other).status) == ("PENDING", "ACCEPTED")


@pytest.fixture
def long_wait(monkeypatch):
    """After a connection that failed nothing is tried again within the test."""
    monkeypatch.setattr(errors, "UNREACHABLE", errors.Wait(600, 600))


@pytest.mark.usefixtures("long_wait")
def test_when_nobody_answers_the_door_the_message_waits(phone, talk, settings):
    settings.GRAPH_API_URL = "http://127.0.0.1:9"
    message = message_in(talk())

    drain(phone)

    fresh(message)
    assert (message.status, message.attempts) == ("PENDING", 1)
    assert message.due_at > timezone.now()


def test_a_fault_of_ours_in_the_call_leaves_the_end_unknown(meta, phone, talk, monkeypatch):
    def broken(*_args):
        raise KeyError("ours")

    monkeypatch.setattr(CloudApiClient, "send_message", broken)
    message = message_in(talk())

    drain(phone)

    assert (fresh(message).status, message.error_detail) == ("UNKNOWN", "KeyError")


@pytest.mark.usefixtures("long_wait")
def test_a_claim_that_finds_no_free_thread_is_handed_back(meta, phone, talk, monkeypatch):
    monkeypatch.setattr(delivery, "START_SECONDS", -1.0)
    message = message_in(talk())

    drain(phone)

    assert meta.requests == []
    assert fresh(message).status == "PENDING"


@pytest.mark.usefixtures("long_wait")
def test_a_claim_that_waited_for_its_turn_too_long_is_handed_back(meta, phone, talk, monkeypatch):
    """However late it would begin: whoever sends it again by then must be the only one."""
    monkeypatch.setattr(delivery, "WINDOW_MOST", 2)
    monkeypatch.setattr(delivery, "START_SECONDS", 0.6)
    NumberPace.objects.create(phone=phone, factor=0.1, slowed_at=timezone.now())

    def slowly(to, request):
        time.sleep(2)
        accept(to, request)

    meta.script = slowly
    messages = [message_in(talk()) for _ in range(4)]

    delivery.drain(phone_id=phone.pk, seconds=1)

    assert len(meta.requests) == 2
    assert [fresh(one).status for one in messages] == ["ACCEPTED"] * 2 + ["PENDING"] * 2


def test_what_the_time_did_not_suffice_for_is_nudged_again(meta, phone, talk, nudges):
    conversation = talk()
    messages = [message_in(conversation) for _ in range(3)]

    delivery.drain(phone_id=phone.pk, seconds=0)

    assert nudges == [("conversations.tasks.drain_outbox", {"phone_id": phone.pk})]
    assert [fresh(message).status for message in messages] == ["PENDING"] * 3


# --- Looked at again at the claim -------------------------------------------------------------


def test_a_suspended_tenant_sends_nothing_and_everything_afterwards(meta, phone, talk, acme):
    message = message_in(talk())
    tenancy.suspend_tenant(actor=None, tenant=acme)

    drain(phone)

    assert meta.requests == []
    assert fresh(message).status == "PENDING"
    tenancy.resume_tenant(actor=None, tenant=acme)
    drain(phone)
    assert fresh(message).status == "ACCEPTED"


@pytest.mark.django_db(transaction=True)
def test_a_tenant_suspended_in_the_middle_sends_nothing_more(meta, phone, talk, acme):
    def suspend(to, request):
        try:
            tenancy.suspend_tenant(actor=None, tenant=acme)
        finally:
            connection.close()
        accept(to, request)

    meta.script = suspend
    conversation = talk()
    messages = [message_in(conversation) for _ in range(3)]

    drain(phone)

    assert [fresh(message).status for message in messages] == ["ACCEPTED", "PENDING", "PENDING"]


def test_a_window_that_closed_while_the_message_was_queued_fails_it(meta, phone, talk):
    message = message_in(talk(opened_at=timezone.now() - timedelta(hours=24)))

    drain(phone)

    assert meta.requests == []
    fresh(message)
    assert (message.status, message.error_code) == ("FAILED", 131047)
    assert message.failure.detail == heads.CLOSED_WHILE_QUEUED
    assert not message.may_send_again
    assert Change.objects.count() == 1


def test_what_follows_a_closed_window_fails_too(meta, phone, talk):
    conversation = talk(opened_at=timezone.now() - timedelta(hours=24))
    messages = [message_in(conversation) for _ in range(3)]

    drain(phone)

    assert {fresh(message).status for message in messages} == {"FAILED"}


def test_a_template_needs_no_window(meta, phone, talk):
    conversation = talk(opened_at=None)
    message = message_in(
        conversation, type="TEMPLATE", content={"name": "hello"}, timestamp=timezone.now()
    )

    drain(phone)

    assert fresh(message).status == "ACCEPTED"


@pytest.mark.parametrize("arrived", ["ACCEPTED", "SENT", "DELIVERED", "READ"])
def test_what_arrived_after_all_is_not_sent_again(meta, phone, talk, arrived):
    """It was sent again by hand, and the first one is told to be there before the second left."""
    first = message_in(talk(), status=arrived)
    again = message_in(first.conversation, retry_of=first)
    after = message_in(first.conversation)

    delivery.drain(phone_id=phone.pk)

    assert [message_id_of(request) for request in meta.requests] == [after.pk]
    again.refresh_from_db()
    assert (again.status, again.error_code) == ("CANCELLED", errors.ALREADY_ARRIVED)
    assert again.failure.title == "Not sent: the first attempt arrived after all."
    assert not again.may_send_again


def test_what_did_not_arrive_is_sent_again(meta, phone, talk):
    first = message_in(talk(), status="UNCONFIRMED")
    message_in(first.conversation, status="FAILED", retry_of=first)
    again = message_in(first.conversation, retry_of=first)

    delivery.drain(phone_id=phone.pk)

    assert [message_id_of(request) for request in meta.requests] == [again.pk]


def test_a_customer_without_any_address_fails_the_message(meta, phone, talk):
    conversation = talk()
    conversation.contact.identities.all().delete()
    message = message_in(conversation)

    drain(phone)

    assert (fresh(message).status, message.error_code) == ("FAILED", 131062)
    assert message.failure.detail == heads.NO_ADDRESS


@pytest.mark.parametrize("status", ["INACTIVE", "SUSPENDED"])
def test_a_number_that_is_switched_off_holds_its_messages(meta, phone, talk, status):
    message = message_in(talk())
    Phone.objects.update(status=status)

    drain(phone)

    assert meta.requests == []
    assert fresh(message).status == "HELD"
    Phone.objects.update(status="ACTIVE")
    drain(phone)
    assert fresh(message).status == "ACCEPTED"


# --- A dead token -----------------------------------------------------------------------------


def test_a_dead_token_holds_the_rest_and_a_new_one_sends_it(
    meta, phone, talk, acme, people, monkeypatch
):
    monkeypatch.setattr(delivery, "WINDOW", 1)
    meta.script = refusing(190, status="401 Unauthorized")
    conversation = talk()
    messages = [message_in(conversation), message_in(conversation), message_in(talk())]

    drain(phone)
    drain(phone)

    assert len(meta.requests) == 1
    assert [fresh(message).status for message in messages] == ["HELD"] * 3
    assert messages[0].attempts == 0
    assert Phone.objects.get().health == "AUTH_ERROR"
    assert AuditEvent.objects.filter(action="number.token_refused").count() == 1

    meta.script = accept
    numbers.replace_token(
        actor=people["admin@acme.test"],
        route=PhoneRoute.objects.get(phone_number_id=phone.phone_number_id),
        access_token="a-new-token",
    )
    drain(phone)

    assert [fresh(message).status for message in messages] == ["ACCEPTED"] * 3
    assert {r.headers["authorization"] for r in meta.requests[1:]} == {"Bearer a-new-token"}
    assert Phone.objects.get().health == "OK"


def test_many_calls_with_one_dead_token_are_one_event(meta, phone, talk):
    meta.script = refusing(190, status="401 Unauthorized")
    for _ in range(8):
        message_in(talk())

    drain(phone)

    assert set(Message.objects.values_list("status", "attempts")) == {("HELD", 0)}
    assert AuditEvent.objects.filter(action="number.token_refused").count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_late_answer_to_an_old_token_does_not_mark_the_new_one(meta, phone, talk, acme):
    def replaced_meanwhile(to, request):
        if request.headers["authorization"] == "Bearer token-of-acme":
            try:
                with context.tenant(acme.schema_name):
                    Phone.objects.update(
                        access_token_sealed=numbers.sealed_token(
                            tenant=acme, access_token="a-new-token"
                        )
                    )
            finally:
                connection.close()
            refusing(190, status="401 Unauthorized")(to, request)
        else:
            accept(to, request)

    meta.script = replaced_meanwhile
    message = message_in(talk())

    drain(phone)

    assert (fresh(message).status, message.attempts) == ("ACCEPTED", 1)
    assert Phone.objects.get().health == "OK"
    assert not AuditEvent.objects.filter(action="number.token_refused").exists()


@pytest.mark.parametrize("sealed", ["", "k1:damaged", "k9:unknown"])
def test_a_token_that_does_not_open_counts_as_dead(meta, phone, talk, sealed):
    message = message_in(talk())
    Phone.objects.update(access_token_sealed=sealed)

    drain(phone)

    assert meta.requests == []
    assert fresh(message).status == "HELD"
    assert Phone.objects.get().health == "AUTH_ERROR"


def test_a_token_of_another_tenant_does_not_open(meta, phone, talk, globex):
    message = message_in(talk())
    Phone.objects.update(
        access_token_sealed=numbers.sealed_token(tenant=globex, access_token="token-of-globex")
    )

    drain(phone)

    assert meta.requests == []
    assert fresh(message).status == "HELD"


def test_another_tenants_outbox_is_not_touched(meta, phones, acme, globex):
    sent = {}
    for tenant in (acme, globex):
        phone = phones[tenant.subdomain]
        with context.tenant(tenant.schema_name):
            opened_at = timezone.now() - timedelta(hours=1)
            sent[tenant] = message_in(
                conversation_with("5511900000001", phone=phone, opened_at=opened_at)
            )
    with context.tenant(acme.schema_name):
        # The same number in both schemas: only the place tells them apart.
        for phone_id in {phone.pk for phone in phones.values()}:
            delivery.drain(phone_id=phone_id)
        assert fresh(sent[acme]).status == "ACCEPTED"

    assert [r.headers["authorization"] for r in meta.requests] == ["Bearer token-of-acme"]
    with context.tenant(globex.schema_name):
        assert fresh(sent[globex]).status == "PENDING"
