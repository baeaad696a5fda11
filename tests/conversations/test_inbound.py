"""Taking messages in: what becomes of each unit, and that nothing becomes of it twice."""

from pathlib import Path

import pytest
from django.utils import timezone

from conversations.models import Contact, ContactIdentity, Conversation, Message
from conversations.services import inbound
from tenants import context, stopping
from tenants.feed import live
from tenants.feed.models import Change, Counter
from tests import library
from tests.conversations.events import (
    NOON,
    body,
    change,
    contact,
    deliver,
    fates,
    parked,
    text,
    unaccounted,
)
from whatsapp.models import AccountEvent

pytestmark = pytest.mark.django_db(transaction=True)
FILES = Path(__file__).parent.parent / "payloads"
ANA, ANA_SHORT = "5511988887777", "551188887777"


@pytest.fixture
def take(meta_app, phones):
    """Deliver bodies in one batch and work on them; return the deliveries."""

    def take(*bodies: bytes):
        deliveries = deliver(meta_app, *bodies)
        assert inbound.process_deliveries() == len(bodies)
        return deliveries

    return take


def messages(*parts, tenant="acme", contacts=None) -> bytes:
    return body(change(tenant, messages=list(parts), contacts=contacts))


def in_acme(query, acme):
    with context.tenant(acme.schema_name):
        return query()


def test_a_text_makes_contact_conversation_message_and_change(acme, take):
    (delivery,) = take(messages(text("wamid.1", body="Olá 😀"), contacts=[contact()]))

    assert fates(delivery) == (1, 1, 0, 0, 0)
    with context.tenant(acme.schema_name):
        message = Message.objects.get()
        assert (message.wamid, message.text, message.type) == ("wamid.1", "Olá 😀", "TEXT")
        assert (message.direction, message.status, message.rank) == ("INBOUND", "RECEIVED", 0)
        assert message.content == {"body": "Olá 😀"}
        assert message.extras is None
        assert message.timestamp.timestamp() == NOON
        conversation = Conversation.objects.get()
        assert (conversation.unread_count, conversation.status) == (1, "OPEN")
        assert conversation.last_message_id == message.pk
        assert conversation.last_message_at == conversation.window_opened_at == message.timestamp
        assert Contact.objects.get().profile_name == "Ana"
        assert ContactIdentity.objects.get().value == ANA
        rows = Change.objects.order_by("seq")
        assert [(row.seq, row.kind) for row in rows] == [
            (1, "CONTACT_NEW"),
            (2, "ARRIVAL"),
            (3, "OPENED"),
        ]
        assert rows[0].subject_id == conversation.contact_id
        assert rows[1].message_id == message.pk
        assert rows[1].conversation_id == rows[2].conversation_id == conversation.pk


def test_messages_of_one_second_stay_in_the_order_of_their_arrival(acme, take):
    names = ["wamid.9", "wamid.1", "wamid.5", "wamid.3"]

    take(*(messages(text(name), contacts=[contact()]) for name in names))

    with context.tenant(acme.schema_name):
        order = Message.objects.order_by("timestamp", "id").values_list("wamid", flat=True)
        assert list(order) == names
        assert Conversation.objects.get().last_message.wamid == names[-1]


@pytest.mark.parametrize("together", [True, False], ids=["one batch", "two batches"])
def test_a_body_that_comes_again_changes_nothing(acme, take, together):
    raw = messages(text("wamid.1"), text("wamid.2"), contacts=[contact()])
    bodies = [raw, messages(text("wamid.2")), raw]

    deliveries = take(*bodies) if together else [take(one)[0] for one in bodies]

    assert [fates(one) for one in deliveries] == [
        (2, 2, 0, 0, 0),
        (1, 0, 1, 0, 0),
        (2, 0, 2, 0, 0),
    ]
    assert unaccounted() == 0
    with context.tenant(acme.schema_name):
        assert Message.objects.count() == 2
        assert Conversation.objects.get().unread_count == 2
        kinds = sorted(Change.objects.values_list("kind", flat=True))
        assert kinds == ["ARRIVAL", "ARRIVAL", "CONTACT_NEW", "OPENED"]
        assert Counter.objects.get().value == 4


def test_every_body_of_the_library_finds_its_fate_for_every_unit(acme, globex, take):
    raws = [library.body_of(name) for name in sorted(library.CASES)]

    take(*raws)
    first = in_acme(lambda: (Message.objects.count(), AccountEvent.objects.count()), acme)
    take(*raws)

    assert unaccounted() == 0
    lines = [line for case in library.CASES.values() for line in case.get("parked", ())]
    assert sorted(f"{reason} {error}" for reason, _state, error in parked()) == sorted(lines * 2)
    assert in_acme(lambda: (Message.objects.count(), AccountEvent.objects.count()), acme) == first
    assert min(first) > 15
    with context.tenant(globex.schema_name):
        assert AccountEvent.objects.get().field == "message_template_status_update"
        assert not Message.objects.exists()


@pytest.mark.parametrize(
    ("name", "type_", "content_has", "extras_have", "understood"),
    [
        ("image", "IMAGE", "caption", set(), 1),
        ("contacts", "CONTACTS", None, set(), 1),
        ("voice", "AUDIO", "voice", set(), 1),
        ("unknown_type", "UNSUPPORTED", "depth", {"type"}, 0),
        ("unsupported", "UNSUPPORTED", "type", {"errors"}, 0),
        ("request_welcome", "UNSUPPORTED", None, {"type"}, 1),
        ("system_identity_changed", "SYSTEM", "body", {"identity"}, 1),
        ("interactive_without_object", "INTERACTIVE", None, set(), 0),
    ],
)
def test_every_type_is_kept_and_what_is_not_understood_is_counted(
    acme, take, name, type_, content_has, extras_have, understood
):
    (delivery,) = take((FILES / f"{name}.json").read_bytes())

    total, stored, _, placeholder, _ = fates(delivery)
    assert (stored, placeholder) == (understood, total - understood)
    message = in_acme(Message.objects.get, acme)
    assert message.type == type_
    assert content_has is None or content_has in message.content
    assert set(message.extras or ()) == extras_have


def test_what_is_said_in_a_group_is_not_in_the_private_chat(acme, take):
    take(
        messages(text("wamid.1", wa_id="16505551234")),
        (FILES / "group_message.json").read_bytes(),
    )

    with context.tenant(acme.schema_name):
        assert Message.objects.get().wamid == "wamid.1"
        event = AccountEvent.objects.get()
        assert event.value["messages"][0]["group_id"] == "HBgLMTY1MDU1NTEyMzQ"


def test_every_spelling_of_a_number_is_one_person(acme, take):
    take(messages(text("wamid.1", wa_id=ANA)))
    take(messages(text("wamid.2", wa_id=ANA_SHORT), text("wamid.3", wa_id=ANA)))

    with context.tenant(acme.schema_name):
        assert Conversation.objects.get().unread_count == 3
        assert ContactIdentity.objects.get().value == ANA


def named(user_id: str, **more) -> dict:
    return {**text(**more), "from_user_id": user_id}


def test_all_names_of_a_sender_are_one_person(acme, take):
    take(messages(text("wamid.1")))
    take(
        messages(
            named("BR.1", wamid="wamid.2"),
            {key: value for key, value in named("BR.1", wamid="wamid.3").items() if key != "from"},
        )
    )

    with context.tenant(acme.schema_name):
        assert Contact.objects.count() == 1
        identities = ContactIdentity.objects.order_by("kind").values_list("kind", "value")
        assert list(identities) == [("BSUID", "BR.1"), ("WA_ID", ANA)]


def test_a_sender_of_two_known_people_makes_them_one_the_older(acme, take):
    by_user_id = {key: v for key, v in named("BR.1", wamid="wamid.2").items() if key != "from"}
    take(messages(text("wamid.1")))
    take(messages(by_user_id))
    take(messages(named("BR.1", wamid="wamid.3")))

    with context.tenant(acme.schema_name):
        older, younger = Contact.objects.order_by("pk")
        assert Message.objects.get(wamid="wamid.3").conversation.contact == older
        assert ContactIdentity.objects.get(kind="BSUID").contact == older
        assert younger.merged_into == older


def test_strangers_in_one_batch_get_a_contact_each(acme, take):
    take(messages(*(text(f"wamid.{n}", wa_id=f"55119{n:08}") for n in range(30))))

    with context.tenant(acme.schema_name):
        assert Contact.objects.count() == Conversation.objects.count() == 30


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)], ids=str)
def test_the_newest_profile_name_stays_whatever_comes_first(acme, take, order):
    bodies = [
        messages(text(f"wamid.{n}", at=NOON + n), contacts=[contact(name=name)])
        for n, name in enumerate(["Ana", "Ana Maria", "Ana"])
    ]

    for place in order:
        take(bodies[place])

    person = in_acme(Contact.objects.get, acme)
    assert person.profile_name == "Ana"
    assert person.profile_at.timestamp() == NOON + 2


def test_the_list_s_columns_follow_meta_s_time_and_not_the_arrival(acme, take):
    take(messages(text("wamid.new", at=NOON + 60)))
    take(messages(text("wamid.old", at=NOON)))

    with context.tenant(acme.schema_name):
        conversation = Conversation.objects.select_related("last_message").get()
        assert conversation.last_message.wamid == "wamid.new"
        assert conversation.window_opened_at.timestamp() == NOON + 60
        assert conversation.unread_count == 2


@pytest.mark.parametrize("status", ["CLOSED", "ARCHIVED", "SNOOZED", "PENDING"])
@pytest.mark.parametrize("at", [NOON + 1, NOON - 1], ids=["newer", "late"])
def test_whatever_a_customer_writes_opens_what_was_put_away(acme, take, status, at):
    """A late message, too: whoever closed it has not read that one."""
    take(messages(text("wamid.1")))
    in_acme(lambda: Conversation.objects.update(status=status, snoozed_until=timezone.now()), acme)

    take(messages(text("wamid.2", at=at)))

    conversation = in_acme(Conversation.objects.get, acme)
    assert (conversation.status, conversation.snoozed_until) == ("OPEN", None)


def test_a_system_message_opens_no_window_and_a_reaction_is_no_message(acme, take):
    take(
        (FILES / "reaction.json").read_bytes(), (FILES / "system_number_changed.json").read_bytes()
    )

    conversation = in_acme(Conversation.objects.get, acme)
    assert conversation.window_opened_at is None
    assert conversation.unread_count == 1


def test_messages_of_two_numbers_of_one_customer_are_two_conversations(acme, globex, take):
    take(
        body(
            change("acme", messages=[text("wamid.1")]),
            change("globex", messages=[text("wamid.1", body="to globex")]),
        )
    )

    for tenant, words in ((acme, "oi"), (globex, "to globex")):
        with context.tenant(tenant.schema_name):
            assert Message.objects.get().text == words
            assert Change.objects.get(kind="ARRIVAL").seq == 2


def test_pages_get_one_hint_a_tenant_with_the_last_number(acme, globex, take, monkeypatch):
    hints = []

    class Layer:
        async def group_send(self, group, message):
            hints.append((message["schema"], message["seq"]))

    monkeypatch.setattr(live, "get_channel_layer", Layer)

    take(
        messages(*(text(f"wamid.{n}") for n in range(5))),
        messages(text("wamid.1"), tenant="globex"),
        messages(text("wamid.9")),
    )

    # The messages, and one change each of the new contact and its conversation.
    assert sorted(hints) == [(acme.schema_name, 6 + 2), (globex.schema_name, 1 + 2)]


def test_a_body_of_5_000_messages_is_taken_in(acme, take):
    many = [text(f"wamid.{n}", wa_id=f"55119{n % 700:08}", at=NOON + n) for n in range(5000)]

    (delivery,) = take(messages(*many))

    assert fates(delivery) == (5000, 5000, 0, 0, 0)
    with context.tenant(acme.schema_name):
        assert Message.objects.count() == Change.objects.filter(kind="ARRIVAL").count() == 5000
        assert Counter.objects.get().value == 5000 + 2 * 700  # each contact and its conversation
        assert Conversation.objects.count() == 700


def test_small_and_large_bodies_are_worked_on_together(acme, take):
    large = messages(*(text(f"wamid.{n}", body="x" * 4000) for n in range(20)))

    take(messages(text("wamid.first")), large, messages(text("wamid.last")))

    assert in_acme(Message.objects.count, acme) == 22


def test_nothing_new_is_nothing_to_do(meta_app, phones):
    assert inbound.process_deliveries() == 0


def test_time_that_is_up_leaves_the_rest_for_the_next_call(meta_app, phones):
    deliver(meta_app, *(messages(text(f"wamid.{n}")) for n in range(3)))

    assert inbound.process_deliveries(limit=1, seconds=0) == 1
    assert inbound.process_deliveries(limit=1) == 2


def test_a_process_that_ends_takes_no_more(meta_app, phones, monkeypatch):
    deliver(meta_app, *(messages(text(f"wamid.{n}")) for n in range(3)))
    real = inbound.Worker.round

    def end_after_it(worker):
        stopping.ask()
        return real(worker)

    try:
        with monkeypatch.context() as patch:
            patch.setattr(inbound.Worker, "round", end_after_it)
            assert inbound.process_deliveries(limit=1) == 1
        assert inbound.process_deliveries(limit=1) == 0
    finally:
        stopping.forget()
    assert inbound.process_deliveries(limit=1) == 2
