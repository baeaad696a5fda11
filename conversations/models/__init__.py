"""People, their conversations and messages (tenant schema)."""

from conversations.models.blocks import Block
from conversations.models.broadcasts import Broadcast, BroadcastRecipient, BroadcastSource
from conversations.models.conversations import Conversation, Episode
from conversations.models.events import Mark, StatusEvent
from conversations.models.hooks import HookDelivery, HookEndpoint, HookEvent, HookRelay
from conversations.models.messages import Message
from conversations.models.notes import ConversationLabel, Label, Note
from conversations.models.people import (
    ConsentEvent,
    Contact,
    ContactAttribute,
    ContactIdentity,
    IdentityMove,
)

__all__ = [
    "Block",
    "Broadcast",
    "BroadcastRecipient",
    "BroadcastSource",
    "ConsentEvent",
    "Contact",
    "ContactAttribute",
    "ContactIdentity",
    "Conversation",
    "ConversationLabel",
    "Episode",
    "HookDelivery",
    "HookEndpoint",
    "HookEvent",
    "HookRelay",
    "IdentityMove",
    "Label",
    "Mark",
    "Message",
    "Note",
    "StatusEvent",
]
