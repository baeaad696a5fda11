"""The Python client against a real server: what it sends, follows, repeats and verifies."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
import requests
import responses
from django.utils import timezone

from conversations.models import Message
from conversations.services.hooks import signing
from tenants import context
from tenants.feed.models import Change
from tests.api import key_of
from tests.clients.loading import loaded
from tests.conversations.sending import conversation_with, message_in

CUSTOMER = "5511987654321"
PLACE = "https://balcao.test/api/v1/tenant/t"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


balcao = loaded()


@pytest.fixture
def conversation(people, phones, acme):
    with context.tenant(acme.schema_name):
        made = conversation_with(CUSTOMER, phone=phones["acme"], opened_at=timezone.now())
        made.last_message = message_in(
            made, status="RECEIVED", timestamp=timezone.now() - timedelta(minutes=1), wamid="w1"
        )
        made.last_message_at = made.last_message.timestamp
        made.save()
        return made


@pytest.fixture
def ana(live_server, people, conversation):
    return balcao.Client(live_server.url, "acme", email="ana@acme.test", password="demo")


@pytest.mark.django_db(transaction=True)
def test_a_person_reads_sends_and_follows(ana, conversation, acme):
    after = ana.last_seq()
    text = {"type": "text", "text": {"body": "Bom dia!"}}

    dry = ana.send(text, conversation=conversation.pk, dry_run=True)
    sent = ana.send(text, to=f"+{CUSTOMER}", idempotency_key="once")
    again = ana.send(text, to=f"+{CUSTOMER}", idempotency_key="once")

    assert dry["dry_run"] is True
    assert sent["id"] == again["id"]
    assert [one["id"] for one in ana.conversations(status="OPEN")] == [conversation.pk]
    assert [one["type"] for one in ana.messages(conversation.pk)] == ["TEXT", "TEXT"]
    assert sent["id"] in {one["id"] for one in ana.changes(after)}
    with context.tenant(acme.schema_name):
        assert Message.objects.filter(direction="OUTBOUND").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_spent_token_is_renewed_and_a_refusal_says_why(ana, conversation):
    ana._access = "spent"
    assert ana.get("phones/")["results"]

    ana._access, ana._refresh = "spent", "spent as well"  # then it signs in anew
    with pytest.raises(balcao.BalcaoError) as refusal:
        ana.send({"type": "text", "text": {"body": ""}}, conversation=conversation.pk)

    assert (refusal.value.status, refusal.value.code) == (400, "invalid")
    assert refusal.value.errors[0]["pointer"] == "#/text/body"


@pytest.mark.django_db(transaction=True)
def test_a_program_walks_lists_and_notices_a_gap(live_server, people, conversation, acme):
    secret = key_of(people["admin@acme.test"], acme, "conversations:read")
    program = balcao.Client(live_server.url, str(acme.pk), key=secret)
    with context.tenant(acme.schema_name):
        for number in range(4):
            message_in(conversation, status="RECEIVED", wamid=f"n{number}")
        Change.objects.create(seq=7, kind="CONVERSATION", conversation_id=conversation.pk)

    messages = list(program.each(f"conversations/{conversation.pk}/messages", limit=2))

    assert len({one["id"] for one in messages}) == 5
    with pytest.raises(balcao.Reset):
        list(program.changes(3))
    with pytest.raises(balcao.BalcaoError, match="scope_missing"):
        program.send({"type": "text", "text": {"body": "Oi"}}, conversation=conversation.pk)


@pytest.fixture
def waits(monkeypatch) -> list[float]:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    return slept


@responses.activate
def test_no_answer_is_asked_again_under_the_same_key(waits):
    responses.post(f"{PLACE}/messages/send", body=requests.ConnectionError())
    responses.post(f"{PLACE}/messages/send", status=429, headers={"Retry-After": "3"})
    responses.post(f"{PLACE}/messages/send", status=409, json={"code": "idempotency_running"})
    responses.post(f"{PLACE}/messages/send", status=202, json={"id": 1})
    client = balcao.Client("https://balcao.test", "t", key="blc_x")

    assert client.send({"type": "text", "text": {"body": "Oi"}}, to="+1") == {"id": 1}

    keys = {call.request.headers["Idempotency-Key"] for call in responses.calls}
    assert (len(responses.calls), len(keys)) == (4, 1)
    assert 3.0 in waits


@responses.activate
def test_templates_lists_and_files_are_asked_for_as_the_api_takes_them(tmp_path):
    for place in ("messages/template", "messages/bulk", "media/"):
        responses.post(f"{PLACE}/{place}", status=202, json={"id": 1})
    file = tmp_path / "pedidos.csv"
    file.write_bytes(b"a;b")
    client = balcao.Client("https://balcao.test", "t", key="blc_x")

    client.send_template("pedido", "pt_BR", {"body.1": "Marina"}, conversation=7)
    client.bulk("Natal", ("pedido", "pt_BR"), [("+1", {"body.1": "Caio"})], start=False)
    client.upload(file)

    one, many, upload = (call.request for call in responses.calls)
    template = {"name": "pedido", "language": "pt_BR"}
    assert json.loads(one.body) == {
        "template": template,
        "values": {"body.1": "Marina"},
        "conversation": 7,
    }
    assert json.loads(many.body) == {
        "name": "Natal",
        "template": template,
        "recipients": [{"to": "+1", "values": {"body.1": "Caio"}}],
        "start": False,
    }
    assert b'filename="pedidos.csv"' in upload.body
    assert b"a;b" in upload.body


@responses.activate
def test_a_job_is_waited_for_and_not_for_ever(waits):
    for state in ("QUEUED", "DONE"):
        responses.get(f"{PLACE}/jobs/3/", json={"state": state})
    client = balcao.Client("https://balcao.test", "t", key="blc_x")

    assert client.wait_for_job(3)["state"] == "DONE"

    responses.replace(responses.GET, f"{PLACE}/jobs/3/", json={"state": "RUNNING"})
    with pytest.raises(TimeoutError):
        client.wait_for_job(3, seconds=-1)


@responses.activate
@pytest.mark.parametrize(
    ("answer", "calls"),
    [
        ({"status": 429, "headers": {"Retry-After": "3000"}}, 1),
        ({"status": 503}, 4),
        ({"status": 500}, 1),
        ({"status": 409, "json": {"code": "window_closed"}}, 1),
    ],
)
def test_what_cannot_help_is_not_tried(waits, answer, calls):
    responses.post(f"{PLACE}/messages/send", **answer)
    client = balcao.Client("https://balcao.test", "t", key="blc_x")

    with pytest.raises(balcao.BalcaoError) as refusal:
        client.send({"type": "text"}, to="+1")

    assert refusal.value.status == answer["status"]
    assert len(responses.calls) == calls


@responses.activate
def test_a_change_is_asked_for_once(waits):
    responses.patch(f"{PLACE}/contacts/1/", body=requests.ConnectionError())
    client = balcao.Client("https://balcao.test", "t", key="blc_x")

    with pytest.raises(requests.ConnectionError):
        client.patch("contacts/1/", {"name": "Marina"})

    assert len(responses.calls) == 1


def signed(body: str, at: float) -> dict[str, str]:
    moment = datetime.fromtimestamp(at, UTC)
    return signing.headers(webhook_id="evt_1", at=moment, body=body.encode(), secrets=[SECRET])


def test_a_webhook_of_ours_is_read_and_no_other():
    body, now = json.dumps({"type": "message.received"}), 1_800_000_000
    headers = signed(body, now)

    assert balcao.verify_webhook([SECRET], headers, body.encode(), now=now)["type"]
    for odd in (
        ({}, body, now),
        (headers, body + " ", now),
        (headers, body, now + 301),
        ({**headers, "webhook-id": "evt_2"}, body, now),
        ({**headers, "webhook-signature": "v1,á"}, body, now),
        ({**headers, "webhook-timestamp": "soon"}, body, now),
    ):
        with pytest.raises(balcao.SignatureError):
            balcao.verify_webhook(SECRET, odd[0], odd[1].encode(), now=odd[2])
