"""The body of a template's send, as Meta wants it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from whatsapp.rendering.definition import MEDIA, Button, Definition, is_code_button, variables

ID_MAX_DIGITS = 18
Json = dict[str, Any]
Values = Mapping[str, str]


def template(definition: Definition, values: Values) -> Json:
    """Return Meta's ``template`` object. What is missing is sent empty: check before."""
    whole: Json = {"name": definition.name, "language": {"code": definition.language}}
    components = _components(definition, values)
    return {**whole, "components": components} if components else whole


def products_of(value: str) -> list[str]:
    """Return the ids of products that were written with commas between them."""
    return [one for one in (part.strip() for part in value.split(",")) if one]


def _components(definition: Definition, values: Values) -> list[Json]:
    components = [
        _component("header", _header(definition, values)),
        _component("limited_time_offer", _offer(definition, values)),
        _component("body", _texts(definition, "body", definition.body, values)),
        *(_button(definition, button, values) for button in definition.buttons),
        _carousel(definition, values),
    ]
    return [component for component in components if component]


def _component(kind: str, parameters: list[Json]) -> Json:
    return {"type": kind, "parameters": parameters} if parameters else {}


def _carousel(definition: Definition, values: Values) -> Json:
    cards = [
        {"card_index": index, "components": _components(card, values)}
        for index, card in enumerate(definition.cards)
    ]
    return {"type": "carousel", "cards": cards} if cards else {}


def _header(definition: Definition, values: Values) -> list[Json]:
    key = f"{definition.key}header"
    if definition.header_format in MEDIA:
        kind, media = definition.header_format.lower(), values.get(f"{key}.media", "")
        # Ours, until it goes: each number has another id of Meta's for the same file.
        is_ours = media.isdecimal() and len(media) <= ID_MAX_DIGITS
        file = {"media": int(media)} if is_ours else {"link": media}
        return [{"type": kind, kind: file}]
    if definition.header_format == "LOCATION":
        names = ("latitude", "longitude", "name", "address")
        place = {name: values.get(f"{key}.{name}", "") for name in names}
        return [{"type": "location", "location": place}]
    if definition.header_format == "PRODUCT":
        product = {
            "product_retailer_id": values.get(f"{key}.product", ""),
            "catalog_id": values.get(f"{key}.catalog", ""),
        }
        return [{"type": "product", "product": product}]
    return _texts(definition, "header", definition.header, values)


def _offer(definition: Definition, values: Values) -> list[Json]:
    if not definition.offer_ends:
        return []
    try:
        ends_at = round(datetime.fromisoformat(values.get("offer.ends_at", "")).timestamp() * 1000)
    except ValueError:
        ends_at = 0  # a preview: what is sent was checked before
    offer = {"expiration_time_ms": ends_at}
    return [{"type": "limited_time_offer", "limited_time_offer": offer}]


def _texts(definition: Definition, part: str, text: str, values: Values) -> list[Json]:
    names = variables(text)
    if not definition.is_named:
        names.sort(key=lambda name: int(name) if name.isdecimal() else 0)
    named = [{"parameter_name": name} if definition.is_named else {} for name in names]
    return [
        {"type": "text", **extra, "text": values.get(f"{definition.key}{part}.{name}", "")}
        for name, extra in zip(names, named, strict=True)
    ]


def _button(definition: Definition, button: Button, values: Values) -> Json:
    sub_type = button.type.lower()
    value = values.get(f"{definition.key}button.{button.index}", "")
    if is_code_button(definition, button):
        sub_type, parameter = "url", {"type": "text", "text": values.get("body.1", "")}
    else:
        parameter = _PARAMETERS.get(button.type, _none)(button, value)
    if not parameter:
        return {}
    return {
        "type": "button",
        "sub_type": sub_type,
        "index": str(button.index),
        "parameters": [parameter],
    }


def _none(_button: Button, _value: str) -> Json:
    return {}


def _url(button: Button, value: str) -> Json:
    return {"type": "text", "text": value} if variables(button.url) else {}


def _payload(_button: Button, value: str) -> Json:
    return {"type": "payload", "payload": value} if value else {}


def _catalog(_button: Button, value: str) -> Json:
    return _action({"thumbnail_product_retailer_id": value}) if value else {}


def _products(button: Button, value: str) -> Json:
    products = products_of(value)
    items = [{"product_retailer_id": product} for product in products]
    section = {"title": button.text[:24], "product_items": items}
    thumbnail = {"thumbnail_product_retailer_id": products[0]} if products else {}
    return _action({**thumbnail, "sections": [section]})


def _action(content: Json) -> Json:
    return {"type": "action", "action": content}


_PARAMETERS: dict[str, Callable[[Button, str], Json]] = {
    "URL": _url,
    "COPY_CODE": lambda _, value: {"type": "coupon_code", "coupon_code": value},
    "QUICK_REPLY": _payload,
    "FLOW": lambda _, value: _action({"flow_token": value or "unused"}),
    "CATALOG": _catalog,
    "MPM": _products,
}
