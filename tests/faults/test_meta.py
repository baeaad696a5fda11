"""A Cloud API that errs, stalls, talks nonsense and turns away: nothing is lost or sent twice."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from conversations.models import Message
from conversations.rules import Lane
from conversations.services import delivery, inbound
from conversations.services.sweep import Sweeper
from tenants import context
from tenants.models import AuditEvent
from tenants.services import tenancy
from tests.conversations.events import NOON, body, change, deliver, parked, status, text
from tests.conversations.sending import conversation_with, message_in
from tests.faults.invariants import assert_invariants
from tests.faults.settling import pass_time, states, sweep
from tests.polling import until
from tests.whatsapp import raw_meta
from whatsapp.models import NumberPace, Phone
from whatsapp.services import numbers, pace
from whatsapp.webhooks.models import PhoneRoute

pytestmark = pytest.mark.django_db(transaction=True)


def call_of(request) -> str:
    return request.body["biz_opaque_callback_data"]


def id_of(call: str) -> int:
    return int(call.split(".")[1])


@pytest.fixture
def taken():
    """Collect the calls that the Cloud API said yes to, in their order."""
    return []


@pytest.fixture
def accept(taken):
    def accept(to, request):
        taken.append(call_of(request))
        raw_meta.answer(to, raw_meta.accepted(f"wamid.of.{call_of(request)}"))

    return accept


@pytest.fixture
def meta(settings, accept):
    with raw_meta.serving(accept) as server:
        settings.GRAPH_API_URL = server.url
        yield server


@pytest.fixture
def queue_for(phones):
    """Queue texts in conversations of a tenant: ``queue_for(acme, talks=2, each=3)``."""

    def queue_for(tenant, *, talks=1, each=1, **fields) -> list[list[int]]:
        opened_at = timezone.now() - timedelta(hours=1)
        with context.tenant(tenant.schema_name):
            made = [
                conversation_with(
                    f"5511{n:09}", phone=phones[tenant.subdomain], opened_at=opened_at
                )
                for n in range(talks)
            ]
            return [[message_in(one, **fields).pk for _ in range(each)] for one in made]

    return queue_for


@pytest.fixture
def drain(phones):
    def drain(tenant) -> None:
        with context.tenant(tenant.schema_name):
            delivery.drain(phone_id=phones[tenant.subdomain].pk, seconds=20)

    return drain


@pytest.fixture
def later(acme, settings):
    """Let what acme's messages, their number and their customers wait for be over."""

    def later(**how: float) -> None:
        pass_time(acme, **how)
        with context.tenant(acme.schema_name):
            NumberPace.objects.update(paused_until=None)
        settings.BUCKET_KEY_PREFIX += "later:"

    return later


def first_answers(meta, script, accept) -> None:
    """Have the first call answered by a script, and every other one accepted."""

    def answer(to, request):
        (script if len(meta.requests) == 1 else accept)(to, request)

    meta.script = answer


@pytest.mark.parametrize("http", ["500 Oops", "503 Busy", "429 Too Many Requests"])
@pytest.mark.parametrize("code", [4, 130429, 131056, 131057])
def test_what_is_refused_for_now_goes_later_in_its_order(
    meta, acme, taken, accept, queue_for, drain, later, http, code
):
    def refuse(to, _request):
        headers = {"Retry-After": "60"}
        raw_meta.answer(to, raw_meta.refused(code), status=http, headers=headers)

    first_answers(meta, refuse, accept)
    (behind,) = queue_for(acme, each=3)
    with context.tenant(acme.schema_name):
        before = timezone.now()
        delivery.drain(phone_id=Phone.objects.get().pk, seconds=0.3)
        waits = Message.objects.get(pk=behind[0])
        assert waits.due_at >= before + timedelta(seconds=60)
        assert states(acme) == ["PENDING"] * 3

    later(seconds=300)
    drain(acme)

    assert [id_of(call) for call in taken] == behind
    assert states(acme) == ["ACCEPTED"] * 3
    assert_invariants(acknowledged={}, sent=taken)


def test_a_customer_who_gets_too_many_delays_nobody_else(
    meta, acme, taken, accept, queue_for, drain, later
):
    def refuse(to, _request):
        answer = raw_meta.refused(131056)
        raw_meta.answer(to, answer, status="400 Bad Request", headers={"Retry-After": "600"})

    first_answers(meta, refuse, accept)
    talks = queue_for(acme, talks=3, each=1)

    drain(acme)

    assert len(taken) == 2
    later(seconds=1300)
    drain(acme)
    assert sorted(id_of(call) for call in taken) == sorted(pk for (pk,) in talks)
    assert_invariants(acknowledged={}, sent=taken)


def endless(to, _request) -> None:
    to.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n" + b" " * 10_000_000)


ODD = {
    "500 with a code": lambda to, _: raw_meta.answer(to, raw_meta.refused(131000), status="500 A"),
    "503 with a code": lambda to, _: raw_meta.answer(to, raw_meta.refused(2), status="503 A"),
    "500 of html": lambda to, _: raw_meta.answer(to, status="500 A", body=b"<html>Sorry</html>"),
    "html": lambda to, _: raw_meta.answer(to, body=b"<html>Welcome</html>"),
    "nothing": lambda to, _: raw_meta.answer(to, body=b""),
    "half of it": lambda to, _: raw_meta.answer(to, body=b'{"messages": [{"id"'),
    "a list": lambda to, _: raw_meta.answer(to, []),
    "no id": lambda to, _: raw_meta.answer(to, {"messages": [{}]}),
    "10 MB": endless,
    "reset": lambda to, _: raw_meta.reset(to),
}


@pytest.mark.parametrize("script", ODD.values(), ids=ODD)
def test_what_may_have_been_sent_is_told_by_its_statuses(
    meta, acme, meta_app, accept, queue_for, drain, script
):
    first_answers(meta, script, accept)
    queue_for(acme, each=2)

    drain(acme)
    assert states(acme) == ["UNKNOWN", "PENDING"]
    word = call_of(meta.requests[0])
    report = status("wamid.it", "sent", biz_opaque_callback_data=word)
    deliver(meta_app, body(change(statuses=[status("wamid.it", "delivered"), report])))
    inbound.process_deliveries()
    drain(acme)

    assert states(acme) == ["DELIVERED", "ACCEPTED"]
    assert_invariants(acknowledged={}, sent=[call_of(one) for one in meta.requests])


def test_what_no_status_tells_of_is_left_to_a_person(meta, acme, accept, queue_for, drain):
    first_answers(meta, ODD["reset"], accept)
    queue_for(acme, each=2)
    drain(acme)

    pass_time(acme, minutes=20)
    sweep(acme)
    drain(acme)

    assert states(acme) == ["UNCONFIRMED", "ACCEPTED"]
    assert_invariants(acknowledged={}, sent=[call_of(one) for one in meta.requests])


def test_a_number_whose_calls_hang_takes_no_thread_of_another(
    meta, acme, globex, phones, taken, accept, queue_for, drain
):
    over = threading.Event()
    hanging = f"/{phones['acme'].phone_number_id}/"

    def hang(to, request):
        if hanging not in request.line:
            accept(to, request)
            return
        over.wait(30)
        raw_meta.reset(to)

    meta.script = hang
    queue_for(acme, talks=delivery.WINDOW_MOST)
    queue_for(globex, talks=20)
    most = round(pace.PER_SECOND / 2)

    def stuck_calls() -> int:
        return sum(hanging in request.line for request in list(meta.requests))

    stuck = threading.Thread(target=_closing, args=(drain, acme))
    stuck.start()
    try:
        until(lambda: meta.requests)
        drain(globex)
        assert states(globex) == ["ACCEPTED"] * 20
        until(lambda: stuck_calls() >= most)
        time.sleep(0.3)  # in which a pace of 80 a second would begin many more
        assert stuck_calls() == most
    finally:
        over.set()
        stuck.join()

    assert set(states(acme)) == {"UNKNOWN"}
    pass_time(acme, minutes=20)
    sweep(acme)
    assert_invariants(acknowledged={}, sent=[call_of(one) for one in meta.requests])


def _closing(drain, tenant) -> None:
    try:
        drain(tenant)
    finally:
        connection.close()


def test_a_redirect_is_not_followed(meta, acme, accept, queue_for, drain):
    with raw_meta.serving(accept) as elsewhere:

        def go(to, request):
            headers = {"Location": elsewhere.url + request.line.split()[1]}
            raw_meta.answer(to, {}, status="307 Temporary Redirect", headers=headers)

        first_answers(meta, go, accept)
        queue_for(acme, each=2)
        drain(acme)

        assert elsewhere.connections == 0
    assert states(acme) == ["FAILED", "ACCEPTED"]
    assert_invariants(acknowledged={}, sent=[call_of(one) for one in meta.requests])


def test_a_token_that_dies_in_the_middle_holds_the_rest_until_there_is_another(
    meta, acme, people, taken, accept, queue_for, drain
):
    def dies(to, request):
        if len(taken) < 5 or request.headers["authorization"] == "Bearer another-token":
            accept(to, request)
        else:
            raw_meta.answer(to, raw_meta.refused(190), status="401 Unauthorized")

    meta.script = dies
    made = queue_for(acme, talks=40, lane=Lane.BULK)

    drain(acme)

    assert 5 <= len(taken) < 40
    assert set(states(acme)) == {"ACCEPTED", "HELD"}
    with context.tenant(acme.schema_name):
        assert Phone.objects.get().health == "AUTH_ERROR"
    with context.platform():
        assert AuditEvent.objects.filter(action="number.token_refused").count() == 1
        route = PhoneRoute.objects.get(tenant=acme)
    with context.tenant(acme.schema_name):
        admin = people["admin@acme.test"]
        numbers.replace_token(actor=admin, route=route, access_token="another-token")
    drain(acme)

    assert states(acme) == ["ACCEPTED"] * 40
    assert sorted(id_of(call) for call in taken) == sorted(pk for (pk,) in made)
    assert_invariants(acknowledged={}, sent=taken)


def test_a_tenant_that_is_suspended_in_the_middle_stops_and_goes_on_both_ways(
    meta, acme, meta_app, taken, accept, queue_for, drain
):
    def suspend(to, request):
        try:
            tenancy.suspend_tenant(actor=None, tenant=acme)
        finally:
            connection.close()
        accept(to, request)

    first_answers(meta, suspend, accept)
    (talk,) = queue_for(acme, each=4)
    drain(acme)
    assert [id_of(call) for call in taken] == talk[:1]
    wamids = [f"wamid.{number}" for number in range(4)]
    for number, wamid in enumerate(wamids):
        deliver(meta_app, body(change(messages=[text(wamid, at=NOON + number)])))
    inbound.process_deliveries()
    assert [reason for reason, _, _ in parked()] == ["HELD"] * 4

    tenancy.resume_tenant(actor=None, tenant=acme)
    drain(acme)
    sweeper = Sweeper(stopping=lambda: False)
    assert sweeper.round()
    sweeper.close()

    assert [id_of(call) for call in taken] == talk
    with context.tenant(acme.schema_name):
        came = Message.objects.filter(direction="INBOUND").order_by("pk")
        assert list(came.values_list("wamid", flat=True)) == wamids
    assert_invariants(acknowledged={"acme": wamids}, sent=taken)
