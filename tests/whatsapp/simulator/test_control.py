"""The endpoints for the page, for tests and for demos, and who may use them."""

import json

import pytest

from tests.whatsapp.simulator.conftest import ACME, JOAO, MARIA, wait_until

HELLO = {"phone_number_id": ACME, "from": MARIA, "text": "Oi"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
    ],
)
def test_another_site_changes_nothing(call, sim, headers, status):
    answer = call("POST", "/simulator/inbound", HELLO, token="", headers=headers)

    assert answer.status == status
    assert sim.conversation(ACME, MARIA) == []


def test_a_rebound_name_reads_nothing_either(call):
    for path in ("/", "/simulator/state", f"/v25.0/{ACME}"):
        assert call("GET", path, headers={"Host": "evil.example:80"}).status == 403


def test_the_own_page_may(call, sim):
    origin = {"Origin": f"http://127.0.0.1:{sim.port}", "Sec-Fetch-Site": "same-origin"}

    answer = call("POST", "/simulator/inbound", HELLO, token="", headers=origin)

    assert answer.status == 200
    assert sim.conversation(ACME, MARIA)[0]["wamid"] == answer.json["wamid"]


@pytest.mark.parametrize("host", ["localhost:8100", "acme.localhost", "127.0.0.1:1", "[::1]:8100"])
def test_every_name_of_this_machine_will_do(call, host):
    assert call("GET", "/simulator/health", headers={"Host": host}).json["status"] == "ok"


@pytest.mark.parametrize(
    ("data", "status", "words"),
    [
        ({**HELLO, "phone_number_id": "7"}, 404, "no such number"),
        ({**HELLO, "from": "maria"}, 400, "7 to 15 digits"),
        ({**HELLO, "text": ""}, 400, "text"),
        ({**HELLO, "message": []}, 400, "message"),
        ({**HELLO, "name": 7}, 400, "name"),
        ([], 400, "JSON object"),
    ],
)
def test_a_wish_that_cannot_be_met_is_refused_in_a_sentence(call, data, status, words):
    answer = call("POST", "/simulator/inbound", data)

    assert answer.status == status
    assert words in answer.json["error"]


def test_an_unknown_endpoint_is_not_there(call):
    assert call("GET", "/simulator/nothing").status == 404
    assert call("POST", "/simulator/nothing", {}).status == 404
    assert call("DELETE", "/simulator/reset").status == 405
    assert call("GET", "/static/nothing.css").status == 404
    assert call("GET", "/static/../page.py").status == 404


def test_too_large_a_body_is_refused(call):
    assert call("POST", "/simulator/inbound", b" " * (9 * 1024 * 1024)).status == 413


def test_knobs_are_turned_all_or_none(call, sim):
    answer = call("POST", "/simulator/settings", {"never_read": True, "copies": 99})
    assert (answer.status, answer.json["error"]) == (400, "copies: between 1 and 10.")
    assert call("GET", "/simulator/settings").json["never_read"] is False

    answer = call("POST", "/simulator/settings", {"never_read": True, "copies": 2})
    assert answer.json["never_read"] is True
    assert "never_read" in call("GET", "/simulator/state").json["turned"]


def test_the_callback_address_moves_and_stays_on_this_machine(call, sim):
    answer = call("POST", "/simulator/settings", {"callback_url": "http://example.com/"})
    assert answer.status == 400

    call("POST", "/simulator/settings", {"callback_url": "http://acme.localhost:8000/w"})
    assert call("GET", "/simulator/settings").json["callback_url"] == "http://acme.localhost:8000/w"


def test_the_handshake_is_made_on_demand(call, receiver):
    assert call("POST", "/simulator/verify", {}).json == {"success": True}
    (challenge,) = receiver.challenges
    assert (challenge["hub.mode"], challenge["hub.verify_token"]) == ("subscribe", "verify-me")

    receiver.echo = False
    answer = call("POST", "/simulator/verify", {})
    assert (answer.status, answer.json["error"]) == (502, "the answer is not the challenge")


def test_a_new_customer_gets_a_name(call, receiver):
    call("POST", "/simulator/customers", {"wa_id": "+55 11 90000-0009", "name": "Léo"})
    call("POST", "/simulator/inbound", {**HELLO, "from": "5511900000009"})

    (delivery,) = wait_until(lambda: receiver.deliveries)
    assert delivery.values[0]["contacts"][0]["profile"]["name"] == "Léo"
    names = [person["name"] for person in call("GET", "/simulator/state").json["customers"]]
    assert "Léo" in names


def test_a_page_hears_only_of_changes(call, sim):
    state = call("GET", f"/simulator/state?phone_number_id={ACME}&wa_id={MARIA}").json
    again = f"/simulator/state?phone_number_id={ACME}&wa_id={MARIA}&version={state['version']}"
    assert call("GET", again).status == 204

    call("POST", "/simulator/customers", {"wa_id": MARIA, "reads": False})

    assert call("GET", again).status == 200


def test_a_conversation_shows_both_sides(call, sim, receiver):
    call("POST", "/simulator/inbound", HELLO)
    call.send("Olá!", biz_opaque_callback_data="x")
    wait_until(lambda: len(receiver.statuses) == 3)

    path = f"/simulator/conversations?phone_number_id={ACME}&wa_id={MARIA}"
    mine, theirs = call("GET", path).json["messages"]

    assert (mine["text"], mine["direction"], mine["delivered"]) == ("Oi", "inbound", True)
    assert (theirs["text"], theirs["direction"]) == ("Olá!", "outbound")
    assert [s["status"] for s in theirs["statuses"]] == ["sent", "delivered", "read"]
    assert theirs["biz_opaque_callback_data"] == "x"


def test_lists_can_be_limited(call, sim):
    for text in "abc":
        call("POST", "/simulator/inbound", {**HELLO, "text": text})

    assert len(call("GET", "/simulator/webhooks?limit=2").json["webhooks"]) == 2
    assert call("GET", "/simulator/webhooks?limit=none").status == 400


def test_a_reset_forgets_everything_and_stops_what_was_coming(call, sim, receiver):
    sim.change(retry_scale=1, sent_seconds=3600)
    receiver.answers = [503]
    call("POST", "/simulator/inbound", HELLO)
    call.send()
    wait_until(lambda: receiver.deliveries)

    assert call("POST", "/simulator/reset", {}).json == {"success": True}

    state = call("GET", f"/simulator/state?phone_number_id={ACME}&wa_id={MARIA}").json
    assert state["chat"]["messages"] == state["webhooks"] == state["requests"] == []
    assert state["turned"] == []
    assert state["totals"]["pending"] == 0
    assert sim.messages() == []
    assert call.send(to=f"+{JOAO}").error["code"] == 131047


def test_the_page_runs_no_script_of_its_own_text(call):
    answer = call("GET", "/", headers={"Accept-Language": "pt-BR"})

    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    text = answer.body.decode()
    assert '<html lang="pt-BR">' in text
    assert "Telefone do cliente" in text
    assert text.count("<script") == 1
    assert "<style" not in text
    assert "style=" not in text
    assert "$" not in text
    strings = text.partition('data-strings="')[2].partition('"')[0]
    assert json.loads(strings.replace("&quot;", '"').replace("&#x27;", "'"))["send"] == "Enviar"


@pytest.mark.parametrize("name", ["phone.css", "main.js", "icon.svg"])
def test_static_files_are_served_with_their_type(call, name):
    answer = call("GET", f"/static/{name}")

    assert answer.status == 200
    kind = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}[
        name[-3:].lstrip(".")
    ]
    assert answer.headers["content-type"].startswith(kind)
