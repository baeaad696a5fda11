"""What customers read about a business beside its number.

Source: developers.facebook.com/docs/whatsapp/cloud-api/reference/business-profiles, read 2026-11.
"""

import re
from collections.abc import Iterator
from typing import Any

from whatsapp.errors.meanings import gettext_noop as _
from whatsapp.limits.rules import Path, Rule, Violation, both, items, matching, members, text, url

ABOUT_MAX_CHARACTERS = 139
ADDRESS_MAX_CHARACTERS = 256
DESCRIPTION_MAX_CHARACTERS = 512
EMAIL_MAX_CHARACTERS = 128
WEBSITES_MAX = 2
WEBSITE_MAX_CHARACTERS = 256
#: Meta's words for the trade; "" is none.
VERTICALS = (
    *("", "ALCOHOL", "APPAREL", "AUTO", "BEAUTY", "EDU", "ENTERTAIN", "EVENT_PLAN", "FINANCE"),
    *("GOVT", "GROCERY", "HEALTH", "HOTEL", "NONPROFIT", "ONLINE_GAMBLING", "OTC_DRUGS", "OTHER"),
    *("PHYSICAL_GAMBLING", "PROF_SERVICES", "RESTAURANT", "RETAIL", "TRAVEL"),
)
_EMAIL = re.compile(r"|[^\s@]+@[^\s@.]+(\.[^\s@.]+)+")


def _vertical(value: Any, path: Path) -> Iterator[Violation]:
    if not isinstance(value, str) or value not in VERTICALS:
        yield Violation(path, "invalid_choice", _("WhatsApp does not know this trade."))


def _something(value: Any, path: Path) -> Iterator[Violation]:
    if not value:
        yield Violation(path, "required", _("Say what is to be changed."))


#: The members that are to be changed, as Meta's call takes them.
PROFILE: Rule = members(
    {},
    {
        "about": text(ABOUT_MAX_CHARACTERS),
        "address": text(ADDRESS_MAX_CHARACTERS, least=0),
        "description": text(DESCRIPTION_MAX_CHARACTERS, least=0),
        "email": both(
            text(EMAIL_MAX_CHARACTERS, least=0),
            matching(_EMAIL, _("This has to be an e-mail address.")),
        ),
        "websites": items(url(WEBSITE_MAX_CHARACTERS), most=WEBSITES_MAX, least=0),
        "vertical": _vertical,
    },
    then=_something,
)
