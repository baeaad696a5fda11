"""Every body of the library goes in by the door, signed, and becomes its rows and bubbles."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from conversations.models import Message
from conversations.services import consent_notes, inbound
from conversations.templatetags.bubbles import preview
from tenants import context
from tests import library
from tests.flows import outcomes
from tests.whatsapp.webhooks.door import Door

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def take(transactional_db, acme, phones) -> Iterator[Callable[[str], None]]:
    """Bring a body to the door, as Meta does, and work on it."""
    with Door() as door:

        def take(name: str) -> None:
            answer = door.post(library.body_of(name))
            assert answer.status == 200, answer.body
            inbound.process_deliveries()
            with context.tenant(acme.schema_name):
                consent_notes.note_failures()

        yield take


@pytest.fixture
def prepared(take, acme, phones) -> Callable[[dict[str, Any]], None]:
    def prepare(case: dict[str, Any]) -> None:
        if case.get("sent"):
            with context.tenant(acme.schema_name):
                outcomes.send_ours(phones["acme"])
        for name in case.get("first", ()):
            take(name)

    return prepare


def test_every_body_has_its_case_and_every_case_its_body():
    assert library.bodies() == set(library.CASES)
    assert len(library.CASES) >= 120


@pytest.mark.parametrize("name", sorted(library.CASES))
def test_a_body_becomes_its_rows_and_bubbles(acme, globex, page, take, prepared, name):
    case = library.CASES[name]
    prepared(case)

    take(name)

    assert outcomes.rows(acme.schema_name) == library.rows_of(case)
    with context.tenant(globex.schema_name):
        assert not Message.objects.exists()
    shown = _shown(acme, page("ana@acme.test"))
    assert len(shown) == len(case.get("bubbles", ()))
    for html, words in zip(shown, case.get("bubbles", ()), strict=True):
        assert [word for word in words if word not in html] == [], html


def _shown(acme, browser) -> list[str]:
    """Return what every bubble of every thread says, in the order of their arrival."""
    found: dict[int, str] = {}
    with context.tenant(acme.schema_name):
        messages = list(Message.objects.order_by("pk"))
        assert all(preview(one) for one in messages)
    for thread in {one.conversation_id for one in messages}:
        response = browser.get(f"/inbox/{thread}/")
        assert response.status_code == 200
        found |= outcomes.bubbles_of(response.content.decode())
    assert browser.get("/inbox/").status_code == 200
    return [found[pk] for pk in sorted(found)]
