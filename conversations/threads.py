"""What of an open thread is to be drawn anew after some of its messages changed."""

from collections.abc import Collection
from typing import TypedDict

from django.db.models.fields.json import KT

from conversations import selectors
from conversations.models import Conversation, Message


class Redrawn(TypedDict):
    """Bubbles, what they answer by their ids, and the ids of those that are to go."""

    bubbles: list[Message]
    quotes: dict[int, Message]
    replaced: list[int]


def redrawn(conversation: Conversation, message_ids: Collection[int]) -> Redrawn:
    """Return what changed messages draw anew: themselves, or what a reaction of ours is about."""
    # By ids and names alone: with both in one condition Postgres reads the whole table.
    thread = selectors.thread_of(conversation)
    bubbles = list(thread.filter(pk__in=message_ids))
    hidden = set(message_ids) - {bubble.pk for bubble in bubbles}
    wamids = _targets(bubbles, hidden)
    if wamids:
        drawn = [bubble.pk for bubble in bubbles]
        others = thread.filter(phone=conversation.phone_id, wamid__in=wamids)
        bubbles += others.exclude(pk__in=drawn)
        bubbles.sort(key=lambda one: (one.timestamp, one.pk), reverse=True)
    quotes = selectors.quoted_by(bubbles)
    return Redrawn(bubbles=bubbles, quotes=quotes, replaced=_replaced(bubbles, hidden))


def _targets(bubbles: list[Message], hidden: Collection[int]) -> list[str]:
    """Return what our reactions among them are about. No query without a hidden one."""
    loud = [one for one in bubbles if one.type == Message.Type.REACTION and one.is_outbound]
    chips = Message.objects.filter(
        pk__in=hidden, type=Message.Type.REACTION, direction=Message.Direction.OUTBOUND
    )
    silent = chips.values_list(KT("content__message_id"), flat=True) if hidden else []
    return [*(one.content["message_id"] for one in loud), *silent]


def _replaced(bubbles: list[Message], hidden: Collection[int]) -> list[int]:
    """Return earlier attempts, and what is no bubble any more. No query for what is no retry."""
    attempts = list(bubbles)
    if hidden:
        attempts += Message.objects.filter(pk__in=hidden, retry_of__isnull=False)
    newest = {attempt.retry_of_id: attempt.pk for attempt in attempts if attempt.retry_of_id}
    earlier = Message.objects.filter(retry_of__in=newest).exclude(pk__in=newest.values())
    known = [*newest, *earlier.values_list("pk", flat=True)] if newest else []
    return sorted({*hidden, *known})
