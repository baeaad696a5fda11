"""What a message says, by type, as values that can be shown; ``content_reading`` makes them."""

from dataclasses import dataclass
from decimal import Decimal

from whatsapp.payloads.offers import Offer

_MAP = "https://www.google.com/maps/search/?api=1&query="


@dataclass(frozen=True, slots=True)
class Text:
    """Words, and nothing else."""

    body: str


@dataclass(frozen=True, slots=True)
class Media:
    """A file that Meta keeps: picture, sound, film, document or sticker."""

    caption: str
    filename: str
    mime_type: str
    is_voice: bool
    error: str  # why there is no file, in Meta's words


@dataclass(frozen=True, slots=True)
class Location:
    """A place. ``map_url`` is ours, made of the numbers; ``url`` is the sender's."""

    name: str
    address: str
    latitude: float | None
    longitude: float | None
    url: str

    @property
    def map_url(self) -> str:
        if self.latitude is None or self.longitude is None:
            return ""
        return f"{_MAP}{self.latitude:.6f}%2C{self.longitude:.6f}"


@dataclass(frozen=True, slots=True)
class Card:
    """One contact of a contact message."""

    name: str
    company: str
    phones: tuple[str, ...]
    emails: tuple[str, ...]
    addresses: tuple[str, ...]
    urls: tuple[str, ...]
    birthday: str


@dataclass(frozen=True, slots=True)
class Cards:
    """A contact message: one card or several."""

    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """What a customer chose among buttons or a list's rows."""

    title: str
    description: str


@dataclass(frozen=True, slots=True)
class Answers:
    """What a customer filled in: names and values, or plain text where it has no names."""

    rows: tuple[tuple[str, str], ...]
    text: str


@dataclass(frozen=True, slots=True)
class CallPermission:
    """Whether the customer lets the business call."""

    is_granted: bool


@dataclass(frozen=True, slots=True)
class Item:
    """One line of an order."""

    product: str
    quantity: Decimal | None
    price: Decimal | None
    currency: str


@dataclass(frozen=True, slots=True)
class Order:
    """A customer's cart."""

    text: str
    items: tuple[Item, ...]
    catalog_id: str

    @property
    def total(self) -> Decimal | None:
        """The sum; None where a price is missing or the currencies differ."""
        sums = [one.quantity * one.price for one in self.items if one.quantity and one.price]
        same = len({one.currency for one in self.items}) == 1
        return sum(sums, Decimal(0)) if same and len(sums) == len(self.items) else None

    @property
    def currency(self) -> str:
        return self.items[0].currency if self.items else ""


@dataclass(frozen=True, slots=True)
class Notice:
    """What WhatsApp itself says in a thread."""

    kind: str  # Meta's word; an open set
    body: str
    wa_id: str  # the number after a change of numbers


@dataclass(frozen=True, slots=True)
class Unknown:
    """What Meta does not hand over, or what we do not know."""

    word: str  # Meta's for the type, "" where it says none
    detail: str
    code: int | None
    is_new: bool = False  # handed over whole, of a type that we do not know


@dataclass(frozen=True, slots=True)
class Referral:
    """The advertisement or post that a customer came from."""

    headline: str
    body: str
    url: str
    source_type: str
    source_id: str


@dataclass(frozen=True, slots=True)
class Context:
    """What a message answers, or that it was passed on."""

    wamid: str
    is_forwarded: bool
    is_forwarded_often: bool
    product: str


Content = (
    Text
    | Media
    | Location
    | Cards
    | Choice
    | Answers
    | CallPermission
    | Offer
    | Order
    | Notice
    | Unknown
)
