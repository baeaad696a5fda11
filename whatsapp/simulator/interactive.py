"""What Meta refuses in interactive messages."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from whatsapp.simulator import carousel, media_bodies, products
from whatsapp.simulator.bodies import Json, child, children, invalid, link, missing, only, words
from whatsapp.simulator.errors import GraphError

ROWS_LIMIT = 10
MEDIA = ("image", "video", "document")


@dataclass(frozen=True, slots=True)
class Shape:
    """What an interactive type has beside its action."""

    check: Callable[[Json], None]
    headers: tuple[str, ...] = ()
    needs_header: bool = False
    footer: bool = False
    needs_body: bool = True
    longest: int = 1024


def check(content: Json) -> None:
    """Raise GraphError unless a phone could show this."""
    kind = content.get("type")
    if kind is None:
        raise missing("interactive['type']")
    shape = SHAPES.get(kind) if isinstance(kind, str) else None
    if shape is None:
        names = ", ".join(SHAPES)
        raise GraphError(
            100, message=f"(#100) Param interactive['type'] must be one of {{{names}}}."
        )
    only(content, "interactive", "type", "header", "body", "footer", "action")
    if shape.needs_body or "body" in content:
        body = child(content, "body", "interactive['body']")
        words(body, "text", "interactive['body']['text']", shape.longest)
    if shape.needs_header and "header" not in content:
        raise missing("interactive['header']")
    _header(content, shape.headers)
    if "footer" in content:
        if not shape.footer:
            raise invalid("interactive['footer']", f"is not allowed for {kind}")
        below = child(content, "footer", "interactive['footer']")
        words(below, "text", "interactive['footer']['text']", 60)
    shape.check(child(content, "action", "interactive['action']"))


def _header(content: Json, allowed: tuple[str, ...]) -> None:
    if "header" not in content:
        return
    header = child(content, "header", "interactive['header']")
    kind = header.get("type")
    if kind not in allowed:
        raise invalid("interactive['header']['type']", f"must be one of {{{', '.join(allowed)}}}")
    if kind == "text":
        words(header, "text", "interactive['header']['text']", 60)
        return
    file = child(header, kind, f"interactive['header']['{kind}']")
    if "caption" in file:
        only(file, f"interactive['header']['{kind}']", "id", "link", "filename")
    media_bodies.check(kind, file, f"interactive['header']['{kind}']")


def _buttons(action: Json) -> None:
    seen: dict[str, set[str]] = {"id": set(), "title": set()}
    buttons = children(action, "buttons", "action['buttons']", 3)
    for index, button in enumerate(buttons):
        place = f"action['buttons'][{index}]"
        only(button, place, "type", "reply")
        if button.get("type") != "reply":
            raise invalid(f"{place}['type']", "must be reply")
        reply = child(button, "reply", f"{place}['reply']")
        only(reply, f"{place}['reply']", "id", "title")
        for key, limit in (("id", 256), ("title", 20)):
            _once(seen[key], words(reply, key, f"{place}['reply']['{key}']", limit), place, key)


def _list(action: Json) -> None:
    only(action, "action", "button", "sections")
    words(action, "button", "action['button']", 20)
    sections = children(action, "sections", "action['sections']", 10)
    seen: dict[str, set[str]] = {"id": set(), "title": set()}
    for at, section in enumerate(sections):
        place = f"action['sections'][{at}]"
        if len(sections) > 1 or "title" in section:
            words(section, "title", f"{place}['title']", 24)
        for index, row in enumerate(children(section, "rows", f"{place}['rows']", ROWS_LIMIT)):
            _row(row, f"{place}['rows'][{index}]", seen)
    if len(seen["id"]) > ROWS_LIMIT:
        raise invalid("action['sections']", f"must have at most {ROWS_LIMIT} rows in total")


def _row(row: Json, place: str, seen: dict[str, set[str]]) -> None:
    only(row, place, "id", "title", "description")
    for key, limit in (("id", 200), ("title", 24)):
        _once(seen[key], words(row, key, f"{place}['{key}']", limit), place, key)
    if "description" in row:
        words(row, "description", f"{place}['description']", 72)


def _once(seen: set[str], value: str, place: str, key: str) -> None:
    if value in seen:
        raise invalid(f"{place}['{key}']", "must be unique")
    seen.add(value)


def _named(name: str, check_parameters: Callable[[Json], None] | None = None) -> Any:
    def check_action(action: Json) -> None:
        if words(action, "name", "action['name']", 100) != name:
            raise invalid("action['name']", f"must be {name}")
        if check_parameters is not None:
            check_parameters(child(action, "parameters", "action['parameters']"))

    return check_action


def _call(parameters: Json) -> None:
    words(parameters, "display_text", "parameters['display_text']", 20)
    minutes = parameters.get("ttl_minutes", 1)
    if isinstance(minutes, bool) or not isinstance(minutes, int) or not 1 <= minutes <= 43200:
        raise invalid("parameters['ttl_minutes']", "must be between 1 and 43200")


def _flow(parameters: Json) -> None:
    if words(parameters, "flow_message_version", "parameters['flow_message_version']", 5) != "3":
        raise invalid("parameters['flow_message_version']", "must be 3")
    words(parameters, "flow_cta", "parameters['flow_cta']", 30)
    if bool(parameters.get("flow_id")) == bool(parameters.get("flow_name")):
        raise missing("parameters['flow_id']")
    for key, known in (
        ("mode", ("draft", "published")),
        ("flow_action", ("navigate", "data_exchange")),
    ):
        if parameters.get(key, known[0]) not in known:
            raise invalid(f"parameters['{key}']", f"must be one of {{{', '.join(known)}}}")
    if "flow_action_payload" in parameters:
        payload = child(parameters, "flow_action_payload", "parameters['flow_action_payload']")
        words(payload, "screen", "parameters['flow_action_payload']['screen']", 200)


_LINKING: Any = {"headers": ("text", *MEDIA), "footer": True}
SHAPES: dict[str, Shape] = {
    "button": Shape(_buttons, **_LINKING),
    "list": Shape(_list, headers=("text",), footer=True, longest=4096),
    "cta_url": Shape(_named("cta_url", link), **_LINKING),
    "flow": Shape(_named("flow", _flow), **_LINKING),
    "location_request_message": Shape(_named("send_location")),
    "request_contact_info": Shape(_named("request_contact_info")),
    "product": Shape(products.check_one, footer=True, needs_body=False),
    "product_list": Shape(products.check_list, headers=("text",), needs_header=True, footer=True),
    "catalog_message": Shape(products.check_catalog, footer=True),
    "carousel": Shape(carousel.check),
    "call_permission_request": Shape(_named("call_permission_request")),
    "voice_call": Shape(_named("voice_call", _call)),
}
