"""The simulator's own limits, against bodies that the client would never send."""

import copy
from typing import Any

import pytest

from tests.whatsapp.test_limits import GOOD as ALL_GOOD
from tests.whatsapp.test_limits import WRONG as ALL_WRONG
from tests.whatsapp.test_limits import _change as change
from whatsapp import limits
from whatsapp.simulator import validation
from whatsapp.simulator.config import Phone
from whatsapp.simulator.errors import GraphError

# Files have another id here than with us; their tests are test_enclosures.py.
GOOD = {name: good for name, good in ALL_GOOD.items() if good[0] not in limits.MEDIA}
WRONG = [wrong for wrong in ALL_WRONG if wrong[0] in GOOD]
PHONE = Phone("106540352242922", "102290129340398", "+55 11 4000-1001", "Loja Acme", "token")
# What Meta is not known to look at; ours refuses it before it leaves.
LENIENT = {
    "/contacts/0/phones/0/wa_id",
    "/contacts/0/urls/0/url",
    "/contacts/0/birthday",
    "/reaction/emoji 👍👍",
    "/reaction/emoji 7",
    "/interactive/action/buttons/1/reply/id  b",
    "/interactive/action/parameters/flow_action_payload/data",
}


def envelope(kind: str, content: Any, **more: Any) -> dict[str, Any]:
    return {
        "messaging_product": "whatsapp",
        "to": "+5511987654321",
        "type": kind,
        kind: content,
        **more,
    }


@pytest.mark.parametrize(("kind", "content"), GOOD.values(), ids=GOOD)
def test_what_passes_the_clients_limits_passes_here(kind, content):
    found = validation.outgoing(envelope(kind, content), PHONE)

    assert found.content == {"type": kind, kind: content}


@pytest.mark.parametrize(
    ("good", "pointer", "value"),
    [(good, pointer, value) for good, pointer, value, _code in WRONG],
    ids=[f"{index} {good}" for index, (good, *_rest) in enumerate(WRONG)],
)
def test_what_is_wrong_is_refused_with_metas_codes(good, pointer, value):
    kind, content = copy.deepcopy(GOOD[good])
    body = envelope(kind, content)
    change(body, pointer, value)
    if {pointer, f"{pointer} {value}"} & LENIENT:
        validation.outgoing(body, PHONE)
        return

    with pytest.raises(GraphError) as refusal:
        validation.outgoing(body, PHONE)

    assert refusal.value.code in {100, 131008, 131009}


@pytest.mark.parametrize(
    ("good", "pointer", "value", "code"),
    [
        ("text", "/text/body", "x" * 4097, 100),
        ("location", "/location/latitude", None, 131008),
        ("location", "/location/latitude", 91, 131009),
        ("contacts", "/contacts/0/name", None, 131008),
        ("reaction", "/reaction/emoji", None, 131008),
        ("reaction", "/reaction/message_id", "7", 131009),
        ("buttons", "/interactive/type", "menu", 100),
        ("buttons", "/interactive/action/buttons", [], 131008),
        ("buttons", "/interactive/action/buttons/1/reply/title", "x" * 21, 131009),
        ("buttons", "/interactive/action/buttons/1/reply/title", "", 131008),
        ("buttons", "/interactive/action/buttons/2/reply/title", "b", 131009),
        ("list", "/interactive/action/sections/0/rows/0/description", "x" * 73, 131009),
        ("cta_url", "/interactive/action/parameters/url", "ftp://x", 131009),
        ("flow", "/interactive/action/parameters/flow_id", None, 131008),
    ],
)
def test_each_kind_of_fault_has_its_code(good, pointer, value, code):
    kind, content = copy.deepcopy(GOOD[good])
    body = envelope(kind, content)
    change(body, pointer, value)

    with pytest.raises(GraphError) as refusal:
        validation.outgoing(body, PHONE)

    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("context", "code"),
    [("wamid.1", 100), ({}, 131008), ({"message_id": ""}, 131008), ({"message_id": "7"}, 131009)],
)
def test_a_quote_names_a_message(context, code):
    with pytest.raises(GraphError) as refusal:
        validation.outgoing(envelope("text", {"body": "Oi"}, context=context), PHONE)

    assert refusal.value.code == code


def test_a_quote_is_kept_and_no_reaction_has_one():
    context = {"message_id": "wamid.1"}

    found = validation.outgoing(envelope("text", {"body": "Oi"}, context=context), PHONE)

    assert found.content["context"] == {"id": "wamid.1"}
    with pytest.raises(GraphError):
        validation.outgoing(envelope(*GOOD["reaction"], context=context), PHONE)


@pytest.mark.parametrize("kind", ["text", "location", "contacts", "reaction", "interactive"])
@pytest.mark.parametrize("content", [None, "x", 7, [], {}, [None], [[]], {"type": []}])
def test_nonsense_of_any_shape_is_a_refusal(kind, content):
    with pytest.raises(GraphError):
        validation.outgoing(envelope(kind, content), PHONE)
