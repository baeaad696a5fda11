"""What Meta refuses of a template at its creation: the client's good ones pass, the bad do not."""

import copy
from itertools import product
from typing import Any

import pytest

from tests.whatsapp.simulator.conftest import ACME_WABA
from tests.whatsapp.test_template_lint import BODY, BUTTONS, HEADERS
from whatsapp.simulator import template_rules
from whatsapp.simulator.errors import GraphError

Json = dict[str, Any]
PATH = f"/v25.0/{ACME_WABA}/message_templates"
QUICK = {"type": "QUICK_REPLY", "text": "Sim"}
LINK = {"type": "URL", "text": "Ver", "url": "https://a.b/"}
CALL = {"type": "PHONE_NUMBER", "text": "Ligar", "phone_number": "+551140001001"}


def template(*components: Any, **changes: Any) -> Json:
    return {
        "name": "pedido_saiu",
        "language": "pt_BR",
        "category": "UTILITY",
        "components": list(components) or [BODY],
        **changes,
    }


def check(body: Json) -> None:
    template_rules.check_names(body)
    template_rules.checked(
        body["components"],
        category=body["category"],
        parameter_format=body.get("parameter_format", "POSITIONAL"),
    )


def words(text: str, *examples: str) -> Json:
    return {"type": "BODY", "text": text, "example": {"body_text": [list(examples)]}}


def buttons(*listed: Any) -> list[Json]:
    return [BODY, {"type": "BUTTONS", "buttons": list(listed)}]


def card(text: str = "Tênis {{1}}, por pouco tempo.", **changes: Any) -> Json:
    parts = [
        {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::aW"]}},
        words(text, "azul"),
        {"type": "BUTTONS", "buttons": [QUICK]},
    ]
    return {"components": parts, **changes}


def cards(*listed: Any) -> list[Json]:
    return [BODY, {"type": "CAROUSEL", "cards": list(listed)}]


@pytest.mark.parametrize(
    ("header", "buttons", "footer"), list(product(HEADERS, BUTTONS, [None, "Loja"]))
)
def test_what_the_clients_linter_takes_passes_here(header, buttons, footer):
    parts = [HEADERS[header], BODY, {"type": "FOOTER", "text": footer} if footer else None]
    parts.append({"type": "BUTTONS", "buttons": BUTTONS[buttons]} if BUTTONS[buttons] else None)

    check(template(*[part for part in parts if part]))


@pytest.mark.parametrize(
    "body",
    [
        template(*cards(card(), card())),
        template(
            {"type": "BODY", "add_security_recommendation": True},
            {"type": "FOOTER", "code_expiration_minutes": 10},
            {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]},
            category="AUTHENTICATION",
        ),
        template(
            {
                "type": "BODY",
                "text": "Olá {{nome}}, tudo bem?",
                "example": {"body_text_named_params": [{"param_name": "nome", "example": "Ana"}]},
            },
            parameter_format="named",
        ),
        template({"type": "BODY", "text": "x" * 1024}, name="a" * 512),
        template(*buttons(*[QUICK] * 7, LINK, {**LINK, "text": "x" * 25}, CALL)),
    ],
    ids=["carousel", "code", "named", "longest", "most buttons"],
)
def test_other_good_ones_pass(body):
    check(body)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (template(name="Pedido"), 100),
        (template(name="a" * 513), 100),
        (template(name=3), 100),
        (template(language="pt-BR"), 100),
        (template(category="SERVICE"), 100),
        (template(parameter_format="x"), 100),
        (template(components=None), 100),
        (template(1), 100),
        (template({"type": "FOOTER", "text": "x"}), 100),
        (template(BODY, BODY), 100),
        (template(BODY, {"type": "X"}), 100),
        (template(words("")), 2388072),
        (template(words("x" * 1025)), 2388040),
        (template(words("{{1}} saiu para a entrega.", "a")), 2388299),
        (template(words("Saiu o pedido de {{1}}.", "a")), 2388299),
        (template(words("Saiu {{1}} {{2}} hoje cedo, sim.", "a", "b")), 2388072),
        (template(words("Oi {{1}}, {{2}}, {{3}} x", "a", "b", "c")), 2388293),
        (template(words("O pedido {{2}} saiu hoje.", "a")), 2388072),
        (template(words("O pedido {{1}} saiu hoje.")), 2388072),
        (template(words("O pedido {{numero}} saiu hoje.", "a")), 2388072),
        (template(words("O pedido {{1}} saiu hoje.", "a"), parameter_format="NAMED"), 2388072),
        (template(BODY, {"type": "FOOTER", "text": "x" * 61}), 2388040),
        (template(BODY, {"type": "FOOTER", "text": "Oi {{1}} aqui"}), 2388073),
        (template(BODY, {"type": "FOOTER"}), 2388073),
        (template(BODY, {"type": "HEADER", "format": "X"}), 2388047),
        (template(BODY, {"type": "HEADER", "format": "TEXT", "text": "x" * 61}), 2388040),
        (template(BODY, {"type": "HEADER", "format": "TEXT", "text": "A {{1}} e {{2}}"}), 2388047),
        (template(BODY, {"type": "HEADER", "format": "TEXT", "text": "A {{1}}"}), 2388047),
        (template(BODY, {"type": "HEADER", "format": "VIDEO"}), 2388047),
        (template(*buttons()), 100),
        (template(*buttons(*[QUICK] * 11)), 100),
        (template(*buttons(QUICK, LINK, QUICK)), 100),
        (template(*buttons(LINK, LINK, LINK)), 100),
        (template(*buttons(CALL, CALL)), 100),
        (template(*buttons("x")), 100),
        (template(*buttons({**QUICK, "text": "x" * 26})), 100),
        (template(*buttons({**QUICK, "text": " "})), 100),
        (template(*buttons({**QUICK, "type": "TELEGRAM"})), 100),
        (template(*buttons({**LINK, "url": "ftp://a.b/"})), 100),
        (template(*buttons({**LINK, "url": "https://a.b/{{1}}/c", "example": ["x"]})), 100),
        (template(*buttons({**LINK, "url": "https://a.b/{{1}}"})), 100),
        (template(*buttons({**LINK, "url": "https://a.b/" + "x" * 2000})), 100),
        (template(*buttons({**CALL, "phone_number": "ligue"})), 100),
        (template(*buttons({"type": "COPY_CODE", "example": "x" * 16})), 100),
        (template(*buttons({"type": "FLOW", "text": "Abrir"})), 100),
        (template(*cards(card())), 100),
        (template(*cards(*[card()] * 11)), 100),
        (template(*cards(card(), {})), 100),
        (template(*cards(card(), card("x" * 161))), 2388040),
        (template(*cards(card(), {"components": card()["components"][:2]})), 100),
        (template(*cards(*[{"components": card()["components"][1:]}] * 2)), 2388047),
        (template(*cards(*[{"components": [{"type": "FOOTER", "text": "x"}]}] * 2)), 100),
    ],
)
def test_what_meta_would_refuse_is_refused(body, code):
    with pytest.raises(GraphError) as refused:
        check(copy.deepcopy(body))

    assert code in {refused.value.code, refused.value.subcode}


def test_the_doors_use_the_rules(call, sim):
    answer = call("POST", PATH, template(words("x" * 1025)))
    assert (answer.error["code"], answer.error["error_subcode"]) == (100, 2388040)

    good = template(words("Tudo certo com o pedido."), name="tudo_certo")
    made = call("POST", PATH, good).json["id"]
    call("POST", "/simulator/templates", {"template_id": made, "status": "APPROVED"})
    answer = call("POST", f"/v25.0/{made}", {"components": [words("x" * 1025)]})
    assert answer.error["error_subcode"] == 2388040


@pytest.mark.parametrize("kind", ["HEADER", "BODY", "FOOTER", "BUTTONS", "CAROUSEL"])
@pytest.mark.parametrize("inner", [None, 7, "x", [], {}, [None], [[]], [{}]])
def test_nonsense_of_any_shape_is_a_refusal(kind, inner):
    keys = ("text", "format", "example", "buttons", "cards")
    part = {"type": kind, **dict.fromkeys(keys, inner)}
    if kind in {"BODY", "FOOTER"} and inner == "x":
        part["text"] = ""
    parts = [part] if kind == "BODY" else [BODY, part]

    with pytest.raises(GraphError):
        check(template(*parts))
