"""The one renderer: a definition and values make what is shown, what is kept and what is sent."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from whatsapp.rendering import payload
from whatsapp.rendering.definition import MEDIA, VARIABLE, Button, Definition


@dataclass(frozen=True, slots=True)
class Rendered:
    """A template, or one card of it, as the customer sees it.

    ``payload`` is Meta's ``template`` object; a card has none of its own.
    """

    header_format: str
    header: str  # words, or the file's link or our id, or the place
    body: str
    footer: str
    buttons: tuple[Button, ...]
    payload: dict[str, Any]
    cards: tuple["Rendered", ...] = ()
    offer: str = ""  # of limited time
    offer_ends: str = ""  # a moment, ISO 8601
    asks_to_call: bool = False

    @property
    def text(self) -> str:
        """The words of it, as they are kept with the message."""
        header = self.header if self.header_format in {"TEXT", "LOCATION"} else ""
        parts = (header, self.offer, self.body, self.footer, *(card.text for card in self.cards))
        return "\n\n".join(part for part in parts if part)


def preview(definition: Definition, values: Mapping[str, str]) -> Rendered:
    """Fill in what there is; what is missing stays a variable. Never raises."""
    whole = _shown(definition, values)
    return replace(whole, payload=payload.template(definition, values))


def _shown(definition: Definition, values: Mapping[str, str]) -> Rendered:
    return Rendered(
        header_format=definition.header_format,
        header=_header(definition, values),
        body=_filled(definition.body, f"{definition.key}body", values),
        footer=definition.footer,
        buttons=tuple(_button(definition, button, values) for button in definition.buttons),
        payload={},
        cards=tuple(_shown(card, values) for card in definition.cards),
        offer=definition.offer,
        offer_ends=values.get("offer.ends_at", "") if definition.offer_ends else "",
        asks_to_call=definition.asks_to_call,
    )


def _filled(text: str, part: str, values: Mapping[str, str]) -> str:
    return VARIABLE.sub(lambda found: values.get(f"{part}.{found[1]}") or found[0], text)


def _header(definition: Definition, values: Mapping[str, str]) -> str:
    key = f"{definition.key}header"
    if definition.header_format in MEDIA:
        return values.get(f"{key}.media", "")
    if definition.header_format == "LOCATION":
        names = (values.get(f"{key}.name", ""), values.get(f"{key}.address", ""))
        return ", ".join(name for name in names if name)
    if definition.header_format == "PRODUCT":
        return values.get(f"{key}.product", "")
    return _filled(definition.header, key, values)


def _button(definition: Definition, button: Button, values: Mapping[str, str]) -> Button:
    value = values.get(f"{definition.key}button.{button.index}")
    if button.type == "COPY_CODE":
        return replace(button, code=value or "", example="")
    url = VARIABLE.sub(lambda found: value or found[0], button.url)
    return replace(button, url=url, example="")
