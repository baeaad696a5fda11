"""Statuses find their messages in any order, raise them and never lower them."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from django.db import connection, transaction

from conversations.models import Contact, Message, StatusEvent
from conversations.services import inbound, orphans, statuses
from tenants import context, queue
from tenants.feed.models import Change
from tests.conversations.events import NOON, body, change, deliver, fates, status
from tests.conversations.sending import conversation_with, message_in
from whatsapp.models import Phone

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime.fromtimestamp(NOON, UTC)
WAMID = "wamid.out"


@pytest.fixture
def sent(acme, phones):
    """Make an outgoing message of acme in a state."""

    def sent(state: str = "ACCEPTED", wamid: str | None = WAMID, **fields) -> Message:
        with context.tenant(acme.schema_name):
            thread = conversation_with("5511988887777", phone=phones["acme"], opened_at=AT)
            return message_in(thread, status=state, wamid=wamid, **fields)

    return sent


@pytest.fixture
def report(meta_app, phones):
    """Bring statuses, each in a batch of its own; return the deliveries."""

    def report(*parts, tenant="acme"):
        made = []
        for part in parts:
            made += deliver(meta_app, body(change(tenant, statuses=[part])))
            inbound.process_deliveries()
        return made

    return report


@pytest.fixture
def now(acme):
    def now(message: Message) -> Message:
        with context.tenant(acme.schema_name):
            return Message.objects.get(pk=message.pk)

    return now


def signed(tenant, phone, message) -> str:
    return statuses.callback_data(
        tenant_id=tenant.pk, phone_number_id=phone.phone_number_id, message_id=message.pk
    )


def test_ticks_go_up(acme, sent, report, now):
    message = sent()

    report(status(WAMID, "sent", at=NOON + 1))
    assert now(message).status == "SENT"
    report(status(WAMID, "delivered", at=NOON + 2), status(WAMID, "read", at=NOON + 3))

    message = now(message)
    assert (message.status, message.rank) == ("READ", 50)
    assert message.sent_at == AT + timedelta(seconds=1)
    assert message.delivered_at == AT + timedelta(seconds=2)
    assert message.read_at == AT + timedelta(seconds=3)
    with context.tenant(acme.schema_name):
        assert list(Change.objects.values_list("seq", "message_id")) == [
            (1, message.pk),
            (2, message.pk),
            (3, message.pk),
        ]
        assert StatusEvent.objects.filter(message=message).count() == 3


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
def test_any_order_and_batching_ends_in_the_same_row(sent, report, now, meta_app, order):
    message = sent()
    events = [
        status(WAMID, "sent", at=NOON + 1),
        status(WAMID, "delivered", at=NOON + 3),
        status(WAMID, "delivered", at=NOON + 2),
        status(WAMID, "failed", at=NOON + 4, errors=[{"code": 131026, "title": "Undeliverable"}]),
    ]

    deliver(meta_app, body(change(statuses=[events[place] for place in order[:2]])))
    inbound.process_deliveries()
    report(*(events[place] for place in order[2:]))

    message = now(message)
    assert (message.status, message.rank) == ("DELIVERED", 40)
    assert message.delivered_at == AT + timedelta(seconds=2)
    assert message.failed_at == AT + timedelta(seconds=4)
    assert (message.error_code, message.error_detail) == (131026, "Undeliverable")


def test_a_later_time_that_comes_with_a_higher_status_moves_no_earlier_one(
    sent, report, now, meta_app
):
    message = sent()
    report(status(WAMID, "delivered", at=NOON + 2))

    again, higher = status(WAMID, "delivered", at=NOON + 3), status(WAMID, "read", at=NOON + 4)
    deliver(meta_app, body(change(statuses=[again, higher])))
    inbound.process_deliveries()

    message = now(message)
    assert message.status == "READ"
    assert message.delivered_at == AT + timedelta(seconds=2)


def test_a_failure_says_why(sent, report, now):
    message = sent("SENT")
    error = {"code": 131047, "title": "Re-engagement", "error_data": {"details": "24 hours"}}

    report(status(WAMID, "failed", errors=[error]))

    message = now(message)
    assert (message.status, message.error_code, message.error_detail) == (
        "FAILED",
        131047,
        "24 hours",
    )


def test_the_same_status_again_is_counted_and_changes_nothing(acme, sent, report):
    sent()
    first, again = report(status(WAMID, "sent"), status(WAMID, "sent"))

    assert fates(first) == (1, 1, 0, 0, 0)
    assert fates(again) == (1, 0, 1, 0, 0)
    with context.tenant(acme.schema_name):
        assert Change.objects.count() == 1


def test_a_word_that_nobody_knows_is_kept_and_moves_nothing(acme, sent, report, now):
    message = sent()

    (delivery,) = report(status(WAMID, "deleted"))

    assert fates(delivery) == (1, 0, 0, 1, 0)
    assert now(message).status == "ACCEPTED"
    with context.tenant(acme.schema_name):
        assert StatusEvent.objects.get().message_id == message.pk
        assert not Change.objects.exists()


@pytest.mark.parametrize("state", ["PENDING", "SENDING", "UNKNOWN", "UNCONFIRMED"])
def test_our_own_word_names_the_message_before_its_wamid_is_known(
    acme, phones, sent, report, now, state
):
    message = sent(state, wamid=None, lease_until=AT, due_at=AT)

    report(status(WAMID, "sent", biz_opaque_callback_data=signed(acme, phones["acme"], message)))
    report(status(WAMID, "delivered"))

    message = now(message)
    assert (message.wamid, message.status) == (WAMID, "DELIVERED")
    assert message.lease_until is message.due_at is None


def test_certainty_about_an_unknown_message_lets_the_next_one_go(
    acme, phones, sent, report, monkeypatch
):
    nudges = []
    monkeypatch.setattr(queue, "enqueue", lambda path, **kwargs: nudges.append((path, kwargs)))
    message = sent("UNKNOWN", wamid=None)

    report(status(WAMID, "sent", biz_opaque_callback_data=signed(acme, phones["acme"], message)))
    report(status(WAMID, "delivered"))

    assert nudges == [("conversations.tasks.drain_outbox", {"phone_id": phones["acme"].pk})]


def test_statuses_that_came_without_our_word_are_applied_once_one_with_it_comes(
    acme, phones, sent, report, now
):
    message = sent("UNKNOWN", wamid=None)

    report(status(WAMID, "read", at=NOON + 9))
    assert now(message).status == "UNKNOWN"
    report(status(WAMID, "sent", biz_opaque_callback_data=signed(acme, phones["acme"], message)))

    message = now(message)
    assert (message.status, message.sent_at) == ("READ", AT)
    with context.tenant(acme.schema_name):
        assert StatusEvent.objects.filter(message=message).count() == 2


def test_statuses_that_wait_are_applied_by_whoever_stores_the_wamid(acme, sent, report, now):
    message = sent("SENDING", wamid=None)
    report(status(WAMID, "sent", at=NOON + 1), status(WAMID, "delivered", at=NOON + 2))

    with context.tenant(acme.schema_name), transaction.atomic(), connection.cursor() as cursor:
        Message.objects.filter(pk=message.pk).update(wamid=WAMID)
        drafts = statuses.apply_waiting(cursor, [message.pk])

    assert [draft.message_id for draft in drafts] == [message.pk]
    assert now(message).status == "DELIVERED"


@pytest.mark.parametrize(
    "forge",
    [
        lambda data: data.replace("v1.", "v2."),
        lambda data: data[:-1] + ("0" if data[-1] != "0" else "1"),
        lambda data: f"v1.{int(data.split('.')[1]) + 1}.{data.split('.')[2]}",
        lambda data: f"{data} ",
        lambda data: "v1.99999999999999999999.0011223344556677",
        lambda data: "💥",
    ],
    ids=["version", "mac", "id", "space", "huge", "emoji"],
)
def test_a_word_that_is_not_ours_names_nothing(acme, phones, sent, report, now, forge):
    message = sent("UNKNOWN", wamid=None)
    word = forge(signed(acme, phones["acme"], message))

    (delivery,) = report(status(WAMID, "sent", biz_opaque_callback_data=word))

    assert fates(delivery) == (1, 1, 0, 0, 0)
    assert now(message).status == "UNKNOWN"
    with context.tenant(acme.schema_name):
        assert StatusEvent.objects.get().message_id is None


def test_a_word_stays_its_tenant_s_when_the_number_moves(acme, globex, phones):
    """The next tenant of the same number has a message of the same id, too."""
    number = phones["acme"].phone_number_id
    word = statuses.callback_data(tenant_id=acme.pk, phone_number_id=number, message_id=7)

    owners = [
        statuses.claimed_message_id(tenant_id=one.pk, phone_number_id=number, data=word)
        for one in (acme, globex)
    ]

    assert owners == [7, None]


def test_a_word_for_another_tenant_s_message_does_nothing_here(
    acme, globex, phones, sent, report, now
):
    """The same id exists in both tenants; the word was made for acme's."""
    message = sent("UNKNOWN", wamid=None)
    with context.tenant(globex.schema_name):
        thread = conversation_with("5511988887777", phone=phones["globex"], opened_at=AT)
        theirs = message_in(thread, status="UNKNOWN", pk=message.pk)
    word = signed(acme, phones["acme"], message)

    report(status(WAMID, "sent", biz_opaque_callback_data=word), tenant="globex")

    assert now(message).status == "UNKNOWN"
    with context.tenant(globex.schema_name):
        assert Message.objects.get(pk=theirs.pk).status == "UNKNOWN"


def test_a_wamid_of_another_tenant_s_message_is_matched_by_nobody(globex, sent, report, now):
    message = sent()

    report(status(WAMID, "read"), tenant="globex")

    assert now(message).status == "ACCEPTED"
    with context.tenant(globex.schema_name):
        assert StatusEvent.objects.get().message_id is None


def test_a_word_that_names_a_message_with_another_wamid_does_not_move_it(
    acme, phones, sent, report, now
):
    message = sent("ACCEPTED", wamid="wamid.other")
    word = signed(acme, phones["acme"], message)

    report(status(WAMID, "read", biz_opaque_callback_data=word))

    assert now(message).status == "ACCEPTED"


def test_an_inbound_message_has_no_ticks(acme, phones, sent, report, now):
    message = sent("RECEIVED", wamid=WAMID)

    report(status(WAMID, "read"))

    assert now(message).status == "RECEIVED"


def test_orphans_are_matched_once_their_message_has_the_wamid(acme, sent, report, now):
    """What a race between a status and the answer to the send left behind."""
    message = sent("ACCEPTED", wamid=None)
    report(status(WAMID, "read"))

    with context.tenant(acme.schema_name):
        Message.objects.filter(pk=message.pk).update(wamid=WAMID)
        assert orphans.match() == 1
        assert orphans.match() == 0
        assert Change.objects.get().message_id == message.pk

    assert now(message).status == "READ"


def test_orphans_are_kept_for_a_day_and_counted_on_their_number_for_ever(acme, phones, report):
    report(status("wamid.old", "sent"), status("wamid.old", "read"), status("wamid.new", "read"))

    with context.tenant(acme.schema_name):
        old = datetime.now(UTC) - timedelta(hours=25)
        StatusEvent.objects.filter(wamid="wamid.old").update(received_at=old)
        assert orphans.forget() == 2
        assert orphans.forget() == 0
        assert StatusEvent.objects.get().wamid == "wamid.new"
        assert Phone.objects.get().foreign_statuses == 2
        assert not (Message.objects.exists() or Contact.objects.exists())


def test_a_late_status_of_a_message_of_ours_is_nobody_else_s(acme, phones, sent, report):
    message = sent("UNKNOWN", wamid="wamid.other")
    word = signed(acme, phones["acme"], message)
    report(status(WAMID, "read", biz_opaque_callback_data=word))

    with context.tenant(acme.schema_name):
        StatusEvent.objects.update(received_at=datetime.now(UTC) - timedelta(hours=25))
        assert orphans.forget() == 1
        assert Phone.objects.get().foreign_statuses == 0


def test_what_a_message_costs_is_kept_as_it_came_and_in_one_spelling(acme, sent, report):
    sent()
    pricing = {
        "billable": True,
        "pricing_model": "PMP",
        "type": "regular",
        "category": "authentication-international",
    }

    report(status(WAMID, "sent", pricing=pricing), status(WAMID, "delivered"))

    with context.tenant(acme.schema_name):
        paid, free = StatusEvent.objects.order_by("pk")
    words = (paid.pricing_category, paid.pricing_type, paid.pricing_model)
    assert paid.pricing == pricing
    assert words == ("authentication_international", "regular", "PMP")
    assert (free.pricing, free.pricing_category) == (None, "")


def test_errors_beside_another_word_than_failed_are_kept_and_fail_nothing(acme, sent, report, now):
    message = sent()

    report(status(WAMID, "sent", errors=[{"code": 131049, "title": "Held back"}]))

    message = now(message)
    assert (message.status, message.error_code, message.failed_at) == ("SENT", None, None)
    with context.tenant(acme.schema_name):
        assert StatusEvent.objects.get().errors == [{"code": 131049, "title": "Held back"}]


def test_a_played_voice_message_is_played(sent, report, now):
    message = sent()

    report(status(WAMID, "played", at=NOON + 9), status(WAMID, "read", at=NOON + 5))

    message = now(message)
    assert (message.status, message.rank) == ("PLAYED", 60)
    assert message.played_at == AT + timedelta(seconds=9)
