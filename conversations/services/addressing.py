"""Telephone numbers as people write them, and as WhatsApp does."""

import phonenumbers
from django.utils.translation import gettext_lazy as _
from phonenumbers import ValidationResult

from conversations import rules
from tenants.errors import DomainError
from whatsapp.models import Phone


class NumberInvalidError(DomainError):
    code = "number_invalid"
    http_status = 400
    message = _("This is no telephone number. Write it with its country, as +5511912345678.")


def region_of(phone: Phone) -> str | None:
    """Return the region (``BR``) of one of our numbers: what is written without one is of it."""
    try:
        home = phonenumbers.parse(phone.display_phone_number)
    except phonenumbers.NumberParseException:
        return None
    return phonenumbers.region_code_for_number(home)


def wa_id_of(number: str, region: str | None) -> str:
    """Return a number as WhatsApp writes it. About a tenth of a millisecond.

    Raises: NumberInvalidError.
    """
    try:
        parsed = phonenumbers.parse(number, region)
        written = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
        wa_id = written.removeprefix("+")
        # Without the digit that WhatsApp may add, and no plan of numbers knows.
        plain = phonenumbers.parse(f"+{rules.match_key(wa_id)}")
    except phonenumbers.NumberParseException:
        raise NumberInvalidError from None
    # Possible, not valid: plans of numbers change faster than what is known of them here.
    if phonenumbers.is_possible_number_with_reason(plain) != ValidationResult.IS_POSSIBLE:
        raise NumberInvalidError
    return wa_id
