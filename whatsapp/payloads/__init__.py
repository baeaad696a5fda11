"""Read the bodies that Meta signs. Pure, and never raises: what cannot be read is a unit, too."""

from whatsapp.payloads.reading import parse
from whatsapp.payloads.units import (
    AccountEvent,
    InboundMessage,
    Sender,
    StatusUpdate,
    Unit,
    Unreadable,
)

__all__ = [
    "AccountEvent",
    "InboundMessage",
    "Sender",
    "StatusUpdate",
    "Unit",
    "Unreadable",
    "parse",
]
