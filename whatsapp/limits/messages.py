"""Texts, places, contact cards and reactions."""

import re
from collections.abc import Iterator
from typing import Any

from whatsapp.errors.meanings import gettext_noop as _
from whatsapp.limits.rules import (
    Path,
    Rule,
    Violation,
    boolean,
    items,
    matching,
    members,
    text,
    url,
    word,
)

TEXT_MAX_CHARACTERS = 4096
CONTACTS_MAX = 257
PLACE_MAX_CHARACTERS = 1000
FIELD_MAX_CHARACTERS = 500
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DECIMAL = re.compile(r"-?\d{1,3}(\.\d{1,20})?")
_WAMID = re.compile(r"wamid\.[\x21-\x7e]{1,122}")
_DIGITS = re.compile(r"\d{5,20}")
_SYMBOL = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf"
    "\u2900-\u297f\u2b00-\u2bff\u3030\u303d\u3297\u3299"
    "\U0001f000-\U0001f1e5\U0001f200-\U0001f3fa\U0001f400-\U0001faff]"
    "\ufe0f?[\U0001f3fb-\U0001f3ff]?[\U000e0020-\U000e007f]*"
)
# One emoji: a flag, a key cap, or symbols joined to one.
_EMOJI = re.compile(
    f"[\U0001f1e6-\U0001f1ff]{{2}}|[0-9#*]\ufe0f?\u20e3|{_SYMBOL}(?:\u200d{_SYMBOL}){{0,9}}"
)


def _degrees(most: int) -> Rule:
    """Allow a number of degrees, written as a number or as a text of one."""

    def check(value: Any, path: Path) -> Iterator[Violation]:
        if isinstance(value, str) and _DECIMAL.fullmatch(value):
            value = float(value)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not -most <= value <= most:  # which nothing compares to: NaN
            sentence = _("This has to be a number between -%(most)s and %(most)s.")
            yield Violation(path, "invalid", sentence, {"most": most})

    return check


def _emoji(value: Any, path: Path) -> Iterator[Violation]:
    """Allow one emoji, or none: that takes the reaction back."""
    if not isinstance(value, str) or (value and not _EMOJI.fullmatch(value)):
        yield Violation(path, "invalid", _("This has to be one emoji, or empty to take it back."))


def _named(value: dict[str, Any], path: Path) -> Iterator[Violation]:
    if len(value) < 2:
        sentence = _("A contact's name needs one more part, such as first_name.")
        yield Violation((*path, "first_name"), "required", sentence)


_SHORT = text(FIELD_MAX_CHARACTERS)
_LOOSE = text(FIELD_MAX_CHARACTERS, least=0)
_NAME_PARTS = ("first_name", "last_name", "middle_name", "suffix", "prefix")
_ADDRESS = ("street", "city", "state", "zip", "country", "country_code", "type")
_LIST_MAX = 20

TEXT = members({"body": text(TEXT_MAX_CHARACTERS)}, {"preview_url": boolean})
LOCATION = members(
    {"latitude": _degrees(90), "longitude": _degrees(180)},
    {"name": text(PLACE_MAX_CHARACTERS), "address": text(PLACE_MAX_CHARACTERS)},
)
REACTION = members(
    {
        "message_id": matching(_WAMID, _("This has to be the wamid of a message.")),
        "emoji": _emoji,
    }
)
_CONTACT = members(
    {"name": members({"formatted_name": _SHORT}, dict.fromkeys(_NAME_PARTS, _SHORT), then=_named)},
    {
        "phones": items(
            members(
                {"phone": _SHORT},
                {"type": _SHORT, "wa_id": matching(_DIGITS, _("This has to be digits only."))},
            ),
            most=_LIST_MAX,
        ),
        "emails": items(members({"email": _SHORT}, {"type": _SHORT}), most=_LIST_MAX),
        "urls": items(members({"url": url()}, {"type": _SHORT}), most=_LIST_MAX),
        "addresses": items(members({}, dict.fromkeys(_ADDRESS, _LOOSE)), most=_LIST_MAX),
        "org": members({}, dict.fromkeys(("company", "department", "title"), _LOOSE)),
        "birthday": matching(_DATE, _("This has to be a date such as 1990-12-31.")),
    },
)
CONTACTS = items(_CONTACT, most=CONTACTS_MAX)
HEADER_TEXT = members({"type": word("text"), "text": text(60)})
