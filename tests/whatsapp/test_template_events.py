"""Webhooks about templates: each changes its row, and their order changes nothing."""

from itertools import permutations

import pytest

from conversations.services import inbound
from tenants import context
from tests.conversations.events import NOON, body, deliver, fates
from tests.whatsapp.templates import WABA, template
from whatsapp.models import AccountEvent, MessageTemplate

pytestmark = pytest.mark.django_db(transaction=True)


def _event(field: str, at: int = NOON, **value) -> tuple[dict, int]:
    names = {
        "message_template_id": 700,
        "message_template_name": "pedido_saiu",
        "message_template_language": "pt-BR",
    }
    return {"field": field, "value": {**names, **value}}, at


def _status(word: str, at: int = NOON, **more):
    return _event("message_template_status_update", at, event=word, reason=None, **more)


def _bring(app, *events) -> None:
    for change, at in events:
        deliver(app, body(change, waba_id=WABA, time=at))
    inbound.process_deliveries()


def _row(tenant) -> MessageTemplate:
    with context.tenant(tenant.schema_name):
        return MessageTemplate.objects.get()


@pytest.fixture
def row(acme, phones):
    with context.tenant(acme.schema_name):
        return template(category="MARKETING")


EVENTS = [
    _status("REJECTED", NOON, message_template_category="UTILITY"),
    _status("APPROVED", NOON + 5),
    _status("PAUSED", NOON + 5),
    _event(
        "message_template_quality_update",
        NOON + 1,
        previous_quality_score="GREEN",
        new_quality_score="RED",
    ),
    _event(
        "template_category_update",
        NOON + 2,
        previous_category="MARKETING",
        new_category="UTILITY",
    ),
]


@pytest.mark.parametrize("order", list(permutations(range(4)))[::4])
def test_any_order_ends_in_the_same_row(acme, meta_app, row, order):
    _bring(meta_app, *[EVENTS[index] for index in order], EVENTS[4])

    found = _row(acme)
    assert (found.status, found.quality, found.category) == ("PAUSED", "RED", "UTILITY")
    assert found.status_at.timestamp() == NOON + 5


def test_all_in_one_delivery_and_twice(acme, meta_app, row):
    _bring(meta_app, *EVENTS)
    (again,) = deliver(meta_app, body(EVENTS[0][0], waba_id=WABA, time=EVENTS[0][1], x=1))
    inbound.process_deliveries()

    assert _row(acme).status == "PAUSED"
    assert fates(again) == (1, 0, 1, 0, 0)
    with context.tenant(acme.schema_name):
        assert AccountEvent.objects.count() == 5


def test_metas_example_of_a_quality_event_has_the_field_of_the_status(acme, meta_app, row):
    _bring(meta_app, _event("message_template_status_update", new_quality_score="YELLOW"))

    assert (_row(acme).quality, _row(acme).status) == ("YELLOW", "APPROVED")


def test_a_notice_of_another_category_changes_nothing_yet(acme, meta_app, row):
    _bring(
        meta_app,
        _event("template_category_update", new_category="UTILITY", correct_category="MARKETING"),
    )

    assert _row(acme).category == "MARKETING"


def test_changed_parts_make_a_row_stale(acme, meta_app, row):
    _bring(meta_app, _event("message_template_components_update", message_template_title="x"))

    assert _row(acme).synced_at is None


def test_a_reinstated_template_is_approved(acme, meta_app, row):
    _bring(meta_app, _status("DISABLED"), _status("REINSTATED", NOON + 1))

    assert _row(acme).status == "APPROVED"


@pytest.mark.parametrize(
    "value",
    [
        {"message_template_id": 999, "event": "PAUSED"},
        {"message_template_id": None, "message_template_language": "en", "event": "PAUSED"},
        {"message_template_id": None, "message_template_name": "other", "event": "PAUSED"},
        {"event": None},
        {"event": 3},
        {"message_template_id": {}, "message_template_name": [], "event": "PAUSED"},
    ],
)
def test_what_means_no_known_template_changes_none(acme, meta_app, row, value):
    _bring(meta_app, _event("message_template_status_update", **value))

    assert _row(acme).status == "APPROVED"
    with context.tenant(acme.schema_name):
        assert AccountEvent.objects.count() == 1


def test_without_an_id_the_name_and_the_language_count(acme, meta_app, row):
    _bring(meta_app, _status("PAUSED", message_template_id=None))

    assert _row(acme).status == "PAUSED"


def test_another_account_is_not_touched(acme, globex, meta_app, row):
    with context.tenant(globex.schema_name):
        template(waba_id="102290129340399")

    _bring(meta_app, _status("PAUSED"))

    assert _row(acme).status == "PAUSED"
    assert _row(globex).status == "APPROVED"
