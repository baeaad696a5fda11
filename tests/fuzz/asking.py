"""The operations of the API, and how a generated request is sent and judged."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import hypothesis
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS
from schemathesis.core.failures import FailureGroup
from schemathesis.core.parameters import ParameterLocation

from config import openapi
from tests.access.doors import API
from tests.access.things import Things
from tests.guards.test_doors import addresses

HOST = "http://acme.localhost"


def _without_tenant(document: dict[str, Any]) -> dict[str, Any]:
    """Take the tenant's id out of the addresses, and the token out of the headers.

    Who asks, and where, is ours to say: a wrong one is a case of its own, and has its own tests.
    """
    paths = {
        path.replace(f"/{TENANT}", "/"): {
            method: {
                **operation,
                "parameters": [
                    one for one in operation.get("parameters", []) if one["name"] != "tenant_id"
                ],
                "security": [],
            }
            for method, operation in operations.items()
        }
        for path, operations in document["paths"].items()
    }
    return {**document, "paths": paths}


TENANT = API.replace("<uuid:tenant_id>", "{tenant_id}")
SCHEMA = schemathesis.openapi.from_dict(_without_tenant(openapi.document()))
SCHEMA.app = get_wsgi_application()
# A client that sends nonsense with a version that is over learns of the version first.
REFUSING = SCHEMA.config.checks.negative_data_rejection
REFUSING.expected_statuses = [*REFUSING.expected_statuses, "412"]
OPERATIONS = {
    operation.label: operation
    for operation in (found.ok() for found in SCHEMA.get_all_operations())
}
# As the URLconf writes what is written in the description: with the kind of each parameter.
ROUTES = {
    "/" + re.sub(r"<\w+:(\w+)>", r"{\1}", route).replace("{pk}", "{id}"): route
    for route in (one.removeprefix(API) for one in addresses("config.urls_tenant"))
}
# What is checked of every answer: all that there is, but for these.
LEFT_OUT = (
    # Whether a number, an address or a moment is a good one is more than a schema can say.
    "positive_data_acceptance",
    # That nobody is let in without a token is what tests/access says of every route.
    "ignored_auth",
)


@dataclass
class Found:
    """What became of the requests of an operation."""

    requests: int = 0
    server_errors: int = 0
    undocumented: int = 0
    faults: list[str] = field(default_factory=list)

    def judge(self, case: Case, response: Any, who: str) -> None:
        """Look whether an answer is one that the description knows."""
        self.requests += 1
        self.server_errors += response.status_code >= 500
        try:
            case.validate_response(
                response,
                headers=dict(response.request.headers),
                excluded_checks=[CHECKS.get_one(name) for name in LEFT_OUT],
            )
        except FailureGroup as group:
            self.undocumented += 1
            self.faults.append(f"{who}: {group}")


@contextmanager
def in_process() -> Iterator[None]:
    """Let the application answer on the test's own connection, as Django's test client does."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


def ask(
    label: str,
    callers: dict[str, str],
    things: dict[str, Things],
    tenant_id: str,
    *,
    examples: dict[str, int],
    seed: object = None,
) -> Found:
    """Send an operation so many requests as each caller, and as many that are wrong in themselves.

    ``callers`` are names with what they bring as their token; ``examples`` says by name how many.
    What an address is about is ours, a neighbour's, or nobody's. The same seed, the same requests.
    """
    found, operation = Found(), OPERATIONS[label]
    route = ROUTES.get(operation.path)
    is_open = operation.path.startswith("/api/")
    base = HOST if is_open else f"{HOST}/{TENANT.format(tenant_id=tenant_id)}".removesuffix("/")

    # Of an address alone nothing can be wrong.
    takes = operation.body or any(operation.iter_parameters())
    modes = [GenerationMode.POSITIVE, *([GenerationMode.NEGATIVE] if takes else [])]

    def send(case: Case, owner: str, who: str) -> None:
        path = case.meta.components.get(ParameterLocation.PATH)
        if route is not None and owner and path is not None and path.mode.is_positive:
            made = things[owner].ids(route)
            case.path_parameters.update(_plain(made, case.path_parameters))
        token = callers[who]
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        found.judge(case, case.call(base_url=base, headers=headers), who)

    for who in callers:
        for mode in modes:
            case = operation.as_strategy(generation_mode=mode)
            owner = st.sampled_from(["acme", "acme", "globex", ""])
            run = given(case, owner, st.just(who))(send)
            run = hypothesis.settings(
                max_examples=examples[who] * (3 - len(modes)),
                database=None,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                phases=[Phase.generate],  # what an answer is about changes: nothing can be narrowed
            )(run)
            hypothesis.seed(f"{seed} {label} {who} {mode}")(run)()
    return found


def _plain(made: dict[str, Any], wanted: Iterable[str]) -> dict[str, Any]:
    """Return the ids as the description names and writes them."""
    named = {"id" if name == "pk" else name: one for name, one in made.items()}
    return {
        name: str(one) if isinstance(one, UUID) else one
        for name, one in named.items()
        if name in wanted
    }
