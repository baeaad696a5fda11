"""What each event tells, from what really happened to the body that is sent."""

import json
import re
from collections import Counter

import pytest
from django.utils import timezone
from psycopg import sql

from conversations.models import Contact, ContactAttribute, Conversation, HookDelivery, HookEvent
from conversations.services import contacts, handling, joining, labels, starting
from conversations.services.hooks import relaying
from tenants import context
from tenants.db import raw
from tenants.feed.models import Change
from tests.conversations.events import NOON, contact, text
from tests.conversations.hooking import endpoint_at
from tests.conversations.sending import conversation_with
from tests.faults import victims
from tests.tenants.receiving import receiving
from tests.whatsapp.templates import template
from whatsapp.models import MessageTemplate, Phone
from whatsapp.services import telling

pytestmark = pytest.mark.django_db(transaction=True)
ANA = "5511988887777"


@pytest.fixture
def admin(actor):
    return actor("admin@acme.test")


@pytest.fixture
def told(inside, admin, settings):
    """Return a function that makes events of what happened since, and returns them by type."""
    settings.EGRESS_LOOPBACK = True
    with receiving() as receiver:
        endpoint_at(admin, receiver)

    def told() -> dict[str, list[dict]]:
        relaying.relay()
        found: dict[str, list[dict]] = {}
        for event in HookEvent.objects.order_by("created_at", "pk"):
            document = json.loads(event.body)
            assert document["type"] == event.kind
            found.setdefault(event.kind, []).append(document["data"])
        HookEvent.objects.all().delete()
        return found

    return told


@pytest.fixture
def ana(take, inside, told) -> Conversation:
    """Return the conversation of a customer who wrote before anybody asked."""
    take(text("wamid.0"), contacts=[contact()])
    told()
    return Conversation.objects.get()


# --- Conversations and contacts


def test_a_first_message_makes_a_contact_and_opens_a_conversation(take, told):
    take(text("wamid.1"), contacts=[contact()])
    take(text("wamid.1"), contacts=[contact()])

    found = told()

    assert Counter({kind: len(bodies) for kind, bodies in found.items()}) == {
        "message.received": 1,
        "contact.created": 1,
        "conversation.opened": 1,
        "conversation.updated": 1,
    }
    ((created,), (opened,)) = found["contact.created"], found["conversation.opened"]
    assert (created["contact"]["wa_id"], created["contact"]["profile_name"]) == (ANA, "Ana")
    assert opened["conversation"]["contact"]["id"] == created["contact"]["id"]
    assert opened["conversation"]["status"] == "OPEN"


def test_what_is_closed_is_opened_by_the_customer_and_by_nobody_s_repetition(
    take, told, ana, admin
):
    take(text("wamid.2", at=NOON + 5))
    assert "conversation.opened" not in told()

    handling.set_status(actor=admin, conversation=ana, status="CLOSED", now=timezone.now())
    handling.set_status(actor=admin, conversation=ana, status="ARCHIVED", now=timezone.now())
    closed = told()
    assert [one["conversation"]["status"] for one in closed["conversation.closed"]] == ["ARCHIVED"]
    assert "conversation.opened" not in closed

    take(text("wamid.2", at=NOON + 5))
    assert told() == {}
    take(text("wamid.3", at=NOON + 9))
    assert [one["conversation"]["id"] for one in told()["conversation.opened"]] == [ana.pk]


def test_opening_by_hand_assigning_and_labels(told, ana, admin, people):
    handling.set_status(actor=admin, conversation=ana, status="CLOSED", now=timezone.now())
    told()
    vip = labels.create(actor=admin, name="VIP", color="RED")

    handling.set_status(actor=admin, conversation=ana, status="OPEN", now=timezone.now())
    user = people["ana@acme.test"].pk
    handling.assign(actor=admin, conversation=ana, user_id=user)
    labels.put_on(actor=admin, conversation=ana, label=vip)
    labels.put_on(actor=admin, conversation=ana, label=vip)
    found = told()

    assert {kind: len(bodies) for kind, bodies in found.items()} == {
        "conversation.opened": 1,
        "conversation.assigned": 1,
        "conversation.labelled": 1,
        "conversation.updated": 1,
    }
    assert found["conversation.assigned"][0]["conversation"]["assignee"]["id"] == user
    shown = found["conversation.labelled"][0]["conversation"]["labels"]
    assert [one["name"] for one in shown] == ["VIP"]


def test_whom_we_write_to_first_is_a_contact_with_an_open_conversation(told, admin, phones):
    def send(client_id: str) -> None:
        starting.send_template(
            actor=admin,
            number="+5511977776666",
            phone=phones["acme"],
            template=template(components=[{"type": "BODY", "text": "Oi"}]),
            values={},
            client_id=client_id,
            now=timezone.now(),
        )

    send("0b0f2c5e-0000-4000-8000-000000000001")
    found = told()

    assert [one["contact"]["wa_id"] for one in found["contact.created"]] == ["5511977776666"]
    assert len(found["conversation.opened"]) == 1


@pytest.mark.parametrize("way", ["by hand", "by its own message"])
def test_a_contact_is_other(way, take, told, ana, admin):
    if way == "by hand":
        ContactAttribute.objects.create(key="city", label="City", kind="TEXT")
        contacts.change(actor=admin, contact=ana.contact, attributes={"city": "Recife"})
    else:
        take(text("wamid.4", at=NOON + 60), contacts=[contact(name="Ana Souza")])
        take(text("wamid.5", at=NOON + 70), contacts=[contact(name="Ana Souza")])

    ((body,),) = (told()["contact.updated"],)

    assert body["contact"]["id"] == ana.contact_id
    if way == "by hand":
        assert body["contact"]["attributes"] == {"city": "Recife"}
    else:
        assert body["contact"]["profile_name"] == "Ana Souza"


def test_the_same_name_with_each_message_is_no_news(take, told, ana):
    take(text("wamid.4", at=NOON + 60), contacts=[contact()])

    assert "contact.updated" not in told()


def test_one_more_name_of_whatsapp_s_is_news_once(take, told, ana):
    for number in range(2):
        take({**text(f"wamid.{number + 6}", at=NOON + 60), "from_user_id": "BR.1"})

    assert len(told()["contact.updated"]) == 1


def test_a_stop_is_news(take, told, ana):
    take(text("wamid.9", body="PARAR", at=NOON + 90))

    ((body,),) = (told()["contact.updated"],)
    assert body["contact"]["marketing_opted_out_at"] is not None


def test_two_who_are_one_are_merged(told, ana, admin, phones):
    other = Contact.objects.create(name="Ana de novo")
    joining.merge(actor=admin, contact=ana.contact, other=other)

    found = told()

    ((merged,),) = (found["contact.merged"],)
    assert merged["merged_contact"] == other.pk
    assert merged["contact"]["id"] == ana.contact_id
    assert [one["contact"]["id"] for one in found["contact.updated"]] == [ana.contact_id]


def test_whoever_is_added_by_hand_is_new_once(told, admin):
    for _ in range(2):
        joining.add(actor=admin, number="+5511977776666", name="Bia", now=timezone.now())

    ((body,),) = (told()["contact.created"],)
    assert body["contact"]["name"] == "Bia"


# --- Templates and numbers


def test_a_template_is_told_when_its_state_is_other_and_not_again(told, inside):
    one = template(status="PENDING")
    telling.sweep()
    assert [body["template"]["status"] for body in told()["template.updated"]] == ["PENDING"]

    telling.sweep()
    assert told() == {}
    MessageTemplate.objects.filter(pk=one.pk).update(status="REJECTED", reason="SCAM")
    telling.sweep()
    ((body,),) = (told()["template.updated"],)
    assert (body["template"]["status"], body["template"]["reason"]) == ("REJECTED", "SCAM")


def test_a_number_s_health_is_told_when_it_is_other_and_not_again(told, phones, inside):
    telling.sweep()
    told()

    Phone.objects.filter(pk=phones["acme"].pk).update(health="AUTH_ERROR")
    telling.sweep()
    telling.sweep()

    ((body,),) = (told()["number.health"],)
    assert (body["phone"]["id"], body["phone"]["health"]) == (phones["acme"].pk, "AUTH_ERROR")
    Phone.objects.filter(pk=phones["acme"].pk).update(last_webhook_at=timezone.now())
    telling.sweep()
    assert told() == {}


def test_nobody_waits_for_whoever_writes_a_template_or_a_number_just_now(
    told, phones, inside, acme
):
    one, other = template("pedido"), template("recibo")
    lock = sql.SQL("SELECT FROM {} WHERE id = %s FOR UPDATE")
    rows = [("whatsapp_messagetemplate", one.pk), ("whatsapp_phone", phones["acme"].pk)]
    with raw.connect(name="test rival") as rival, rival.transaction():
        for table, pk in rows:
            rival.execute(lock.format(sql.Identifier(acme.schema_name, table)), (pk,))
        telling.sweep()
        found = told()
        assert [body["template"]["id"] for body in found["template.updated"]] == [other.pk]
        assert "number.health" not in found

    telling.sweep()
    found = told()
    assert [body["template"]["id"] for body in found["template.updated"]] == [one.pk]
    assert len(found["number.health"]) == 1


# --- All of them


def test_other_tenants_hear_nothing_of_it(take, told, globex):
    take(text("wamid.1"), contacts=[contact()])

    assert told()
    with context.tenant(globex.schema_name):
        assert not Change.objects.exists() and not HookDelivery.objects.exists()


def test_contacts_without_a_conversation_make_no_page_reload(admin, phones, inside, page):
    start = conversation_with(ANA, phone=phones["acme"], opened_at=timezone.now())
    handling.publish([start.pk])
    ana = page("ana@acme.test")
    with context.tenant(admin.tenant.schema_name):
        for number in range(3):
            joining.add(actor=admin, number=f"+55119777766{number:02}", name="", now=timezone.now())

    answer = ana.get("/inbox/changes?after=1")

    assert (answer.status_code, answer["X-Last-Seq"]) == (204, "4")


def test_the_document_names_every_event():
    document = (victims.ROOT / "docs/webhooks.md").read_text()
    named = re.findall(r"^\| `([a-z]+\.[a-z]+)` \|", document, re.MULTILINE)

    assert sorted(named) == sorted(HookEvent.Kind.values)
