"""What a message does to another one of its chat: reactions, edits, deletions."""

from typing import Any

from whatsapp.simulator import summaries
from whatsapp.simulator.chats import INBOUND, Chat, Message

#: Types that are no bubble of their own.
MARKS = frozenset({"reaction", "edit", "revoke"})


def apply(chat: Chat, message: Message) -> None:
    """Let ``message`` change the one that it names, when this chat has it."""
    content = message.content.get(message.type)
    if message.type not in MARKS or not isinstance(content, dict):
        return
    target = chat.find(str(content.get("message_id") or content.get("original_message_id")))
    if target is None:
        return
    if message.type == "reaction":
        _react(target, message.direction, content.get("emoji"))
    elif target.direction == INBOUND and message.type == "revoke":
        target.deleted = True
    elif target.direction == INBOUND:
        _edit(target, content.get("message"))


def _react(target: Message, direction: str, emoji: Any) -> None:
    target.reactions.pop(direction, None)
    if isinstance(emoji, str) and emoji:
        target.reactions[direction] = emoji


def _edit(target: Message, content: Any) -> None:
    if isinstance(content, dict) and isinstance(content.get("type"), str):
        target.type = content["type"]
        target.content = {**target.content, **content}
        target.text = summaries.summary(target.type, content.get(target.type))
        target.edited = True
