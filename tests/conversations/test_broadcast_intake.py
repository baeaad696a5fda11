"""Reading a list in the background: every row checked, all of them or none, begun again."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from conversations import broadcasts
from conversations.models import Block, Broadcast, BroadcastRecipient, BroadcastSource
from conversations.services.broadcasts import arranging, choosing, intake, reading
from conversations.services.broadcasts.control import BroadcastStateError
from conversations.services.outbound import PhoneInactiveError
from conversations.services.template_sending import TemplateNotApprovedError
from tenants import context, queue, stopping
from tenants.errors import ForbiddenError
from tenants.feed.models import Change
from tenants.models import AuditEvent
from tests.conversations.sending import conversation_with
from tests.whatsapp.templates import template
from whatsapp.models import MessageTemplate, Phone

pytestmark = pytest.mark.django_db(transaction=True)
VALUES = {"body.1": {"column": "nome"}, "body.2": {"text": "A-7"}}
CSV = b"numero;nome\n+55 11 98765-4321;Ana\n11 98765-4322;Bia\n"


@pytest.fixture
def place(acme):
    with context.tenant(acme.schema_name):
        yield acme


@pytest.fixture
def nudges(monkeypatch):
    sent = []
    monkeypatch.setattr(queue, "enqueue", lambda path, **kwargs: sent.append((path, kwargs)))
    return sent


@pytest.fixture
def create(place, phones, actor, nudges):
    """Hand a list in: ``create(b"...", values=None)``."""
    known = template(category="MARKETING")

    def act(body=CSV, *, who="ana@acme.test", **changes) -> Broadcast:
        values = {"name": "Natal", "phone": phones["acme"], "template": known, "kind": "FILE"}
        values |= {"values": VALUES, "client_id": uuid4(), "now": timezone.now(), **changes}
        return arranging.create(actor=actor(who), body=body, **values)

    return act


def read(broadcast: Broadcast) -> Broadcast:
    intake.prepare(broadcast_id=broadcast.pk)
    return Broadcast.objects.get(pk=broadcast.pk)


def rows() -> list[tuple[str, str, str]]:
    found = BroadcastRecipient.objects.order_by("position")
    return list(found.values_list("value", "state", "reason"))


def test_a_list_becomes_rows_and_is_gone(create, nudges):
    made = create()
    assert (made.status, nudges) == (
        "PREPARING",
        [("conversations.tasks.prepare_broadcast", {"broadcast_id": made.pk})],
    )

    found = read(made)

    assert (found.status, found.total, found.counts) == ("DRAFT", 2, {"READY": 2})
    assert rows() == [("5511987654321", "READY", ""), ("5511987654322", "READY", "")]
    assert BroadcastRecipient.objects.first().values == {"body.1": "Ana", "body.2": "A-7"}
    assert not BroadcastSource.objects.exists()
    assert set(Change.objects.values_list("kind", flat=True)) == {"BROADCAST"}
    with context.platform():
        assert AuditEvent.objects.filter(action="broadcast.created").count() == 1


def test_each_row_that_cannot_be_sent_says_why(create, phones):
    stopped = conversation_with("5511987650001", phone=phones["acme"], opened_at=None)
    stopped.contact.marketing_opted_out_at = timezone.now()
    stopped.contact.save()
    apart = conversation_with("5511987650002", phone=phones["acme"], opened_at=None)
    Block.objects.create(contact=apart.contact, phone=phones["acme"], state="BLOCKED")
    body = (
        b"numero;nome\n+5511987654321;Ana\n+551187654321;Ana\n190;Bia\n+5511987654323;\n"
        b"+5511987654324;Caio;x\n+551187650001;Duda\n+5511987650002;Eva\n"
    )

    read(create(body))

    assert [(state, reason) for _value, state, reason in rows()] == [
        ("READY", ""),
        ("SKIPPED", "DUPLICATE"),
        ("SKIPPED", "INVALID_NUMBER"),
        ("SKIPPED", "INVALID_VALUE"),
        ("SKIPPED", "MISALIGNED"),
        ("SKIPPED", "OPTED_OUT"),
        ("SKIPPED", "BLOCKED"),
    ]
    positions = BroadcastRecipient.objects.order_by("position").values_list("first_position")
    assert [first for (first,) in positions] == [None, 1, None, None, None, None, None]
    twice = BroadcastRecipient.objects.get(position=2)
    assert twice.why_left_out.endswith("stands on the list already. Row 1 came first.")
    missing = BroadcastRecipient.objects.get(position=4)
    assert missing.why_left_out == "WhatsApp would refuse a value. body.1: Fill this in."


def test_whom_marketing_is_not_for_gets_what_is_none(create, phones):
    stopped = conversation_with("5511987654321", phone=phones["acme"], opened_at=None)
    stopped.contact.marketing_opted_out_at = timezone.now()
    stopped.contact.save()
    MessageTemplate.objects.update(category="UTILITY")

    assert read(create(template=MessageTemplate.objects.get())).counts == {"READY": 2}


def test_a_row_that_was_refused_leaves_its_number_to_the_next(create):
    read(create(b"numero;nome\n+5511987654321;\n+5511987654321;Ana\n"))

    assert [state for _value, state, _reason in rows()] == ["SKIPPED", "READY"]


def test_what_breaks_midway_leaves_a_draft_that_says_so(create):
    long = b"numero;nome\n" + b"+5511987654321;Ana\n" * 20 + b"+5511987654321;" + b"x" * 5000

    found = read(create(long))

    assert (found.status, found.total) == ("DRAFT", 0)
    assert "Line 22 has a cell that is too long" in found.problem
    assert BroadcastSource.objects.exists() and not rows()


def test_the_columns_may_be_said_later(create, actor, nudges):
    draft = create(values=None)
    assert (draft.status, nudges) == ("DRAFT", [])
    ana = actor("ana@acme.test")

    arranging.prepare(
        actor=ana, broadcast=draft, values=VALUES, number_column="numero", now=timezone.now()
    )

    assert nudges[-1][0] == "conversations.tasks.prepare_broadcast"
    found = read(draft)
    assert found.counts == {"READY": 2}
    with pytest.raises(BroadcastStateError):
        arranging.prepare(
            actor=ana, broadcast=found, values=VALUES, number_column="", now=timezone.now()
        )


def test_whoever_reads_it_is_left_alone_until_taken_for_dead(create):
    made = create()
    later = timezone.now() + timedelta(seconds=30)
    Broadcast.objects.update(lease_until=later)
    assert read(made).status == "PREPARING"

    Broadcast.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert read(made).status == "DRAFT"


def test_twice_changes_nothing(create):
    found = read(create())

    assert read(found).counts == {"READY": 2}
    assert len(rows()) == 2


def test_asked_to_stop_it_leaves_the_list_to_the_next(create, monkeypatch):
    monkeypatch.setattr(intake, "TELL_ROWS", 1)
    monkeypatch.setattr(stopping, "asked", lambda: True)

    made = read(create())

    assert (made.status, made.lease_until) == ("PREPARING", None)
    monkeypatch.setattr(stopping, "asked", lambda: False)
    assert read(made).status == "DRAFT"


def test_a_list_that_ends_every_reader_is_given_up(create, actor, monkeypatch):
    made = create(starts_when_ready=True)
    Broadcast.objects.update(list_attempts=intake.ATTEMPTS)

    found = read(made)

    assert (found.status, found.lease_until, rows()) == ("DRAFT", None, [])
    assert found.problem.startswith("The list could not be read, though it was tried three times.")
    again = arranging.prepare(
        actor=actor("ana@acme.test"),
        broadcast=found,
        values=VALUES,
        number_column="numero",
        now=timezone.now(),
    )
    assert (again.list_attempts, again.problem) == (0, "")
    found = read(made)
    assert (found.status, found.counts) == ("DRAFT", {"READY": 2})  # nobody was asked to start it


def test_contacts_that_have_become_too_many_are_no_list(create, phones, monkeypatch):
    for number in ("5511987654321", "5511987654322"):
        conversation_with(number, phone=phones["acme"], opened_at=None)
    made = create(choosing.Choice().kept(), kind="CONTACTS")
    monkeypatch.setattr(choosing, "MAX_ROWS", 1)

    found = read(made)

    assert found.problem == "These are more than 100,000 people: ask for fewer."
    assert found.status == "DRAFT" and not rows()


def test_whoever_stops_in_good_order_does_not_count(create, monkeypatch):
    monkeypatch.setattr(intake, "TELL_ROWS", 1)
    monkeypatch.setattr(stopping, "asked", lambda: True)
    made = create()

    for _time in range(intake.ATTEMPTS + 1):
        assert read(made).list_attempts == 0

    monkeypatch.setattr(stopping, "asked", lambda: False)
    assert read(made).counts == {"READY": 2}


def test_a_list_of_the_api_that_is_given_up_asks_for_no_columns(create):
    made = create(b'[{"to": "+5511987654321", "values": {}}]', kind="LIST", values={})
    Broadcast.objects.update(list_attempts=intake.ATTEMPTS)

    found = read(made)

    assert found.problem and not broadcasts.needs_columns(found)


def test_what_is_discarded_while_it_is_read_is_gone(create, actor, monkeypatch):
    ana, made, reads = actor("ana@acme.test"), create(), reading.read

    def discarded_midway(body):
        yield from reads(body)
        arranging.discard(actor=ana, broadcast=made)

    monkeypatch.setattr(reading, "read", discarded_midway)
    intake.prepare(broadcast_id=made.pk)

    assert not Broadcast.objects.exists() and not rows()


def test_a_reader_notices_that_it_was_discarded(create, actor, monkeypatch):
    monkeypatch.setattr(intake, "TELL_ROWS", 1)
    ana, made, reads, seen = actor("ana@acme.test"), create(), reading.read, []

    def discarded_first(body):
        arranging.discard(actor=ana, broadcast=made)
        for line in reads(body):
            seen.append(line)
            yield line

    monkeypatch.setattr(reading, "read", discarded_first)
    intake.prepare(broadcast_id=made.pk)

    assert len(seen) == 1


@pytest.mark.parametrize("alone", [True, False])
def test_the_sweeper_finds_a_list_that_no_nudge_reached(create, nudges, alone):
    made = create()
    nudges.clear()

    intake.sweep(alone=alone)

    told = [("conversations.tasks.prepare_broadcast", {"broadcast_id": made.pk})]
    assert nudges == ([] if alone else told)
    assert Broadcast.objects.get().status == ("DRAFT" if alone else "PREPARING")


def test_it_starts_by_itself_only_for_who_still_may(create, people):
    made = create(starts_when_ready=True)
    with context.platform():
        people["ana@acme.test"].memberships.update(role="VIEWER")

    found = read(made)

    assert found.status == "DRAFT"
    assert found.problem == "Your role does not allow this."


def test_the_same_client_id_is_the_same_broadcast(create):
    client_id = uuid4()

    assert create(client_id=client_id) == create(client_id=client_id)
    assert BroadcastSource.objects.count() == 1


def test_what_cannot_go_out_is_refused_at_once(create, phones):
    with pytest.raises(ForbiddenError):
        create(who="vera@acme.test")
    MessageTemplate.objects.update(status="PAUSED")
    with pytest.raises(TemplateNotApprovedError):
        create(template=MessageTemplate.objects.get())
    Phone.objects.update(status="INACTIVE")
    with pytest.raises(PhoneInactiveError):
        create(phone=Phone.objects.get())
    assert not Broadcast.objects.exists()
