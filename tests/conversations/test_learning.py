"""What Meta's answer to a message says of its customer."""

import pytest

from conversations.models import Contact, ContactIdentity, Conversation
from conversations.services import inbound, learning, merging
from tenants import context
from tenants.feed.models import Change
from tests.conversations.events import body, change, contact, deliver, status
from tests.conversations.sending import conversation_with, message_in
from whatsapp.payloads import Sender

pytestmark = pytest.mark.django_db(transaction=True)
LONG, SHORT = "5511988887777", "551188887777"


@pytest.fixture
def sent(acme, phones, noon):
    """A message to a number as somebody typed it."""
    with context.tenant(acme.schema_name):
        thread = conversation_with(LONG, phone=phones["acme"], opened_at=noon)
        yield message_in(thread, status="ACCEPTED")


def answered(message, wa_id="", user_id=""):
    learning.learn({message.pk: Sender(wa_id, user_id, "", "")})


def names():
    rows = ContactIdentity.objects.order_by("kind").values_list("contact_id", "kind", "value")
    return list(rows)


@pytest.mark.parametrize("numbers", [(LONG, SHORT), ("5491123456789", "541123456789")])
def test_the_number_is_kept_as_meta_writes_it(sent, phones, noon, numbers):
    typed, canonical = numbers
    if typed != LONG:
        sent = message_in(conversation_with(typed, phone=phones["acme"], opened_at=noon))
    contact = sent.conversation.contact

    answered(sent, wa_id=canonical)

    assert list(contact.identities.values_list("value", flat=True)) == [canonical]
    told, last = Change.objects.order_by("seq")
    assert (told.kind, told.conversation_id) == ("CONVERSATION", sent.conversation_id)
    assert (last.kind, last.subject_id) == ("CONTACT", sent.conversation.contact_id)


def test_what_is_known_changes_nothing(sent):
    answered(sent, wa_id=LONG)
    answered(sent)

    assert not Change.objects.exists()


def test_a_user_id_is_learnt_and_joins_who_wrote_without_a_number(sent, phones, noon):
    other = conversation_with("BR.1", phone=phones["acme"], opened_at=noon, kind="BSUID")

    answered(sent, wa_id=LONG, user_id="BR.1")

    kept = sent.conversation.contact_id
    assert names() == [(kept, "BSUID", "BR.1"), (kept, "WA_ID", LONG)]
    other.refresh_from_db()
    assert other.merged_into == sent.conversation
    assert Contact.objects.filter(merged_into=None).count() == 1


def test_a_name_that_nobody_has_yet_is_added(sent):
    answered(sent, wa_id=LONG, user_id="BR.2")

    kept = sent.conversation.contact_id
    assert names() == [(kept, "BSUID", "BR.2"), (kept, "WA_ID", LONG)]
    assert Conversation.objects.get() == sent.conversation


def test_an_answer_that_shares_no_name_speaks_of_somebody_else(sent, phones, noon):
    conversation_with("5511900000000", phone=phones["acme"], opened_at=noon)
    before = names()

    answered(sent, wa_id="5511900000000", user_id="BR.3")

    assert names() == before and not Change.objects.exists()


def test_trouble_is_written_down_and_hurts_nobody(sent, monkeypatch, caplog):
    def rival(*_args):
        raise merging.RivalMergeError

    monkeypatch.setattr(learning, "_take", rival)
    answered(sent, wa_id=SHORT)

    assert "was not kept" in caplog.text
    assert names() == [(sent.conversation.contact_id, "WA_ID", LONG)]


# --- From statuses ----------------------------------------------------------------------------


def report(meta_app, *statuses, **more):
    deliver(meta_app, body(change(statuses=list(statuses), **more)))
    inbound.process_deliveries()


@pytest.fixture
def told(sent):
    sent.wamid = "wamid.out"
    sent.save()
    return sent


def test_a_status_tells_the_user_id_of_whom_it_is_about(told, meta_app):
    report(meta_app, status("wamid.out", "sent", recipient_user_id="BR.1"))
    report(meta_app, status("wamid.out", "delivered", recipient_user_id="BR.1"))

    kept = told.conversation.contact_id
    assert names() == [(kept, "BSUID", "BR.1"), (kept, "WA_ID", LONG)]
    assert list(Change.objects.order_by("seq").values_list("kind", flat=True)) == [
        "STATUS",
        "CONTACT",
        "CONVERSATION",
        "STATUS",
    ]


def test_a_status_s_contact_tells_it_too(told, meta_app):
    card = contact(LONG, "Ana no WhatsApp", user_id="BR.1", parent_user_id="BR.ENT.9")
    report(meta_app, status("wamid.out", "read"), contacts=[card])

    kept = told.conversation.contact
    values = sorted(kept.identities.values_list("value", flat=True))
    assert values == [LONG, "BR.1", "BR.ENT.9"]
    assert kept.profile_name == Contact.objects.get().profile_name


def test_a_status_joins_who_wrote_without_a_number(told, phones, noon, meta_app):
    other = conversation_with("BR.1", phone=phones["acme"], opened_at=noon, kind="BSUID")

    report(meta_app, status("wamid.out", "sent", recipient_user_id="BR.1"))

    other.refresh_from_db()
    assert other.merged_into == told.conversation


@pytest.mark.parametrize(
    "names_of", [{"recipient_id": "5511900000000"}, {"recipient_id": ""}, {"wamid": "wamid.x"}]
)
def test_a_status_that_is_about_nobody_known_makes_nobody(told, meta_app, names_of):
    wamid = names_of.pop("wamid", "wamid.out")
    before = names()

    report(meta_app, {**status(wamid, "sent", recipient_user_id="BR.9"), **names_of})

    assert names() == before
