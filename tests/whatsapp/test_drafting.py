"""A form's fields as a template, and back: nothing that the form has is lost on the way."""

from itertools import product

import pytest

from whatsapp import rendering
from whatsapp.rendering import drafting

WHOLE = {"name": "pedido_saiu", "language": "pt_BR", "category": "UTILITY"}
HEADERS = {
    "none": {},
    "words": {"header": "Pedido"},
    "open": {"header": "Pedido {{1}}", "header_example": "A-7"},
}
BODIES = {
    "plain": {"body": "Saiu para entrega."},
    "numbered": {"body": "Oi {{1}}, o {{2}} saiu de casa.", "body_examples": "Ana\nA-7"},
}
BUTTONS = {
    "none": {},
    "answers": {
        "button_1_type": "QUICK_REPLY",
        "button_1_text": "Sim",
        "button_2_type": "QUICK_REPLY",
        "button_2_text": "Não",
    },
    "all": {
        "button_1_type": "URL",
        "button_1_text": "Ver",
        "button_1_value": "https://a.b/{{1}}",
        "button_1_example": "https://a.b/7",
        "button_2_type": "PHONE_NUMBER",
        "button_2_text": "Ligar",
        "button_2_value": "+551140001001",
        "button_3_type": "COPY_CODE",
        "button_3_value": "25OFF",
    },
}


@pytest.mark.parametrize(
    ("header", "body", "footer", "buttons"),
    list(product(HEADERS, BODIES, ["", "Loja"], BUTTONS)),
)
def test_every_combination_passes_the_linter_and_comes_back(header, body, footer, buttons):
    values = {**WHOLE, **HEADERS[header], **BODIES[body], "footer": footer, **BUTTONS[buttons]}

    made = drafting.draft(values)

    assert rendering.lint(made.template) == []
    back = {name: value for name, value in drafting.fields_of(made.template).items() if value}
    assert back == {name: value for name, value in values.items() if value}


def test_words_as_variables_make_it_named():
    values = {**WHOLE, "body": "Oi {{nome}}, o {{pedido}} saiu de casa."}
    made = drafting.draft({**values, "body_examples": "Ana\nA-7"})

    assert made.template["parameter_format"] == "NAMED"
    assert made.template["components"][0]["example"] == {
        "body_text_named_params": [
            {"param_name": "nome", "example": "Ana"},
            {"param_name": "pedido", "example": "A-7"},
        ]
    }
    assert rendering.lint(made.template) == []
    assert drafting.fields_of(made.template)["body_examples"] == "Ana\nA-7"


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"name": "Nome"}, {"name"}),
        ({"language": "x-y"}, {"language"}),
        ({"category": ""}, {"category"}),
        ({"header": "x" * 61}, {"header"}),
        ({"header": "Oi {{1}}"}, {"header_example"}),
        ({"body": ""}, {"body"}),
        ({"body": "{{1}} oi, tudo bem?", "body_examples": "Ana"}, {"body"}),
        ({"body": "Oi {{1}}, tudo bem?"}, {"body_examples"}),
        ({"body": "Oi {{nome}}, tudo bem?"}, {"body_examples"}),
        ({"footer": "x" * 61}, {"footer"}),
        ({"button_2_type": "QUICK_REPLY"}, {"button_2_text"}),
        (
            {"button_3_type": "URL", "button_3_text": "Ver", "button_3_value": "x"},
            {"button_3_value"},
        ),
        (
            {"button_1_type": "URL", "button_1_text": "Ver", "button_1_value": "https://a.b/{{1}}"},
            {"button_1_example"},
        ),
        (
            {"button_1_type": "PHONE_NUMBER", "button_1_text": "x", "button_1_value": "x"},
            {"button_1_value"},
        ),
        ({"button_5_type": "COPY_CODE"}, {"button_5_value"}),
        (
            {f"button_{n}_type": "COPY_CODE" for n in (1, 2)}
            | {f"button_{n}_value": "25OFF" for n in (1, 2)},
            {"button_1_type"},
        ),
    ],
)
def test_each_finding_is_beside_its_field(changes, fields):
    made = drafting.draft({**WHOLE, **BODIES["plain"], **changes})

    assert {made.field_of(one.place) for one in rendering.lint(made.template)} == fields


@pytest.mark.parametrize(
    "part",
    [
        {"type": "HEADER", "format": "IMAGE"},
        {"type": "CAROUSEL", "cards": []},
        {"type": "BUTTONS", "buttons": [{"type": "FLOW", "text": "x"}]},
        {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "x"}] * 6},
        {"type": "BUTTONS", "buttons": [3]},
        3,
    ],
)
def test_what_has_more_than_the_form_is_not_taken_apart(part):
    assert (
        drafting.fields_of({**WHOLE, "components": [{"type": "BODY", "text": "x"}, part]}) is None
    )
