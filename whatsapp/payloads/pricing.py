"""Read what a status says of the price of a message."""

from dataclasses import dataclass
from typing import Any

from whatsapp.payloads.cleaning import dict_of, text_of

WORD_MAX = 40


@dataclass(frozen=True, slots=True)
class Pricing:
    """Meta's words in one spelling, "" for those that it leaves out; open sets all of them."""

    category: str = ""  # marketing, utility, authentication_international, ...
    type: str = ""  # regular, free_customer_service, free_entry_point
    model: str = ""  # PMP, on old payloads CBP


def pricing_of(raw: Any) -> Pricing:
    """Return a pricing object's words. Never raises.

    ``billable`` is not read: Meta takes it away, and the type says it. What came is kept beside.
    Source: developers.facebook.com/docs/whatsapp/pricing, read 2026-11.
    """
    pricing = dict_of(raw)
    return Pricing(
        category=_word(pricing.get("category")),
        type=_word(pricing.get("type")),
        model=_word(pricing.get("pricing_model")).upper(),
    )


def _word(value: Any) -> str:
    # Seen: authentication-international beside authentication_international.
    return text_of(value, WORD_MAX).strip().lower().replace("-", "_")
