"""Bulk sending waits while events wait too long to be taken in."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tenants import context
from whatsapp.webhooks import backlog
from whatsapp.webhooks.models import WebhookDelivery


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch):
    monkeypatch.setattr(backlog, "_known", backlog._Known())


def wait(app, seconds: float, **fields) -> None:
    """Let a delivery have waited for so long."""
    with context.platform():
        received_at = timezone.now() - timedelta(seconds=seconds)
        WebhookDelivery.objects.create(
            app=app, body=b"{}", sha256=b"", received_at=received_at, **fields
        )


@pytest.mark.parametrize(
    ("seconds", "state", "expected"),
    [(55, "NEW", False), (65, "NEW", True), (65, "DONE", False)],
)
def test_after_a_minute_we_are_behind(acme, meta_app, seconds, state, expected):
    wait(meta_app, seconds, state=state)

    assert backlog.is_behind() is expected
    with context.tenant(acme.schema_name):
        assert backlog.is_behind() is expected


def test_nothing_that_waits_is_not_behind(db):
    assert not backlog.is_behind()


def test_it_is_asked_once_a_second_at_most(meta_app, monkeypatch):
    wait(meta_app, 65)
    with CaptureQueriesContext(connection) as queries:
        assert [backlog.is_behind() for _ in range(100)] == [True] * 100
    assert len([one for one in queries if "webhookdelivery" in one["sql"]]) == 1

    monkeypatch.setattr(backlog._known, "until", 0.0)
    with CaptureQueriesContext(connection) as queries:
        assert backlog.is_behind()
    assert len([one for one in queries if "webhookdelivery" in one["sql"]]) == 1
