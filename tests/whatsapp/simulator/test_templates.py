"""Templates at the simulated Meta: list, reviews, and what a send has to look like."""

import pytest

from tests.whatsapp.simulator.conftest import ACME, ACME_WABA, GLOBEX_WABA, MARIA, wait_until

EDGE = f"/v25.0/{ACME_WABA}/message_templates"
NEW = {
    "name": "novo",
    "language": "pt_BR",
    "category": "utility",
    "components": [
        {
            "type": "BODY",
            "text": "Oi {{1}}, tudo bem com você?",
            "example": {"body_text": [["Ana"]]},
        }
    ],
}
READY = {
    "name": "pedido_saiu",
    "language": {"code": "pt_BR"},
    "components": [
        {
            "type": "body",
            "parameters": [{"type": "text", "text": "Ana"}, {"type": "text", "text": "A-7"}],
        },
        {
            "type": "button",
            "sub_type": "url",
            "index": "0",
            "parameters": [{"type": "text", "text": "A-7"}],
        },
    ],
}


def _send(call, template):
    return call(
        "POST",
        f"/v25.0/{ACME}/messages",
        {
            "messaging_product": "whatsapp",
            "to": f"+{MARIA}",
            "type": "template",
            "template": template,
        },
    )


def _do(call, name: str, data: dict) -> None:
    assert call("POST", f"/simulator/{name}", data).status == 200


def _statuses(call) -> dict[str, str]:
    return {one["name"]: one["status"] for one in call("GET", EDGE).json["data"]}


def _told(receiver, key: str) -> list[dict]:
    return [value for one in receiver.deliveries for value in one.values if key in value]


def test_the_list_is_walked_by_cursors(call):
    _do(call, "settings", {"template_page_size": 3})
    first = call("GET", f"{EDGE}?summary=total_count&limit=50").json
    second = call("GET", f"{EDGE}?after={first['paging']['cursors']['after']}").json

    assert [len(page["data"]) for page in (first, second)] == [3, 2]
    assert "access_token=" in first["paging"]["next"]
    assert "next" not in second["paging"]
    assert second["paging"]["cursors"]["after"]
    assert first["summary"] == {"total_count": 5}


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "after=%21"])
def test_odd_pages_are_refused(call, query):
    assert call("GET", f"{EDGE}?{query}").error["code"] == 100


def test_another_accounts_templates_do_not_exist(call):
    answer = call("GET", f"/v25.0/{GLOBEX_WABA}/message_templates")

    assert (answer.status, answer.error["error_subcode"]) == (400, 33)


@pytest.mark.parametrize(("reject", "word"), [(False, "APPROVED"), (True, "REJECTED")])
def test_a_new_template_is_reviewed_after_a_moment(call, receiver, reject, word):
    _do(call, "settings", {"template_review_seconds": 0.2, "template_reject": reject})

    made = call("POST", EDGE, NEW).json

    assert (made["status"], made["category"]) == ("PENDING", "UTILITY")
    assert _send(call, {"name": "novo", "language": {"code": "pt_BR"}}).error["code"] == 132001
    wait_until(lambda: _told(receiver, "event"))
    (told,) = _told(receiver, "event")
    assert told["event"] == word
    assert told["message_template_id"] == int(made["id"])
    assert _statuses(call)["novo"] == word


def test_a_name_is_taken_once(call):
    call("POST", EDGE, NEW)

    assert call("POST", EDGE, NEW).error["error_subcode"] == 2388024


@pytest.mark.parametrize("change", [{"name": ""}, {"components": []}, {"components": "x"}])
def test_odd_templates_are_refused(call, change):
    assert call("POST", EDGE, {**NEW, **change}).error["code"] == 100


def test_an_edit_replaces_the_parts_and_is_reviewed(call):
    _do(call, "settings", {"template_review_seconds": 0.1})
    known = call("GET", f"{EDGE}?name=boas_vindas").json["data"][0]
    parts = [{"type": "BODY", "text": "Olá, já vamos."}]

    assert call("POST", f"/v25.0/{known['id']}", {"components": parts}).json == {"success": True}
    wait_until(lambda: _statuses(call)["boas_vindas"] == "APPROVED")
    assert call("GET", f"{EDGE}?name=boas_vindas").json["data"][0]["components"] == parts
    _do(call, "templates", {"template_id": known["id"], "status": "DISABLED"})
    answer = call("POST", f"/v25.0/{known['id']}", {"components": parts})
    assert answer.error["error_subcode"] == 2388039


def test_a_delete_by_id_leaves_the_other_languages(call, receiver):
    pt = call("POST", EDGE, NEW).json["id"]
    call("POST", EDGE, {**NEW, "language": "en"})

    assert call("DELETE", f"{EDGE}?name=novo&hsm_id={pt}").json == {"success": True}
    left = call("GET", f"{EDGE}?name=novo").json["data"]
    assert [one["language"] for one in left] == ["en"]
    assert call("DELETE", f"{EDGE}?name=novo").json == {"success": True}
    assert call("DELETE", f"{EDGE}?name=novo").error["code"] == 100
    wait_until(lambda: len(_told(receiver, "event")) >= 2)


def test_meta_changes_its_mind_when_told_to(call, receiver):
    known = call("GET", f"{EDGE}?name=pedido_saiu").json["data"][0]

    _do(call, "templates", {"template_id": known["id"], "status": "PAUSED", "quality": "RED"})

    assert _send(call, READY).error["code"] == 132015
    wait_until(lambda: _told(receiver, "event") and _told(receiver, "new_quality_score"))
    assert _told(receiver, "new_quality_score")[0]["new_quality_score"] == "RED"


def test_a_template_that_fits_is_accepted(call):
    assert _send(call, READY).status == 200
    quick = {"type": "button", "sub_type": "quick_reply", "index": "1"}
    quick["parameters"] = [{"type": "payload", "payload": "TALK"}]
    assert _send(call, {**READY, "components": [*READY["components"], quick]}).status == 200


def _body(*parameters):
    body = {"type": "body", "parameters": list(parameters)}
    return {**READY, "components": [body, READY["components"][1]]}


ANA = {"type": "text", "text": "Ana"}


@pytest.mark.parametrize(
    ("template", "code"),
    [
        ({**READY, "name": "nope"}, 132001),
        ({**READY, "language": {"code": "pt"}}, 132001),
        ({**READY, "language": "pt_BR"}, 131008),
        ({**READY, "components": []}, 132000),
        (_body(ANA), 132000),
        (_body(ANA, ANA, ANA), 132000),
        (_body(ANA, {"type": "text", "text": ""}), 132012),
        (_body(ANA, {"type": "text", "text": "a\nb"}), 132012),
        (_body(ANA, {"type": "text", "text": "a     b"}), 132012),
        (_body(ANA, {**ANA, "parameter_name": "x"}), 132012),
        (_body(ANA, {"type": "image", "image": {"id": "1"}}), 132012),
        ({**READY, "components": READY["components"][:1]}, 132000),
        ({**READY, "components": [*READY["components"], {"type": "footer"}]}, 132012),
        (
            {
                **READY,
                "components": [*READY["components"], {"type": "header", "parameters": [ANA]}],
            },
            132000,
        ),
        ({**READY, "components": "x"}, 132012),
    ],
)
def test_what_does_not_fit_is_refused(call, template, code):
    assert _send(call, template).error["code"] == code


def _card(index: int, *parameters: dict) -> dict:
    photo = {"type": "image", "image": {"link": "https://example.com/a.png"}}
    link = {"type": "button", "sub_type": "url", "index": "0", "parameters": list(parameters)}
    return {
        "card_index": index,
        "components": [{"type": "header", "parameters": [photo]}, link],
    }


def _news(*cards: dict) -> dict:
    body = {"type": "body", "parameters": [ANA]}
    parts = [body, {"type": "carousel", "cards": list(cards)}]
    return {"name": "novidades", "language": {"code": "pt_BR"}, "components": parts}


def test_a_carousel_has_every_card_filled_in(call):
    assert _send(call, _news(_card(0, ANA), _card(1, ANA))).status == 200
    for cards, code in (
        ([], 132012),
        ([_card(0, ANA)], 132012),
        ([_card(1, ANA), _card(0, ANA)], 132012),
        ([_card(0, ANA), _card(1)], 132000),
    ):
        assert _send(call, _news(*cards)).error["code"] == code


def test_an_offer_has_its_end(call):
    ends = {"type": "limited_time_offer", "limited_time_offer": {"expiration_time_ms": 1}}
    news = _news(_card(0, ANA))["components"][1]["cards"][0]["components"]
    header, code = news[0], {"type": "coupon_code", "coupon_code": "FRETE0"}
    buttons = [
        {"type": "button", "sub_type": "copy_code", "index": "0", "parameters": [code]},
        {"type": "button", "sub_type": "url", "index": "1", "parameters": [ANA]},
    ]
    offer = {"type": "limited_time_offer", "parameters": [ends]}
    sent = {"name": "oferta_relampago", "language": {"code": "pt_BR"}}

    assert _send(call, {**sent, "components": [header, offer, *buttons]}).status == 200
    assert _send(call, {**sent, "components": [header, *buttons]}).error["code"] == 132000
