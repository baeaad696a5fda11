"""Begin, answer and end episodes, with the conversation's row locked by the caller.

What a customer writes begins them (see ``touching``).
"""

from datetime import datetime

from conversations.models import Conversation, Episode
from tenants.permissions import Actor


def answered(conversation: Conversation, *, by: Actor, at: datetime) -> None:
    """Note the first answer of the episode that is open, if there was none yet."""
    Episode.objects.filter(
        conversation=conversation, closed_at=None, first_reply_at=None, opened_at__lte=at
    ).update(first_reply_at=at, first_reply_by=by.user)


def close(conversation: Conversation, *, by: Actor, at: datetime) -> None:
    """End the episode that is open, if there is one."""
    Episode.objects.filter(conversation=conversation, closed_at=None).update(
        closed_at=at, closed_by=by.user, closed_by_key=by.key
    )


def reopen(conversation: Conversation) -> None:
    """Take back the last closing: whoever opens a conversation by hand goes on with it."""
    open_or_last = Episode.objects.filter(conversation=conversation).order_by("-closed_at")
    last = open_or_last.first()  # an open one has no such time, and comes first
    if last is not None and last.closed_at is not None:
        last.closed_at, last.closed_by, last.closed_by_key = None, None, None
        last.save(update_fields=["closed_at", "closed_by", "closed_by_key"])
