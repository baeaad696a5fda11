"""Reactions of ours: a chip from the moment of sending, and what becomes of it."""

import itertools
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from conversations import selectors, threads
from conversations.models import Conversation, Mark, Message
from conversations.services import delivery, outbound, retrying
from tenants import context
from tests.api import Queries, api_of, check_problem
from tests.conversations.inboxes import add, open_with
from tests.conversations.test_delivery import refusing
from tests.whatsapp import raw_meta

THUMB, HEART = "👍", "❤️"
PART = {"HX-Request": "true"}


@pytest.fixture
def conversation(acme, phones):
    with context.tenant(acme.schema_name):
        return open_with(phones["acme"])


@pytest.fixture
def asked(acme, conversation):
    with context.tenant(acme.schema_name):
        return add(conversation, "Chegou certinho!", wamid="wamid.ASKED")


@pytest.fixture
def send(acme, actor, conversation, asked):
    """Queue a reaction of the given age, oldest first."""
    ids = itertools.count(1)

    def act(emoji: str, *, client_id=None) -> Message:
        with context.tenant(acme.schema_name):
            return outbound.send_message(
                actor=actor("ana@acme.test"),
                conversation=conversation,
                kind="reaction",
                content={"message_id": asked.wamid, "emoji": emoji},
                client_id=client_id or uuid4(),
                now=timezone.now() + timedelta(seconds=next(ids)),
            )

    return act


@pytest.fixture
def ana(page):
    return page("ana@acme.test")


def chips(acme) -> list[tuple[str, bool]]:
    with context.tenant(acme.schema_name):
        found = Message.objects.get(wamid="wamid.ASKED")
        selectors.with_marks([found])
    return [(one.emoji, one.by_business) for one in found.marks.reactions]


def become(acme, message, status: str, **fields) -> None:
    with context.tenant(acme.schema_name):
        Message.objects.filter(pk=message.pk).update(status=status, **fields)


def react(browser, conversation, message, **data):
    address = f"/inbox/{conversation.pk}/messages/{message.pk}/react"
    return browser.post(address, data, headers=PART)


def test_the_chip_is_there_before_anything_was_sent(acme, send):
    message = send(THUMB)

    assert message.status == "PENDING"
    assert chips(acme) == [(THUMB, True)]


def test_a_newer_reaction_replaces_and_an_empty_one_takes_back(acme, send):
    send(THUMB)
    send(HEART)
    assert chips(acme) == [(HEART, True)]

    send("")
    assert chips(acme) == []


def test_a_reaction_that_failed_gives_place_to_the_former_one(acme, send):
    send(THUMB)
    second = send(HEART)

    become(acme, second, "FAILED", error_code=131047)
    assert chips(acme) == [(THUMB, True)]

    become(acme, second, "DELIVERED")  # a later status beats the failure
    assert chips(acme) == [(HEART, True)]


def test_taking_back_that_failed_leaves_the_chip(acme, send):
    send(THUMB)
    become(acme, send(""), "FAILED")

    assert chips(acme) == [(THUMB, True)]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_ours_and_those_from_meta_are_one_story_in_any_order(acme, send, asked, order):
    now = timezone.now()

    def from_meta(wamid, emoji, seconds, *, by_business):
        with context.tenant(acme.schema_name):
            Mark.objects.create(
                phone_id=asked.phone_id,
                wamid=wamid,
                target_wamid=asked.wamid,
                kind="REACTION",
                by_business=by_business,
                emoji=emoji,
                provider_at=now + timedelta(seconds=seconds),
            )

    acts = [
        lambda: send(THUMB),
        lambda: from_meta("wamid.app", HEART, 60, by_business=True),  # in the app, later
        lambda: from_meta("wamid.r", "😂", 30, by_business=False),
    ]
    for n in order:
        acts[n]()

    assert sorted(chips(acme)) == sorted([(HEART, True), ("😂", False)])


def test_the_same_request_twice_is_one_chip_and_one_message(acme, send):
    client_id = uuid4()

    assert send(THUMB, client_id=client_id) == send(THUMB, client_id=client_id)
    with context.tenant(acme.schema_name):
        assert Mark.objects.count() == 1


def test_a_reaction_moves_nothing_in_the_list(acme, send, conversation):
    with context.tenant(acme.schema_name):
        before = Conversation.objects.values("last_message", "last_message_at").get()
    send(THUMB)

    with context.tenant(acme.schema_name):
        assert Conversation.objects.values("last_message", "last_message_at").get() == before


def test_a_second_attempt_brings_the_chip_back(acme, send, actor):
    first = send(THUMB)
    become(acme, first, "FAILED", error_code=130429)
    assert chips(acme) == []

    with context.tenant(acme.schema_name):
        first.refresh_from_db()
        retrying.send_again(
            actor=actor("ana@acme.test"), message=first, client_id=uuid4(), now=timezone.now()
        )
    assert chips(acme) == [(THUMB, True)]


# --- the door -----------------------------------------------------------------------------------
def test_the_menu_offers_six_and_any_other(ana, conversation, asked, send):
    send(HEART)
    html = ana.get(f"/inbox/{conversation.pk}/").content.decode()

    address = f"/inbox/{conversation.pk}/messages/{asked.pk}/react"
    assert html.count(f'action="{address}"') == 2
    assert f'value=""\n              aria-pressed="true">{HEART}' in html  # once more takes it back
    for emoji in (THUMB, "😂", "😮", "😢", "🙏"):
        assert f'value="{emoji}"' in html


def test_a_click_reacts_and_has_the_page_catch_up(acme, ana, conversation, asked):
    seq = ana.get("/inbox/").content.decode().split('data-seq="')[1].split('"')[0]
    form = {"client_id": uuid4()}

    for _ in range(2):  # a double click
        response = react(ana, conversation, asked, emoji=THUMB, **form)
        assert (response.status_code, response["HX-Trigger"]) == (204, "inbox:behind")
    assert react(ana, conversation, asked, emoji=HEART, **form).status_code == 204

    with context.tenant(acme.schema_name):
        sent = Message.objects.filter(type="REACTION").order_by("pk")
        assert [one.text for one in sent] == [THUMB, HEART]
    changes = ana.get(f"/inbox/changes?after={seq}&open={conversation.pk}", headers=PART)
    html = changes.content.decode()
    assert f'id="message-{asked.pk}"' in html
    assert "We reacted" in html and HEART in html


def test_without_script_the_thread_comes_back_at_the_message(acme, ana, conversation, asked):
    address = f"/inbox/{conversation.pk}/messages/{asked.pk}/react"
    response = ana.post(address, {"emoji": f" {THUMB} "})

    assert response.status_code == 302
    assert response["Location"] == f"/inbox/{conversation.pk}/#message-{asked.pk}"
    assert chips(acme) == [(THUMB, True)]


@pytest.mark.django_db(transaction=True)
def test_a_page_hears_of_a_failure_and_of_its_end(acme, ana, conversation, asked, send, settings):
    """The chip goes, the reason comes, and the second attempt takes the reason away."""
    first = send(THUMB)
    seq = ana.get("/inbox/").content.decode().split('data-seq="')[1].split('"')[0]
    address = f"/inbox/changes?after={seq}&open={conversation.pk}"

    with context.tenant(acme.schema_name), raw_meta.serving(refusing(131999)) as meta:
        settings.GRAPH_API_URL = meta.url
        delivery.drain(phone_id=conversation.phone_id)
    assert meta.requests[0].body["reaction"] == {"message_id": "wamid.ASKED", "emoji": THUMB}
    html = ana.get(address, headers=PART).content.decode()
    assert f'id="message-{first.pk}"' in html  # says why
    assert f'id="message-{asked.pk}"' in html and "We reacted" not in html

    again = f"/inbox/{conversation.pk}/messages/{first.pk}/again"
    html = ana.post(again, {"client_id": uuid4()}, headers=PART).content.decode()
    assert f'<li id="message-{first.pk}" hx-swap-oob="delete"></li>' in html
    assert f'id="message-{asked.pk}"' in html and "We reacted" in html


def test_what_is_drawn_anew_is_found_by_ids_and_names(acme, conversation, asked, send):
    """One condition with both makes Postgres read everybody's messages."""
    reaction = send(THUMB)
    with context.tenant(acme.schema_name), Queries() as queries:
        drawn = threads.redrawn(conversation, [reaction.pk])

    assert [one.pk for one in drawn["bubbles"]] == [asked.pk]
    assert not [one for one in queries.statements if '"wamid" IN (SELECT' in one]


@pytest.mark.parametrize(
    "data", [{}, {"emoji": "ab"}, {"emoji": "👍👍"}], ids=["none", "words", "two"]
)
def test_what_is_no_emoji_is_refused(acme, ana, conversation, asked, data):
    assert react(ana, conversation, asked, **data).status_code == 400
    with context.tenant(acme.schema_name):
        assert not Mark.objects.exists()


def test_a_closed_window_closes_it(acme, ana, conversation, asked):
    with context.tenant(acme.schema_name):
        Conversation.objects.update(window_opened_at=timezone.now() - timedelta(days=2))

    assert react(ana, conversation, asked, emoji=THUMB).status_code == 409
    assert chips(acme) == []


def test_a_viewer_may_not(acme, page, conversation, asked):
    assert react(page("vera@acme.test"), conversation, asked, emoji=THUMB).status_code == 403
    assert chips(acme) == []


def test_a_message_of_elsewhere_is_not_there(acme, page, ana, conversation, asked, phones):
    with context.tenant(acme.schema_name):
        other = open_with(phones["acme"], wa_id="5511977776666")

    assert react(page("ana@globex.test"), conversation, asked, emoji=THUMB).status_code == 404
    assert react(ana, other, asked, emoji=THUMB).status_code == 404


def test_the_api_shows_it_at_once(acme, people, conversation, asked):
    api = api_of(people["ana@acme.test"])
    base = f"/api/v1/tenant/{acme.pk}"
    body = {"conversation": conversation.pk, "type": "reaction"}
    body["reaction"] = {"message_id": asked.wamid, "emoji": THUMB}

    assert api.post(f"{base}/messages/send", body).status_code == 202
    rows = api.get(f"{base}/conversations/{conversation.pk}/messages").json()["results"]

    shown = next(row for row in rows if row["wamid"] == asked.wamid)
    assert shown["reactions"] == [{"emoji": THUMB, "by_business": True}]
    body["reaction"]["emoji"] = "no"
    check_problem(api.post(f"{base}/messages/send", body), 400, "invalid")
