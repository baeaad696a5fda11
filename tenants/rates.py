"""Which rate of WhatsApp's rate card holds for a number, a category and a day. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Price:
    """What one template costs, for numbers that begin with a prefix, from a day on."""

    prefix: str  # a country's calling code, or more digits; empty: the rest of the world
    category: str
    currency: str
    amount: Decimal
    starts_on: date


@dataclass(frozen=True, slots=True)
class Card:
    """The prices of one day, all in one currency."""

    currency: str = ""  # empty: there are none
    _amounts: dict[tuple[str, str], Decimal] = field(default_factory=dict)

    @property
    def longest(self) -> int:
        """How many digits of a number say which price is its own."""
        return max((len(prefix) for prefix, _category in self._amounts), default=0)

    def amount(self, *, number: str, category: str) -> Decimal | None:
        """Return the price for a number (digits, with its country): the longest prefix' one."""
        for length in range(min(self.longest, len(number)), -1, -1):
            found = self._amounts.get((number[:length], category))
            if found is not None:
                return found
        return None


def in_force(prices: Iterable[Price], *, on: date) -> Card:
    """Return the prices of a day: of each the latest that has begun.

    Prices in another currency than the latest of all are of a card that was replaced.
    """
    begun = sorted((one for one in prices if one.starts_on <= on), key=_age)
    if not begun:
        return Card()
    currency = begun[-1].currency
    amounts = {(one.prefix, one.category): one.amount for one in begun if one.currency == currency}
    return Card(currency, amounts)


def _age(price: Price) -> tuple[date, str]:
    return price.starts_on, price.currency
