"""Sessions of one's own for the tests of processing."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tenants.db import raw


@pytest.fixture
def claims(transactional_db) -> Iterator[psycopg.Connection[Any]]:
    """A session as a worker has it."""
    session = raw.connect(name="test")
    yield session
    session.close()
