"""Meta's limits for everything that may be sent, checked before anything is queued.

Pure: no Django, no clock. A body that passes here is not refused for its shape there. Types whose
content depends on what is stored elsewhere (media, templates) join ``RULES`` from their own module.
Source: developers.facebook.com/docs/whatsapp/cloud-api/reference/messages, read 2026-11.
"""

from typing import Any

from whatsapp.limits.interactive import INTERACTIVE
from whatsapp.limits.messages import CONTACTS, LOCATION, REACTION, TEXT
from whatsapp.limits.rules import Rule, Violation

__all__ = ["RULES", "WAMID_MAX_CHARACTERS", "Rule", "Violation", "violations"]

WAMID_MAX_CHARACTERS = 128
#: By the type's name in Meta's lower case: what the object of that name may hold.
RULES: dict[str, Rule] = {
    "text": TEXT,
    "location": LOCATION,
    "contacts": CONTACTS,
    "reaction": REACTION,
    "interactive": INTERACTIVE,
}


def violations(kind: str, content: Any) -> list[Violation]:
    """Return everything that Meta would refuse in ``content``, the object named as its type.

    ``kind`` is a key of ``RULES``; paths begin with it.
    """
    return list(RULES[kind](content, (kind,)))
