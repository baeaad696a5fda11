"""Read the bodies that Meta signs. Pure, and never raises: what cannot be read is a unit, too."""

from whatsapp.payloads.reading import parse
from whatsapp.payloads.units import (
    ECHOES,
    AccountEvent,
    InboundMessage,
    MessageMark,
    Sender,
    StatusUpdate,
    Unit,
    Unreadable,
)

__all__ = [
    "ECHOES",
    "AccountEvent",
    "InboundMessage",
    "MessageMark",
    "Sender",
    "StatusUpdate",
    "Unit",
    "Unreadable",
    "parse",
]
