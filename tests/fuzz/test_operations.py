"""No request, however odd, gets an error of ours or an answer that the description does not know.

``make test`` sends at least ten to each operation, always the same; ``make fuzz`` hundreds as each
caller, others each time.
"""

import os

import pytest

from tenants import context
from tenants.models import Plan
from tenants.permissions import Scope
from tests.access.things import Things, ids_apart
from tests.api import access_token, key_of
from tests.fuzz import asking
from tests.tenants.letting_in import api_let_in

pytestmark = pytest.mark.django_db

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))
SEED = os.environ.get("FUZZ_SEED", "")
FEW = {"admin": 3}  # who gets furthest; everybody else sends one of each
MEMBERS = {"viewer": "vera@acme.test", "operator": "ana@acme.test", "admin": "admin@acme.test"}


@pytest.fixture
def callers(people, acme, globex) -> dict[str, str]:
    """Return everybody who may ask, by what they bring."""
    admin = people["admin@acme.test"]
    helper = api_let_in(people["admin@balcao.test"], acme, "ADMIN")
    return {
        **{role: access_token(people[email], acme) for role, email in MEMBERS.items()},
        "neighbour": access_token(people["admin@globex.test"], globex),
        "key": key_of(admin, acme, *Scope),
        "support": helper.headers["Authorization"].removeprefix("Bearer "),
        "nobody": "",
    }


@pytest.fixture
def things(actor, phones, globex) -> dict[str, Things]:
    ids_apart(globex)
    return {name: Things(actor(f"admin@{name}.test"), phones[name]) for name in ("acme", "globex")}


@pytest.fixture(autouse=True)
def _no_limits(settings, acme):
    """Whoever asks too much is told so elsewhere."""
    settings.ADDRESS_REQUESTS_PER_MINUTE = 10**9
    with context.platform():
        Plan.objects.update(requests_per_hour=10**9)


@pytest.mark.parametrize("label", asking.OPERATIONS)
def test_an_operation(label, callers, things, acme, record_property):
    with asking.in_process():
        found = asking.ask(
            label,
            callers,
            things,
            str(acme.pk),
            examples={who: EXAMPLES or FEW.get(who, 1) for who in callers},
            seed=SEED,
        )

    record_property("fuzz", [found.requests, found.server_errors, found.undocumented])
    assert not found.faults, "\n\n".join(found.faults)
    assert found.requests >= 10
