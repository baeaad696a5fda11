"""Carousels and offers of limited time, by the one renderer; and what is kept of a template."""

import json
from itertools import product

import pytest

from tests.whatsapp.test_rendering import BUTTONS, NAMED, _body, _header, _parsed, _refused
from whatsapp import rendering

CARD_BUTTONS = ["quick replies", "plain links and calls", "open link"]
CARD_HEADERS = ["IMAGE-link", "VIDEO-link", "PRODUCT"]


def _cards(header: str, body: str, buttons: str, form: str, count: int = 2):
    """Return the carousel of a definition, its values and the cards of the send."""
    head, head_values, head_sent, _ = _header(header, NAMED[form])
    main, main_values, main_sent, _ = _body(body, NAMED[form])
    defined, marks, sent = BUTTONS[buttons]
    components = [head, main, {"type": "BUTTONS", "buttons": defined}]
    values = {**head_values, **main_values, **{f"button.{i}": v for i, v in marks.items()}}
    parts = [{"type": "header", "parameters": head_sent}]
    parts += [{"type": "body", "parameters": main_sent}] if main_sent else []
    parts += [
        {"type": "button", "sub_type": kind, "index": index, "parameters": [parameter]}
        for kind, index, parameter in sent
    ]
    return (
        {"type": "CAROUSEL", "cards": [{"components": components}] * count},
        {f"card.{n}.{key}": value for n in range(count) for key, value in values.items()},
        [{"card_index": n, "components": parts} for n in range(count)],
    )


@pytest.mark.parametrize(
    ("header", "body", "buttons", "form"),
    list(product(CARD_HEADERS, ["plain", "open"], CARD_BUTTONS, NAMED)),
)
def test_every_combination_of_a_card_gives_what_meta_wants(header, body, buttons, form):
    carousel, values, sent = _cards(header, body, buttons, form)
    main, main_values, main_sent, main_text = _body("open", NAMED[form])
    definition = _parsed([main, carousel], form=form)

    rendered = rendering.render(definition, {**main_values, **values})

    assert rendered.payload["components"] == [
        {"type": "body", "parameters": main_sent},
        {"type": "carousel", "cards": sent},
    ]
    card_text = _body(body, NAMED[form])[3]
    assert rendered.text == f"{main_text}\n\n{card_text}\n\n{card_text}"
    assert [card.header for card in rendered.cards] == [values_of(values, header)] * 2
    required = {field.key for field in rendering.fields(definition) if field.is_required}
    for key in required:
        _refused(definition, {**main_values, **values, key: " "}, key, "required")


def values_of(values, header):
    return values["card.0.header.product" if header == "PRODUCT" else "card.0.header.media"]


def test_fields_say_on_which_card_they_are():
    carousel, *_ = _cards("IMAGE-link", "open", "quick replies", "POSITIONAL")
    fields = rendering.fields(_parsed([{"type": "BODY", "text": "Oi {{1}}."}, carousel]))

    assert [field.card for field in fields if field.is_required] == [0, 1, 1, 1, 2, 2, 2]


def test_a_card_is_shorter_than_a_body():
    carousel, values, _ = _cards("IMAGE-link", "open", "quick replies", "POSITIONAL")
    definition = _parsed([{"type": "BODY", "text": "Oi."}, carousel])

    _refused(definition, {**values, "card.1.body.1": "x" * 161}, "card.1.body.1", "max_length")
    long = {**values, "card.1.body.1": "x" * 75, "card.1.body.2": "y" * 30}
    _refused(definition, long, "card.1.body", "max_length")


def test_a_card_takes_a_link_and_no_upload():
    carousel, values, _ = _cards("IMAGE-link", "open", "quick replies", "POSITIONAL")
    definition = _parsed([{"type": "BODY", "text": "Oi."}, carousel])

    _refused(definition, {**values, "card.1.header.media": "51"}, "card.1.header.media", "invalid")


OFFER = {
    "type": "LIMITED_TIME_OFFER",
    "limited_time_offer": {"text": "Só até sexta!", "has_expiration": True},
}
ENDS = "2026-12-31T23:59:00-03:00"


def test_an_offer_has_its_end_in_milliseconds():
    definition = _parsed([OFFER, {"type": "BODY", "text": "Tudo com desconto."}])

    rendered = rendering.render(definition, {"offer.ends_at": ENDS})

    offer = {"expiration_time_ms": 1798772340000}
    assert rendered.payload["components"] == [
        {
            "type": "limited_time_offer",
            "parameters": [{"type": "limited_time_offer", "limited_time_offer": offer}],
        }
    ]
    assert (rendered.offer, rendered.offer_ends) == ("Só até sexta!", ENDS)
    assert rendered.text == "Só até sexta!\n\nTudo com desconto."


@pytest.mark.parametrize(
    "value",
    [
        "tomorrow",
        "2026-12-31",
        "2026-12-31T23:59",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_an_end_without_its_offset_or_out_of_all_time_is_none(value):
    _refused(_parsed([OFFER]), {"offer.ends_at": value}, "offer.ends_at", "invalid")


def test_an_offer_without_an_end_asks_for_none():
    offer = {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "Oferta"}}
    definition = _parsed([offer, {"type": "BODY", "text": "x"}])

    assert rendering.fields(definition) == ()
    assert "components" not in rendering.render(definition, {}).payload


def test_a_request_to_call_is_only_shown():
    parts = [{"type": "BODY", "text": "Podemos ligar?"}, {"type": "CALL_PERMISSION_REQUEST"}]
    rendered = rendering.render(_parsed(parts), {})

    assert rendered.asks_to_call and "components" not in rendered.payload


@pytest.mark.parametrize("value", ["", " , ", "a,a", ",".join(map(str, range(31)))])
def test_products_are_one_to_thirty_different_ones(value):
    buttons = [{"type": "MPM", "text": "Itens"}]
    definition = _parsed([{"type": "BODY", "text": "x"}, {"type": "BUTTONS", "buttons": buttons}])
    code = "invalid" if value.strip() else "required"

    _refused(definition, {"button.0": value}, "button.0", code)


# --- what is kept -------------------------------------------------------------------------------
@pytest.mark.parametrize("buttons", BUTTONS)
def test_what_is_kept_is_what_was_shown(buttons):
    carousel, values, _ = _cards("IMAGE-link", "open", "open link", "POSITIONAL")
    defined, marks, _ = BUTTONS[buttons]
    parts = [OFFER, {"type": "BODY", "text": "Oi."}, carousel]
    parts += [{"type": "BUTTONS", "buttons": defined}] if defined else []
    values |= {"offer.ends_at": ENDS, **{f"button.{i}": v for i, v in marks.items()}}
    rendered = rendering.render(_parsed(parts), values)

    kept = json.loads(json.dumps(rendering.kept(rendered)))

    assert "payload" not in json.dumps(kept)
    recalled = rendering.recalled(kept)
    assert rendering.kept(recalled) == rendering.kept(rendered)


@pytest.mark.parametrize(
    "kept", [None, [], {"buttons": 7, "cards": [3]}, {"body": 3, "cards": [{"cards": [{}]}]}]
)
def test_anything_kept_can_be_read(kept):
    assert rendering.recalled(kept).text == ""


def test_a_number_too_long_for_an_upload_is_none():
    photo = _parsed([{"type": "HEADER", "format": "IMAGE"}])

    rendering.preview(photo, {"header.media": "9" * 5000})

    _refused(photo, {"header.media": "9" * 5000}, "header.media", "invalid")
