"""What a phone shows of each kind of message, and what the business gets for a tap."""

import json

import pytest

from tests.whatsapp.simulator.conftest import ACME, ACME_WABA, MARIA, wait_until
from tests.whatsapp.test_limits import GOOD

IMAGE = {"type": "image", "image": {"link": "https://example.com/a.jpg"}}


def interactive(kind, action, **more):
    content = {"type": kind, "body": {"text": "Veja"}, "action": action, **more}
    return {"type": "interactive", "interactive": content}


def card(at, button):
    return {
        "card_index": at,
        "type": "button",
        "header": IMAGE,
        "body": {"text": f"Cartão {at}"},
        "action": {"buttons": [{"type": "quick_reply", "quick_reply": button}]},
    }


CAROUSEL = interactive(
    "carousel", {"cards": [card(n, {"id": f"c{n}", "title": f"Quero {n}"}) for n in range(2)]}
)


@pytest.fixture
def shown(call):
    """Return what Maria's phone shows last."""

    def last():
        path = f"/simulator/conversations?phone_number_id={ACME}&wa_id={MARIA}"
        return call("GET", path).json["shown"][-1]["shown"]

    return last


@pytest.fixture
def tap(call, sim, receiver):
    """Tap on what is sent, and return what the business gets."""

    def act(sent, **wish):
        answer = call.send(**sent)
        assert answer.status == 200, answer.json
        wamid = answer.json["messages"][0]["id"]
        sim.tap(phone_number_id=ACME, sender=MARIA, wamid=wamid, **wish)
        message = wait_until(lambda: receiver.messages)[-1]
        assert message["context"] == {"from": "551140001001", "id": wamid}
        return message

    return act


def test_a_reply_button(tap):
    message = tap({"type": "interactive", "interactive": GOOD["buttons"][1]}, index=1)

    assert message["interactive"] == {
        "type": "button_reply",
        "button_reply": {"id": "b1", "title": "b"},
    }


def test_a_row_of_a_list(tap):
    message = tap({"type": "interactive", "interactive": GOOD["list"][1]}, row="r1-2")

    assert message["interactive"]["list_reply"] == {"id": "r1-2", "title": "Row 1-2"}


def test_a_flow_answers_with_its_token(tap):
    sent = {"type": "interactive", "interactive": GOOD["flow"][1]}

    message = tap(sent, answer={"nota": 5})

    reply = message["interactive"]["nfm_reply"]
    assert json.loads(reply["response_json"]) == {"flow_token": "t", "nota": 5}


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        ({"type": "interactive", "interactive": GOOD["location request"][1]}, "location"),
        ({"type": "interactive", "interactive": GOOD["contact request"][1]}, "contacts"),
        (
            interactive("product", {"catalog_id": "1", "product_retailer_id": "SKU-9"}),
            "order",
        ),
        (
            interactive("call_permission_request", {"name": "call_permission_request"}),
            "interactive",
        ),
    ],
)
def test_a_request_is_answered(tap, sent, kind):
    message = tap(sent)

    assert message["type"] == kind
    if kind == "contacts":
        assert message["contacts"][0]["origin"] == "contact_request"
    if kind == "order":
        assert message["order"]["product_items"][0]["product_retailer_id"] == "SKU-9"


def test_a_button_of_a_card(tap):
    message = tap(CAROUSEL, card=1, index=0)

    assert message["interactive"]["button_reply"] == {"id": "c1", "title": "Quero 1"}


def named_examples(**values):
    listed = [{"param_name": name, "example": value} for name, value in values.items()]
    return {"body_text_named_params": listed}


@pytest.fixture
def offer(call):
    """An approved template with everything that one can have."""
    body = {
        "name": "oferta",
        "language": "pt_BR",
        "category": "MARKETING",
        "parameter_format": "NAMED",
        "components": [
            {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::aW"]}},
            {
                "type": "BODY",
                "text": "Oi {{nome}}, hoje veja {{item}} na loja.",
                "example": named_examples(nome="Ana", item="isto"),
            },
            {"type": "FOOTER", "text": "Loja Acme"},
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "QUICK_REPLY", "text": "Quero"},
                    {
                        "type": "URL",
                        "text": "Ver",
                        "url": "https://example.com/{{1}}",
                        "example": ["https://example.com/p"],
                    },
                    {"type": "PHONE_NUMBER", "text": "Ligar", "phone_number": "+551140001001"},
                    {"type": "COPY_CODE", "text": "Copiar", "example": "A1"},
                    {"type": "FLOW", "text": "Responder", "flow_id": "1"},
                ],
            },
            {
                "type": "CAROUSEL",
                "cards": [
                    {
                        "components": [
                            {
                                "type": "HEADER",
                                "format": "IMAGE",
                                "example": {"header_handle": ["4::aW"]},
                            },
                            {
                                "type": "BODY",
                                "text": "Peça {{numero}} da loja",
                                "example": named_examples(numero="1"),
                            },
                            {
                                "type": "BUTTONS",
                                "buttons": [{"type": "QUICK_REPLY", "text": "Esta"}],
                            },
                        ]
                    }
                ]
                * 2,
            },
        ],
    }
    made = call("POST", f"/v25.0/{ACME_WABA}/message_templates", body).json["id"]
    call("POST", "/simulator/templates", {"template_id": made, "status": "APPROVED"})
    picture = {"type": "header", "parameters": [IMAGE]}
    named = [
        {"type": "text", "parameter_name": "item", "text": "isto"},
        {"type": "text", "parameter_name": "nome", "text": "Maria"},
    ]
    buttons = [
        ("quick_reply", 0, {"type": "payload", "payload": "QUERO"}),
        ("url", 1, {"type": "text", "text": "p/7"}),
        ("copy_code", 3, {"type": "coupon_code", "coupon_code": "B2"}),
        ("flow", 4, {"type": "action", "action": {"flow_token": "tk"}}),
    ]
    cards = [
        {
            "card_index": at,
            "components": [
                picture,
                {
                    "type": "body",
                    "parameters": [{"type": "text", "parameter_name": "numero", "text": str(at)}],
                },
            ],
        }
        for at in range(2)
    ]
    components = [
        picture,
        {"type": "body", "parameters": named},
        *(
            {"type": "button", "sub_type": kind, "index": str(at), "parameters": [parameter]}
            for kind, at, parameter in buttons
        ),
        {"type": "carousel", "cards": cards},
    ]
    content = {"name": "oferta", "language": {"code": "pt_BR"}, "components": components}
    return {"type": "template", "template": content}


def test_a_template_is_shown_filled_in(call, offer, shown, sim):
    assert call.send(**offer).status == 200

    parts = shown()
    assert parts["text"] == "Oi Maria, hoje veja isto na loja."
    assert parts["footer"] == "Loja Acme"
    assert parts["media"]["link"] == "https://example.com/a.jpg"
    assert [action["kind"] for action in parts["actions"]] == [
        "quick_reply",
        "url",
        "phone",
        "copy",
        "flow",
    ]
    assert parts["actions"][1]["url"] == "https://example.com/p/7"
    assert parts["actions"][3]["code"] == "B2"
    assert [one["text"] for one in parts["cards"]] == ["Peça 0 da loja", "Peça 1 da loja"]
    assert sim.messages()[-1]["text"] == "Oi Maria, hoje veja isto na loja."


def test_a_template_button_brings_its_payload(tap, offer):
    message = tap(offer, index=0)

    assert (message["type"], message["button"]) == ("button", {"payload": "QUERO", "text": "Quero"})


def test_a_button_of_a_templates_card_has_its_label_as_payload(tap, offer):
    assert tap(offer, card=0, index=0)["button"] == {"payload": "Esta", "text": "Esta"}


def test_a_flow_of_a_template_answers(tap, offer):
    reply = tap(offer, index=4)["interactive"]["nfm_reply"]

    assert json.loads(reply["response_json"])["flow_token"] == "tk"


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"index": 9}, "no such button"),
        ({"index": "0"}, "no such button"),
        ({"index": 1}, "sends nothing"),
        ({"card": 7}, "no such card"),
        ({"wamid": "wamid.1"}, "no such message"),
    ],
)
def test_a_tap_on_nothing_is_refused(call, offer, wish, words):
    wamid = call.send(**offer).json["messages"][0]["id"]
    body = {"phone_number_id": ACME, "from": MARIA, "wamid": wamid, "index": 0, **wish}

    answer = call("POST", "/simulator/taps", body)

    assert answer.status in {400, 404}
    assert words in answer.json["error"]


def test_an_unknown_row_is_refused(call):
    sent = {"type": "interactive", "interactive": GOOD["list"][1]}
    wamid = call.send(**sent).json["messages"][0]["id"]

    body = {"phone_number_id": ACME, "from": MARIA, "wamid": wamid, "row": "r9"}

    assert "no row" in call("POST", "/simulator/taps", body).json["error"]


def test_reactions_stand_on_their_message_and_go_again(call, sim, shown):
    wamid = sim.inbound(phone_number_id=ACME, sender=MARIA, text="Oi")
    call.send(type="reaction", reaction={"message_id": wamid, "emoji": "👍"})
    thumb = {"type": "reaction", "reaction": {"message_id": wamid, "emoji": "❤️"}}
    sim.inbound(phone_number_id=ACME, sender=MARIA, message=thumb)
    assert shown()["reactions"] == ["👍", "❤️"]

    call.send(type="reaction", reaction={"message_id": wamid, "emoji": ""})
    sim.inbound(
        phone_number_id=ACME,
        sender=MARIA,
        message={"type": "reaction", "reaction": {"message_id": wamid}},
    )
    assert "reactions" not in shown()


def test_an_edit_and_a_deletion_change_the_message(sim, shown):
    wamid = sim.inbound(phone_number_id=ACME, sender=MARIA, text="Oí")
    new = {"type": "text", "text": {"body": "Oi"}}
    edit = {"original_message_id": wamid, "message": new}
    sim.inbound(phone_number_id=ACME, sender=MARIA, message={"type": "edit", "edit": edit})
    assert (shown()["text"], shown()["edited"]) == ("Oi", True)

    revoke = {"type": "revoke", "revoke": {"original_message_id": wamid}}
    sim.inbound(phone_number_id=ACME, sender=MARIA, message=revoke)
    assert shown() == {"reactions": [], "edited": True, "deleted": True}


@pytest.mark.parametrize(
    ("sent", "parts"),
    [
        (
            {"type": "text", "text": {"body": "Veja https://a.example/b", "preview_url": True}},
            {"preview": {"url": "https://a.example/b", "host": "a.example"}},
        ),
        (
            {"type": "document", "document": {"link": "https://a.example/b", "filename": "b.pdf"}},
            {"media": {"kind": "document", "name": "b.pdf"}},
        ),
        (
            {"type": "location", "location": {"latitude": "1", "longitude": "2", "name": "Aqui"}},
            {"place": {"latitude": "1", "longitude": "2", "name": "Aqui", "address": ""}},
        ),
        (
            {"type": "contacts", "contacts": GOOD["contacts"][1]},
            {"people": [{"name": "Ana Lima", "phones": ["+55 11 98765-4321"]}]},
        ),
        (
            {"type": "interactive", "interactive": GOOD["cta_url"][1]},
            {"actions": [{"kind": "url", "url": "https://example.com/p?x=1"}]},
        ),
        (
            {"type": "interactive", "interactive": GOOD["buttons"][1]},
            {"header": "x" * 60, "text": "Confirma?"},
        ),
    ],
)
def test_each_kind_is_shown_by_its_parts(call, shown, sent, parts):
    assert call.send(**sent).status == 200

    found = shown()
    for name, wanted in parts.items():
        _holds(found[name], wanted)


def _holds(found, wanted):
    if isinstance(wanted, list):
        for one, other in zip(found, wanted, strict=True):
            _holds(one, other)
    elif isinstance(wanted, dict):
        assert wanted.items() <= found.items()
    else:
        assert found == wanted
