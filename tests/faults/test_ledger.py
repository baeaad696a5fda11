"""Whatever happens to units, and in whatever order: the ledger misses none."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from django.db.models import F
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conversations.models import Message
from conversations.services import inbound
from conversations.services.sweep import Sweeper
from tenants import context
from tenants.models import Tenant
from tests.conversations.events import body, change, deliver, text
from whatsapp.webhooks import ledger
from whatsapp.webhooks.models import ParkedUnit, PhoneRoute, WebhookDelivery
from whatsapp.webhooks.services import parking, retention

pytestmark = pytest.mark.django_db(transaction=True)


class Installation:
    """All that may happen to what comes in, a method each."""

    _numbers = count(1)

    def __init__(self, app) -> None:
        self.app = app
        self.last = self._raw()
        self.resume()

    def _raw(self, tenant="acme", **more) -> bytes:
        return body(change(tenant, messages=[text(f"wamid.{next(self._numbers)}", **more)]))

    def _bring(self, raw: bytes) -> None:
        self.last = raw
        deliver(self.app, raw)

    def arrive(self) -> None:
        self._bring(self._raw())

    def several(self) -> None:
        wamids = [f"wamid.{next(self._numbers)}" for _ in range(3)]
        stranger = {"metadata": {"phone_number_id": "999", "display_phone_number": "9"}}
        self._bring(
            body(
                change(messages=[text(one) for one in wamids]),
                change("globex", messages=[text(wamids[0])]),
                change(messages=[text(wamids[1]), None], **stranger),
            )
        )

    def again(self) -> None:
        self._bring(self.last)

    def placeholder(self) -> None:
        self._bring(self._raw(type="hologram", hologram={}))

    def unreadable(self) -> None:
        self._bring(b"not json %d" % next(self._numbers))

    def stranger(self) -> None:
        number = {"phone_number_id": "999", "display_phone_number": "9"}
        message = text(f"wamid.{next(self._numbers)}")
        self._bring(body(change(messages=[message], metadata=number)))

    def for_the_other(self) -> None:
        self._bring(self._raw("globex"))

    def suspend(self) -> None:
        self._become("SUSPENDED")

    def resume(self) -> None:
        self._become("ACTIVE")

    def _become(self, state: str) -> None:
        with context.platform():
            Tenant.objects.filter(subdomain="globex").update(status=state)

    def work(self) -> None:
        inbound.process_deliveries()

    def sweep(self) -> None:
        sweeper = Sweeper(stopping=lambda: False)
        sweeper.round()
        sweeper.close()

    def _parked(self, **which) -> list[ParkedUnit]:
        with context.platform():
            return list(ParkedUnit.objects.filter(state="PARKED", **which).order_by("pk"))

    def replay(self) -> None:
        parking.replay(actor=None, reason="a test", units=self._parked())

    def discard_one(self) -> None:
        parking.discard(actor=None, reason="a test", units=self._parked()[:1])

    def send_on(self) -> None:
        with context.platform():
            route = PhoneRoute.objects.get(tenant__subdomain="acme")
        for unit in self._parked(reason="UNROUTED")[:2]:
            parking.route(actor=None, unit=unit, route=route, reason="a test")

    def prune(self) -> None:
        with context.platform():
            WebhookDelivery.objects.update(received_at=F("received_at") - timedelta(days=8))
        retention.purge(before=timezone.now() - timedelta(days=7))


STEPS = [name for name in vars(Installation) if not name.startswith("_")]


def found() -> ledger.Ledger:
    today = datetime.now(UTC).date()
    return ledger.of(first=today - timedelta(days=9000), last=today)


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(st.sampled_from(STEPS), min_size=4, max_size=16))
def test_nothing_is_unaccounted_after_any_step(acme, globex, meta_app, phones, steps):
    """What earlier examples left stays: an installation never begins anew."""
    world = Installation(meta_app)
    received = found().received

    for step in steps:
        getattr(world, step)()
        assert found().unaccounted == 0, step
        assert found().received >= received
        received = found().received

    world.resume()
    world.work()
    world.replay()
    world.work()
    last = found()
    assert last.unprocessed == last.unaccounted == 0
    assert last.parked.get("HELD", 0) == 0
    with context.tenant(acme.schema_name):
        here = Message.objects.values_list("wamid", flat=True)
        assert len(here) == len(set(here))
