"""Read reactions, edits and deletions: what is done to a message that exists, or will."""

from datetime import datetime
from typing import Any

from whatsapp.payloads.cleaning import dict_of, text_of
from whatsapp.payloads.content_reading import text_in
from whatsapp.payloads.units import Json, MessageMark

KINDS = frozenset({"reaction", "edit", "revoke"})
WAMID_MAX = 200
_EMOJI_MAX = 40
_TYPE_MAX = 80


def mark_of(
    message: Json,
    *,
    index: int,
    waba_id: str,
    phone_number_id: str,
    timestamp: datetime,
    is_echo: bool,
) -> MessageMark | None:
    """Return what a message of one of the KINDS does; None when it does not say to which."""
    kind = text_of(message.get("type"))
    said = dict_of(message.get(kind))
    target = text_of(said.get("message_id") or said.get("original_message_id"))
    if not 0 < len(target) <= WAMID_MAX:
        return None
    after = dict_of(said.get("message")) if kind == "edit" else {}
    word = text_of(after.get("type"), _TYPE_MAX)
    content: Any = after.get(word) if word else None
    return MessageMark(
        index=index,
        waba_id=waba_id,
        phone_number_id=phone_number_id,
        wamid=text_of(message.get("id")),
        timestamp=timestamp,
        kind=kind,
        target_wamid=target,
        # Without an emoji, or with an empty one, the reaction is taken back.
        emoji=text_of(said.get("emoji"))[:_EMOJI_MAX] if kind == "reaction" else "",
        type=word,
        text=text_in(word, content),
        content=content,
        is_echo=is_echo,
    )
