"""Interactive messages: buttons, lists, links, flows, and questions for a place or a number."""

import re
from collections.abc import Iterator
from typing import Any

from whatsapp.errors.meanings import gettext_noop as _
from whatsapp.limits.media import upload_id
from whatsapp.limits.messages import HEADER_TEXT
from whatsapp.limits.rules import (
    Path,
    Rule,
    Violation,
    both,
    counted,
    exactly_one,
    items,
    matching,
    members,
    text,
    unique,
    url,
    word,
)

BODY_MAX_CHARACTERS = 1024
LIST_BODY_MAX_CHARACTERS = 4096
FOOTER_MAX_CHARACTERS = 60
LABEL_MAX_CHARACTERS = 20
BUTTONS_MAX = 3
SECTIONS_MAX = 10
ROWS_MAX = 10
_MEDIA_ID = re.compile(r"\d{1,40}")

_body = members({"text": text(BODY_MAX_CHARACTERS)})
_footer = members({"text": text(FOOTER_MAX_CHARACTERS)})
_label = text(LABEL_MAX_CHARACTERS)


def _id(most: int) -> Rule:
    """Allow an id; Meta refuses blanks at its ends."""
    sentence = _("This may not begin or end with a blank.")
    return both(text(most), matching(re.compile(r"\S(?:.*\S)?", re.DOTALL), sentence))


def _any_object(value: Any, path: Path) -> Iterator[Violation]:
    if not isinstance(value, dict) or not value:
        yield Violation(path, "invalid", _("This has to be an object with members."))


def _media(*more: str) -> Rule:
    """Allow a file: by the id of an upload to us, by its id at Meta, or by its address."""
    number = matching(_MEDIA_ID, _("This has to be the id of an uploaded file."))
    ways: dict[str, Rule] = {"media": upload_id, "id": number, "link": url()}
    names = dict.fromkeys(more, text(240))
    return members({}, {**ways, **names}, then=exactly_one(*ways))


_HEADERS: dict[str, Rule] = {
    "text": HEADER_TEXT,
    "image": members({"type": word("image"), "image": _media()}),
    "video": members({"type": word("video"), "video": _media()}),
    "document": members({"type": word("document"), "document": _media("filename")}),
}


def _by_type(kinds: dict[str, Rule]) -> Rule:
    """Choose the rule by the object's own type."""

    def check(value: Any, path: Path) -> Iterator[Violation]:
        if not isinstance(value, dict):
            yield from members({})(value, path)
            return
        found = list(word(*kinds)(value.get("type"), (*path, "type")))
        yield from found or kinds[value["type"]](value, path)

    return check


def _buttons(value: list[dict[str, Any]], path: Path) -> Iterator[Violation]:
    for name in ("id", "title"):
        places = (
            ((*path, index, "reply", name), item["reply"][name].strip())
            for index, item in enumerate(value)
        )
        yield from unique(places)


def _sections(value: list[dict[str, Any]], path: Path) -> Iterator[Violation]:
    rows = [
        ((*path, at, "rows", index), row)
        for at, section in enumerate(value)
        for index, row in enumerate(section["rows"])
    ]
    yield from counted(len(rows), path, most=ROWS_MAX)
    if len(value) > 1:
        untitled = [index for index, section in enumerate(value) if "title" not in section]
        sentence = _("With several sections each needs a title.")
        for index in untitled:
            yield Violation((*path, index, "title"), "required", sentence)
    for name in ("id", "title"):
        yield from unique(((*place, name), row[name].strip()) for place, row in rows)


def _kind(
    name: str,
    action: Rule,
    *,
    body: Rule = _body,
    header: Rule | None = None,
    footer: bool = False,
) -> Rule:
    optional = {"footer": _footer} if footer else {}
    if header is not None:
        optional["header"] = header
    return members({"type": word(name), "body": body, "action": action}, optional)


def _named_action(name: str, parameters: Rule | None = None) -> Rule:
    required = {"name": word(name)}
    if parameters is not None:
        required["parameters"] = parameters
    return members(required)


_button = members(
    {"type": word("reply"), "reply": members({"id": _id(256), "title": _label})},
)
_row = members({"id": _id(200), "title": text(24)}, {"description": text(72)})
_section = members({"rows": items(_row, most=ROWS_MAX)}, {"title": text(24)})
_flow = members(
    {"flow_message_version": word("3"), "flow_cta": text(30)},
    {
        "flow_id": matching(_MEDIA_ID, _("This has to be the id of a flow: digits.")),
        "flow_name": text(200),
        "flow_token": text(200),
        "mode": word("published", "draft"),
        "flow_action": word("navigate", "data_exchange"),
        "flow_action_payload": members({"screen": text(200)}, {"data": _any_object}),
    },
    then=exactly_one("flow_id", "flow_name"),
)
_header = _by_type(_HEADERS)

INTERACTIVE = _by_type(
    {
        "button": _kind(
            "button",
            members({"buttons": both(items(_button, most=BUTTONS_MAX), _buttons)}),
            header=_header,
            footer=True,
        ),
        "list": _kind(
            "list",
            members(
                {
                    "button": _label,
                    "sections": both(items(_section, most=SECTIONS_MAX), _sections),
                }
            ),
            body=members({"text": text(LIST_BODY_MAX_CHARACTERS)}),
            header=_by_type({"text": HEADER_TEXT}),
            footer=True,
        ),
        "cta_url": _kind(
            "cta_url",
            _named_action("cta_url", members({"display_text": _label, "url": url()})),
            header=_header,
            footer=True,
        ),
        "flow": _kind("flow", _named_action("flow", _flow), header=_header, footer=True),
        "location_request_message": _kind(
            "location_request_message", _named_action("send_location")
        ),
        "request_contact_info": _kind(
            "request_contact_info", _named_action("request_contact_info")
        ),
    }
)
