from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tenants import context, secrets
from tests.whatsapp.webhooks.door import Door
from whatsapp.webhooks.models import MetaApp, ParkedUnit, WebhookDelivery

BODY = b'{"text": "what a customer wrote"}'


@pytest.fixture
def door(transactional_db, meta_app) -> Iterator[Door]:
    with Door() as opened:
        yield opened


@pytest.fixture
def stored(transactional_db) -> Callable[[], list[WebhookDelivery]]:
    """Return everything in the journal, in the order of arrival."""

    def everything() -> list[WebhookDelivery]:
        with context.platform():
            return list(WebhookDelivery.objects.order_by("pk"))

    return everything


@pytest.fixture
def own_app(transactional_db, acme) -> Callable[..., MetaApp]:
    """Make a Meta app that a tenant owns: its secret is its app id, backwards."""

    def make(app_id: str = "2000", *, tenant: Any = None, **changes: Any) -> MetaApp:
        owner = tenant or acme

        def sealed(value: str, column: str) -> str:
            return secrets.seal(
                value, tenant=str(owner.pk), table="webhooks_metaapp", column=column
            )

        values = {
            "name": f"App {app_id}",
            "app_id": app_id,
            "tenant": owner,
            "app_secret_sealed": sealed(app_id[::-1], "app_secret"),
            "verify_token_sealed": sealed(f"verify {app_id}", "verify_token"),
        }
        with context.platform():
            return MetaApp.objects.create(**(values | changes))

    return make


@pytest.fixture
def delivery(meta_app) -> WebhookDelivery:
    """A delivery of three units, of which one is not accounted for."""
    with context.platform():
        return WebhookDelivery.objects.create(
            app=meta_app,
            body=BODY,
            sha256=b"\xab" * 32,
            state="DONE",
            units_total=3,
            units_stored=1,
            units_parked=1,
        )


@pytest.fixture
def units(delivery, acme) -> list[ParkedUnit]:
    """A unit for each reason; the held one is acme's."""
    with context.platform():
        return [
            ParkedUnit.objects.create(
                delivery=delivery,
                unit_index=number,
                reason=reason,
                tenant=acme if reason == "HELD" else None,
                field="messages",
                phone_number_id=f"99{number}",
                error="KeyError" if reason == "QUARANTINED" else "",
            )
            for number, reason in enumerate(ParkedUnit.Reason)
        ]
