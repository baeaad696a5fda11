"""What a list costs at WhatsApp by the rate card, as far as it is loaded (``tenants.rates``).

WhatsApp bills what it delivered, by the country of the customer's number; templates of the category
utility are free to whoever has an open window. Its discounts for volume are not on the card.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import phonenumbers
from django.db import connection

from conversations import rules
from conversations.models import Broadcast, ContactIdentity
from tenants import selectors
from whatsapp.models import MessageTemplate

# No calling code is longer: enough to say which countries a list goes to.
_DIGITS = 4
_GROUPS = """
    SELECT recipient.kind, CASE WHEN recipient.kind = 'BSUID'
            THEN split_part(recipient.value, '.', 1) ELSE left(recipient.value, %(digits)s) END,
        min(recipient.value), count(*)
    FROM conversations_broadcastrecipient AS recipient
    WHERE recipient.broadcast_id = %(broadcast)s AND recipient.state = 'READY'
        AND NOT (%(is_utility)s AND EXISTS (
            SELECT FROM conversations_contactidentity AS identity
            JOIN conversations_conversation AS thread ON thread.contact_id = identity.contact_id
            WHERE identity.kind = recipient.kind AND identity.match_key = recipient.match_key
                AND identity.kind <> 'PARENT_BSUID' AND thread.merged_into_id IS NULL
                AND thread.phone_id = %(phone)s AND thread.window_opened_at > %(opened_since)s
        ))
    GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What all rows that wait cost if each is delivered."""

    amount: Decimal
    currency: str
    unpriced: tuple[str, ...] = ()  # countries without a price: BR, PT, ...
    unpriced_rows: int = 0  # not in the sum


def cost(*, broadcast: Broadcast, now: datetime) -> Cost | None:
    """Return what the rows that wait cost at most; None where no prices are loaded. Two queries."""
    card = selectors.rate_card(on=now.date())
    if not card.currency:
        return None
    category = broadcast.template.category
    params: dict[str, Any] = {
        "broadcast": broadcast.pk,
        "phone": broadcast.phone_id,
        "digits": max(card.longest, _DIGITS),
        "is_utility": category == MessageTemplate.Category.UTILITY,
        "opened_since": now - rules.WINDOW + rules.WINDOW_MARGIN,
    }
    with connection.cursor() as cursor:
        cursor.execute(_GROUPS, params)
        groups = cursor.fetchall()
    amount, rows, unpriced = Decimal(0), 0, set()
    for kind, prefix, value, count in groups:
        by_id = kind == ContactIdentity.Kind.BSUID
        number = _calling_code(prefix) if by_id else prefix
        price = card.amount(number=number, category=category)
        if price is None:
            unpriced.add(prefix if by_id else _country(value))
            rows += count
        else:
            amount += price * count
    return Cost(amount, card.currency, tuple(sorted(unpriced)), rows)


def _calling_code(country: str) -> str:
    """Return the calling code of a country (a user id begins with it); empty for none."""
    code = phonenumbers.country_code_for_region(country)
    return str(code) if code else ""


def _country(number: str) -> str:
    """Return the country of a number, or its first digits where it is none's."""
    try:
        region = phonenumbers.region_code_for_number(phonenumbers.parse(f"+{number}"))
    except phonenumbers.NumberParseException:
        region = None
    return region or f"+{number[:_DIGITS]}"
