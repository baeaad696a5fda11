"""Which fields a template leaves open."""

from collections.abc import Iterable
from dataclasses import dataclass

from whatsapp.rendering.definition import MEDIA, Button, Definition, is_code_button, variables
from whatsapp.rendering.problems import gettext_noop as _

PARAMETER_MAX_CHARACTERS = 1024
HEADER_MAX_CHARACTERS = 60
CARD_MAX_CHARACTERS = 160
URL_MAX_CHARACTERS = 2000
CODE_MAX_CHARACTERS = 15
PAYLOAD_MAX_CHARACTERS = 256
PRODUCT_MAX_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class Field:
    """A place that has to be, or may be, filled in before the template can be sent."""

    key: str
    kind: str  # text, media, number, url, code, payload, product, products, moment
    label: str  # English, for the catalog; ``name`` stands in it
    name: str = ""
    example: str = ""
    is_required: bool = True
    max_characters: int = PARAMETER_MAX_CHARACTERS
    card: int = 0  # of a carousel, from 1; 0 for what stands above it


def fields(definition: Definition) -> tuple[Field, ...]:
    """Return what has to be filled in, in the order in which it is shown."""
    return (
        *_header_fields(definition),
        *_offer_fields(definition),
        *_text_fields(definition, "body", definition.body),
        *(field for button in definition.buttons for field in _button_fields(definition, button)),
        *(field for card in definition.cards for field in fields(card)),
    )


def _card(definition: Definition) -> int:
    return int(definition.key.split(".")[1]) + 1 if definition.key else 0


def _header_fields(definition: Definition) -> Iterable[Field]:
    key, card = f"{definition.key}header", _card(definition)
    if definition.header_format == "TEXT":
        return _text_fields(definition, "header", definition.header)
    if definition.header_format in MEDIA:
        label = _("Header: a link") if card else _("Header: a link or the id of an upload")
        return [Field(f"{key}.media", "media", label, card=card)]
    if definition.header_format == "LOCATION":
        return [
            Field(f"{key}.latitude", "number", _("Latitude"), max_characters=20),
            Field(f"{key}.longitude", "number", _("Longitude"), max_characters=20),
            Field(f"{key}.name", "text", _("Name of the place")),
            Field(f"{key}.address", "text", _("Address")),
        ]
    if definition.header_format == "PRODUCT":
        longest = PRODUCT_MAX_CHARACTERS
        return [
            Field(f"{key}.{name}", "product", label, max_characters=longest, card=card)
            for name, label in (
                ("product", _("Id of the product")),
                ("catalog", _("Id of the catalog")),
            )
        ]
    return []


def _offer_fields(definition: Definition) -> Iterable[Field]:
    if definition.offer_ends:
        example = "2026-12-31T23:59-03:00"
        yield Field("offer.ends_at", "moment", _("End of the offer"), "", example)


def _text_fields(definition: Definition, part: str, text: str) -> Iterable[Field]:
    examples = dict(definition.examples)
    label = _("Header: %(name)s") if part == "header" else _("Text: %(name)s")
    longest = HEADER_MAX_CHARACTERS if part == "header" else PARAMETER_MAX_CHARACTERS
    if definition.key:
        longest = CARD_MAX_CHARACTERS
    if definition.is_authentication and part == "body":
        label, longest = _("Code"), CODE_MAX_CHARACTERS
    for name in variables(text):
        yield Field(
            f"{definition.key}{part}.{name}",
            "text",
            label,
            name,
            examples.get(f"{part}.{name}", ""),
            max_characters=longest,
            card=_card(definition),
        )


def _button_fields(definition: Definition, button: Button) -> Iterable[Field]:
    if is_code_button(definition, button):
        return  # it takes the body's code
    asked = _ASKED.get(button.type)
    if asked is None or (button.type == "URL" and not variables(button.url)):
        return
    kind, label, is_required, longest = asked
    yield Field(
        f"{definition.key}button.{button.index}",
        kind,
        label,
        button.text,
        button.example if is_required else "",
        is_required,
        longest,
        _card(definition),
    )


_MARK = ("payload", _("Mark of the button “%(name)s”"), False, PAYLOAD_MAX_CHARACTERS)
_PRODUCT = _("Product whose picture the catalog shows")
# What a kind of button asks for: kind, label, whether it must be given, and how much fits.
_ASKED: dict[str, tuple[str, str, bool, int]] = {
    "URL": ("url", _("End of the link of “%(name)s”"), True, URL_MAX_CHARACTERS),
    "COPY_CODE": ("code", _("Code to copy"), True, CODE_MAX_CHARACTERS),
    "QUICK_REPLY": _MARK,
    "FLOW": _MARK,
    "CATALOG": ("product", _PRODUCT, False, PRODUCT_MAX_CHARACTERS),
    "MPM": ("products", _("Ids of the products, with commas between them"), True, 3000),
}
