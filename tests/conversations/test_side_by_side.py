"""Parts of many tenants are applied in several sessions at once, with the same outcome."""

import psycopg
import pytest

from conversations.models import Message
from conversations.services import applying, batches, inbound, sessions
from tenants import context
from tests.conversations.events import body, change, deliver, text, unaccounted
from whatsapp.webhooks.models import WebhookDelivery

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _two_are_many(monkeypatch):
    monkeypatch.setattr(batches, "MANY_TENANTS", 2)


@pytest.fixture
def opened():
    opened = sessions.fresh()
    yield opened
    opened.close()


def count(tenant) -> int:
    with context.tenant(tenant.schema_name):
        return Message.objects.count()


def both(app) -> None:
    for name in ("acme", "globex"):
        deliver(app, *(body(change(name, messages=[text(f"wamid.{n}")])) for n in range(3)))


def test_everybody_gets_what_is_theirs(acme, globex, meta_app, phones, opened):
    both(meta_app)

    inbound.Worker(opened).run()

    assert (count(acme), count(globex)) == (3, 3)
    assert unaccounted() == 0


def test_a_tenant_that_cannot_be_written_keeps_its_own(
    acme, globex, meta_app, phones, opened, monkeypatch
):
    real = applying.apply

    def apply(work, target, parcels):
        if target.tenant_id == acme.pk:
            raise applying.TenantUnavailableError
        return real(work, target, parcels)

    monkeypatch.setattr(applying, "apply", apply)
    both(meta_app)

    inbound.Worker(opened).run()

    assert (count(acme), count(globex)) == (0, 3)
    with context.platform():
        assert WebhookDelivery.objects.filter(state="NEW").count() == 3


def test_a_session_that_is_lost_takes_nothing_along(
    acme, globex, meta_app, phones, opened, monkeypatch
):
    """Whichever of them it is: nothing is settled, and the next worker does it all."""
    real = applying.apply

    def apply(work, target, parcels):
        if target.tenant_id == acme.pk:
            raise psycopg.OperationalError
        return real(work, target, parcels)

    both(meta_app)
    with monkeypatch.context() as patch:
        patch.setattr(applying, "apply", apply)
        with pytest.raises(psycopg.OperationalError):
            inbound.Worker(opened).run()
    assert inbound.process_deliveries() == 6

    assert (count(acme), count(globex)) == (3, 3)
    assert unaccounted() == 0
