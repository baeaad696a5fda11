"""What an interactive message of ours shows: words, and what the customer may tap."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from whatsapp.payloads.cleaning import dict_of, text_of

_ITEMS_MAX = 30
_LINE_MAX = 1000
# Questions whose button WhatsApp itself words.
ASKS = frozenset({"location_request_message", "request_contact_info"})


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list."""

    title: str
    description: str


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a list; a list of one part may have no title."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """An interactive message. ``kind`` is Meta's word for it."""

    kind: str
    header: str
    header_file: str  # image, video or document, where that stands above the words
    body: str
    footer: str
    buttons: tuple[str, ...]
    label: str  # of the one button that opens a list, a page or a flow
    url: str
    sections: tuple[Section, ...]

    @property
    def asks_for_place(self) -> bool:
        return self.kind == "location_request_message"

    @property
    def asks_for_number(self) -> bool:
        return self.kind == "request_contact_info"


def read(content: Any) -> Offer | None:
    """Read the object of an interactive message of ours; None for a customer's answer to one."""
    source, action = dict_of(content), dict_of(dict_of(content).get("action"))
    body = _line(source.get("body"), "text", 4096)
    if not action or not body:
        return None
    parameters, header = dict_of(action.get("parameters")), dict_of(source.get("header"))
    kind = _line(header, "type")
    link = _line(parameters, "url", 2048)
    return Offer(
        kind=_line(source, "type"),
        header=_line(header, "text"),
        header_file=kind if kind in {"image", "video", "document"} else "",
        body=body,
        footer=_line(source.get("footer"), "text"),
        buttons=tuple(_line(one.get("reply"), "title") for one in _objects(action, "buttons")),
        label=next(
            filter(None, (_line(parameters, key) for key in ("display_text", "flow_cta"))), ""
        )
        or _line(action, "button"),
        url=link if urlsplit(link).scheme in {"http", "https"} else "",
        sections=tuple(map(_section, _objects(action, "sections"))),
    )


def _section(section: dict[str, Any]) -> Section:
    rows = (
        Row(_line(one, "title"), _line(one, "description")) for one in _objects(section, "rows")
    )
    return Section(_line(section, "title"), tuple(rows))


def _objects(source: dict[str, Any], key: str) -> list[dict[str, Any]]:
    found = source.get(key)
    listed = found[:_ITEMS_MAX] if isinstance(found, list) else []
    return [one for one in listed if isinstance(one, dict)]


def _line(source: Any, key: str, most: int = _LINE_MAX) -> str:
    return text_of(dict_of(source).get(key), most).strip()
