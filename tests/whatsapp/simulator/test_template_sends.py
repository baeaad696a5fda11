"""Wrong sends of templates: each part, named and positional, and who may get which."""

import copy
from typing import Any

import pytest

from tests.whatsapp.simulator.conftest import ACME, ACME_WABA, MARIA, wait_until
from tests.whatsapp.simulator.test_validation import change
from whatsapp.simulator import fillings, ids, template_sends
from whatsapp.simulator.errors import GraphError
from whatsapp.simulator.templates import Catalog

Json = dict[str, Any]
PLACE = {"type": "location", "location": {"latitude": "1", "longitude": "2", "name": "Loja"}}
OFFER = {"type": "limited_time_offer", "limited_time_offer": {"expiration_time_ms": 1209600000}}
MONEY = {
    "type": "currency",
    "currency": {"fallback_value": "R$ 30", "code": "BRL", "amount_1000": 30000},
}
DATE = {"type": "date_time", "date_time": {"fallback_value": "26 de novembro"}}


def text(value: str, **more: str) -> Json:
    return {"type": "text", "text": value, **more}


def part(kind: str, *parameters: Json, **more: Any) -> Json:
    return {"type": kind, "parameters": list(parameters), **more}


@pytest.fixture
def catalog() -> Catalog:
    catalog = Catalog()
    body = {"type": "BODY", "text": "{{1}} e {{2}}"}
    add = catalog.add
    add("1", "lugar", "pt_BR", "UTILITY", [{"type": "HEADER", "format": "LOCATION"}, body])
    named = add("1", "nomes", "pt_BR", "UTILITY", [{"type": "BODY", "text": "{{um}} e {{dois}}"}])
    named.parameter_format = "NAMED"
    buttons = [{"type": "OTP", "otp_type": "COPY_CODE"}]
    code = [{"type": "BODY"}, {"type": "BUTTONS", "buttons": buttons}]
    add("1", "codigo", "pt_BR", "AUTHENTICATION", code)
    limited = {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"has_expiration": True}}
    add("1", "prazo", "pt_BR", "MARKETING", [limited, {"type": "BODY", "text": "Só hoje"}])
    picture = {"type": "HEADER", "format": "IMAGE"}
    add("1", "foto", "pt_BR", "MARKETING", [picture, {"type": "BODY", "text": "Veja"}])
    cards = [{"components": [picture, {"type": "BODY", "text": "Peça {{1}}"}]}] * 2
    row = [{"type": "BODY", "text": "Veja"}, {"type": "CAROUSEL", "cards": cards}]
    add("1", "cartoes", "pt_BR", "MARKETING", row)
    return catalog


def image(**content: Any) -> Json:
    return {"type": "image", "image": content}


def card(at: int) -> Json:
    return {
        "card_index": at,
        "components": [part("header", image(id="1033")), part("body", text(str(at)))],
    }


GOOD: dict[str, list[Json]] = {
    "lugar": [part("header", PLACE), part("body", MONEY, DATE)],
    "nomes": [part("body", text("b", parameter_name="dois"), text("a", parameter_name="um"))],
    "codigo": [
        part("body", text("123456")),
        part("button", text("123456"), sub_type="url", index="0"),
    ],
    "prazo": [part("limited_time_offer", OFFER)],
    "foto": [part("header", image(link="https://example.com/a.jpg"))],
    "cartoes": [{"type": "carousel", "cards": [card(0), card(1)]}],
}
WRONG: list[tuple[str, str, Any, int]] = [
    ("lugar", "/0/parameters", [], 132000),
    ("lugar", "/0/parameters/0/location/latitude", None, 132012),
    ("lugar", "/0/parameters", [image(id="1033")], 132012),
    ("lugar", "/1/parameters/0/currency/fallback_value", None, 132012),
    ("lugar", "/1/parameters/0/currency/amount_1000", None, 132012),
    ("lugar", "/1/parameters/1/date_time", {}, 132012),
    ("lugar", "/1/parameters", [MONEY, PLACE], 132012),
    ("lugar", "/1/type", "header", 132012),
    ("nomes", "/0/parameters/0/parameter_name", "tres", 132012),
    ("nomes", "/0/parameters/0/parameter_name", "um", 132012),
    ("nomes", "/0/parameters/0/parameter_name", None, 132012),
    ("nomes", "/0/parameters/0/text", " ", 132012),
    ("codigo", "/0/parameters", [], 132000),
    ("codigo", "/0/parameters", [text("1"), text("2")], 132000),
    ("codigo", "/1", part("button", text("1"), sub_type="quick_reply", index="0"), 132000),
    ("codigo", "/1/index", "1", 132000),
    ("prazo", "/0/parameters", [], 132000),
    ("prazo", "/0/parameters/0/limited_time_offer/expiration_time_ms", "soon", 132012),
    ("foto", "/0/parameters", [image(id="1033", link="https://example.com/a.jpg")], 132012),
    ("foto", "/0/parameters", [image()], 132012),
    ("foto", "/0/parameters", [image(id="mine")], 132012),
    ("foto", "/0/parameters", [{"type": "video", "video": {"id": "1033"}}], 132012),
    ("foto", "/0/parameters", [text("a")], 132012),
    ("cartoes", "/0/cards", [card(0)], 132012),
    ("cartoes", "/0/cards", [card(1), card(0)], 132012),
    ("cartoes", "/0/cards/1/components/1/parameters", [], 132000),
    ("cartoes", "/0/cards/1/components/0/parameters", [text("a")], 132012),
    ("cartoes", "/0/cards/1/components", "x", 132012),
    ("cartoes", "/0/cards", "x", 132012),
]


def send(catalog: Catalog, name: str, components: Any) -> Any:
    content = {"name": name, "language": {"code": "pt_BR"}, "components": components}
    return template_sends.check(catalog, "1", content), content


@pytest.mark.parametrize("name", GOOD)
def test_a_template_filled_in_right_passes(catalog, name):
    template, _content = send(catalog, name, GOOD[name])

    assert template.name == name


@pytest.mark.parametrize(
    ("name", "pointer", "value", "code"),
    WRONG,
    ids=[f"{w[0]} {w[1]} {n}" for n, w in enumerate(WRONG)],
)
def test_a_template_filled_in_wrong_is_refused(catalog, name, pointer, value, code):
    components = copy.deepcopy(GOOD[name])
    change({"components": components}, f"/components{pointer}", value)

    with pytest.raises(GraphError) as refusal:
        send(catalog, name, components)

    assert refusal.value.code == code


@pytest.mark.parametrize(
    "components", [None, 7, {}, ["x"], [[]], [{}], [{"type": "body", "parameters": "x"}]]
)
def test_nonsense_of_any_shape_is_a_refusal(catalog, components):
    with pytest.raises(GraphError):
        send(catalog, "lugar", components)


def test_a_language_has_one_policy(catalog):
    language = {"code": "pt_BR", "policy": "fallback"}
    with pytest.raises(GraphError):
        template_sends.check(catalog, "1", {"name": "nomes", "language": language})


def test_money_dates_and_names_are_filled_in(catalog):
    template, content = send(catalog, "lugar", GOOD["lugar"])
    assert fillings.fill(template, content)["body"]["text"] == "R$ 30 e 26 de novembro"

    template, content = send(catalog, "nomes", GOOD["nomes"])
    assert fillings.fill(template, content)["body"]["text"] == "a e b"


@pytest.fixture
def code(call):
    """An approved template of a one-time password, and how it is sent."""
    buttons = [{"type": "OTP", "otp_type": "COPY_CODE", "text": "Copiar"}]
    body = {
        "name": "codigo",
        "language": "pt_BR",
        "category": "AUTHENTICATION",
        "components": [{"type": "BODY"}, {"type": "BUTTONS", "buttons": buttons}],
    }
    made = call("POST", f"/v25.0/{ACME_WABA}/message_templates", body).json["id"]
    call("POST", "/simulator/templates", {"template_id": made, "status": "APPROVED"})
    content = {"name": "codigo", "language": {"code": "pt_BR"}, "components": GOOD["codigo"]}
    return {"type": "template", "template": content}


def test_a_password_goes_to_numbers_alone(call, sim, code):
    sim.inbound(phone_number_id=ACME, sender=MARIA, text="Oi")

    answer = call.send(to="", recipient=ids.user_id(ACME_WABA, MARIA), **code)

    assert answer.error["code"] == 131062
    assert call.send(**code).status == 200
    assert sim.messages()[-1]["text"] == "123456 is your verification code."


def test_the_marketing_door_takes_marketing_templates_alone(call, code, receiver):
    def post(**body):
        whole = {"messaging_product": "whatsapp", "to": f"+{MARIA}", **body}
        return call("POST", f"/v25.0/{ACME}/marketing_messages", whole)

    assert post(**code).error["code"] == 131055
    assert post(type="text", text={"body": "Oi"}).error["code"] == 131055
    parameters = [{"type": "coupon_code", "coupon_code": "VOLTE10"}]
    components = [
        part("body", text("Maria")),
        {"type": "button", "sub_type": "copy_code", "index": "0", "parameters": parameters},
    ]
    coupon = {"name": "cupom_de_volta", "language": {"code": "pt_BR"}, "components": components}
    assert post(type="template", template=coupon).status == 200
    wait_until(lambda: receiver.statuses)
