"""What Meta refuses in interactive messages."""

from collections.abc import Callable
from typing import Any

from whatsapp.simulator.bodies import Json, child, children, invalid, missing, words
from whatsapp.simulator.errors import GraphError

ROWS_LIMIT = 10
MEDIA = ("image", "video", "document")


def check(content: Json) -> None:
    """Raise GraphError unless a phone could show this."""
    kind = content.get("type")
    if kind is None:
        raise missing("interactive['type']")
    known = ACTIONS.get(kind) if isinstance(kind, str) else None
    if known is None:
        names = ", ".join(ACTIONS)
        raise GraphError(
            100, message=f"(#100) Param interactive['type'] must be one of {{{names}}}."
        )
    check_action, header, footer, most = known
    body = child(content, "body", "interactive['body']")
    words(body, "text", "interactive['body']['text']", most)
    _header(content, header)
    if "footer" in content:
        if not footer:
            raise invalid("interactive['footer']", f"is not allowed for {kind}")
        below = child(content, "footer", "interactive['footer']")
        words(below, "text", "interactive['footer']['text']", 60)
    check_action(child(content, "action", "interactive['action']"))


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
    media = child(header, kind, f"interactive['header']['{kind}']")
    if bool(media.get("id")) == bool(media.get("link")):
        raise missing(f"interactive['header']['{kind}']['id']")


def _buttons(action: Json) -> None:
    seen: dict[str, set[str]] = {"id": set(), "title": set()}
    buttons = children(action, "buttons", "action['buttons']", 3)
    for index, button in enumerate(buttons):
        place = f"action['buttons'][{index}]"
        if button.get("type") != "reply":
            raise invalid(f"{place}['type']", "must be reply")
        reply = child(button, "reply", f"{place}['reply']")
        for key, limit in (("id", 256), ("title", 20)):
            _once(seen[key], words(reply, key, f"{place}['reply']['{key}']", limit), place, key)


def _list(action: Json) -> None:
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


def _link(parameters: Json) -> None:
    words(parameters, "display_text", "parameters['display_text']", 20)
    url = words(parameters, "url", "parameters['url']", 2000)
    if not url.lower().startswith(("https://", "http://")):
        raise invalid("parameters['url']", "must be a URL")


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


#: By type: the check of its action, the headers and whether a footer it may have, and the longest
#: body.
ACTIONS: dict[str, tuple[Callable[[Json], None], tuple[str, ...], bool, int]] = {
    "button": (_buttons, ("text", *MEDIA), True, 1024),
    "list": (_list, ("text",), True, 4096),
    "cta_url": (_named("cta_url", _link), ("text", *MEDIA), True, 1024),
    "flow": (_named("flow", _flow), ("text", *MEDIA), True, 1024),
    "location_request_message": (_named("send_location"), (), False, 1024),
    "request_contact_info": (_named("request_contact_info"), (), False, 1024),
}
