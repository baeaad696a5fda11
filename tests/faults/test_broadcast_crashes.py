"""kill -9 while a list is read and while it is handed over: nobody is lost, nobody doubled."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from conversations.models import Broadcast, BroadcastRecipient, BroadcastSource, Message
from conversations.services.broadcasts import arranging, feeding, intake
from tenants import context
from tests.conversations import lists
from tests.faults import victims
from tests.whatsapp.templates import template

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = 2500
VALUES = {"body.1": {"text": "Ana"}, "body.2": {"text": "A-7"}}


@pytest.fixture
def place(acme):
    with context.tenant(acme.schema_name):
        yield acme


@pytest.fixture
def listed(place, phones, actor) -> Broadcast:
    """Return one whose list waits to be read, and that starts by itself then."""
    rows = "\n".join(f"+{number}" for number in lists.numbers(PEOPLE))
    return arranging.create(
        actor=actor("ana@acme.test"),
        name="Natal",
        phone=phones["acme"],
        template=template(),
        kind="FILE",
        body=f"numero\n{rows}\n".encode(),
        values=VALUES,
        starts_when_ready=True,
        client_id=uuid4(),
        now=timezone.now(),
    )


def die_reading(place, broadcast: Broadcast, crash_at: str) -> None:
    victims.run(victims.READ, place.schema_name, broadcast.pk, crash_at=crash_at)


def let_the_lease_end() -> None:
    Broadcast.objects.update(lease_until=timezone.now() - timedelta(seconds=1))


@pytest.mark.parametrize(
    "crash_at",
    [
        "broadcast.claimed",
        "broadcast.reading",
        "broadcast.reading:2",
        "broadcast.read",
        "broadcast.mid_write",
        "broadcast.written",
    ],
)
def test_a_list_whose_reader_dies_is_read_and_started_by_the_next(place, listed, crash_at):
    die_reading(place, listed, crash_at)
    is_through = crash_at == "broadcast.written"
    assert BroadcastRecipient.objects.count() == (PEOPLE if is_through else 0)
    intake.sweep(alone=True)
    assert lists.reloaded(listed).status == ("RUNNING" if is_through else "PREPARING")

    let_the_lease_end()
    intake.sweep(alone=True)

    found = lists.reloaded(listed)
    assert (found.status, found.counts) == ("RUNNING", {"READY": PEOPLE})
    assert BroadcastRecipient.objects.count() == PEOPLE
    assert not BroadcastSource.objects.exists()


def test_a_list_that_three_readers_died_of_is_given_up(place, listed):
    for _time in range(intake.ATTEMPTS):
        die_reading(place, listed, "broadcast.read")
        let_the_lease_end()

    intake.sweep(alone=True)

    found = lists.reloaded(listed)
    assert found.status == "DRAFT"
    assert found.problem.startswith("The list could not be read, though it was tried three times.")
    assert not BroadcastRecipient.objects.exists()


@pytest.mark.parametrize(
    ("crash_at", "handed"),
    [("broadcast.mid_hand", 0), ("broadcast.handed", 250), ("broadcast.handed:2", 500)],
)
def test_a_feeder_that_dies_hands_nobody_over_twice(place, phones, actor, crash_at, handed):
    people = 700  # more than two batches
    author = actor("ana@acme.test").user
    lists.broadcast_to(
        lists.numbers(people),
        phone=phones["acme"],
        author=author,
        status="RUNNING",
        started_at=timezone.now(),
    )

    victims.run(victims.FEED, place.schema_name, crash_at=crash_at)
    assert Message.objects.count() == handed
    feeding.run(now=timezone.now())

    assert not BroadcastRecipient.objects.exclude(state="QUEUED").exists()
    assert Message.objects.count() == people
    named = BroadcastRecipient.objects.values_list("message", flat=True)
    assert set(named) == set(Message.objects.values_list("pk", flat=True))
