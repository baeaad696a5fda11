"""People who turn out to be one, and people who get another number or user id."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections

from conversations.models import Contact, ContactIdentity, Conversation, IdentityMove, Message
from conversations.services import inbound, reading
from tenants import context
from tenants.feed.models import Change
from tenants.permissions import system_actor
from tests.conversations.events import NOON, body, change, contact, deliver, text
from tests.polling import until_waiting

pytestmark = pytest.mark.django_db(transaction=True)
ANA, NEW = "5511988887777", "12195555358"
HOLD = "SELECT FROM conversations_conversation WHERE id = %s FOR UPDATE"


def process():
    try:
        return inbound.process_deliveries()
    finally:
        connections.close_all()


def by_id(wamid, user_id="BR.1", **more):
    """A message of somebody whose number is hidden."""
    message = text(wamid, **more)
    del message["from"]
    return message | {"from_user_id": user_id}


def moved(wamid, at=NOON + 60, wa_id=ANA, **system):
    told = {"from": wa_id, "id": wamid, "timestamp": str(at), "type": "system"}
    return {**told, "system": {"type": "user_changed_number", "wa_id": NEW, **system}}


def names(person):
    return sorted(person.identities.values_list("kind", "value"))


def people():
    return list(Contact.objects.filter(merged_into=None).order_by("pk"))


def threads():
    return list(Conversation.objects.filter(merged_into=None).order_by("pk"))


def wamids(thread):
    return list(thread.messages.order_by("timestamp", "pk").values_list("wamid", flat=True))


def test_two_contacts_become_the_older_one(take, inside):
    take(text("a", at=NOON), contacts=[contact(name="Ana")])
    take(by_id("b", at=NOON + 50))
    older, younger = people()
    first, second = threads()

    take(text("c", at=NOON + 20, from_user_id="BR.1"), contacts=[contact(name="Ana S.")])

    assert people() == [older] and threads() == [first]
    older.refresh_from_db()
    younger.refresh_from_db()
    second.refresh_from_db()
    assert younger.merged_into == older and second.merged_into == first
    assert older.profile_name == "Ana S."
    assert names(older) == [("BSUID", "BR.1"), ("WA_ID", ANA)] and names(younger) == []
    (kept,) = threads()
    assert wamids(kept) == ["a", "c", "b"]
    assert kept.unread_count == 3 and kept.last_message.wamid == "b"
    assert kept.last_message_at == kept.window_opened_at == kept.last_message.timestamp
    assert (second.unread_count, second.last_message) == (0, None)
    told = set(Change.objects.filter(conversation_id=second.pk).values_list("kind", flat=True))
    assert told == {"CONVERSATION", "ARRIVAL", "OPENED"}


def test_what_was_written_by_an_operator_stays(take, inside):
    take(text("a"))
    take(by_id("b"))
    older, younger = people()
    Contact.objects.filter(pk=younger.pk).update(name="Ana do 3º andar")

    take(text("c", from_user_id="BR.1"), contacts=[contact(name="Ana")])

    older.refresh_from_db()
    assert (older.name, older.profile_name) == ("Ana do 3º andar", "Ana")


def test_the_older_conversation_stays_also_when_it_was_the_younger_contact_s(
    take, inside, phones, acme
):
    ana = Contact.objects.create()
    ContactIdentity.objects.create(contact=ana, kind="WA_ID", value=ANA, match_key="551188887777")
    take(by_id("b"))
    (first,) = threads()

    take(text("c"))
    take(text("d", from_user_id="BR.1"))

    assert people() == [ana]
    (kept,) = threads()
    assert kept == first and kept.contact == ana and set(wamids(kept)) == {"b", "c", "d"}


def test_what_nobody_read_stays_unread_and_what_was_open_stays_open(take, inside, acme):
    take(text("a", at=NOON))
    take(by_id("b", at=NOON + 10))
    first, second = threads()
    newest = Message.objects.order_by("-pk").first()
    reading.mark_read(actor=system_actor(acme), conversation=second, up_to_id=newest.pk)
    Conversation.objects.filter(pk=second.pk).update(status="CLOSED")

    take(text("c", at=NOON - 99, from_user_id="BR.1"))

    (kept,) = threads()
    assert kept.pk == first.pk and kept.status == "OPEN" and kept.unread_count == 2
    assert kept.messages.get(wamid="a").pk > kept.read_up_to_id


def test_merging_again_leads_everything_to_the_one_that_stays(take, inside):
    take(by_id("a", "BR.1"))
    take(by_id("b", "BR.2"))
    take(text("c"))
    one, two, three = people()
    take(text("d", from_user_id="BR.2"))
    take(text("e", from_user_id="BR.1"))

    assert people() == [one]
    gone = Contact.objects.exclude(merged_into=None)
    assert set(gone) == {two, three} and {row.merged_into for row in gone} == {one}
    closed = Conversation.objects.exclude(merged_into=None)
    assert {row.merged_into for row in closed} == {threads()[0]} and len(closed) == 2


def test_a_parent_is_noted_and_merges_nobody(take, inside):
    card = {"user_id": "BR.1", "parent_user_id": "BR.ENT.9"}
    take(by_id("a", "BR.1"), contacts=[card])
    take(by_id("b", "BR.2"), contacts=[{**card, "user_id": "BR.2"}])
    one, two = people()
    assert ("PARENT_BSUID", "BR.ENT.9") in names(one) and ("PARENT_BSUID", "BR.ENT.9") in names(two)

    take(text("c", from_user_id="BR.1"))
    take(text("d", from_user_id="BR.2"))  # now they are one by the number

    assert names(people()[0]).count(("PARENT_BSUID", "BR.ENT.9")) == 1


def test_a_new_number_keeps_the_history_and_frees_the_old_one(take, inside):
    take(text("a", at=NOON))
    (ana,) = people()

    take(moved("s"))
    assert names(ana) == [("WA_ID", NEW)]
    take(text("b", wa_id=NEW, at=NOON + 70))
    take(text("c", at=NOON + 5_000_000))

    known, stranger = people()
    assert known == ana and wamids(threads()[0]) == ["a", "s", "b"]
    assert names(stranger) == [("WA_ID", ANA)] and wamids(threads()[1]) == ["c"]


def test_what_was_written_before_a_change_comes_to_the_same_person_after_it(take, inside):
    take(moved("s"))
    take(text("a", at=NOON))

    (ana,) = people()
    assert names(ana) == [("WA_ID", NEW)] and wamids(threads()[0]) == ["a", "s"]


def test_changes_of_one_number_after_the_other_in_any_order(take, inside):
    take(text("a", at=NOON))
    take(moved("t", wa_id=NEW, at=NOON + 90) | {"system": moved("")["system"] | {"wa_id": "4911"}})
    take(moved("s"))

    (ana,) = people()
    assert names(ana) == [("WA_ID", "4911")] and wamids(threads()[0]) == ["a", "s", "t"]
    assert IdentityMove.objects.count() == 2


def test_there_and_back_again(take, inside):
    take(text("a", at=NOON))
    back = moved("t", wa_id=NEW, at=NOON + 90)
    back["system"]["wa_id"] = ANA
    take(back)
    take(moved("s"))
    take(text("b", at=NOON + 99))

    (ana,) = people()
    assert names(ana) == [("WA_ID", ANA)] and wamids(threads()[0]) == ["a", "s", "t", "b"]


def test_whoever_had_the_number_before_keeps_his_history_and_loses_it(take, inside):
    take(text("a", at=NOON))
    take(text("x", wa_id=NEW, at=NOON - 5_000_000))
    ana, stranger = people()

    take(moved("s"))
    take(text("b", wa_id=NEW, at=NOON + 70))

    assert people() == [ana, stranger]
    assert names(ana) == [("WA_ID", NEW)] and names(stranger) == []
    assert [wamids(one) for one in threads()] == [["a", "s", "b"], ["x"]]


def test_whoever_wrote_from_the_new_number_first_is_the_same_person(take, inside):
    take(text("a", at=NOON))
    take(text("b", wa_id=NEW, at=NOON + 70))

    take(moved("s"))

    assert len(people()) == 1 and wamids(threads()[0]) == ["a", "s", "b"]


@pytest.mark.parametrize(
    "system",
    [
        {"type": "user_changed_number", "wa_id": NEW},
        {"type": "customer_changed_number", "wa_id": NEW, "customer": ANA},
        {"type": "customer_changed_number", "new_wa_id": NEW},
    ],
)
def test_every_spelling_of_a_new_number(take, inside, system):
    take(text("a", at=NOON))
    take({**moved("s"), "system": system})

    assert [names(one) for one in people()] == [[("WA_ID", NEW)]]


def test_a_new_user_id_without_any_number(take, inside):
    take(by_id("a", "US.old", at=NOON))
    ids = {"type": "user_changed_user_id", "user_id": "US.new", "previous_user_id": "US.old"}
    told = {"id": "s", "timestamp": str(NOON + 9), "type": "system", "system": ids}

    take(told)

    assert [names(one) for one in people()] == [[("BSUID", "US.new")]]
    assert wamids(threads()[0]) == ["a", "s"]


def test_another_spelling_is_no_new_number(take, inside):
    take(text("a", at=NOON))
    take(moved("s", wa_id="551188887777") | {"system": {**moved("")["system"], "wa_id": ANA}})

    assert [names(one) for one in people()] == [[("WA_ID", ANA)]]
    assert not IdentityMove.objects.exists()


def test_a_message_that_comes_while_its_sender_is_merged_is_not_lost(
    take, inside, claims, acme, meta_app
):
    take(text("a"))
    take(by_id("b"))
    younger = threads()[1]
    with ThreadPoolExecutor() as pool:
        with context.raw_transaction(claims, acme.schema_name) as cursor:
            # Somebody holds the thread that is about to go: the merge waits, and the message, too.
            cursor.execute(HOLD, (younger.pk,)).fetchall()  # or it would not have left yet
            deliver(meta_app, body(change(messages=[text("c", from_user_id="BR.1")])))
            merging = pool.submit(process)
            until_waiting("balcao work")
            deliver(meta_app, body(change(messages=[by_id("d", at=NOON + 1)])))
            late = pool.submit(process)
        assert merging.result() + late.result() == 2

    (kept,) = threads()
    assert set(wamids(kept)) == {"a", "b", "c", "d"}
    assert kept.last_message.wamid == "d"
    assert kept.window_opened_at == kept.messages.get(wamid="a").timestamp + timedelta(seconds=1)
