"""Each of Meta's limits: the longest that passes, the first that does not, and its place."""

import copy
import re
from typing import Any

import pytest

from whatsapp import limits

WAMID = "wamid.HBgNNTUxMTk4NzY1NDMyMRUCABIYFDNB"


def buttons(*titles: str, **more: Any) -> dict[str, Any]:
    replies = [{"id": f"b{index}", "title": title} for index, title in enumerate(titles)]
    action = {"buttons": [{"type": "reply", "reply": reply} for reply in replies]}
    return {"type": "button", "body": {"text": "Confirma?"}, "action": action, **more}


def listed(*counts: int, **more: Any) -> dict[str, Any]:
    sections = [
        {
            "title": f"Part {at}",
            "rows": [{"id": f"r{at}-{n}", "title": f"Row {at}-{n}"} for n in range(count)],
        }
        for at, count in enumerate(counts)
    ]
    action = {"button": "Ver", "sections": sections}
    return {"type": "list", "body": {"text": "Escolha"}, "action": action, **more}


def named(kind: str, name: str, parameters: dict[str, Any] | None = None) -> dict[str, Any]:
    action: dict[str, Any] = {"name": name}
    if parameters is not None:
        action["parameters"] = parameters
    return {"type": kind, "body": {"text": "Veja"}, "action": action}


def cta(**parameters: Any) -> dict[str, Any]:
    values = {"display_text": "Abrir", "url": "https://example.com/p?x=1", **parameters}
    return named("cta_url", "cta_url", values)


def flow(**parameters: Any) -> dict[str, Any]:
    values = {"flow_message_version": "3", "flow_id": "123", "flow_cta": "Abrir", **parameters}
    return named("flow", "flow", values)


def card(**more: Any) -> dict[str, Any]:
    return {"name": {"formatted_name": "Ana Lima", "first_name": "Ana"}, **more}


GOOD: dict[str, tuple[str, Any]] = {
    "text": ("text", {"body": "x" * 4096, "preview_url": True}),
    "location": ("location", {"latitude": -23.55, "longitude": "-46.63", "name": "Loja"}),
    "image": ("image", {"media": 51, "caption": "x" * 1024}),
    "video": ("video", {"media": 1}),
    "audio": ("audio", {"media": 51, "voice": True}),
    "document": ("document", {"media": 51, "caption": "x", "filename": "x" * 240}),
    "sticker": ("sticker", {"media": 2**63 - 1}),
    "location at the edges": ("location", {"latitude": "-90", "longitude": 180}),
    "contacts": (
        "contacts",
        [
            card(
                phones=[{"phone": "+55 11 98765-4321", "type": "CELL", "wa_id": "5511987654321"}],
                emails=[{"email": "ana@example.com", "type": "WORK"}],
                urls=[{"url": "https://example.com"}],
                addresses=[{"city": "São Paulo", "country_code": "br", "zip": ""}],
                org={"company": "Acme"},
                birthday="1990-12-31",
            )
        ],
    ),
    "257 contacts": ("contacts", [card()] * 257),
    "reaction": ("reaction", {"message_id": WAMID, "emoji": "👍"}),
    "reaction taken back": ("reaction", {"message_id": WAMID, "emoji": ""}),
    "buttons": (
        "interactive",
        buttons("x" * 20, "b", "c", header={"type": "text", "text": "x" * 60}),
    ),
    "button with an image": (
        "interactive",
        buttons("a", header={"type": "image", "image": {"id": "1033"}}, footer={"text": "x" * 60}),
    ),
    "button with a document": (
        "interactive",
        buttons(
            "a",
            header={
                "type": "document",
                "document": {"link": "https://example.com/a.pdf", "filename": "a.pdf"},
            },
        ),
    ),
    "list": ("interactive", listed(4, 6, body={"text": "x" * 4096})),
    "cta_url": ("interactive", cta(display_text="x" * 20)),
    "flow": (
        "interactive",
        flow(
            flow_token="t",
            mode="draft",
            flow_action="navigate",
            flow_action_payload={"screen": "S", "data": {"a": 1}},
        ),
    ),
    "location request": ("interactive", named("location_request_message", "send_location")),
    "contact request": ("interactive", named("request_contact_info", "request_contact_info")),
}


@pytest.mark.parametrize(("kind", "content"), GOOD.values(), ids=GOOD)
def test_what_meta_takes_passes(kind, content):
    assert limits.violations(kind, content) == []


@pytest.mark.parametrize("emoji", ["❤️", "👩‍👩‍👧", "🇧🇷", "👍🏽", "1️⃣", "☎", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🏳️‍🌈", "🫡"])
def test_one_emoji_is_one_however_it_is_built(emoji):
    assert limits.violations("reaction", {"message_id": WAMID, "emoji": emoji}) == []


# The good body, what is changed in it (None: left out), and the code at that very place.
WRONG: list[tuple[str, str, Any, str]] = [
    ("text", "/text/body", "x" * 4097, "max_length"),
    ("text", "/text/body", "", "blank"),
    ("text", "/text/body", " \n", "blank"),
    ("text", "/text/body", 7, "invalid"),
    ("text", "/text/body", None, "required"),
    ("text", "/text/preview_url", "yes", "invalid"),
    ("text", "/text/preview", True, "unknown"),
    ("image", "/image/caption", "x" * 1025, "max_length"),
    ("image", "/image/media", None, "required"),
    ("image", "/image/media", "51", "invalid"),
    ("image", "/image/media", True, "invalid"),
    ("image", "/image/media", 0, "invalid"),
    ("image", "/image/media", 2**63, "invalid"),
    ("image", "/image/id", "1033", "unknown"),
    ("video", "/video/filename", "a.mp4", "unknown"),
    ("audio", "/audio/voice", "yes", "invalid"),
    ("audio", "/audio/caption", "Ouça", "unknown"),
    ("document", "/document/filename", "x" * 241, "max_length"),
    ("document", "/document/filename", "", "blank"),
    ("document", "/document/caption", "x" * 1025, "max_length"),
    ("sticker", "/sticker/caption", "Veja", "unknown"),
    ("location", "/location/latitude", 90.1, "invalid"),
    ("location", "/location/latitude", "north", "invalid"),
    ("location", "/location/latitude", int("9" * 400), "invalid"),
    ("location", "/location/latitude", float("nan"), "invalid"),
    ("location", "/location/latitude", True, "invalid"),
    ("location", "/location/latitude", float("nan"), "invalid"),
    ("location", "/location/latitude", None, "required"),
    ("location", "/location/longitude", "-180.5", "invalid"),
    ("location", "/location/longitude", None, "required"),
    ("location", "/location/name", "", "blank"),
    ("location", "/location/address", "x" * 1001, "max_length"),
    ("contacts", "/contacts", [], "min_items"),
    ("contacts", "/contacts", [card()] * 258, "max_items"),
    ("contacts", "/contacts", {}, "invalid"),
    ("contacts", "/contacts/0/name", None, "required"),
    ("contacts", "/contacts/0/name/formatted_name", None, "required"),
    ("contacts", "/contacts/0/name/first_name", None, "required"),
    ("contacts", "/contacts/0/phones/0/phone", "", "blank"),
    ("contacts", "/contacts/0/phones/0/wa_id", "+55 11", "invalid"),
    ("contacts", "/contacts/0/urls/0/url", "example", "invalid"),
    ("contacts", "/contacts/0/birthday", "31/12/1990", "invalid"),
    ("contacts", "/contacts/0/fax", "1", "unknown"),
    ("reaction", "/reaction/message_id", "42", "invalid"),
    ("reaction", "/reaction/message_id", None, "required"),
    ("reaction", "/reaction/emoji", "ok", "invalid"),
    ("reaction", "/reaction/emoji", "👍👍", "invalid"),
    ("reaction", "/reaction/emoji", "7", "invalid"),
    ("reaction", "/reaction/emoji", None, "required"),
    ("buttons", "/interactive/type", "buttons", "invalid_choice"),
    ("buttons", "/interactive/type", None, "invalid_choice"),
    ("buttons", "/interactive/body/text", "x" * 1025, "max_length"),
    ("buttons", "/interactive/body/text", "", "blank"),
    ("buttons", "/interactive/body", None, "required"),
    ("buttons", "/interactive/header/text", "x" * 61, "max_length"),
    ("buttons", "/interactive/header/type", "audio", "invalid_choice"),
    ("buttons", "/interactive/action", None, "required"),
    ("buttons", "/interactive/action/buttons", [], "min_items"),
    ("buttons", "/interactive/action/buttons/3", "fourth", "max_items"),
    ("buttons", "/interactive/action/buttons/1/type", "url", "invalid_choice"),
    ("buttons", "/interactive/action/buttons/1/reply/title", "x" * 21, "max_length"),
    ("buttons", "/interactive/action/buttons/1/reply/title", "", "blank"),
    ("buttons", "/interactive/action/buttons/2/reply/title", "b", "duplicate"),
    ("buttons", "/interactive/action/buttons/1/reply/id", "b0", "duplicate"),
    ("buttons", "/interactive/action/buttons/1/reply/id", "x" * 257, "max_length"),
    ("buttons", "/interactive/action/buttons/1/reply/id", " b", "invalid"),
    ("button with an image", "/interactive/footer/text", "x" * 61, "max_length"),
    ("button with an image", "/interactive/header/image/id", "mine", "invalid"),
    (
        "button with an image",
        "/interactive/header/image/link",
        "https://a.example/b",
        "exactly_one",
    ),
    ("button with an image", "/interactive/header/image/caption", "Veja", "unknown"),
    ("button with an image", "/interactive/header/image", None, "required"),
    ("list", "/interactive/body/text", "x" * 4097, "max_length"),
    ("list", "/interactive/header", {"type": "image", "image": {"id": "1"}}, "invalid_choice"),
    ("list", "/interactive/action/button", "x" * 21, "max_length"),
    ("list", "/interactive/action/button", "", "blank"),
    ("list", "/interactive/action/sections", [], "min_items"),
    ("list", "/interactive/action/sections", listed(*[1] * 11)["action"]["sections"], "max_items"),
    ("list", "/interactive/action/sections", listed(5, 6)["action"]["sections"], "max_items"),
    ("list", "/interactive/action/sections/0/rows", [], "min_items"),
    ("list", "/interactive/action/sections/0/title", None, "required"),
    ("list", "/interactive/action/sections/0/title", "x" * 25, "max_length"),
    ("list", "/interactive/action/sections/1/rows/0/id", "r0-0", "duplicate"),
    ("list", "/interactive/action/sections/1/rows/0/id", "x" * 201, "max_length"),
    ("list", "/interactive/action/sections/1/rows/0/title", "Row 0-0", "duplicate"),
    ("list", "/interactive/action/sections/1/rows/0/title", "x" * 25, "max_length"),
    ("list", "/interactive/action/sections/1/rows/0/description", "x" * 73, "max_length"),
    ("cta_url", "/interactive/action/parameters/display_text", "x" * 21, "max_length"),
    ("cta_url", "/interactive/action/parameters/url", "javascript:alert(1)", "invalid"),
    (
        "cta_url",
        "/interactive/action/parameters/url",
        "https://a.io/" + "x" * 2000,
        "max_length",
    ),
    ("cta_url", "/interactive/action/name", "url", "invalid_choice"),
    ("flow", "/interactive/action/parameters/flow_cta", "x" * 31, "max_length"),
    ("flow", "/interactive/action/parameters/flow_name", "f", "exactly_one"),
    ("flow", "/interactive/action/parameters/flow_id", None, "exactly_one"),
    ("flow", "/interactive/action/parameters/flow_message_version", "2", "invalid_choice"),
    ("flow", "/interactive/action/parameters/mode", "test", "invalid_choice"),
    ("flow", "/interactive/action/parameters/flow_action", "open", "invalid_choice"),
    ("flow", "/interactive/action/parameters/flow_action_payload/screen", None, "required"),
    ("flow", "/interactive/action/parameters/flow_action_payload/data", {}, "invalid"),
    ("location request", "/interactive/body/text", "x" * 1025, "max_length"),
    ("location request", "/interactive/footer", {"text": "x"}, "unknown"),
    ("location request", "/interactive/action/name", "send", "invalid_choice"),
    ("contact request", "/interactive/action/name", None, "required"),
]
# Where the fault is not at the changed place itself.
ELSEWHERE = {
    "/interactive/action/buttons/3": "/interactive/action/buttons",
    "/interactive/header/image/link": "/interactive/header/image",
    "/interactive/action/parameters/flow_name": "/interactive/action/parameters",
    "/interactive/action/parameters/flow_id": "/interactive/action/parameters",
}


@pytest.mark.parametrize(
    ("good", "pointer", "value", "code"),
    WRONG,
    ids=[
        f"{good}{pointer} {code} {index}" for index, (good, pointer, _v, code) in enumerate(WRONG)
    ],
)
def test_what_meta_refuses_is_named_by_its_place(good, pointer, value, code):
    kind, content = copy.deepcopy(GOOD[good])
    body = {kind: content}
    _change(body, pointer, value)

    found = limits.violations(kind, body[kind])

    place = ELSEWHERE.get(pointer, pointer)
    if good == "list" and pointer == "/interactive/header":
        place = "/interactive/header/type"
    assert (place, code) in [(one.pointer, one.code) for one in found]


def _change(body: dict[str, Any], pointer: str, value: Any) -> None:
    *way, last = pointer.removeprefix("/").split("/")
    place: Any = body
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place[step]
    if isinstance(place, list):
        place.append(value)
    elif value is None:
        del place[last]
    else:
        place[last] = value


@pytest.mark.parametrize("kind", limits.RULES)
@pytest.mark.parametrize("content", [None, "text", 7, [], {}, [None], [[]], {"type": []}, {"": 1}])
def test_nonsense_of_any_shape_is_refused_without_an_exception(kind, content):
    found = limits.violations(kind, content)

    assert found
    assert all(one.pointer.startswith(f"/{kind}") for one in found)


def test_everything_that_is_wrong_is_told_at_once():
    wrong = buttons("x" * 21, "", body={"text": ""})

    pointers = [one.pointer for one in limits.violations("interactive", wrong)]

    assert pointers == [
        "/interactive/body/text",
        "/interactive/action/buttons/0/reply/title",
        "/interactive/action/buttons/1/reply/title",
    ]


def test_sentences_carry_their_figures():
    (one,) = limits.violations("text", {"body": "x" * 4097})

    assert one.sentence % one.values == "This can have 4096 characters at most; it has 4097."
    assert not re.search(r"%\(", one.sentence % one.values)


def test_a_pointer_escapes_what_pointers_are_made_of():
    (one,) = limits.violations("text", {"body": "a", "a/b~c": 1})

    assert one.pointer == "/text/a~1b~0c"
