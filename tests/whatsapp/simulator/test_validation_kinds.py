"""Wrong requests of the other kinds: files, products, rows of cards, calls."""

import copy
from typing import Any

import pytest

from tests.whatsapp.simulator.test_validation import PHONE, change, envelope
from tests.whatsapp.test_limits import GOOD as KNOWN
from whatsapp.simulator import validation
from whatsapp.simulator.errors import GraphError


def interactive(kind: str, action: dict[str, Any], **more: Any) -> tuple[str, dict[str, Any]]:
    content = {"type": kind, "body": {"text": "Veja"}, "action": action, **more}
    return "interactive", content


def card(at: int, kind: str = "cta_url") -> dict[str, Any]:
    parameters = {"display_text": "Abrir", "url": "https://example.com"}
    reply = {"quick_reply": {"id": f"c{at}", "title": f"Quero {at}"}}
    actions = {
        "cta_url": {"name": "cta_url", "parameters": parameters},
        "button": {"buttons": [{"type": "quick_reply", **reply}]},
    }
    return {
        "card_index": at,
        "type": kind,
        "header": {"type": "image", "image": {"link": "https://example.com/a.jpg"}},
        "body": {"text": "x" * 160},
        "action": actions[kind],
    }


def section(count: int, title: str = "Novos") -> dict[str, Any]:
    items = [{"product_retailer_id": f"SKU-{n}"} for n in range(count)]
    return {"title": title, "product_items": items}


HEADER = {"type": "text", "text": "Ofertas"}
GOOD: dict[str, tuple[str, Any]] = {
    "image": ("image", {"id": "1033", "caption": "x" * 1024}),
    "video": ("video", {"link": "https://example.com/a.mp4", "caption": "Veja"}),
    "audio": ("audio", {"id": "1033", "voice": True}),
    "document": ("document", {"id": "1033", "caption": "Veja", "filename": "a.pdf"}),
    "sticker": ("sticker", {"id": "1033"}),
    "product": interactive("product", {"catalog_id": "1", "product_retailer_id": "SKU-1"}),
    "product without a body": (
        "interactive",
        {"type": "product", "action": {"catalog_id": "1", "product_retailer_id": "SKU-1"}},
    ),
    "product_list": interactive(
        "product_list",
        {"catalog_id": "1", "sections": [section(15), section(15, "Outros")]},
        header=HEADER,
        footer={"text": "Loja"},
    ),
    "catalog": interactive(
        "catalog_message",
        {"name": "catalog_message", "parameters": {"thumbnail_product_retailer_id": "SKU-1"}},
    ),
    "catalog without a picture": interactive("catalog_message", {"name": "catalog_message"}),
    "carousel": interactive("carousel", {"cards": [card(n) for n in range(10)]}),
    "carousel of replies": interactive(
        "carousel", {"cards": [card(n, "button") for n in range(2)]}
    ),
    "call permission": interactive("call_permission_request", {"name": "call_permission_request"}),
    "voice call": interactive(
        "voice_call",
        {"name": "voice_call", "parameters": {"display_text": "Ligar", "ttl_minutes": 10080}},
    ),
    "video header": interactive(
        "button",
        KNOWN["buttons"][1]["action"],
        header={"type": "video", "video": {"id": "1033"}},
    ),
}
# The good body, what is changed in it (None: left out), and Meta's code.
WRONG: list[tuple[str, str, Any, int]] = [
    ("image", "/image/id", None, 131008),
    ("image", "/image/id", "mine", 131009),
    ("image", "/image/link", "https://example.com/a.jpg", 131008),
    ("image", "/image/caption", "x" * 1025, 131009),
    ("image", "/image/filename", "a.jpg", 100),
    ("video", "/video/link", "ftp://example.com/a.mp4", 131009),
    ("video", "/video/link", 7, 131009),
    ("audio", "/audio/caption", "Veja", 100),
    ("audio", "/audio/voice", "yes", 100),
    ("document", "/document/filename", "x" * 241, 131009),
    ("document", "/document/filename", "", 131008),
    ("sticker", "/sticker/caption", "Veja", 100),
    ("product", "/interactive/action/catalog_id", None, 131008),
    ("product", "/interactive/action/product_retailer_id", "", 131008),
    ("product", "/interactive/action/name", "product", 100),
    ("product", "/interactive/header", HEADER, 131009),
    ("product_list", "/interactive/header", None, 131008),
    ("product_list", "/interactive/body", None, 131008),
    ("product_list", "/interactive/action/catalog_id", None, 131008),
    ("product_list", "/interactive/action/sections", [section(31)], 131009),
    ("product_list", "/interactive/action/sections", [section(20), section(11)], 131009),
    ("product_list", "/interactive/action/sections", [section(1)] * 11, 131009),
    ("product_list", "/interactive/action/sections/0/title", "x" * 25, 131009),
    ("product_list", "/interactive/action/sections/0/title", None, 131008),
    ("product_list", "/interactive/action/sections/0/product_items", [], 131008),
    (
        "product_list",
        "/interactive/header",
        {"type": "image", "image": {"id": "1"}},
        131009,
    ),
    ("catalog", "/interactive/action/name", "catalog", 131009),
    ("catalog", "/interactive/action/parameters/thumbnail_product_retailer_id", "", 131008),
    ("catalog", "/interactive/action/parameters/color", "red", 100),
    ("carousel", "/interactive/action/cards", [card(0)], 131009),
    ("carousel", "/interactive/action/cards", [card(n) for n in range(11)], 131009),
    ("carousel", "/interactive/action/cards", [card(0), card(1, "button")], 131009),
    ("carousel", "/interactive/action/cards/0/card_index", 1, 131009),
    ("carousel", "/interactive/action/cards/0/card_index", None, 131008),
    ("carousel", "/interactive/action/cards/0/type", "list", 131009),
    ("carousel", "/interactive/action/cards/0/header", None, 131008),
    ("carousel", "/interactive/action/cards/0/header/type", "document", 131009),
    ("carousel", "/interactive/action/cards/0/body/text", "x" * 161, 131009),
    ("carousel", "/interactive/action/cards/0/body/text", "a\nb\nc\nd", 131009),
    ("carousel", "/interactive/action/cards/0/action/name", "open", 131009),
    ("carousel", "/interactive/action/cards/0/action/parameters/url", "javascript:1", 131009),
    (
        "carousel",
        "/interactive/action/cards/0/action/parameters/display_text",
        "x" * 21,
        131009,
    ),
    ("carousel", "/interactive/footer", {"text": "Loja"}, 131009),
    (
        "carousel of replies",
        "/interactive/action/cards/1/action/buttons/0/quick_reply/title",
        "x" * 21,
        131009,
    ),
    ("call permission", "/interactive/action/name", "call", 131009),
    ("call permission", "/interactive/body", None, 131008),
    ("voice call", "/interactive/action/parameters/ttl_minutes", 0, 131009),
    ("voice call", "/interactive/action/parameters/ttl_minutes", "9", 131009),
    ("voice call", "/interactive/action/parameters/display_text", None, 131008),
    ("video header", "/interactive/header/video/caption", "Veja", 100),
    ("video header", "/interactive/header/video/id", "mine", 131009),
    ("video header", "/interactive/color", "red", 100),
]


@pytest.mark.parametrize(("kind", "content"), GOOD.values(), ids=GOOD)
def test_what_meta_takes_passes(kind, content):
    assert validation.outgoing(envelope(kind, content), PHONE).content[kind] == content


@pytest.mark.parametrize(
    ("good", "pointer", "value", "code"),
    WRONG,
    ids=[f"{w[0]} {w[1]} {n}" for n, w in enumerate(WRONG)],
)
def test_what_is_wrong_is_refused_with_its_code(good, pointer, value, code):
    kind, content = copy.deepcopy(GOOD[good])
    body = envelope(kind, content)
    change(body, pointer, value)

    with pytest.raises(GraphError) as refusal:
        validation.outgoing(body, PHONE)

    assert refusal.value.code == code


@pytest.mark.parametrize("kind", ["image", "video", "audio", "document", "sticker"])
@pytest.mark.parametrize("content", [None, "x", 7, [], {}, {"id": []}, {"id": ""}, {"link": {}}])
def test_nonsense_of_any_shape_is_a_refusal(kind, content):
    with pytest.raises(GraphError):
        validation.outgoing(envelope(kind, content), PHONE)


@pytest.mark.parametrize("kind", sorted(validation.interactive.SHAPES))
@pytest.mark.parametrize("action", [None, [], "x", {}, {"cards": 1}, {"sections": [[]]}, {"x": 1}])
def test_nonsense_as_an_action_is_a_refusal(kind, action):
    content = {"type": kind, "body": {"text": "Veja"}, "action": action}

    with pytest.raises(GraphError):
        validation.outgoing(envelope("interactive", content), PHONE)


@pytest.mark.parametrize(
    ("more", "code"),
    [({"category": "utility"}, 100), ({"recipient_identity_key_hash": 7}, 131009)],
)
def test_what_is_beside_the_content_is_looked_at(more, code):
    with pytest.raises(GraphError) as refusal:
        validation.outgoing(envelope("text", {"body": "Oi"}, **more), PHONE)

    assert refusal.value.code == code
