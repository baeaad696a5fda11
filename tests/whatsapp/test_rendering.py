"""One renderer for preview, stored text and payload: every header x body x footer x button."""

from itertools import product

import pytest

from whatsapp import rendering
from whatsapp.rendering import Definition, ValuesError

NAMED = {"POSITIONAL": ("1", "2"), "NAMED": ("first_name", "order_id")}


def _header(kind: str, names: tuple[str, str]):
    """Component, values, parameters of the send, and what is stored of it."""
    if kind == "none":
        return None, {}, None, ""
    if kind == "plain":
        return {"type": "HEADER", "format": "TEXT", "text": "Pedido"}, {}, None, "Pedido"
    if kind == "text":
        text = _open("Oi {0}", names)
        component = {"type": "HEADER", "format": "TEXT", "text": text}
        value = {f"header.{names[0]}": "Ana"}
        return component, value, [_text("Ana", names[0])], "Oi Ana"
    if kind == "LOCATION":
        place = {
            "latitude": "-23.56",
            "longitude": "-46.65",
            "name": "Loja",
            "address": "Rua A, 1",
        }
        values = {f"header.{key}": value for key, value in place.items()}
        sent = [{"type": "location", "location": place}]
        return {"type": "HEADER", "format": "LOCATION"}, values, sent, "Loja, Rua A, 1"
    if kind == "PRODUCT":
        sold = {"product_retailer_id": "SKU-7", "catalog_id": "501"}
        sent = [{"type": "product", "product": sold}]
        values = {"header.product": "SKU-7", "header.catalog": "501"}
        return {"type": "HEADER", "format": "PRODUCT"}, values, sent, ""
    shape, way = kind.split("-")
    media = "https://example.com/a.bin" if way == "link" else "1037543291543636"
    file = {"link": media} if way == "link" else {"media": int(media)}
    sent = [{"type": shape.lower(), shape.lower(): file}]
    return {"type": "HEADER", "format": shape}, {"header.media": media}, sent, ""


HEADERS = ["none", "plain", "text", "LOCATION", "PRODUCT"] + [
    f"{shape}-{way}" for shape in ("IMAGE", "VIDEO", "DOCUMENT") for way in ("link", "id")
]


def _open(text: str, names: tuple[str, str]) -> str:
    return text.format(*("{{" + name + "}}" for name in names))


def _text(value: str, name: str):
    named = {} if name.isdecimal() else {"parameter_name": name}
    return {"type": "text", **named, "text": value}


def _body(kind: str, names: tuple[str, str]):
    if kind == "plain":
        return {"type": "BODY", "text": "Seu pedido saiu."}, {}, None, "Seu pedido saiu."
    text = _open("Olá {0}, pedido {1} saiu, {0}!", names)
    values = {f"body.{names[0]}": "Ana", f"body.{names[1]}": "A-7"}
    sent = [_text("Ana", names[0]), _text("A-7", names[1])]
    return {"type": "BODY", "text": text}, values, sent, "Olá Ana, pedido A-7 saiu, Ana!"


def _action(content):
    return {"type": "action", "action": content}


# Buttons of the definition, values by index, components of the send.
BUTTONS = {
    "none": ([], {}, []),
    "quick replies": (
        [{"type": "QUICK_REPLY", "text": "Sim"}, {"type": "QUICK_REPLY", "text": "Sair"}],
        {"1": "STOP"},
        [("quick_reply", "1", {"type": "payload", "payload": "STOP"})],
    ),
    "plain links and calls": (
        [
            {"type": "URL", "text": "Site", "url": "https://example.com/"},
            {"type": "PHONE_NUMBER", "text": "Ligar", "phone_number": "+551140001001"},
        ],
        {},
        [],
    ),
    "open link": (
        [{"type": "URL", "text": "Rastrear", "url": "https://example.com/{{1}}"}],
        {"0": "A-7"},
        [("url", "0", {"type": "text", "text": "A-7"})],
    ),
    "code to copy": (
        [{"type": "QUICK_REPLY", "text": "Sim"}, {"type": "COPY_CODE", "text": "Copiar"}],
        {"1": "25OFF"},
        [("copy_code", "1", {"type": "coupon_code", "coupon_code": "25OFF"})],
    ),
    "catalogue": (
        [{"type": "CATALOG", "text": "Ver catálogo"}],
        {"0": "SKU-7"},
        [("catalog", "0", _action({"thumbnail_product_retailer_id": "SKU-7"}))],
    ),
    "catalogue without a picture": ([{"type": "CATALOG", "text": "Ver catálogo"}], {}, []),
    "several products": (
        [{"type": "MPM", "text": "Ver itens"}],
        {"0": "SKU-7, SKU-8"},
        [
            (
                "mpm",
                "0",
                _action(
                    {
                        "thumbnail_product_retailer_id": "SKU-7",
                        "sections": [
                            {
                                "title": "Ver itens",
                                "product_items": [
                                    {"product_retailer_id": "SKU-7"},
                                    {"product_retailer_id": "SKU-8"},
                                ],
                            }
                        ],
                    }
                ),
            )
        ],
    ),
    "what asks for nothing": (
        [
            {"type": "SPM", "text": "Ver item"},
            {"type": "VOICE_CALL", "text": "Ligar"},
            {"type": "REQUEST_CONTACT_INFO", "text": "Enviar contato"},
        ],
        {},
        [],
    ),
    "flow": (
        [{"type": "FLOW", "text": "Abrir", "flow_id": "1"}],
        {},
        [("flow", "0", {"type": "action", "action": {"flow_token": "unused"}})],
    ),
    "all of them": (
        [
            {"type": "QUICK_REPLY", "text": "Sim"},
            {"type": "URL", "text": "Rastrear", "url": "https://example.com/{{1}}"},
            {"type": "COPY_CODE", "text": "Copiar"},
            {"type": "FLOW", "text": "Abrir", "flow_id": "1"},
        ],
        {"0": "YES", "1": "A-7", "2": "25OFF", "3": "token-1"},
        [
            ("quick_reply", "0", {"type": "payload", "payload": "YES"}),
            ("url", "1", {"type": "text", "text": "A-7"}),
            ("copy_code", "2", {"type": "coupon_code", "coupon_code": "25OFF"}),
            ("flow", "3", {"type": "action", "action": {"flow_token": "token-1"}}),
        ],
    ),
}


def _parsed(components, *, form="POSITIONAL", category="UTILITY") -> Definition:
    return rendering.parse(
        name="pedido_saiu",
        language="pt_BR",
        category=category,
        parameter_format=form,
        components=components,
    )


@pytest.mark.parametrize(
    ("header", "body", "footer", "buttons", "form"),
    list(product(HEADERS, ["plain", "open"], ["", "Loja Acme"], BUTTONS, NAMED)),
)
def test_every_combination_gives_what_meta_wants(header, body, footer, buttons, form):
    head, head_values, head_sent, head_text = _header(header, NAMED[form])
    main, main_values, main_sent, main_text = _body(body, NAMED[form])
    defined, marks, sent = BUTTONS[buttons]
    components = [part for part in (head, main) if part]
    components += [{"type": "FOOTER", "text": footer}] if footer else []
    components += [{"type": "BUTTONS", "buttons": defined}] if defined else []
    values = {**head_values, **main_values, **{f"button.{i}": v for i, v in marks.items()}}
    expected = []
    if head_sent:
        expected.append({"type": "header", "parameters": head_sent})
    if main_sent:
        expected.append({"type": "body", "parameters": main_sent})
    expected += [
        {"type": "button", "sub_type": kind, "index": index, "parameters": [parameter]}
        for kind, index, parameter in sent
    ]

    definition = _parsed(components, form=form)
    rendered = rendering.render(definition, values)

    assert rendered.payload == {
        "name": "pedido_saiu",
        "language": {"code": "pt_BR"},
        **({"components": expected} if expected else {}),
    }
    assert rendered.text == "\n\n".join(part for part in (head_text, main_text, footer) if part)
    assert [button.text for button in rendered.buttons] == [button["text"] for button in defined]
    required = {field.key for field in rendering.fields(definition) if field.is_required}
    assert required <= set(values)
    for key in required:
        _refused(definition, {**values, key: " "}, key, "required")
        _refused(definition, {k: v for k, v in values.items() if k != key}, key, "required")


def _refused(definition, values, key, code):
    with pytest.raises(ValuesError) as refusal:
        rendering.render(definition, values)
    assert ("values", key) in [p.place for p in refusal.value.problems if p.code == code]


@pytest.mark.parametrize(
    "button",
    [
        {"type": "OTP", "otp_type": "COPY_CODE", "text": "Copiar"},
        {"type": "URL", "text": "Copiar", "url": "https://www.whatsapp.com/otp/?code=otp{{1}}"},
    ],
    ids=["as created", "as listed"],
)
@pytest.mark.parametrize("text", [None, "*{{1}}* é seu código."])
def test_a_code_stands_in_the_body_and_in_the_button(button, text):
    body = {"type": "BODY", "text": text} if text else {"type": "BODY"}
    definition = _parsed(
        [body, {"type": "BUTTONS", "buttons": [button]}], category="authentication"
    )

    assert [field.key for field in rendering.fields(definition)] == ["body.1"]
    assert rendering.render(definition, {"body.1": "123456"}).payload["components"] == [
        {"type": "body", "parameters": [{"type": "text", "text": "123456"}]},
        {
            "type": "button",
            "sub_type": "url",
            "index": "0",
            "parameters": [{"type": "text", "text": "123456"}],
        },
    ]
    _refused(definition, {"body.1": "1234567890123456"}, "body.1", "max_length")


OPEN = [
    {"type": "HEADER", "format": "TEXT", "text": "Oi {{1}}"},
    {"type": "BODY", "text": "Olá {{1}}, pedido {{2}}."},
    {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "x", "url": "https://a.b/{{1}}"}]},
]
FILLED = {"header.1": "Ana", "body.1": "Ana", "body.2": "A-7", "button.0": "a7"}


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("body.1", "two\nlines", "invalid"),
        ("body.1", "a\ttab", "invalid"),
        ("body.1", "five     spaces", "invalid"),
        ("body.1", "x" * 1025, "max_length"),
        ("header.1", "x" * 61, "max_length"),
        ("button.0", "two words", "invalid"),
        ("button.0", "x" * 2001, "max_length"),
        ("body.3", "x", "unknown"),
        ("footer", "x", "unknown"),
    ],
)
def test_what_meta_would_refuse_is_named_by_its_field(key, value, code):
    _refused(_parsed(OPEN), {**FILLED, key: value}, key, code)


def test_four_spaces_in_a_row_are_fine():
    assert rendering.render(_parsed(OPEN), {**FILLED, "body.1": "a    b"}).body[4:10] == "a    b"


def test_each_value_may_fit_and_the_whole_not():
    _refused(
        _parsed(OPEN), {**FILLED, "body.1": "x" * 600, "body.2": "y" * 600}, "body", "max_length"
    )
    _refused(_parsed(OPEN), {**FILLED, "header.1": "x" * 60}, "header", "max_length")
    _refused(_parsed(OPEN), {**FILLED, "button.0": "x" * 1999}, "button.0", "max_length")


@pytest.mark.parametrize(
    "value",
    ["ftp://a.b/c", "a.png", "https://", "12a", "https://a.b/c d", "https://a.b/" + "c" * 2050],
)
def test_media_is_a_link_or_an_id(value):
    definition = _parsed([{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "x"}])
    _refused(definition, {"header.media": value}, "header.media", "invalid")


@pytest.mark.parametrize("value", ["91", "x", "1,5", "--1", "1e3"])
def test_a_place_is_in_degrees(value):
    definition = _parsed([{"type": "HEADER", "format": "LOCATION"}, {"type": "BODY", "text": "x"}])
    values = {"header.latitude": value, "header.longitude": "1", "header.name": "a"}
    _refused(definition, {**values, "header.address": "b"}, "header.latitude", "invalid")


def test_a_preview_leaves_what_is_missing():
    shown = rendering.preview(_parsed(OPEN), {"body.2": "A-7"})

    assert shown.header == "Oi {{1}}"
    assert shown.body == "Olá {{1}}, pedido A-7."
    assert shown.buttons[0].url == "https://a.b/{{1}}"


def test_positional_parameters_go_in_their_numbers_order():
    definition = _parsed([{"type": "BODY", "text": "Pedido {{2}} de {{1}}."}])
    sent = rendering.render(definition, {"body.1": "Ana", "body.2": "A-7"}).payload["components"]

    assert [parameter["text"] for parameter in sent[0]["parameters"]] == ["Ana", "A-7"]


def test_values_are_not_looked_into_for_variables():
    definition = _parsed([{"type": "BODY", "text": "De {{1}} para {{2}}."}])

    assert rendering.render(definition, {"body.1": "{{2}}", "body.2": "B"}).body == (
        "De {{2}} para B."
    )


GIF = {"type": "HEADER", "format": "GIF"}


@pytest.mark.parametrize(
    "components",
    [
        [{"type": "BODY", "text": "x"}, {"type": "CAROUSEL", "cards": []}],
        [{"type": "BODY", "text": "x"}, {"type": "CAROUSEL", "cards": [{"components": [GIF]}]}],
        [GIF, {"type": "BODY", "text": "x"}],
    ],
)
def test_what_cannot_be_sent_yet_says_so(components):
    with pytest.raises(ValuesError) as refusal:
        rendering.render(_parsed(components), {})
    assert [problem.code for problem in refusal.value.problems] == ["unsupported"]


@pytest.mark.parametrize(
    "components",
    [
        None,
        {},
        [None],
        [{}],
        [{"type": 1}],
        [{"type": "BUTTONS", "buttons": [1, {}]}],
        [{"type": "CAROUSEL", "cards": [None, {}, {"components": [{"type": "CAROUSEL"}]}]}],
        [{"type": "LIMITED_TIME_OFFER", "limited_time_offer": 7}],
        [{"type": "BODY", "text": 3, "example": {"body_text": [["a", 1]]}}],
    ],
)
def test_any_definition_can_be_read(components):
    definition = _parsed(components)

    assert rendering.fields(definition) is not None
    assert rendering.preview(definition, {}).payload["name"] == "pedido_saiu"


def test_examples_are_found():
    definition = _parsed(
        [
            {
                "type": "HEADER",
                "format": "TEXT",
                "text": "{{1}}",
                "example": {"header_text": ["Ana"]},
            },
            {"type": "BODY", "text": "{{1}} {{2}}", "example": {"body_text": [["a", "b"]]}},
        ]
    )
    named = _parsed(
        [
            {
                "type": "BODY",
                "text": "{{nome}}",
                "example": {"body_text_named_params": [{"param_name": "nome", "example": "Bia"}]},
            }
        ],
        form="NAMED",
    )

    assert [field.example for field in rendering.fields(definition)] == ["Ana", "a", "b"]
    assert [field.example for field in rendering.fields(named)] == ["Bia"]
