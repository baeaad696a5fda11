"""A number that floods delays no other number, and what it sends keeps its order."""

import hashlib

import pytest

from conversations.models import Message
from conversations.services import inbound, sessions
from tenants import context
from tests.conftest import PHONES
from tests.conversations.events import body, change, text, unaccounted
from whatsapp.webhooks.models import MetaApp, WebhookDelivery
from whatsapp.webhooks.services import deliveries
from whatsapp.webhooks.services.turns import Ring

pytestmark = pytest.mark.django_db(transaction=True)
ACME, GLOBEX = PHONES["acme"][0], PHONES["globex"][0]


@pytest.fixture
def opened():
    opened = sessions.fresh()
    yield opened
    opened.close()


def store(app, *hints: str) -> list[int]:
    """Store a delivery for each hint; what is inside does not matter to the claim."""
    with context.platform():
        return [
            WebhookDelivery.objects.create(
                app=app, body=b"{}", sha256=hashlib.sha256(b"{}").digest(), phone_number_id_hint=one
            ).pk
            for one in hints
        ]


def claim(opened, ring, *, limit: int, skip=()) -> list[int]:
    """Claim, settle nothing, and return what was held."""
    batch = deliveries.claim(opened.claims, opened.work, limit=limit, skip=skip, ring=ring)
    held = [delivery.id for delivery in batch.deliveries]
    if batch.note_id:
        deliveries.forget(opened.work, [batch.note_id])
    opened.claims.rollback()
    return held


def done(ids) -> None:
    with context.platform():
        WebhookDelivery.objects.filter(pk__in=ids).update(state="DONE")


def test_half_of_a_batch_is_everybody_s_alike_and_the_rest_the_oldest(meta_app, opened):
    flood = store(meta_app, *["1"] * 100)
    quiet = store(meta_app, "2", "3", "2", "3", "2")

    held = claim(opened, Ring(), limit=12)

    # Two of each number, and the oldest of all in every place that is left.
    assert held == [*flood[:8], *quiet[:4]]


def test_a_number_s_deliveries_come_in_their_order(meta_app, opened):
    store(meta_app, *["1", "2"] * 20)
    ring, seen = Ring(), []

    while held := claim(opened, ring, limit=8):
        assert held == sorted(held)
        seen += held
        done(held)

    for parity in (0, 1):
        own = [pk for pk in seen if pk % 2 == parity]
        assert own == sorted(own)
    assert len(seen) == 40


def test_more_numbers_than_places_come_in_turns(meta_app, opened):
    store(meta_app, *["000"] * 50)
    others = store(meta_app, *(f"{n:03}" for n in range(1, 13)))
    ring, seen = Ring(), []

    for _ in range(4):
        held = claim(opened, ring, limit=8)
        seen += held
        done(held)

    assert set(others) <= set(seen)


def test_what_has_no_hint_takes_one_turn_of_its_app(acme, meta_app, opened):
    with context.platform():
        theirs = MetaApp.objects.create(name="Theirs", app_id="2", tenant=acme)
    flood = store(theirs, *[""] * 60)
    (mine,) = store(meta_app, "7")

    held = claim(opened, Ring(), limit=10)

    assert held == [*flood[:9], mine]


def test_what_is_to_be_skipped_is_not_drawn(meta_app, opened):
    first, second, third = store(meta_app, "1", "1", "2")

    assert claim(opened, Ring(), limit=10, skip=[first, third]) == [second]


def test_two_workers_draw_different_deliveries(meta_app, opened):
    store(meta_app, *["1", "2"] * 10)
    other = sessions.fresh()
    try:
        one = deliveries.claim(opened.claims, opened.work, limit=8, ring=Ring())
        two = deliveries.claim(other.claims, other.work, limit=8, ring=Ring())
    finally:
        other.close()

    ids = [{delivery.id for delivery in batch.deliveries} for batch in (one, two)]
    assert [len(found) for found in ids] == [8, 8]
    assert not ids[0] & ids[1]


def flooded(app, count: int) -> None:
    """Store so many events of acme, and behind them one of globex."""
    rows = [(ACME, body(change(messages=[text(f"wamid.{n}")]))) for n in range(count)]
    rows.append((GLOBEX, body(change("globex", messages=[text("wamid.quiet")]))))
    with context.platform():
        WebhookDelivery.objects.bulk_create(
            WebhookDelivery(
                app=app, body=one, sha256=hashlib.sha256(one).digest(), phone_number_id_hint=hint
            )
            for hint, one in rows
        )


def test_one_message_behind_a_flood_is_taken_in_with_the_second_batch(
    acme, globex, meta_app, phones, opened
):
    flooded(meta_app, 100)
    worker = inbound.Worker(opened, limit=10)

    worker.round()  # the oldest; that it is full tells of a flood
    worker.round()

    with context.tenant(globex.schema_name):
        assert Message.objects.filter(wamid="wamid.quiet").exists()
    with context.tenant(acme.schema_name):
        assert Message.objects.count() == 19
    while worker.round():
        pass
    assert unaccounted() == 0


def test_nobody_takes_turns_while_a_batch_holds_everything(meta_app, phones, opened, monkeypatch):
    drawn = []
    monkeypatch.setattr(Ring, "draw", lambda *_, **__: drawn.append(1) or [])
    flooded(meta_app, 5)
    worker = inbound.Worker(opened, limit=10)

    while worker.round():
        pass

    assert drawn == []


@pytest.mark.parametrize("numbers", [2, 300])
@pytest.mark.parametrize("stale", [False, True], ids=["fresh", "stale"])
def test_turns_are_read_by_the_index_alone(meta_app, opened, numbers, stale):
    """Whatever the statistics say: a scan in the order of ids would read the whole flood."""
    if stale:
        done(store(meta_app, *["1"] * 300))
        opened.claims.execute("ANALYZE public.webhooks_webhookdelivery")
    store(meta_app, *(f"{n:03}" for n in range(numbers)))
    if not stale:
        opened.claims.execute("ANALYZE public.webhooks_webhookdelivery")
    seen = []
    real = opened.claims.execute

    def explained(query, params=None, **how):
        if "LATERAL" in str(query):
            seen.append("\n".join(row[0] for row in real(f"EXPLAIN {query}", params).fetchall()))
        return real(query, params, **how)

    opened.claims.execute = explained
    Ring().draw(opened.claims, limit=100, skip="{}")

    assert len(seen) == 2
    for plan in seen:
        assert "delivery_new_of_number" in plan
        assert "delivery_new " not in plan
        assert "Sort" not in plan
