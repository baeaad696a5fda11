"""What Meta would refuse of a new template is found here first, and where."""

from itertools import product

import pytest

from whatsapp import rendering

BODY = {
    "type": "BODY",
    "text": "Olá {{1}}, seu pedido {{2}} saiu para entrega.",
    "example": {"body_text": [["Ana", "A-7"]]},
}
HEADERS = {
    "none": None,
    "text": {"type": "HEADER", "format": "TEXT", "text": "Pedido"},
    "open": {
        "type": "HEADER",
        "format": "TEXT",
        "text": "Pedido {{1}}",
        "example": {"header_text": ["A-7"]},
    },
    "image": {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::aW"]}},
    "place": {"type": "HEADER", "format": "LOCATION"},
}
BUTTONS = {
    "none": [],
    "quick": [{"type": "QUICK_REPLY", "text": "Sim"}, {"type": "QUICK_REPLY", "text": "Não"}],
    "link": [
        {"type": "URL", "text": "Ver", "url": "https://a.b/{{1}}", "example": ["https://a.b/1"]}
    ],
    "mixed": [
        {"type": "URL", "text": "Ver", "url": "https://a.b/"},
        {"type": "PHONE_NUMBER", "text": "Ligar", "phone_number": "+551140001001"},
        {"type": "COPY_CODE", "example": "25OFF"},
        {"type": "QUICK_REPLY", "text": "Sair"},
        {"type": "FLOW", "text": "Abrir", "flow_id": "1"},
    ],
}


def _template(*components, **changes) -> dict:
    return {
        "name": "pedido_saiu",
        "language": "pt_BR",
        "category": "UTILITY",
        "components": list(components) or [BODY],
        **changes,
    }


def _places(template: dict) -> set[str]:
    return {"/".join(problem.place) for problem in rendering.lint(template)}


@pytest.mark.parametrize(
    ("header", "footer", "buttons", "category"),
    list(product(HEADERS, [None, "Loja"], BUTTONS, ["UTILITY", "marketing"])),
)
def test_good_ones_pass(header, footer, buttons, category):
    parts = [HEADERS[header], BODY, {"type": "FOOTER", "text": footer} if footer else None]
    parts.append({"type": "BUTTONS", "buttons": BUTTONS[buttons]} if BUTTONS[buttons] else None)

    assert _places(_template(*[part for part in parts if part], category=category)) == set()


def test_named_variables_pass_with_their_examples():
    body = {
        "type": "BODY",
        "text": "Olá {{nome}}, tudo bem?",
        "example": {"body_text_named_params": [{"param_name": "nome", "example": "Ana"}]},
    }
    assert _places(_template(body, parameter_format="named")) == set()
    assert _places(_template(body)) == {"components/0/text"}
    body["example"]["body_text_named_params"][0]["param_name"] = ["nome"]
    assert _places(_template(body, parameter_format="named")) == {"components/0/example"}


def test_a_codes_words_are_metas():
    otp = {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]}
    body = {"type": "BODY", "add_security_recommendation": True}
    footer = {"type": "FOOTER", "code_expiration_minutes": 10}

    assert _places(_template(body, footer, otp, category="AUTHENTICATION")) == set()


def _with(text: str, *examples: str) -> dict:
    return {"type": "BODY", "text": text, "example": {"body_text": [list(examples)]}}


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"name": "Pedido"}, "name"),
        ({"name": ""}, "name"),
        ({"name": "a" * 513}, "name"),
        ({"name": 3}, "name"),
        ({"language": "pt-BR"}, "language"),
        ({"language": None}, "language"),
        ({"category": "SERVICE"}, "category"),
        ({"parameter_format": "x"}, "parameter_format"),
        ({"components": None}, "components"),
        ({"components": [1]}, "components"),
        ({"components": []}, "components"),
        ({"components": [BODY, BODY]}, "components/1/type"),
        ({"components": [BODY, {"type": "X"}]}, "components/1/type"),
    ],
)
def test_the_whole_is_looked_at(changes, place):
    assert place in _places(_template(**changes))


@pytest.mark.parametrize(
    ("component", "place"),
    [
        (_with(""), "components/0/text"),
        (_with("x" * 1025), "components/0/text"),
        (_with("{{1}} saiu para a entrega.", "a"), "components/0/text"),
        (_with("Saiu o pedido de {{1}}.", "a"), "components/0/text"),
        (_with("Saiu {{1}} {{2}} hoje cedo, sim.", "a", "b"), "components/0/text"),
        (_with("Oi {{1}}, {{2}}, {{3}} x", "a", "b", "c"), "components/0/text"),
        (_with("O pedido {{2}} saiu hoje.", "a"), "components/0/text"),
        (_with("O pedido {{nome}} saiu hoje.", "a"), "components/0/text"),
        (_with("O pedido {{1}} saiu hoje."), "components/0/example"),
        (_with("O pedido {{1}} saiu hoje.", "  "), "components/0/example"),
        (_with("O pedido {{1}} saiu hoje.", "a", "b"), "components/0/example"),
    ],
)
def test_bodies(component, place):
    assert place in _places(_template(component))


@pytest.mark.parametrize(
    ("component", "place"),
    [
        ({"type": "HEADER", "format": "AUDIO"}, "format"),
        ({"type": "HEADER", "format": "TEXT"}, "text"),
        ({"type": "HEADER", "format": "TEXT", "text": "x" * 61}, "text"),
        ({"type": "HEADER", "format": "TEXT", "text": "a {{1}} b {{2}}"}, "text"),
        ({"type": "HEADER", "format": "TEXT", "text": "a {{1}}"}, "example"),
        ({"type": "HEADER", "format": "IMAGE"}, "example/media"),
        ({"type": "FOOTER", "text": ""}, "text"),
        ({"type": "FOOTER", "text": "x" * 61}, "text"),
        ({"type": "FOOTER", "text": "a {{1}}"}, "text"),
        ({"type": "BUTTONS"}, "buttons"),
        ({"type": "BUTTONS", "buttons": []}, "buttons"),
        ({"type": "BUTTONS", "buttons": ["x"]}, "buttons"),
    ],
)
def test_the_other_parts(component, place):
    assert f"components/1/{place}" in _places(_template(BODY, component))


QUICK = {"type": "QUICK_REPLY", "text": "Sim"}
LINK = {"type": "URL", "text": "Ver", "url": "https://a.b/"}


@pytest.mark.parametrize(
    ("buttons", "place"),
    [
        ([QUICK] * 11, ""),
        ([LINK] * 3, ""),
        ([{"type": "COPY_CODE", "example": "x"}] * 2, ""),
        ([QUICK, LINK, QUICK], ""),
        ([{"type": "X", "text": "a"}], "/0/type"),
        ([{"type": "QUICK_REPLY", "text": ""}], "/0/text"),
        ([{"type": "QUICK_REPLY", "text": "x" * 26}], "/0/text"),
        ([{**LINK, "url": "a.b"}], "/0/url"),
        ([{**LINK, "url": "https://a.b/" + "x" * 2000}], "/0/url"),
        ([{**LINK, "url": "https://a.b/{{1}}/x"}], "/0/url"),
        ([{**LINK, "url": "https://a.b/{{1}}"}], "/0/example"),
        ([{"type": "PHONE_NUMBER", "text": "Ligar"}], "/0/phone_number"),
        ([{"type": "COPY_CODE"}], "/0/example"),
        ([{"type": "FLOW", "text": "Abrir"}], "/0/flow_id"),
    ],
)
def test_buttons(buttons, place):
    found = _places(_template(BODY, {"type": "BUTTONS", "buttons": buttons}))
    assert f"components/1/buttons{place}" in found


# --- carousels and offers -------------------------------------------------------------------------
def _card(text="Tênis {{1}}, por pouco tempo.", **changes) -> dict:
    body = {"type": "BODY", "text": text, "example": {"body_text": [["azul"]]}}
    parts = {
        "HEADER": HEADERS["image"],
        "BODY": body,
        "BUTTONS": {"type": "BUTTONS", "buttons": BUTTONS["quick"]},
        **changes,
    }
    return {"components": [part for part in parts.values() if part]}


def _carousel(*cards: dict) -> dict:
    return {"type": "CAROUSEL", "cards": list(cards)}


def test_a_good_carousel_passes():
    assert _places(_template(BODY, _carousel(_card(), _card()))) == set()


@pytest.mark.parametrize(
    ("cards", "place"),
    [
        ([], "cards"),
        ([_card()], "cards"),
        ([_card()] * 11, "cards"),
        ([1, 2], "cards"),
        ([_card(), _card(BODY=None)], "cards/1"),
        ([_card(HEADER=None)] * 2, "cards/0/components"),
        ([_card(BUTTONS=None)] * 2, "cards/0/components"),
        ([_card(HEADER=HEADERS["text"])] * 2, "cards/0/components/0/format"),
        ([_card(text="x" * 161)] * 2, "cards/0/components/1/text"),
        ([_card(FOOTER={"type": "FOOTER", "text": "x"})] * 2, "cards/0/components/3/type"),
        (
            [_card(BUTTONS={"type": "BUTTONS", "buttons": BUTTONS["quick"] * 2})] * 2,
            "cards/0/components/2/buttons",
        ),
        ([_card(HEADER={"type": "HEADER", "format": "IMAGE"})] * 2, "cards/0/components/0/example"),
    ],
)
def test_cards_that_meta_would_refuse_are_named(cards, place):
    found = _places(_template(BODY, {"type": "CAROUSEL", "cards": cards}))

    assert any(one.startswith(f"components/1/{place}") for one in found), found


@pytest.mark.parametrize("terms", [None, {}, {"text": " "}, {"text": "x" * 17}])
def test_an_offer_needs_a_few_words(terms):
    offer = {"type": "LIMITED_TIME_OFFER", "limited_time_offer": terms}

    assert _places(_template(BODY, offer)) == {"components/1/limited_time_offer/text"}


def test_an_offer_has_no_footer():
    offer = {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "Só hoje"}}
    footer = {"type": "FOOTER", "text": "Loja"}

    assert _places(_template(BODY, offer)) == set()
    assert _places(_template(BODY, offer, footer)) == {"components/2/text"}
