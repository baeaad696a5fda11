"""What a customer can tap on a message, and what the business gets for it."""

import json
from typing import Any

from whatsapp.simulator.chats import Chat, Message, Person

Json = dict[str, Any]
_TEMPLATE_KINDS = {
    "QUICK_REPLY": "quick_reply",
    "URL": "url",
    "PHONE_NUMBER": "phone",
    "COPY_CODE": "copy",
    "OTP": "copy",
    "FLOW": "flow",
    "REQUEST_CONTACT_INFO": "contact",
}
_HOME = {"latitude": -23.5614, "longitude": -46.6559, "name": "Casa", "address": "Av. Paulista, 1"}


class TapError(Exception):
    """Nothing like that can be tapped; the message says why."""


def of_interactive(content: Json) -> list[Json]:
    """Return the buttons of an interactive message, or of one of its cards."""
    kind, action = str(content.get("type", "")), content.get("action")
    if not isinstance(action, dict):
        return []
    parameters = action.get("parameters")
    parameters = parameters if isinstance(parameters, dict) else {}
    text = str(parameters.get("display_text") or parameters.get("flow_cta") or "")
    if isinstance(action.get("buttons"), list):
        return [_reply(button) for button in action["buttons"] if isinstance(button, dict)]
    if kind == "list":
        return [{"kind": "list", "text": str(action.get("button", "")), "sections": _rows(action)}]
    made: dict[str, Json] = {
        "cta_url": {"kind": "url", "text": text, "url": str(parameters.get("url", ""))},
        "flow": {"kind": "flow", "text": text, "token": str(parameters.get("flow_token", ""))},
        "location_request_message": {"kind": "location", "text": ""},
        "request_contact_info": {"kind": "contact", "text": ""},
        "call_permission_request": {"kind": "call_permission", "text": ""},
        "product": {"kind": "order", "text": "", "items": _products(action)},
        "product_list": {"kind": "order", "text": "", "items": _products(action)},
        "catalog_message": {"kind": "order", "text": "", "items": _products(parameters)},
        "voice_call": {"kind": "call", "text": text},
    }
    return [made[kind]] if kind in made else []


def of_template(template: Json) -> list[Json]:
    """Return the buttons of a template, or of one of its cards."""
    return [
        {**button, "kind": _TEMPLATE_KINDS.get(button["type"], "none")}
        for button in template.get("buttons", [])
    ]


def tap(chat: Chat, message: Message, found: list[Json], wish: Json) -> Json:
    """Return the message that a tap makes. ``wish``: `index`, `row` of a list, `answer` of a flow.

    Raises: TapError, for what is not there or only works on the phone itself (links, codes).
    """
    index = wish.get("index", 0)
    if not isinstance(index, int) or not 0 <= index < len(found):
        raise TapError("index: there is no such button.")
    action = found[index]
    content = _answer(chat.person, action, wish)
    if content is None:
        raise TapError(f"A button of kind {action['kind']} sends nothing.")
    context = {"from": chat.phone.digits, "id": message.wamid}
    return {"context": context, **content}


def _answer(person: Person, action: Json, wish: Json) -> Json | None:
    kind = action["kind"]
    if kind == "quick_reply":
        words = {"payload": action["payload"], "text": action["text"]}
        return {"type": "button", "button": words}
    if kind == "reply":
        return _interactive("button_reply", {"id": action["id"], "title": action["text"]})
    if kind == "list":
        return _interactive("list_reply", _row(action, wish.get("row")))
    if kind == "flow":
        answer = wish.get("answer")
        values = {"flow_token": action.get("token", ""), **(answer if answer else {})}
        response = {"name": "flow", "body": "Sent", "response_json": json.dumps(values)}
        return _interactive("nfm_reply", response)
    if kind == "location":
        return {"type": "location", "location": wish.get("answer") or _HOME}
    if kind == "contact":
        card = {**card_of(person), "origin": "contact_request"}
        return {"type": "contacts", "contacts": [card]}
    if kind == "call_permission":
        response = {"response": "accept", "response_source": "user_action"}
        return _interactive("call_permission_reply", response)
    if kind == "order":
        return {"type": "order", "order": order_of(action["items"])}
    return None


def card_of(person: Person) -> Json:
    """Return a person's own contact card."""
    first = person.name.split(" ")[0]
    return {
        "name": {"formatted_name": person.name, "first_name": first},
        "phones": [{"phone": f"+{person.wa_id}", "wa_id": person.wa_id, "type": "CELL"}],
    }


def order_of(skus: list[str]) -> Json:
    """Return one piece of each."""
    return {
        "catalog_id": "800100200300",
        "text": "",
        "product_items": [
            {"product_retailer_id": sku, "quantity": 1, "item_price": 30, "currency": "BRL"}
            for sku in skus or ["SKU-1"]
        ],
    }


def _interactive(kind: str, content: Json) -> Json:
    return {"type": "interactive", "interactive": {"type": kind, kind: content}}


def _reply(button: Json) -> Json:
    reply = button.get("reply") or button.get("quick_reply")
    reply = reply if isinstance(reply, dict) else {}
    return {"kind": "reply", "id": str(reply.get("id", "")), "text": str(reply.get("title", ""))}


def _rows(action: Json) -> list[Json]:
    return [
        {"title": str(section.get("title", "")), "rows": section.get("rows") or []}
        for section in action.get("sections") or []
        if isinstance(section, dict)
    ]


def _row(action: Json, wanted: Any) -> Json:
    rows = [row for section in action["sections"] for row in section["rows"]]
    row = next((row for row in rows if row.get("id") == wanted), None)
    if row is None:
        raise TapError("row: the list has no row with this id.")
    return dict(row)


def _products(action: Json) -> list[str]:
    sections = action.get("sections") or [{"product_items": [action]}]
    items = [item for section in sections for item in section.get("product_items") or []]
    keys = ("product_retailer_id", "thumbnail_product_retailer_id")
    return [str(item[key]) for item in items for key in keys if item.get(key)]
