"""What people say about marketing, by every way, in any order."""

from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path

import pytest

from conversations import rules
from conversations.models import ConsentEvent, Contact, Conversation
from conversations.services import inbound
from tenants import context
from tenants.feed.models import Change
from tests.api import api_of
from tests.conversations.events import NOON, body, change, contact, deliver, text, unaccounted
from tests.conversations.inboxes import open_with

pytestmark = pytest.mark.django_db(transaction=True)
FILES = Path(__file__).parent.parent / "payloads"
ANA = "5511988887777"


def at(seconds=0):
    return datetime.fromtimestamp(NOON + seconds, UTC)


@pytest.fixture
def take(meta_app, phones):
    def take(*bodies):
        deliveries = deliver(meta_app, *bodies)
        inbound.process_deliveries()
        assert unaccounted() == 0
        return deliveries

    return take


def said(*messages, contacts=None):
    return body(change(messages=list(messages), contacts=contacts))


def chosen(value, seconds=0, **names):
    names = names or {"wa_id": ANA}
    choice = {
        **names,
        "detail": "User requested it",
        "category": "marketing_messages",
        "value": value,
        "timestamp": NOON + seconds,
    }
    wrapped = change(user_preferences=[choice], contacts=[names])
    return body({**wrapped, "field": "user_preferences"})


def opted_out_at():
    return Contact.objects.get(merged_into=None).marketing_opted_out_at


def ledger():
    return list(ConsentEvent.objects.order_by("pk").values_list("value", "source"))


def test_the_documented_webhook_stops_marketing(take, inside):
    (delivery,) = take((FILES / "user_preferences.json").read_bytes())

    stopped_at = datetime.fromtimestamp(1731705721, UTC)
    assert ledger() == [("STOP", "USER_PREFERENCES")] and opted_out_at() == stopped_at
    with context.platform():
        delivery.refresh_from_db()
    assert (delivery.units_stored, delivery.units_placeholder) == (1, 0)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("user_preferences_resume", [("RESUME", "USER_PREFERENCES")]),
        ("user_preferences_signup", [("SIGNUP", "USER_PREFERENCES")]),
        ("user_preferences_of_a_username", [("STOP", "USER_PREFERENCES")]),
        ("opt_out_typed", [("STOP", "KEYWORD")]),
        ("opt_out_button", [("STOP", "BUTTON")]),
        ("opt_out_reply_button", [("STOP", "BUTTON")]),
        ("opt_in_typed", [("RESUME", "KEYWORD")]),
    ],
)
def test_every_way_of_saying_it(take, inside, name, expected):
    raw = (FILES / f"{name}.json").read_bytes()
    take(raw, raw)
    take(raw)

    assert ledger() == expected
    assert (opted_out_at() is not None) == (expected[0][0] == "STOP")


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_newest_word_counts_in_any_order(take, inside, order):
    words = [chosen("stop", 1), chosen("resume", 2), said(text("w", at=NOON + 3, body="SAIR"))]
    for number in order:
        take(words[number])

    assert opted_out_at() == at(3)
    assert len(ledger()) == 3


def test_who_typed_a_stop_can_type_that_they_want_it_again(take, inside):
    take(said(text("a", at=NOON, body="PARAR"), text("b", at=NOON + 9, body="quero receber")))
    assert opted_out_at() is None

    take(said(text("c", at=NOON + 5, body="sair")))
    assert opted_out_at() is None and len(ledger()) == 3


def test_a_button_that_leads_back_in_a_menu_allows_nothing(take, inside):
    taps = {"type": "button_reply", "button_reply": {"id": "back", "title": "Voltar"}}
    message = {**text("a"), "type": "interactive", "interactive": taps}
    take(said(message))

    assert ledger() == []


def test_of_two_words_at_one_moment_the_stop_counts(take, inside):
    take(chosen("resume"), chosen("stop"))
    assert opted_out_at() == at()
    take(chosen("signup", 5))
    assert opted_out_at() is None


def test_a_word_tells_every_page_and_no_conversation_is_made_for_it(take, inside):
    take(chosen("stop"))
    assert not Conversation.objects.exists()
    assert set(Change.objects.values_list("kind", flat=True)) == {"CONTACT_NEW", "CONTACT"}

    take(said(text("a")))
    take(chosen("resume", 9))

    kinds = Change.objects.order_by("seq").values_list("kind", flat=True)
    assert list(kinds)[-2:] == ["CONVERSATION", "CONTACT"]
    assert Contact.objects.count() == 1


def test_a_merge_takes_both_ledgers_together(take, inside):
    take(chosen("stop", 5))
    take(chosen("resume", 2, user_id="BR.1"))
    assert Contact.objects.count() == 2

    take(said(text("a", from_user_id="BR.1")))

    assert opted_out_at() == at(5)
    assert ConsentEvent.objects.filter(contact__merged_into=None).count() == 2


@pytest.mark.parametrize("odd", [None, 5, "stop", [], {}, [None], [{"value": "stop"}]])
def test_odd_preferences_are_kept_and_mean_nothing(take, inside, odd):
    wrapped = change(user_preferences=odd)
    take(body({**wrapped, "field": "user_preferences"}))

    assert ledger() == []


def test_another_category_is_not_about_marketing(take, inside):
    raw = chosen("stop").replace(b"marketing_messages", b"something_else")
    take(raw)

    assert ledger() == []


@pytest.mark.parametrize("words", ["STOP", " sair ", "Parar.", "pare!", "Baja"])
def test_words_that_stop(words):
    assert rules.opts_out_by_words(words)


@pytest.mark.parametrize("words", ["", "please stop by", "não quero parar", "x" * 4000, "sairá"])
def test_words_that_do_not_stop(words):
    assert not rules.opts_out_by_words(words)


@pytest.mark.parametrize(
    "words", ["START", " Retomar ", "Quero receber!", "unstop", "Voltar a receber"]
)
def test_words_that_allow_again(words):
    assert rules.opts_in_by_words(words)
    assert not rules.opts_out_by_words(words)


@pytest.mark.parametrize(
    "words", ["", "let's start", "Voltar", "alta", "vou voltar amanhã", "x" * 4000]
)
def test_words_that_do_not_allow_again(words):
    assert not rules.opts_in_by_words(words)


def test_buttons_that_stop():
    assert rules.opts_out_by_button("", "Stop promotions")
    assert rules.opts_out_by_button("STOP_PROMOTIONS", "Não quero mais")
    assert not rules.opts_out_by_button("confirm", "Confirmar")


# --- Where it is shown ------------------------------------------------------------------------


@pytest.fixture
def stopped(take, acme, phones):
    with context.tenant(acme.schema_name):
        conversation = open_with(phones["acme"], wa_id=ANA)
    take(chosen("stop"))
    return conversation


def test_the_page_says_who_wants_no_marketing(page, stopped):
    ana = page("ana@acme.test")

    html = ana.get(f"/inbox/{stopped.pk}/").content.decode()
    assert f'id="banner-{stopped.pk}"' in html
    assert "wants no marketing" in html and "in the settings of WhatsApp" in html

    changes = ana.get(f"/inbox/changes?after=1&open={stopped.pk}", headers={"HX-Request": "true"})
    assert "wants no marketing" in changes.content.decode()


def test_the_page_says_nothing_of_all_others(page, acme, phones):
    with context.tenant(acme.schema_name):
        conversation = open_with(phones["acme"])

    html = page("ana@acme.test").get(f"/inbox/{conversation.pk}/").content.decode()
    assert f'id="banner-{conversation.pk}"' in html and "no marketing" not in html


def test_the_api_says_since_when(people, acme, stopped):
    ana = api_of(people["ana@acme.test"])
    found = ana.get(f"/api/v1/tenant/{acme.pk}/contacts/{stopped.contact_id}/").json()

    assert found["marketing_opted_out_at"] == "2026-11-10T12:00:00Z"


def test_a_contact_s_own_card_names_nobody_else(take, inside):
    take(said(text("a", body="STOP", wa_id=ANA), contacts=[contact("5511900000000", "Bia")]))

    assert Contact.objects.get().marketing_opted_out_at == at()
