"""Everything that a business hears beside plain messages: each act, and what it sends."""

import json

import pytest

from tests.whatsapp.simulator.conftest import (
    ACME,
    ACME_WABA,
    GLOBEX,
    GLOBEX_WABA,
    JOAO,
    MARIA,
    wait_until,
)
from whatsapp.simulator import ids
from whatsapp.simulator.crowds import BODY_BYTES
from whatsapp.simulator.happenings import ACTS
from whatsapp.simulator.strings import STRINGS

TEMPLATE = {"type": "template", "template": {"name": "boas_vindas", "language": {"code": "pt_BR"}}}
MARKETING = {
    "type": "template",
    "template": {
        "name": "cupom_de_volta",
        "language": {"code": "pt_BR"},
        "components": [
            {"type": "body", "parameters": [{"type": "text", "text": "Maria"}]},
            {
                "type": "button",
                "sub_type": "copy_code",
                "index": "0",
                "parameters": [{"type": "coupon_code", "coupon_code": "VOLTE10"}],
            },
        ],
    },
}


@pytest.fixture
def happen(sim, receiver):
    """Let something happen to Maria and acme, and return what acme hears of it."""

    def act(what, **data):
        before = len(receiver.deliveries)
        sim.happen(what, **{"phone_number_id": ACME, "sender": MARIA, **data})
        wait_until(lambda: len(receiver.deliveries) > before)
        entry = json.loads(receiver.deliveries[before].body)["entry"][0]
        return entry["changes"][0]

    return act


@pytest.mark.parametrize("what", ACTS)
def test_each_act_reaches_the_business_signed(call, sim, receiver, what):
    sim.change(stop_after_sent=True)
    call.send()
    wait_until(lambda: receiver.statuses)
    before = len(receiver.deliveries)

    more = {"to": "5511900000009"} if what == "number_change" else {}
    wish = {"what": what, "phone_number_id": ACME, "from": MARIA, **more}
    answer = call("POST", "/simulator/happenings", wish)

    assert answer.status == 200, answer.json
    wait_until(lambda: not sim.webhooks()["totals"]["pending"])
    assert len(receiver.deliveries) > before
    assert all(delivery.is_signed for delivery in receiver.deliveries)


def test_each_act_has_a_name_on_the_page(call):
    names = [f"h_{what}" for what in ACTS]
    assert set(names) <= set(STRINGS["en"])
    assert call("GET", "/simulator/options").json["happenings"] == list(ACTS)


@pytest.mark.parametrize(
    ("data", "status", "words"),
    [
        ({"what": "miracle"}, 400, "what: one of"),
        ({"what": "echo", "phone_number_id": "7"}, 404, "no such number"),
        ({"what": "number_change"}, 400, "to: a phone number"),
        ({"what": "number_change", "to": JOAO}, 400, "belongs to somebody"),
        ({"what": "batch", "count": 1001}, 400, "1 to 1000"),
        ({"what": "history", "count": True}, 400, "whole number"),
        ({"what": "value_errors", "code": 7}, 400, "error code"),
        ({"what": "echo", "message": []}, 400, "message"),
        ({"what": "echo_revoke"}, 400, "written nothing"),
    ],
)
def test_an_act_that_cannot_be_is_refused_in_a_sentence(call, data, status, words):
    body = {"phone_number_id": ACME, "from": MARIA, **data}
    if data["what"] == "echo" and "message" in data:
        body["message"] = {"no": "type"}

    answer = call("POST", "/simulator/happenings", body)

    assert answer.status == status
    assert words in answer.json["error"]


def test_a_person_who_gets_another_number_keeps_the_chat_and_loses_the_id(happen, sim, receiver):
    sim.inbound(phone_number_id=ACME, sender=MARIA, text="Oi")
    wait_until(lambda: receiver.messages)

    change = happen("number_change", to="+55 11 90000-0009")

    (message,) = change["value"]["messages"]
    assert "contacts" not in change["value"]
    assert (message["type"], message["from"]) == ("system", MARIA)
    system = message["system"]
    assert (system["type"], system["wa_id"]) == ("user_changed_number", "5511900000009")
    assert system["user_id"] != system["previous_user_id"]
    texts = [m["text"] for m in sim.conversation(ACME, "5511900000009")]
    assert texts[0] == "Oi"
    assert sim.conversation(ACME, MARIA) == []


def test_a_new_identity_breaks_a_send_that_insists_on_the_old(happen, call, receiver):
    message = happen("identity_change")["value"]["messages"][0]
    assert message["system"]["type"] == "customer_identity_changed"

    call.send(recipient_identity_key_hash=message["identity"]["hash"])
    wait_until(lambda: [s for s in receiver.statuses if s["status"] == "sent"])
    call.send(recipient_identity_key_hash="old")

    (failed,) = wait_until(lambda: [s for s in receiver.statuses if s["status"] == "failed"])
    assert failed["errors"][0]["code"] == 137000


def test_who_stops_marketing_gets_none_until_they_resume(happen, call, receiver):
    change = happen("stop_marketing")
    assert change["field"] == "user_preferences"
    (preference,) = change["value"]["user_preferences"]
    assert (preference["value"], preference["wa_id"]) == ("stop", MARIA)
    assert isinstance(preference["timestamp"], int)

    call.send(**MARKETING)
    (failed,) = wait_until(lambda: [s for s in receiver.statuses if s["status"] == "failed"])
    assert failed["errors"][0]["code"] == 131050
    call.send(**TEMPLATE)
    wait_until(lambda: [s for s in receiver.statuses if s["status"] == "sent"])

    happen("resume_marketing")
    wamid = call.send(**MARKETING).json["messages"][0]["id"]
    wait_until(lambda: [s for s in receiver.statuses if s["id"] == wamid and s["status"] == "read"])


@pytest.mark.parametrize(
    ("what", "kind", "code"),
    [("unsupported", "unsupported", 131051), ("too_big", "image", 131052)],
)
def test_a_message_may_bring_errors(happen, what, kind, code):
    (message,) = happen(what)["value"]["messages"]

    assert (message["type"], message["errors"][0]["code"]) == (kind, code)


def test_errors_come_without_any_message(happen):
    value = happen("value_errors", code=131031)["value"]

    assert value["errors"][0]["code"] == 131031
    assert "messages" not in value
    assert value["metadata"]["phone_number_id"] == ACME


@pytest.mark.parametrize("what", ["edit_early", "revoke_early"])
def test_a_change_overtakes_its_message(sim, receiver, what):
    sim.happen(what, phone_number_id=ACME, sender=MARIA)
    wait_until(lambda: len(receiver.messages) == 2)

    first, second = receiver.messages
    assert first[first["type"]]["original_message_id"] == second["id"]


def test_a_status_of_an_unknown_message(happen):
    value = happen("stray_status", status="warning")["value"]

    assert value["statuses"][0]["status"] == "warning"


def test_ticks_of_a_group_come_together(happen):
    statuses = happen("group_ticks")["value"]["statuses"]

    assert [one["recipient_type"] for one in statuses] == ["group", "group"]
    assert len({one["recipient_participant_id"] for one in statuses}) == 2
    assert len({one["id"] for one in statuses}) == 1


def test_text_may_be_odd_and_time_in_milliseconds(happen, call):
    body = happen("odd_text")["value"]["messages"][0]["text"]["body"]
    assert "\x00" in body
    assert "\ud83d " in body
    path = f"/simulator/state?phone_number_id={ACME}&wa_id={MARIA}"
    assert call("GET", path).status == 200

    assert len(happen("milliseconds")["value"]["messages"][0]["timestamp"]) == 13


def test_a_file_of_the_history_comes_later(happen, call):
    thread = happen("history", count=10)["value"]["history"][0]["threads"][0]
    assert thread["messages"][9]["type"] == "media_placeholder"

    (image,) = happen("history_media")["value"]["messages"]
    assert call("GET", f"/v25.0/{image['image']['id']}").json["mime_type"] == "image/png"


def test_a_group_message_is_no_part_of_the_private_chat(happen, sim, call):
    value = happen("group_message", text="Oi, grupo", sender=JOAO)["value"]

    assert value["messages"][0]["group_id"]
    assert sim.conversation(ACME, JOAO) == []
    assert call.send(to=f"+{JOAO}").error["code"] == 131047


@pytest.mark.parametrize(
    ("what", "field"),
    [
        ("group_create", "group_lifecycle_update"),
        ("group_join", "group_participants_update"),
        ("group_leave", "group_participants_update"),
        ("group_settings", "group_settings_update"),
        ("group_delete", "group_lifecycle_update"),
        ("group_status", "group_status_update"),
    ],
)
def test_a_group_tells_of_itself(happen, what, field):
    change = happen(what)

    assert change["field"] == field
    assert change["value"]["groups"][0]["group_id"]


def test_the_app_echoes_edits_and_deletes(happen, sim):
    change = happen("echo", text="Pelo app")
    (echo,) = change["value"]["message_echoes"]
    assert change["field"] == "smb_message_echoes"
    assert (echo["from"], echo["to"], echo["text"]["body"]) == ("551140001001", MARIA, "Pelo app")

    edit = happen("echo_edit", text="Melhor")["value"]["message_echoes"][0]
    assert edit["edit"]["original_message_id"] == echo["id"]
    revoke = happen("echo_revoke")["value"]["message_echoes"][0]
    assert revoke["revoke"]["original_message_id"] == echo["id"]
    assert [m["text"] for m in sim.conversation(ACME, MARIA)] == ["Melhor"]


def test_history_comes_in_thousands_or_not_at_all(happen):
    chunk = happen("history", count=3000)["value"]["history"][0]
    (thread,) = chunk["threads"]
    assert (thread["id"], len(thread["messages"])) == (MARIA, 3000)

    refused = happen("history_refused")["value"]["history"][0]
    assert refused["errors"][0]["code"] == 2593109


def test_the_address_book_of_the_app_is_synchronised(happen):
    added = happen("contacts_added")["value"]["state_sync"][0]
    removed = happen("contacts_removed")["value"]["state_sync"][0]

    assert (added["action"], added["contact"]["full_name"]) == ("add", "Maria Souza")
    assert (removed["action"], "full_name" in removed["contact"]) == ("remove", False)


def test_a_batch_mixes_accounts_numbers_and_fields(sim, receiver):
    sim.happen("batch", phone_number_id=ACME, sender=MARIA, count=40)
    wait_until(lambda: receiver.deliveries)

    (delivery,) = receiver.deliveries
    entries = json.loads(delivery.body)["entry"]
    assert {entry["id"] for entry in entries} == {ACME_WABA, GLOBEX_WABA}
    fields = {change["field"] for entry in entries for change in entry["changes"]}
    assert fields == {"messages", "smb_app_state_sync"}
    values = delivery.values
    assert {value["metadata"]["phone_number_id"] for value in values} == {ACME, GLOBEX}
    assert sum(len(v.get("messages", [])) for v in values) == 32
    assert sum(len(v.get("statuses", []) + v.get("state_sync", [])) for v in values) == 8


def test_the_largest_batch_and_the_largest_body(sim, receiver):
    sim.happen("batch", phone_number_id=ACME, sender=MARIA, count=1000, mixed=False)
    wait_until(lambda: receiver.deliveries)
    assert len(receiver.messages) == 1000

    sim.happen("big_body", phone_number_id=ACME, sender=MARIA)
    wait_until(lambda: len(receiver.deliveries) == 2)
    size = len(receiver.deliveries[1].body)
    assert BODY_BYTES * 0.95 < size <= BODY_BYTES


def test_a_shuffled_batch_is_out_of_order(sim, receiver):
    sim.change(shuffle=True)
    sim.happen("batch", phone_number_id=ACME, sender=MARIA, count=50, mixed=False)
    wait_until(lambda: receiver.deliveries)

    texts = [int(m["text"]["body"].split()[1]) for m in receiver.messages]
    assert sorted(texts) == list(range(1, 51))
    assert texts != sorted(texts)


def test_who_hides_the_number_is_known_by_the_id_alone(call, sim, receiver):
    call("POST", "/simulator/customers", {"wa_id": MARIA, "hides_number": True, "username": "@ma"})
    sim.inbound(phone_number_id=ACME, sender=MARIA, text="Oi")
    (message,) = wait_until(lambda: receiver.messages)

    user_id = ids.user_id(ACME_WABA, MARIA)
    assert "from" not in message
    assert message["from_user_id"] == user_id
    (contact,) = receiver.deliveries[0].values[0]["contacts"]
    assert contact == {"profile": {"name": "Maria Souza", "username": "@ma"}, "user_id": user_id}

    call.send(to="", recipient=user_id)
    status = wait_until(lambda: receiver.statuses)[0]
    assert "recipient_id" not in status
    assert status["recipient_user_id"] == user_id


def test_a_user_id_changes_without_a_number(happen, sim, call):
    before = ids.user_id(ACME_WABA, MARIA)

    system = happen("user_id_change")["value"]["messages"][0]["system"]

    assert (system["type"], system["previous_user_id"]) == ("user_changed_user_id", before)
    assert "wa_id" not in system
    assert call.send(to="", recipient=before).error["code"] == 131009
    assert call.send(to="", recipient=system["user_id"]).status == 200


def test_parents_of_user_ids_are_a_knob(call, sim, receiver):
    sim.change(parent_user_ids=True)
    sim.inbound(phone_number_id=ACME, sender=MARIA, text="Oi")
    parent = wait_until(lambda: receiver.messages)[0]["from_parent_user_id"]

    assert parent.startswith("BR.ENT.")
    assert receiver.deliveries[0].values[0]["contacts"][0]["parent_user_id"] == parent
    call.send()
    assert wait_until(lambda: receiver.statuses)[0]["parent_recipient_user_id"] == parent


def test_a_number_wins_over_a_user_id_and_the_answer_has_both(call):
    user_id = ids.user_id(ACME_WABA, MARIA)

    answer = call.send(recipient=user_id)

    assert answer.json["contacts"] == [{"input": f"+{MARIA}", "wa_id": MARIA, "user_id": user_id}]
    assert call.send(recipient="maria").error["code"] == 131009


def test_contacts_can_be_left_out(sim, receiver):
    sim.change(leave_out_contacts=True)
    sim.inbound(phone_number_id=ACME, sender=MARIA, text="Oi")
    wait_until(lambda: receiver.messages)

    assert "contacts" not in receiver.deliveries[0].values[0]


def test_a_message_is_forwarded_quotes_and_comes_from_an_ad(call, receiver):
    body = {"phone_number_id": ACME, "from": MARIA, "text": "Oi"}
    call("POST", "/simulator/inbound", {**body, "forwarded": True, "referral": True})
    first = wait_until(lambda: receiver.messages)[0]
    assert first["context"] == {"forwarded": True}
    assert first["referral"]["source_type"] == "ad"

    ours = call.send("Olá").json["messages"][0]["id"]
    call("POST", "/simulator/inbound", {**body, "reply_to": ours})
    call("POST", "/simulator/inbound", {**body, "reply_to": first["id"]})
    wait_until(lambda: len(receiver.messages) == 3)
    assert receiver.messages[1]["context"] == {"from": "551140001001", "id": ours}
    assert receiver.messages[2]["context"] == {"from": MARIA, "id": first["id"]}


def test_a_voice_message_is_played_and_silence_is_a_knob(call, sim, receiver):
    sim.change(play_voice=True)
    call.send(type="audio", audio={"link": "https://example.com/a.ogg", "voice": True})
    wait_until(lambda: [s for s in receiver.statuses if s["status"] == "played"])

    sim.change(no_statuses=True)
    count = len(receiver.statuses)
    call.send()
    sim.inbound(phone_number_id=ACME, sender=MARIA, text="Oi")
    wait_until(lambda: receiver.messages)
    assert len(receiver.statuses) == count


@pytest.mark.parametrize("status", ["accepted", "held_for_quality_assessment", "paused"])
def test_an_answer_may_say_how_the_message_stands(call, sim, status):
    sim.change(message_status=status)

    assert call.send().json["messages"][0]["message_status"] == status


def test_an_answer_may_leave_out_what_the_message_is_called(call, sim, receiver):
    sim.change(refuse="no_id")

    answer = call.send()

    assert (answer.status, answer.json) == (200, {"messaging_product": "whatsapp"})
    assert len(sim.messages()) == 1
    wait_until(lambda: len(receiver.statuses) == 3)


def test_a_broken_page_may_hide_that_a_message_was_accepted(call, sim, receiver):
    sim.change(refuse="html_502")

    answer = call.send()

    assert (answer.status, answer.body[:9]) == (502, b"<!DOCTYPE")
    assert len(sim.messages()) == 1
    wait_until(lambda: len(receiver.statuses) == 3)
