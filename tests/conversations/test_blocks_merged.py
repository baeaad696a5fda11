"""Who is blocked stays blocked when two contacts turn out to be one person."""

import pytest

from conversations.models import Block, Contact
from conversations.services import inbound
from tenants import context
from tests.conversations.events import body, change, deliver, text

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("older", "younger", "kept"),
    [
        ("BLOCKED", None, "BLOCKED"),
        (None, "BLOCKED", "BLOCKED"),
        ("REFUSED", "BLOCKED", "BLOCKED"),
        ("UNBLOCKING", "BLOCKING", "UNBLOCKING"),
        (None, None, None),
    ],
)
def test_a_merge_keeps_one_block_a_number(acme, phones, meta_app, older, younger, kept):
    with context.tenant(acme.schema_name):
        _take(meta_app, text("a"))
        _take(meta_app, text("b", wa_id="", from_user_id="BR.1"))
        first, second = Contact.objects.order_by("pk")
        for contact, state in ((first, older), (second, younger)):
            if state is not None:
                Block.objects.create(contact=contact, phone=phones["acme"], state=state)

        _take(meta_app, text("c", from_user_id="BR.1"))

        assert Contact.objects.get(merged_into=None) == first
        found = [(block.contact_id, block.state) for block in Block.objects.all()]
        assert found == ([] if kept is None else [(first.pk, kept)])


def _take(app, message) -> None:
    deliver(app, body(change(messages=[message])))
    inbound.process_deliveries()
