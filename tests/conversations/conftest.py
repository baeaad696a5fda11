"""A worker's session, and messages that come in, for the tests of processing."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from conversations.services import inbound
from tenants import context
from tenants.db import raw
from tests.conversations.events import body, change, deliver, unaccounted


@pytest.fixture
def claims(transactional_db) -> Iterator[psycopg.Connection[Any]]:
    """A session as a worker has it."""
    session = raw.connect(name="test")
    yield session
    session.close()


@pytest.fixture
def take(meta_app, phones):
    """Have messages come in, in one body, and be processed."""

    def take(*messages, contacts=None):
        deliver(meta_app, body(change(messages=list(messages), contacts=contacts)))
        inbound.process_deliveries()
        assert unaccounted() == 0

    return take


@pytest.fixture
def inside(acme) -> Iterator[None]:
    """Be in acme's schema."""
    with context.tenant(acme.schema_name):
        yield
