"""Reactions, edits, deletions and echoes: what they do, in any order, and what they do not."""

import itertools
import json
from pathlib import Path

import pytest

from conversations import selectors
from conversations.models import Conversation, Mark, Message
from conversations.serializers.reading import MessageSerializer
from conversations.services import inbound
from tenants import context
from tenants.feed.models import Change
from tests.conversations.events import NOON, body, change, contact, deliver, fates, status, text
from whatsapp.models import AccountEvent

pytestmark = pytest.mark.django_db(transaction=True)
FILES = Path(__file__).parent.parent / "payloads"
THUMB, HEART = "\U0001f44d", "\u2764\ufe0f"


@pytest.fixture
def take(meta_app, phones):
    def take(*bodies: bytes):
        deliveries = [deliver(meta_app, one)[0] for one in bodies]
        inbound.process_deliveries(limit=1)
        return deliveries

    return take


def message(*parts) -> bytes:
    return body(change(messages=list(parts), contacts=[contact()]))


def echo(*parts) -> bytes:
    made = change(message_echoes=[{**part, "to": part["from"], "from": "1"} for part in parts])
    return body({**made, "field": "smb_message_echoes"})


def mark(wamid, kind, at=0, **said):
    made = {**text(wamid, at=NOON + at), "type": kind, kind: said}
    del made["text"]
    return made


def reaction(wamid, emoji=None, at=0, target="wamid.1"):
    said = {"message_id": target} if emoji is None else {"message_id": target, "emoji": emoji}
    return mark(wamid, "reaction", at, **said)


def edit(wamid, words, at=0):
    after = {"type": "text", "text": {"body": words}}
    return mark(wamid, "edit", at, original_message_id="wamid.1", message=after)


def revoke(wamid, at=0):
    return mark(wamid, "revoke", at, original_message_id="wamid.1")


def shown(acme) -> Message:
    """Return the message as a page shows it."""
    with context.tenant(acme.schema_name):
        found = Message.objects.get(wamid="wamid.1")
        selectors.with_marks([found])
    return found


def reactions(acme) -> list[tuple[str, bool]]:
    return [(one.emoji, one.by_business) for one in shown(acme).marks.reactions]


def test_a_reaction_is_a_chip_and_no_message(acme, take):
    take(message(text("wamid.1")))
    with context.tenant(acme.schema_name):
        before = Conversation.objects.values().get()

    (delivery,) = take(message(reaction("wamid.r", THUMB, at=9)))

    assert fates(delivery) == (1, 1, 0, 0, 0)
    assert reactions(acme) == [(THUMB, False)]
    with context.tenant(acme.schema_name):
        assert Conversation.objects.values().get() == before
        assert Message.objects.count() == 1
        last = Change.objects.order_by("seq").last()
        assert last.message_id == Message.objects.get().pk


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_the_last_reaction_by_metas_time_counts_in_any_order(acme, take, order):
    parts = [
        text("wamid.1"),
        reaction("wamid.r1", THUMB, at=1),
        reaction("wamid.r2", at=2),
        reaction("wamid.r3", HEART, at=3),
    ]

    take(*(message(parts[n]) for n in order))

    assert reactions(acme) == [(HEART, False)]


@pytest.mark.parametrize("emoji", [None, ""], ids=["left out", "empty"])
def test_a_reaction_is_taken_back(acme, take, emoji):
    take(message(reaction("wamid.r2", emoji, at=2)), message(text("wamid.1")))
    take(message(reaction("wamid.r1", THUMB, at=1)))

    assert reactions(acme) == []


def test_customer_and_business_react_side_by_side(acme, take):
    take(message(text("wamid.1"), reaction("wamid.r1", THUMB)), echo(reaction("wamid.r2", HEART)))

    assert sorted(reactions(acme)) == sorted([(THUMB, False), (HEART, True)])


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_edits_keep_what_was_said_before_in_any_order(acme, take, order):
    parts = [
        text("wamid.1", body="one"),
        edit("wamid.e1", "two", at=1),
        edit("wamid.e2", "three", at=2),
        revoke("wamid.x", at=3),
    ]

    take(*(message(parts[n]) for n in order))

    found = shown(acme)
    assert found.text == "three"
    assert [version.text for version in found.marks.versions] == ["one", "two"]
    assert found.marks.revoked_at.timestamp() == NOON + 3
    with context.tenant(acme.schema_name):
        assert Message.objects.get().text == "one"  # the row is as it came
        assert Conversation.objects.get().unread_count == 1


def test_what_comes_again_is_a_duplicate(acme, take):
    raw = message(text("wamid.1"), reaction("wamid.r", THUMB))

    deliveries = take(raw, raw)

    assert [fates(one) for one in deliveries] == [(2, 2, 0, 0, 0), (2, 0, 2, 0, 0)]
    with context.tenant(acme.schema_name):
        assert Mark.objects.count() == 1


def test_only_who_wrote_it_edits_or_deletes_it(acme, take):
    take(message(text("wamid.1", body="one")), echo(edit("wamid.e", "two"), revoke("wamid.x")))

    found = shown(acme)
    assert (found.text, found.marks.versions, found.marks.revoked_at) == ("one", (), None)


def test_the_page_and_the_api_show_what_was_done(acme, take, page):
    take(
        message(
            text("wamid.1", body="First words"),
            edit("wamid.e", "Second words", at=1),
            reaction("wamid.r", THUMB, at=2),
            revoke("wamid.x", at=3),
        )
    )
    found = shown(acme)

    html = page("ana@acme.test").get(f"/inbox/{found.conversation_id}/").content.decode()

    for words in ("First words", "Second words", "Edited", "Deleted by the customer", THUMB):
        assert words in html
    assert "Deleted message" in html  # in the list
    data = MessageSerializer(found).data
    assert data["reactions"] == [{"emoji": THUMB, "by_business": False}]
    assert data["text"] == {"body": "Second words"}
    assert data["edited_at"] and data["revoked_at"]


def test_an_echo_is_a_message_of_ours_that_nobody_has_to_read(acme, take, page):
    take(message(text("wamid.1")), body(change(statuses=[status("wamid.2", "delivered")])))

    (delivery,) = take(echo(text("wamid.2", at=NOON + 9, body="From my pocket")))

    assert fates(delivery) == (1, 1, 0, 0, 0)
    with context.tenant(acme.schema_name):
        found = Message.objects.get(wamid="wamid.2")
        thread = Conversation.objects.get()
    assert (found.direction, found.status, found.author_id) == ("OUTBOUND", "DELIVERED", None)
    assert found.conversation_id == thread.pk
    assert (thread.unread_count, thread.last_message_id) == (1, found.pk)
    assert thread.window_opened_at.timestamp() == NOON
    html = page("ana@acme.test").get(f"/inbox/{thread.pk}/").content.decode()
    assert "From my pocket" in html and "From the WhatsApp app" in html


def test_an_echo_to_somebody_new_opens_a_thread_without_a_window(acme, take):
    take((FILES / "echo_to_a_user_id.json").read_bytes())

    with context.tenant(acme.schema_name):
        thread = Conversation.objects.get()
        assert (thread.unread_count, thread.window_opened_at) == (0, None)
        assert thread.contact.identities.get().value == "US.13491208655302741918"


@pytest.mark.parametrize(
    "name", ["history", "history_refused", "history_media", "app_state_sync", "echo_to_nobody"]
)
def test_what_the_app_synchronizes_is_kept_raw(acme, take, name):
    raw = (FILES / f"{name}.json").read_bytes()
    (delivery,) = take(raw)

    assert fates(delivery)[3] == 1
    with context.tenant(acme.schema_name):
        kept = AccountEvent.objects.get()
        assert not Message.objects.exists()
        assert not Conversation.objects.exists()
    assert kept.field == json.loads(raw)["entry"][0]["changes"][0]["field"]


def test_thousands_of_old_messages_in_one_body_are_one_event(acme, take):
    document = json.loads((FILES / "history.json").read_bytes())
    (thread,) = document["entry"][0]["changes"][0]["value"]["history"][0]["threads"]
    one = thread["messages"][0]
    thread["messages"] = [{**one, "id": f"wamid.H{n}"} for n in range(5000)]

    (delivery,) = take(json.dumps(document).encode())

    assert fates(delivery) == (1, 0, 0, 1, 0)
    with context.tenant(acme.schema_name):
        assert not Message.objects.exists()


@pytest.mark.parametrize("name", ["reaction_without_a_target", "edit_without_a_target"])
def test_a_mark_on_nothing_is_kept_raw(acme, take, name):
    (delivery,) = take((FILES / f"{name}.json").read_bytes())

    assert fates(delivery) == (1, 0, 0, 1, 0)
