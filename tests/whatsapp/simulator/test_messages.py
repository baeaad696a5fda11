"""Sends: what is accepted, what is refused at once, and the faults on demand."""

import http.client
import time

import pytest

from tests.whatsapp.simulator.conftest import ACME, GLOBEX, JOAO, MARIA, wait_until

TEMPLATE = {"type": "template", "template": {"name": "boas_vindas", "language": {"code": "pt_BR"}}}


def test_a_text_is_accepted(call, sim):
    answer = call.send("Olá, Maria!", biz_opaque_callback_data="v1.7.mac")

    assert answer.status == 200
    wamid = answer.json["messages"][0]["id"]
    assert wamid.startswith("wamid.")
    assert answer.json == {
        "messaging_product": "whatsapp",
        "contacts": [{"input": f"+{MARIA}", "wa_id": MARIA}],
        "messages": [{"id": wamid}],
    }
    (message,) = sim.messages()
    assert message["body"] == {"type": "text", "text": {"body": "Olá, Maria!"}}
    assert (message["phone_number_id"], message["wa_id"]) == (ACME, MARIA)
    assert call("GET", "/simulator/messages").json["callback_data"] == {"v1.7.mac": 1}


@pytest.mark.parametrize(
    ("entered", "wa_id"),
    [
        ("+551187654321", MARIA),
        ("5511 98765-4321", MARIA),
        ("+5531988776655", JOAO),
        ("+5541988887777", "554188887777"),
        ("+541155556666", "5491155556666"),
    ],
)
def test_the_wa_id_may_differ_from_what_was_entered(call, entered, wa_id):
    answer = call.send(to=entered, **TEMPLATE)

    assert answer.json["contacts"] == [{"input": entered, "wa_id": wa_id}]


def test_a_user_id_reaches_its_person(call, sim, receiver):
    sim.inbound(phone_number_id=ACME, sender=MARIA, text="Oi")
    user_id = wait_until(lambda: receiver.messages)[0]["from_user_id"]

    answer = call.send(to="", recipient=user_id)

    assert answer.json["contacts"] == [{"input": user_id, "user_id": user_id}]
    assert [m["direction"] for m in sim.conversation(ACME, MARIA)] == ["inbound", "outbound"]


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"messaging_product": None}, 100, "messaging_product"),
        ({"messaging_product": "sms"}, 100, "messaging_product"),
        ({"to": ""}, 100, "parameter to is required"),
        ({"to": "maria"}, 131009, "Parameter value is not valid"),
        ({"to": 5511987654321}, 131009, "Parameter value is not valid"),
        ({"to": "", "recipient": "maria"}, 131009, "Parameter value is not valid"),
        ({"to": "", "recipient": "BR.424242"}, 131009, "Parameter value is not valid"),
        ({"to": "+55 11 4000-1001"}, 131021, "Recipient cannot be sender"),
        ({"recipient_type": "group"}, 100, "recipient_type"),
        ({"type": "telegram"}, 100, "type must be one of"),
        ({"type": "image"}, 131008, "Required parameter is missing"),
        ({"type": "contacts", "contacts": {}}, 131008, "Required parameter is missing"),
        ({"text": {}}, 131008, "Required parameter is missing"),
        ({"text": {"body": "  "}}, 100, "text['body'] is required"),
        ({"text": {"body": 7}}, 100, "text['body'] is required"),
        ({"text": {"body": "x" * 4097}}, 100, "at most 4096"),
        ({"text": {"body": "x", "preview_url": "yes"}}, 100, "preview_url"),
        ({"biz_opaque_callback_data": "x" * 513}, 100, "at most 512"),
    ],
)
def test_a_wrong_body_is_refused_at_once(call, sim, change, code, words):
    answer = call.send(**change)

    assert answer.status == 400
    assert answer.error["code"] == code
    assert words in answer.error["message"]
    assert sim.messages() == []


def test_the_longest_texts_pass(call):
    assert call.send("é" * 4096, biz_opaque_callback_data="x" * 512).status == 200


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_object_is_refused(call, body):
    answer = call("POST", f"/v25.0/{ACME}/messages", body)

    assert (answer.status, answer.error["code"]) == (400, 100)


def test_the_type_may_be_left_out(call, sim):
    body = {"messaging_product": "whatsapp", "to": MARIA, "text": {"body": "Oi"}}

    assert call("POST", f"/v25.0/{ACME}/messages", body).status == 200
    assert sim.messages()[0]["type"] == "text"


@pytest.mark.parametrize(
    "content",
    [
        {"type": "image", "image": {"link": "https://example.com/a.jpg", "caption": "Veja"}},
        {"type": "location", "location": {"latitude": "1", "longitude": "2"}},
        {
            "type": "contacts",
            "contacts": [{"name": {"formatted_name": "Ana", "first_name": "Ana"}}],
        },
        {"type": "reaction", "reaction": {"message_id": "wamid.1", "emoji": "👍"}},
        {
            "type": "interactive",
            "interactive": {
                "type": "location_request_message",
                "body": {"text": "?"},
                "action": {"name": "send_location"},
            },
        },
        TEMPLATE,
    ],
    ids=lambda content: content["type"],
)
def test_other_types_are_accepted(call, sim, content):
    assert call.send(**content).status == 200
    assert sim.messages()[0]["type"] == content["type"]


def test_the_business_marks_as_read_and_types(call, sim):
    first = sim.inbound(phone_number_id=ACME, sender=MARIA, text="1")
    second = sim.inbound(phone_number_id=ACME, sender=MARIA, text="2")
    sim.inbound(phone_number_id=ACME, sender=MARIA, text="3")
    mark = {"messaging_product": "whatsapp", "status": "read", "message_id": second}

    answer = call("POST", f"/v25.0/{ACME}/messages", {**mark, "typing_indicator": {"type": "text"}})

    assert answer.json == {"success": True}
    assert first != second
    assert [m["read"] for m in sim.conversation(ACME, MARIA)] == [True, True, False]
    chat = call("GET", f"/simulator/conversations?phone_number_id={ACME}&wa_id={MARIA}").json
    assert chat["typing_until"] > time.time()
    call.send("Pronto")
    chat = call("GET", f"/simulator/conversations?phone_number_id={ACME}&wa_id={MARIA}").json
    assert chat["typing_until"] == 0


def test_a_foreign_message_cannot_be_marked(call, sim):
    wamid = sim.inbound(phone_number_id=GLOBEX, sender=MARIA, text="1")
    mark = {"messaging_product": "whatsapp", "status": "read", "message_id": wamid}

    call("POST", f"/v25.0/{ACME}/messages", mark)

    assert sim.conversation(GLOBEX, MARIA)[0]["read"] is False


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"message_id": "7"}, 131009),
        ({"message_id": None}, 131009),
        ({"status": "delivered"}, 131009),
        ({"typing_indicator": {"type": "voice"}}, 100),
        ({"messaging_product": ""}, 100),
    ],
)
def test_a_wrong_mark_is_refused(call, change, code):
    mark = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.1", **change}

    assert call("POST", f"/v25.0/{ACME}/messages", mark).error["code"] == code


@pytest.mark.parametrize(
    ("code", "http_status"),
    [(130429, 429), (131047, 400), (131056, 400), (190, 401), (131000, 500), (613, 429), (4, 400)],
)
def test_a_send_is_refused_with_the_wanted_code(call, sim, code, http_status):
    sim.change(refuse=str(code))

    answer = call.send()

    assert (answer.status, answer.error["code"]) == (http_status, code)
    assert answer.error["fbtrace_id"]
    assert sim.messages() == []
    sim.change(refuse="")
    assert call.send().status == 200


def test_a_refusal_can_be_counted(call, sim):
    sim.change(refuse="130429", refuse_times=2)

    assert [call.send().status for _ in range(4)] == [429, 429, 200, 200]


def test_a_send_meets_a_page_of_html(call, sim):
    sim.change(refuse="html_500")

    answer = call.send()

    assert answer.status == 500
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.body.startswith(b"<!DOCTYPE html>")
    assert sim.messages() == []


@pytest.mark.parametrize(("fault", "accepted"), [("reset", 1), ("drop", 0)])
def test_a_connection_is_reset_with_or_without_acceptance(call, sim, fault, accepted):
    sim.change(refuse=fault)

    with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected)):
        call.send()

    assert len(sim.messages()) == accepted
    sim.change(refuse="")
    assert call.send().status == 200


def test_an_answer_stays_away_although_the_message_was_accepted(call, sim, receiver):
    sim.change(refuse="timeout")
    body = {"messaging_product": "whatsapp", "to": MARIA, "text": {"body": "Oi"}}

    with pytest.raises(TimeoutError):
        call("POST", f"/v25.0/{ACME}/messages", body, timeout=1)

    wait_until(lambda: [s["status"] for s in receiver.statuses] == ["sent", "delivered", "read"])
    assert len(sim.messages()) == 1


def test_free_text_needs_an_open_window(call, sim):
    assert call.send(to=f"+{JOAO}").error["code"] == 131047
    assert call.send(to=f"+{JOAO}", **TEMPLATE).status == 200

    sim.inbound(phone_number_id=ACME, sender=JOAO, text="Oi")

    assert call.send(to=f"+{JOAO}").status == 200


def test_a_window_belongs_to_one_number(call, sim):
    sim.inbound(phone_number_id=GLOBEX, sender=JOAO, text="Oi")

    assert call.send(to=f"+{JOAO}").error["code"] == 131047


def test_a_window_closes(call, sim):
    old = {"type": "text", "text": {"body": "Oi"}, "timestamp": str(int(time.time()) - 25 * 3600)}
    sim.inbound(phone_number_id=ACME, sender="5511900000001", message=old)

    assert call.send(to="+5511900000001").error["code"] == 131047


def test_a_reaction_opens_no_window(call, sim):
    thumb = {"type": "reaction", "reaction": {"message_id": "wamid.1", "emoji": "👍"}}
    sim.inbound(phone_number_id=ACME, sender=JOAO, message=thumb)

    assert call.send(to=f"+{JOAO}").error["code"] == 131047


def test_strangers_have_a_window_unless_the_knob_is_strict(call, sim):
    assert call.send(to="+5511900000002").status == 200
    sim.change(strict_window=True)
    assert call.send(to="+5511900000003").error["code"] == 131047
