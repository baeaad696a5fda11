"""What of an open thread is to be drawn anew after some of its messages changed."""

from collections.abc import Collection
from typing import TypedDict

from django.db.models import Q
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
    chips = Message.objects.filter(
        pk__in=message_ids, type=Message.Type.REACTION, direction=Message.Direction.OUTBOUND
    )
    targets = Q(wamid__in=chips.values(target=KT("content__message_id")))
    bubbles = list(selectors.thread_of(conversation).filter(Q(pk__in=message_ids) | targets))
    quotes = selectors.quoted_by(bubbles)
    hidden = set(message_ids) - {bubble.pk for bubble in bubbles}
    return Redrawn(bubbles=bubbles, quotes=quotes, replaced=_replaced(bubbles, hidden))


def _replaced(bubbles: list[Message], hidden: Collection[int]) -> list[int]:
    """Return earlier attempts, and what is no bubble any more. No query for what is no retry."""
    attempts = list(bubbles)
    if hidden:
        attempts += Message.objects.filter(pk__in=hidden, retry_of__isnull=False)
    newest = {attempt.retry_of_id: attempt.pk for attempt in attempts if attempt.retry_of_id}
    earlier = Message.objects.filter(retry_of__in=newest).exclude(pk__in=newest.values())
    known = [*newest, *earlier.values_list("pk", flat=True)] if newest else []
    return sorted({*hidden, *known})
