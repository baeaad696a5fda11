"""Read Meta's objects into values that can be shown. Never raises.

What is missing or of another shape is left out. Addresses of pages are kept only if they are http
or https: everything here was written by strangers.
Source: developers.facebook.com/docs/whatsapp/cloud-api/webhooks, read 2026-11.
"""

import json
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from whatsapp import sniffing
from whatsapp.payloads import offers
from whatsapp.payloads.cleaning import dict_of, text_of
from whatsapp.payloads.contents import (
    Answers,
    CallPermission,
    Card,
    Cards,
    Choice,
    Content,
    Context,
    Item,
    Location,
    Media,
    Notice,
    Order,
    Referral,
    Text,
    Unknown,
)
from whatsapp.payloads.units import error_of

_ROWS_MAX = 60
_CARDS_MAX = 20
_LINE_MAX = 1000


def read(kind: str, content: Any, extras: Any = None) -> Content:
    """Read the object of a type, which is Meta's word for it. An unknown type is Unknown."""
    reader = _READERS.get(kind)
    found = reader(content, dict_of(extras)) if reader else None
    return found or _unknown(kind, content, dict_of(extras))


def text_in(kind: str, content: Any) -> str:
    """Return the words of a message that one can search for and show in a list."""
    match read(kind, content):
        case Text(body=body):
            return body
        case Media(caption=caption):
            return caption
        case Choice(title=title):
            return title
        case Order(text=text) | Answers(rows=(), text=text):
            return text
    return ""


def referral_of(extras: Any) -> Referral | None:
    """Return the advertisement beside a message, if there is one."""
    referral = dict_of(dict_of(extras).get("referral"))
    if not referral:
        return None
    return Referral(
        headline=_line(referral, "headline"),
        body=_line(referral, "body"),
        url=web_address(referral.get("source_url")),
        source_type=_line(referral, "source_type"),
        source_id=_line(referral, "source_id"),
    )


def context_of(extras: Any) -> Context | None:
    """Return what a message answers or that it was forwarded; None for neither."""
    context = dict_of(dict_of(extras).get("context"))
    often = context.get("frequently_forwarded") is True
    found = Context(
        wamid=_line(context, "id"),
        is_forwarded=often or context.get("forwarded") is True,
        is_forwarded_often=often,
        product=_line(dict_of(context.get("referred_product")), "product_retailer_id"),
    )
    return found if found.wamid or found.is_forwarded or found.product else None


def web_address(value: Any) -> str:
    """Return an address that may become a link; "" for every other scheme."""
    address = text_of(value, 2048).strip()
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return address if parts.scheme in {"http", "https"} and parts.hostname else ""


def _line(source: Any, key: str) -> str:
    return text_of(dict_of(source).get(key), _LINE_MAX).strip()


def _list(value: Any) -> list[Any]:
    return value[:_ROWS_MAX] if isinstance(value, list) else []


def _text(content: Any, extras: dict[str, Any]) -> Text | None:
    body = text_of(dict_of(content).get("body")) or text_of(content)
    return Text(body) if body else None


def _media(content: Any, extras: dict[str, Any]) -> Media:
    errors = extras.get("errors")
    return Media(
        caption=text_of(dict_of(content).get("caption")),
        filename=sniffing.clean_name(_line(content, "filename")),
        mime_type=_line(content, "mime_type"),
        is_voice=dict_of(content).get("voice") is True,
        error=error_of(errors if isinstance(errors, list) else None)[1],
    )


def _location(content: Any, extras: dict[str, Any]) -> Location:
    latitude = _degrees(dict_of(content).get("latitude"), 90)
    longitude = _degrees(dict_of(content).get("longitude"), 180)
    known = latitude is not None and longitude is not None
    return Location(
        name=_line(content, "name"),
        address=_line(content, "address"),
        latitude=latitude if known else None,
        longitude=longitude if known else None,
        url=web_address(dict_of(content).get("url")),
    )


def _degrees(value: Any, most: int) -> float | None:
    number = _number(value)
    return float(number) if number is not None and abs(number) <= most else None


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = Decimal(str(value)[:40])
    except InvalidOperation:
        return None
    # No price, no quantity and no degree is larger; arithmetic on what is could overflow.
    return number if number.is_finite() and abs(number) < 10**15 else None


def _cards(content: Any, extras: dict[str, Any]) -> Cards | None:
    listed = content.get("contacts") if isinstance(content, dict) else content
    cards = tuple(_card(one) for one in _list(listed)[:_CARDS_MAX] if isinstance(one, dict))
    return Cards(cards) if cards else None


def _card(card: dict[str, Any]) -> Card:
    name = dict_of(card.get("name"))
    parts = (_line(name, part) for part in ("first_name", "middle_name", "last_name"))
    return Card(
        name=_line(name, "formatted_name") or " ".join(filter(None, parts)),
        company=_line(card.get("org"), "company"),
        phones=_lines(card.get("phones"), "phone", "wa_id"),
        emails=_lines(card.get("emails"), "email"),
        addresses=tuple(filter(None, map(_address, _list(card.get("addresses"))))),
        urls=tuple(filter(None, (web_address(one) for one in _lines(card.get("urls"), "url")))),
        birthday=_line(card, "birthday"),
    )


def _lines(value: Any, *keys: str) -> tuple[str, ...]:
    """Return from each object of a list the first key that says something."""
    found = (next(filter(None, (_line(one, key) for key in keys)), "") for one in _list(value))
    return tuple(filter(None, found))


def _address(value: Any) -> str:
    parts = (_line(value, key) for key in ("street", "city", "state", "zip", "country"))
    return ", ".join(filter(None, parts))


def _interactive(content: Any, extras: dict[str, Any]) -> Content | None:
    source = dict_of(content)
    for kind in ("button_reply", "list_reply"):
        if isinstance(reply := source.get(kind), dict):
            title = _line(reply, "title") or _line(reply, "id")
            return Choice(title, _line(reply, "description"))
    if isinstance(reply := source.get("nfm_reply"), dict):
        return _answers(reply)
    if isinstance(reply := source.get("call_permission_reply"), dict):
        return CallPermission(_line(reply, "response") == "accept")
    return offers.read(content)


def _answers(reply: dict[str, Any]) -> Answers:
    raw = reply.get("response_json")
    try:
        given = json.loads(raw) if isinstance(raw, str) else raw
    except (ValueError, RecursionError):
        given = raw
    if not isinstance(given, dict):
        return Answers((), (text_of(given) or text_of(raw) or _line(reply, "body"))[:_LINE_MAX])
    rows = [(str(key)[:200], _value(value)) for key, value in given.items() if key != "flow_token"]
    return Answers(tuple(rows[:_ROWS_MAX]), "" if rows else _line(reply, "body"))


def _value(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(one, str | int) for one in value):
        return ", ".join(map(str, value))[:_LINE_MAX]
    written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return written[:_LINE_MAX]


def _button(content: Any, extras: dict[str, Any]) -> Choice | None:
    title = _line(content, "text") or _line(content, "payload")
    return Choice(title, "") if title else None


def _order(content: Any, extras: dict[str, Any]) -> Order:
    items = [one for one in _list(dict_of(content).get("product_items")) if isinstance(one, dict)]
    return Order(
        text=text_of(dict_of(content).get("text")),
        items=tuple(map(_item, items)),
        catalog_id=_line(content, "catalog_id"),
    )


def _item(item: dict[str, Any]) -> Item:
    return Item(
        product=_line(item, "product_retailer_id"),
        quantity=_number(item.get("quantity")),
        price=_number(item.get("item_price")),
        currency=_line(item, "currency")[:8],
    )


def _notice(content: Any, extras: dict[str, Any]) -> Notice:
    wa_id = _line(content, "wa_id") or _line(content, "new_wa_id")
    return Notice(_line(content, "type"), _line(content, "body"), wa_id)


def _welcome(content: Any, extras: dict[str, Any]) -> Notice:
    return Notice("request_welcome", "", "")


def _unknown(kind: str, content: Any, extras: dict[str, Any]) -> Unknown:
    # Unsupported messages name what they were; unknown ones are what their own type says.
    word = _line(content, "type") if kind == "unsupported" else kind
    errors = extras.get("errors")
    code, detail = error_of(errors if isinstance(errors, list) else None)
    return Unknown(word, detail, code, is_new=kind != "unsupported" and not errors)


_READERS: dict[str, Callable[[Any, dict[str, Any]], Content | None]] = {
    "text": _text,
    "image": _media,
    "video": _media,
    "audio": _media,
    "voice": _media,
    "document": _media,
    "sticker": _media,
    "location": _location,
    "contacts": _cards,
    "interactive": _interactive,
    "button": _button,
    "order": _order,
    "system": _notice,
    "request_welcome": _welcome,
}
