"""Numbers as WhatsApp sees them: a person's id need not be the number that was typed."""

import re

#: What people put between the digits of a number.
_DECORATION = re.compile(r"[\s()+.\-]")
_DIGITS = re.compile(r"[0-9]{7,15}")
USER_ID = re.compile(r"[A-Z]{2}\.(ENT\.)?[0-9A-Za-z]{1,128}")

#: Brazilian areas up to this one keep the ninth digit in a wa_id; those above mostly lack it.
_LAST_AREA_WITH_NINE = 28
_COUNTRIES = {"55": "BR", "54": "AR", "52": "MX", "351": "PT", "44": "GB", "49": "DE"}


def digits_of(number: str) -> str:
    """Return the digits of a number written in any usual way, or "" when it is none."""
    digits = _DECORATION.sub("", number)
    return digits if _DIGITS.fullmatch(digits) else ""


def match_key(wa_id: str) -> str:
    """Return the form under which all spellings of one person's number are the same."""
    if _is_brazilian_mobile(wa_id) and len(wa_id) == 13:
        return wa_id[:4] + wa_id[5:]
    if len(wa_id) == 13 and wa_id.startswith(("549", "521")):
        return wa_id[:2] + wa_id[3:]
    return wa_id


def usual_wa_id(digits: str) -> str:
    """Return the wa_id that a stranger's number usually has, which may differ in one digit.

    Brazil: with the ninth digit up to area 28, without from 31 on. Argentina: with a 9. Mexico:
    with a 1. Anything else stays as it was typed.
    """
    key = match_key(digits)
    if _is_brazilian_mobile(digits):
        return f"{key[:4]}9{key[4:]}" if int(key[2:4]) <= _LAST_AREA_WITH_NINE else key
    if len(key) == 12 and key.startswith("54"):
        return f"549{key[2:]}"
    if len(key) == 12 and key.startswith("52"):
        return f"521{key[2:]}"
    return digits


def country_of(wa_id: str) -> str:
    """Return the two letters that begin a business-scoped user id; "US" where it is unclear."""
    return next((c for prefix, c in _COUNTRIES.items() if wa_id.startswith(prefix)), "US")


def _is_brazilian_mobile(digits: str) -> bool:
    if not digits.startswith("55"):
        return False
    # Only numbers that were mobile before 2012 (6 to 9) exist in both forms; 4000-1001 and
    # 9 4000-1001 are two different lines.
    if len(digits) == 13:
        return digits[4] == "9" and digits[5] in "6789"
    return len(digits) == 12 and digits[4] in "6789"
