"""The parts of the simulator that only compute."""

from random import Random

import pytest

from whatsapp.simulator import ids, ladder, recipients, summaries
from whatsapp.simulator.settings import Settings, SettingsError
from whatsapp.simulator.strings import STRINGS, language_of


@pytest.mark.parametrize(
    ("digits", "wa_id"),
    [
        ("5511987654321", "5511987654321"),
        ("551187654321", "5511987654321"),
        ("5531987654321", "553187654321"),
        ("553187654321", "553187654321"),
        ("551140001001", "551140001001"),
        ("541155556666", "5491155556666"),
        ("5491155556666", "5491155556666"),
        ("525512345678", "5215512345678"),
        ("16505551234", "16505551234"),
    ],
)
def test_a_strangers_wa_id_has_the_usual_form(digits, wa_id):
    assert recipients.usual_wa_id(digits) == wa_id


def test_all_spellings_of_a_number_are_one_person():
    assert recipients.match_key("5511987654321") == recipients.match_key("551187654321")
    assert recipients.match_key("5491155556666") == recipients.match_key("541155556666")
    assert recipients.match_key("5215512345678") == recipients.match_key("525512345678")
    assert recipients.match_key("551140001001") != recipients.match_key("5511940001001")


@pytest.mark.parametrize("number", ["+55 (11) 98765-4321", "5511987654321", "55.11.987654321"])
def test_the_decoration_of_a_number_does_not_count(number):
    assert recipients.digits_of(number) == "5511987654321"


@pytest.mark.parametrize(
    "number", ["", "123456", "12345678901234567", "55x11987654321", "٥٥١١٩٨٧٦٥"]
)
def test_what_is_no_number_is_none(number):
    assert recipients.digits_of(number) == ""


def test_the_ladder_prices_sent_and_one_of_the_others():
    steps = ladder.steps(Settings(), kind="text", random=Random(1))

    assert [(s.status, s.leaves, s.with_pricing) for s in steps] == [
        ("sent", 0.3, True),
        ("delivered", 0.8, True),
        ("read", 2.0, False),
    ]


@pytest.mark.parametrize(
    ("knobs", "kind", "names"),
    [
        ({"skip_delivered": True}, "text", ["sent", "read"]),
        ({"never_read": True}, "text", ["sent", "delivered"]),
        ({"stop_after_sent": True}, "text", ["sent"]),
        ({"fail_code": 131026}, "text", ["failed"]),
        ({}, "reaction", ["sent"]),
    ],
)
def test_the_ladder_follows_the_knobs(knobs, kind, names):
    settings = Settings().changed(knobs)

    assert [s.status for s in ladder.steps(settings, kind=kind, random=Random(1))] == names


def test_a_shuffled_ladder_tells_true_times_in_another_order():
    settings = Settings(shuffle=True)
    orders = set()
    for seed in range(20):
        steps = ladder.steps(settings, kind="text", random=Random(seed))
        orders.add(tuple(step.status for step in steps))
        assert all(step.leaves >= settings.read_seconds >= step.happens for step in steps)

    assert len(orders) > 1


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"speed": 1}, "no such knob"),
        ({"never_read": 1}, "true or false"),
        ({"sent_seconds": "1"}, "a number"),
        ({"sent_seconds": True}, "a number"),
        ({"copies": 1.5}, "a whole number"),
        ({"copies": 0}, "between 1 and 10"),
        ({"sent_seconds": float("nan")}, "between"),
        ({"refuse": "teapot"}, "refuse"),
        ({"refuse": "424242"}, "refuse"),
    ],
)
def test_a_knob_says_what_it_takes(data, sentence):
    with pytest.raises(SettingsError, match=sentence):
        Settings().changed(data)


def test_the_knobs_that_are_turned_are_known():
    assert Settings().turned() == []
    assert Settings().changed({"refuse": 131047, "shuffle": True}).turned() == ["shuffle", "refuse"]


def test_ids_repeat_with_a_seed_and_never_without():
    assert ids.Ids("a").wamid("55", inbound=True) == ids.Ids("a").wamid("55", inbound=True)
    assert ids.Ids().wamid("55", inbound=True) != ids.Ids().wamid("55", inbound=True)
    assert ids.Ids("a").wamid("5511987654321", inbound=True).startswith("wamid.HBg")


def test_a_user_id_belongs_to_the_business_and_not_to_the_spelling():
    here = ids.user_id("waba-1", "5511987654321")

    assert recipients.USER_ID.fullmatch(here)
    assert here == ids.user_id("waba-1", "551187654321")
    assert here != ids.user_id("waba-2", "5511987654321")


@pytest.mark.parametrize(
    ("kind", "content", "text"),
    [
        ("text", {"body": "Oi"}, "Oi"),
        ("text", None, ""),
        ("image", {"id": "1", "caption": "Veja"}, "📷 Veja"),
        ("document", {"id": "1", "filename": "a.pdf"}, "📄 a.pdf"),
        ("contacts", [{"name": {"formatted_name": "Ana"}}], "👤 Ana"),
        ("contacts", [], "👤"),
        ("reaction", {"message_id": "wamid.1", "emoji": "👍"}, "👍"),
        ("template", {"name": "order_ready"}, "🧾 order_ready"),
        ("interactive", {"body": {"text": "Escolha"}}, "Escolha"),
        ("interactive", {"type": "button_reply", "button_reply": {"title": "Sim"}}, "Sim"),
        ("interactive", {}, "▫️ interactive"),
    ],
)
def test_any_message_has_a_line_of_text(kind, content, text):
    assert summaries.summary(kind, content) == text


@pytest.mark.parametrize(
    ("header", "language"),
    [("", "en"), ("pt-BR,pt;q=0.9,en;q=0.8", "pt-BR"), ("de,en;q=0.5", "en"), ("fr", "en")],
)
def test_the_page_speaks_the_readers_language(header, language):
    assert language_of(header) == language


def test_both_languages_have_the_same_words():
    assert STRINGS["en"].keys() == STRINGS["pt-BR"].keys()


def test_every_knob_has_a_name_on_the_page():
    assert Settings().as_json().keys() - STRINGS["en"].keys() == set()
