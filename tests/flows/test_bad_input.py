"""Whatever Meta's app signed is answered 200, kept byte for byte, and accounted for."""

import json
from typing import Any

import pytest

from conversations.models import Message
from conversations.services import inbound
from tenants import context
from tenants.services import tenancy
from tests.conftest import PHONES
from tests.whatsapp.webhooks.door import Door
from whatsapp.webhooks.models import ParkedUnit, WebhookDelivery

DEEP = 100_000
TEXT = {"from": "5511987654321", "timestamp": "1762776000", "type": "text", "text": {"body": "oi"}}


def document(*changes: dict[str, Any], waba_id: str = PHONES["acme"][1]) -> bytes:
    entry = {"id": waba_id, "changes": list(changes)}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def change(*messages: Any, number: Any = PHONES["acme"][0], field: Any = "messages", **more: Any):
    metadata = {"display_phone_number": "551140001001", "phone_number_id": number}
    value = {"messaging_product": "whatsapp", "metadata": metadata, "messages": list(messages)}
    return {"field": field, "value": value | more}


def text(wamid: Any, **changes: Any) -> dict[str, Any]:
    return TEXT | {"id": wamid} | changes


def said(body: Any) -> bytes:
    return document(change(text("wamid.x", text={"body": body})))


CASES = {
    "nothing": b"",
    "noise": bytes(range(256)),
    "not JSON": b"<xml/>",
    "half of it": said("oi")[:-20],
    "byte order mark": b"\xef\xbb\xbf" + said("oi"),
    "utf-16": said("oi").decode().encode("utf-16"),
    "latin-1": said("oi").replace(b"oi", b"ol\xe1"),
    "gzip": b"\x1f\x8b\x08\x00" + b"\x00" * 40,
    "null": b"null",
    "a number": b"7",
    "a huge number": b"9" * 5_000,
    "a list": b"[]",
    "a list of documents": b"[" + said("oi") + b"]",
    "an empty object": b"{}",
    "another object": said("oi").replace(b"whatsapp_business_account", b"page"),
    "entry is text": b'{"object":"whatsapp_business_account","entry":"x"}',
    "entry of nulls": b'{"object":"whatsapp_business_account","entry":[null,1,"x",[],{}]}',
    "changes of nulls": document(None, 1, "x", [], {}),  # type: ignore[arg-type]
    "value is text": document({"field": "messages", "value": "x"}),
    "messages of nulls": document(change(None, 1, "x", [], {})),
    "messages is an object": document(change(messages={"a": 1})),
    "metadata is text": document(change(text("wamid.x"), metadata="x")),
    "deep lists": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "deep in a message": said("oi").replace(b'"oi"', b"[" * DEEP + b"]" * DEEP),
    "not a number": said("oi").replace(b'"oi"', b"NaN"),
    "many keys": json.dumps({f"k{number}": number for number in range(20_000)}).encode(),
    "same key twice": said("oi").replace(b'"body"', b'"body":"a","body"'),
    "nul escaped": said("a\x00b"),
    "nul raw": said("oi").replace(b"oi", b"o\x00i"),
    "nul in an id": document(change(text("wamid.\x00"))),
    "lone surrogate": said("a\ud800b"),
    "lone surrogate in an id": document(change(text("wamid.\udfff"))),
    "surrogates in a name": document(
        change(
            text("wamid.x"),
            contacts=[{"profile": {"name": "\ud83d"}, "wa_id": "5511987654321"}],
        )
    ),
    "long text": said("é" * 200_000),
    "text is a list": said(["oi"]),
    "text is a number": said(7),
    "no text": document(change(text("wamid.x", text=None))),
    "no id": document(change(TEXT)),
    "id is a number": document(change(text(7))),
    "long id": document(change(text("wamid." + "x" * 5_000))),
    "empty id": document(change(text(""))),
    "time is a word": document(change(text("wamid.x", timestamp="abc"))),
    "time is huge": document(change(text("wamid.x", timestamp="9" * 30))),
    "time is negative": document(change(text("wamid.x", timestamp="-1"))),
    "time is missing": document(change(text("wamid.x", timestamp=None))),
    "sender is missing": document(change(text("wamid.x", **{"from": None}))),
    "sender is a list": document(change(text("wamid.x", **{"from": ["1"]}))),
    "sender is long": document(change(text("wamid.x", **{"from": "5" * 5_000}))),
    "unknown number": document(change(text("wamid.x"), number="999")),
    "number is missing": document(change(text("wamid.x"), number=None)),
    "number is an object": document(change(text("wamid.x"), number={"a": 1})),
    "number is long": document(change(text("wamid.x"), number="9" * 5_000)),
    "number has a nul": document(change(text("wamid.x"), number="1\x00")),
    "unknown field": document({"field": "soothsaying", "value": {"future": "rosy"}}),
    "field is a list": document(change(text("wamid.x"), field=["messages"])),
    "field is long": document({"field": "f" * 5_000, "value": {}}),
    "unknown type": document(change(text("wamid.x", type="telepathy", telepathy={"a": 1}))),
    "type is missing": document(change(text("wamid.x", type=None))),
    "type is a list": document(change(text("wamid.x", type=["text"]))),
    "status of nothing": document(change(statuses=[{"id": "wamid.y", "status": "read"}])),
    "unknown status": document(
        change(statuses=[{"id": "wamid.y", "status": "smelt", "timestamp": "1"}])
    ),
    "statuses of nulls": document(change(statuses=[None, 1, "x", [], {}])),
    "errors of nulls": document(change(errors=[None, 1, "x", [], {}])),
    "unknown account": document(
        {"field": "account_update", "value": {"event": "X"}}, waba_id="999"
    ),
}


@pytest.fixture
def door(transactional_db, phones):
    with Door() as opened:
        yield opened


def journal() -> list[WebhookDelivery]:
    with context.platform():
        return list(WebhookDelivery.objects.order_by("pk"))


def messages(tenant) -> int:
    with context.tenant(tenant.schema_name):
        return Message.objects.count()


@pytest.mark.parametrize("body", CASES.values(), ids=CASES.keys())
def test_what_is_signed_is_kept_and_accounted_for(door, globex, body):
    assert door.post(body).status == 200

    inbound.process_deliveries()

    (delivery,) = journal()
    assert bytes(delivery.body) == body
    assert delivery.state == "DONE"
    fates = (
        delivery.units_stored,
        delivery.units_duplicate,
        delivery.units_placeholder,
        delivery.units_parked,
    )
    assert sum(fates) == delivery.units_total > 0
    assert messages(globex) == 0


def test_one_bad_body_does_not_stop_the_others(door, acme):
    good = [document(change(text(f"wamid.{number}"))) for number in range(20)]
    bodies = [body for pair in zip(good, list(CASES.values())[:20], strict=True) for body in pair]

    answers = [door.begin_post(body) for body in bodies]

    assert {answer.result(30).status for answer in answers} == {200}
    inbound.process_deliveries()
    assert {delivery.state for delivery in journal()} == {"DONE"}
    with context.tenant(acme.schema_name):
        kept = set(Message.objects.values_list("wamid", flat=True))
    assert {f"wamid.{number}" for number in range(20)} <= kept


def test_events_of_a_suspended_tenant_are_held(door, acme):
    tenancy.suspend_tenant(actor=None, tenant=acme)

    assert door.post(said("oi")).status == 200

    inbound.process_deliveries()
    assert messages(acme) == 0
    with context.platform():
        (unit,) = ParkedUnit.objects.all()
    assert (unit.reason, unit.state) == ("HELD", "PARKED")
