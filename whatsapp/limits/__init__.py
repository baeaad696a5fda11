"""Meta's limits for everything that may be sent, checked before anything is queued.

Pure: no Django, no clock. A body that passes here is not refused for its shape there. Types whose
content depends on what is stored elsewhere (templates) have rules of their own; of media, what the
file itself must be is told by ``media.file_violations``.
Source: developers.facebook.com/docs/whatsapp/cloud-api/reference/messages, read 2026-11.
"""

from typing import Any

from whatsapp.errors.meanings import gettext_noop as _
from whatsapp.limits.interactive import INTERACTIVE
from whatsapp.limits.media import MEDIA
from whatsapp.limits.messages import CONTACTS, LOCATION, REACTION, TEXT
from whatsapp.limits.rules import Rule, Violation

__all__ = ["MEDIA", "RULES", "Rule", "Violation", "violations"]

#: By the type's name in Meta's lower case: what the object of that name may hold.
RULES: dict[str, Rule] = {
    "text": TEXT,
    "location": LOCATION,
    "contacts": CONTACTS,
    "reaction": REACTION,
    "interactive": INTERACTIVE,
    **MEDIA,
}


def violations(kind: str, content: Any) -> list[Violation]:
    """Return everything that Meta would refuse in ``content``, the object named as its type.

    ``kind`` is Meta's word for the type; paths begin with it.
    """
    if kind not in RULES:
        return [Violation(("type",), "invalid_choice", _("Messages of this type are not sent."))]
    return list(RULES[kind](content, (kind,)))
