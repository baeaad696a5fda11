"""Reactions, edits and deletions of the demo's messages."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from config.demo.seed import kinds
from config.demo.seed.talk import Line
from conversations.models import Mark, Message


def of(line: Line, message: Message) -> Iterator[Mark]:
    """Yield what was done to a message since it was written."""
    for note, by_business in (("them", False), ("us", True)):
        if note in line.notes:
            emoji = line.notes[note]
            yield _mark(message, Mark.Kind.REACTION, 70, by_business=by_business, emoji=emoji)
    if "was" in line.notes:
        yield _mark(
            message,
            Mark.Kind.EDIT,
            25,
            type=line.kind,
            text=line.text,
            content=kinds.content_of(line),
        )
    if "revoked" in line.notes:
        yield _mark(message, Mark.Kind.REVOKE, 90)


def _mark(
    message: Message,
    kind: Mark.Kind,
    after_seconds: int,
    *,
    by_business: bool | None = None,
    **fields: Any,
) -> Mark:
    return Mark(
        phone=message.phone,
        wamid=f"wamid.HBgN{uuid.uuid4().hex.upper()}",
        target_wamid=message.wamid or "",
        kind=kind,
        by_business=message.is_outbound if by_business is None else by_business,
        provider_at=message.timestamp + timedelta(seconds=after_seconds),
        **fields,
    )
