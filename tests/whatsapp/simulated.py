"""Meta as the simulator plays it, for tests of what asks Meta: acme's and globex's numbers."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.whatsapp.simulator.conftest import config_for
from whatsapp.simulator import Config, Simulator


@contextmanager
def serving(settings: Any, **changes: Any) -> Iterator[Simulator]:
    """Let the Graph API's address be a simulator's, until the block ends."""
    config = Config.parse(config_for("http://127.0.0.1:9/webhook", **changes))
    with Simulator(config).running() as simulator:
        settings.GRAPH_API_URL = simulator.url
        yield simulator
