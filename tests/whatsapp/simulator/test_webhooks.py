"""What reaches the business: bytes, signatures, repetition, order."""

import json

import pytest

from tests.whatsapp.simulator.conftest import ACME, ACME_WABA, GLOBEX, JOAO, MARIA, wait_until


def settled(sim) -> bool:
    return sim.webhooks()["totals"]["pending"] == 0


def test_an_inbound_message_looks_like_metas(sim, receiver):
    wamid = sim.inbound(phone_number_id=ACME, sender=MARIA, text="Olá, é a Maria 😀 a/b")

    (delivery,) = wait_until(lambda: receiver.deliveries)
    assert delivery.is_signed
    assert rb"Ol\u00e1, \u00e9 a Maria \ud83d\ude00 a/b" in delivery.body
    assert max(delivery.body) < 128
    assert delivery.headers["user-agent"] == "facebookexternalua"
    assert delivery.headers["content-type"] == "application/json"
    assert int(delivery.headers["content-length"]) == len(delivery.body)
    (value,) = delivery.values
    user_id = value["contacts"][0]["user_id"]
    timestamp = value["messages"][0]["timestamp"]
    assert json.loads(delivery.body)["object"] == "whatsapp_business_account"
    assert json.loads(delivery.body)["entry"][0]["id"] == ACME_WABA
    assert timestamp.isdecimal()
    assert value == {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "551140001001", "phone_number_id": ACME},
        "contacts": [
            {"profile": {"name": "Maria Souza"}, "wa_id": MARIA, "user_id": user_id},
        ],
        "messages": [
            {
                "from": MARIA,
                "from_user_id": user_id,
                "id": wamid,
                "timestamp": timestamp,
                "type": "text",
                "text": {"body": "Olá, é a Maria 😀 a/b"},
            }
        ],
    }


def test_slashes_are_escaped_on_demand(sim, receiver):
    sim.change(escape_slashes=True)
    sim.inbound(phone_number_id=ACME, sender=MARIA, text="a/b")

    (delivery,) = wait_until(lambda: receiver.deliveries)
    assert delivery.is_signed
    assert rb"a\/b" in delivery.body


def test_user_ids_can_be_left_out(sim, receiver, call):
    sim.change(user_ids=False)
    sim.inbound(phone_number_id=ACME, sender=MARIA, text="Oi")
    call.send()

    wait_until(lambda: len(receiver.statuses) == 3)
    assert all(b"user_id" not in delivery.body for delivery in receiver.deliveries)


def test_the_ladder_comes_in_order_with_our_data(call, receiver):
    wamid = call.send(biz_opaque_callback_data="v1.7.mac").json["messages"][0]["id"]

    wait_until(lambda: len(receiver.statuses) == 3)
    assert [status["status"] for status in receiver.statuses] == ["sent", "delivered", "read"]
    assert {status["id"] for status in receiver.statuses} == {wamid}
    assert {s["biz_opaque_callback_data"] for s in receiver.statuses} == {"v1.7.mac"}
    assert {status["recipient_id"] for status in receiver.statuses} == {MARIA}
    assert ["pricing" in status for status in receiver.statuses] == [True, True, False]
    assert receiver.statuses[0]["pricing"]["category"] == "service"
    assert all(delivery.is_signed for delivery in receiver.deliveries)
    assert all(d.values[0]["contacts"][0]["wa_id"] == MARIA for d in receiver.deliveries)


def test_a_message_fails_later_with_the_wanted_code(call, sim, receiver):
    sim.change(fail_code=131049)
    call.send()

    (status,) = wait_until(lambda: receiver.statuses)
    assert status["status"] == "failed"
    assert status["errors"][0]["code"] == 131049
    assert status["errors"][0]["error_data"]["details"]
    assert "pricing" not in status
    assert "contacts" not in receiver.deliveries[0].values[0]


def test_a_phone_that_stays_in_the_pocket_reads_later(call, sim, receiver):
    call("POST", "/simulator/customers", {"wa_id": MARIA, "reads": False})
    call.send()
    wait_until(lambda: len(receiver.statuses) == 2)

    call("POST", "/simulator/customers", {"wa_id": MARIA, "reads": True})

    wait_until(lambda: len(receiver.statuses) == 3)
    assert [status["status"] for status in receiver.statuses] == ["sent", "delivered", "read"]


def test_read_may_come_without_delivered(call, sim, receiver):
    sim.change(skip_delivered=True)
    call.send()

    wait_until(lambda: len(receiver.statuses) == 2)
    assert [(s["status"], "pricing" in s) for s in receiver.statuses] == [
        ("sent", True),
        ("read", True),
    ]


def test_sent_can_overtake_the_answer(call, sim, receiver):
    sim.change(sent_before_answer=True, delivered_seconds=3600, read_seconds=3600)

    call.send()

    assert [status["status"] for status in receiver.statuses] == ["sent"]


@pytest.mark.parametrize("answer", [500, 503, 401, 201, 204, 302])
def test_a_webhook_comes_again_until_exactly_200(sim, receiver, answer):
    receiver.answers = [answer] * 3
    sim.inbound(phone_number_id=ACME, sender=MARIA, text="Oi")

    wait_until(lambda: settled(sim))
    assert len(receiver.deliveries) == 4
    assert len({delivery.body for delivery in receiver.deliveries}) == 1
    (webhook,) = sim.webhooks()["webhooks"]
    assert (webhook["state"], webhook["attempts"], webhook["last_status"]) == ("delivered", 4, 200)


def test_a_webhook_waits_for_a_server_that_is_down(call, sim, receiver):
    sim.change(callback_url="http://127.0.0.1:9/webhook", retry_scale=1)
    sim.inbound(phone_number_id=ACME, sender=MARIA, text="Oi")
    webhook = wait_until(lambda: [w for w in sim.webhooks()["webhooks"] if w["last_error"]])[0]
    assert (webhook["state"], webhook["last_status"]) == ("pending", 0)
    attempts = webhook["attempts"]

    call("POST", "/simulator/retry", {})

    wait_until(lambda: sim.webhooks()["webhooks"][0]["attempts"] > attempts)


def test_a_wrong_signature_is_put_right_at_the_next_attempt(sim, receiver):
    sim.change(wrong_signature=True)
    receiver.answers = [401]
    sim.inbound(phone_number_id=ACME, sender=MARIA, text="Oi")
    wait_until(lambda: receiver.deliveries)
    sim.change(wrong_signature=False)

    wait_until(lambda: settled(sim))
    assert [delivery.is_signed for delivery in receiver.deliveries] == [False, True]


def test_copies_are_equal_to_the_byte(sim, receiver):
    sim.change(copies=3)
    sim.inbound(phone_number_id=ACME, sender=MARIA, text="Oi")

    wait_until(lambda: settled(sim))
    assert len(receiver.deliveries) == 3
    assert len({delivery.body for delivery in receiver.deliveries}) == 1


def test_events_are_put_together_into_one_request(sim, receiver):
    sim.change(batch_size=5, batch_wait_seconds=60)
    for number, text in [(ACME, "1"), (GLOBEX, "2"), (ACME, "3"), (ACME, "4"), (GLOBEX, "5")]:
        sim.inbound(phone_number_id=number, sender=MARIA, text=text)

    (delivery,) = wait_until(lambda: receiver.deliveries)
    assert [len(value["messages"]) for value in delivery.values] == [3, 2]
    assert len(delivery.values[0]["contacts"]) == 1
    assert len(json.loads(delivery.body)["entry"]) == 2


def test_a_batch_that_does_not_fill_leaves_all_the_same(sim, receiver):
    sim.change(batch_size=1000, batch_wait_seconds=0.05)
    sim.inbound(phone_number_id=ACME, sender=MARIA, text="1")
    sim.inbound(phone_number_id=ACME, sender=JOAO, text="2")

    wait_until(lambda: len(receiver.messages) == 2)


def test_one_chat_keeps_its_order(sim, receiver):
    texts = [str(number) for number in range(60)]
    for text in texts:
        sim.inbound(phone_number_id=ACME, sender=MARIA, text=text)

    wait_until(lambda: len(receiver.messages) == 60)
    assert [message["text"]["body"] for message in receiver.messages] == texts


def test_a_refused_webhook_holds_up_no_other(sim, receiver):
    sim.change(retry_scale=1)
    receiver.answers = [503] * 2  # comes again after 1 s and after 3 s
    sim.inbound(phone_number_id=ACME, sender=MARIA, text="1")
    sim.inbound(phone_number_id=ACME, sender=MARIA, text="2")
    sim.inbound(phone_number_id=ACME, sender=MARIA, text="3")

    wait_until(lambda: any(m["text"]["body"] == "3" for m in receiver.messages))
    assert sim.webhooks()["totals"]["pending"] > 0
    sim.change(retry_scale=0)
    wait_until(lambda: settled(sim))


def test_shuffled_events_all_arrive_in_another_order(call, sim, receiver):
    sim.change(shuffle=True)
    for number in range(8):
        call.send(str(number))

    wait_until(lambda: len(receiver.statuses) == 24)
    order = [status["status"] for status in receiver.statuses]
    assert order != ["sent", "delivered", "read"] * 8
    assert sorted(order) == ["delivered"] * 8 + ["read"] * 8 + ["sent"] * 8


def test_a_whole_body_can_be_given(sim, receiver):
    sim.raw({"object": "whatsapp_business_account", "entry": [{"id": "0", "changes": []}]})
    sim.raw("not JSON at all \x00 é")

    wait_until(lambda: len(receiver.deliveries) == 2)
    bodies = {delivery.body for delivery in receiver.deliveries}
    assert "not JSON at all \x00 é".encode() in bodies
    assert all(delivery.is_signed for delivery in receiver.deliveries)


def test_any_message_object_can_be_given(sim, receiver):
    given = {"type": "sticker", "sticker": {"id": "7"}, "id": "wamid.mine", "timestamp": "1"}
    wamid = sim.inbound(phone_number_id=ACME, sender=MARIA, message=given)

    (message,) = wait_until(lambda: receiver.messages)
    assert wamid == message["id"] == "wamid.mine"
    assert (message["timestamp"], message["sticker"]) == ("1", {"id": "7"})


def test_a_lone_surrogate_and_a_nul_go_out_as_meta_writes_them(sim, receiver):
    sim.inbound(phone_number_id=ACME, sender=MARIA, text="a\x00b\ud83d")

    (delivery,) = wait_until(lambda: receiver.deliveries)
    assert rb"a\u0000b\ud83d" in delivery.body
