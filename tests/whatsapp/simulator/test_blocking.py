"""Blocking people: who can be, what it does, and the answers that are half a success."""

import pytest

from tests.whatsapp.simulator.conftest import ACME, GLOBEX, JOAO, MARIA, wait_until

PATH = f"/v25.0/{ACME}/block_users"


def users(*numbers, **change):
    wanted = [{"user": number} for number in numbers]
    return {"messaging_product": "whatsapp", "block_users": wanted, **change}


def texts(receiver):
    return {message["text"]["body"] for message in receiver.messages}


def test_who_wrote_of_late_is_blocked_and_unblocked(call, sim, receiver):
    sim.inbound(phone_number_id=ACME, sender=MARIA, text="Oi")

    answer = call("POST", PATH, users(f"+{MARIA}"))

    added = [{"input": f"+{MARIA}", "wa_id": MARIA}]
    assert answer.json == {"messaging_product": "whatsapp", "block_users": {"added_users": added}}
    listed = call("GET", PATH).json
    assert listed["data"] == [{"messaging_product": "whatsapp", "wa_id": MARIA}]
    assert "cursors" in listed["paging"]
    assert call.send().error["code"] == 130403

    answer = call("DELETE", PATH, users(MARIA))

    assert answer.json["block_users"] == {"removed_users": [{"input": MARIA, "wa_id": MARIA}]}
    assert call("GET", PATH).json["data"] == []
    assert call.send().status == 200


def test_a_business_hears_nothing_of_whom_it_blocked(call, sim, receiver):
    sim.inbound(phone_number_id=ACME, sender=MARIA, text="Oi")
    call("POST", PATH, users(MARIA))

    sim.inbound(phone_number_id=ACME, sender=MARIA, text="Alô?")
    sim.inbound(phone_number_id=GLOBEX, sender=MARIA, text="E vocês?")

    wait_until(lambda: "E vocês?" in texts(receiver))
    assert texts(receiver) == {"Oi", "E vocês?"}
    assert [m["text"] for m in sim.conversation(ACME, MARIA)] == ["Oi", "Alô?"]


def test_who_did_not_write_cannot_be_blocked_and_the_rest_is(call, sim):
    sim.inbound(phone_number_id=ACME, sender=MARIA, text="Oi")

    answer = call("POST", PATH, users(MARIA, JOAO, "+1 650 555 1234"))

    assert (answer.status, answer.error["code"]) == (400, 139100)
    assert answer.json["block_users"]["added_users"] == [{"input": MARIA, "wa_id": MARIA}]
    failed = answer.json["block_users"]["failed_users"]
    assert [user["input"] for user in failed] == [JOAO, "+1 650 555 1234"]
    assert failed[0]["errors"][0]["code"] == 131047
    assert len(call("GET", PATH).json["data"]) == 1


def test_unblocking_may_be_repeated_but_needs_somebody(call):
    assert call("DELETE", PATH, users(MARIA)).status == 200

    answer = call("DELETE", PATH, users(MARIA, "+1 650 555 1234"))

    assert (answer.status, answer.error["code"]) == (400, 139100)
    assert answer.json["block_users"]["removed_users"] == [{"input": MARIA, "wa_id": MARIA}]
    failed = answer.json["block_users"]["failed_users"]
    assert [user["input"] for user in failed] == ["+1 650 555 1234"]


def test_people_are_blocked_by_user_id_and_in_any_spelling(call, sim, receiver):
    sim.inbound(phone_number_id=ACME, sender=JOAO, text="Oi")
    (message,) = wait_until(lambda: receiver.messages)
    by_id = {"block_users": [{"user_id": message["from_user_id"]}]}

    assert call("POST", PATH, users(**by_id)).status == 200
    assert call("DELETE", PATH, users("+55 31 98877-6655")).status == 200
    assert call("GET", PATH).json["data"] == []


def test_the_list_comes_in_pages(call, sim):
    wrote = [f"551198000000{last}" for last in range(5)]
    for sender in wrote:
        sim.inbound(phone_number_id=ACME, sender=sender, text="Oi")
    call("POST", PATH, users(*wrote))

    first = call("GET", f"{PATH}?limit=3").json
    after = first["paging"]["cursors"]["after"]
    second = call("GET", f"{PATH}?limit=3&after={after}").json

    assert [user["wa_id"] for user in first["data"] + second["data"]] == wrote
    assert "next" in first["paging"]
    assert "next" not in second["paging"]


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        {"messaging_product": "whatsapp"},
        {"block_users": [{"user": MARIA}]},
        users(),
        users(*([MARIA] * 1001)),
        users(block_users="x"),
        users(block_users=[MARIA]),
        users(block_users=[{"user": MARIA, "user_id": "BR.1"}]),
        users(block_users=[{"phone": MARIA}]),
        users(block_users=[{"user": "maria"}]),
        users(block_users=[{"user": 5511987654321}]),
        users(block_users=[{"user_id": MARIA}]),
        users(MARIA, extra=1),
    ],
)
def test_a_wrong_request_is_refused(call, sim, method, body):
    sim.inbound(phone_number_id=ACME, sender=MARIA, text="Oi")

    answer = call(method, PATH, body)

    assert (answer.status, answer.error["code"]) == (400, 100)
    assert call("GET", PATH).json["data"] == []


def test_the_list_of_another_does_not_exist(call):
    assert call("GET", f"/v25.0/{GLOBEX}/block_users").error["error_subcode"] == 33
