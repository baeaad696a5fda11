from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.running import Demo


@pytest.fixture(scope="session")
def living(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One running demo for the tests that only use it."""
    demo = Demo(tmp_path_factory.mktemp("living"))
    demo.start()
    yield demo
    demo.clear()


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    made = Demo(tmp_path)
    yield made
    made.clear()
