"""Reactions of ours: chips on the messages that they are about."""

from conversations.models import Mark, Message


def note(message: Message) -> None:
    """Put a queued reaction's chip on its message, in the transaction that queues it.

    The last one that did not fail counts (``selectors.with_marks``): so a failure, or the status
    that proves it wrong, needs no further writing, in whatever order they come.
    """
    Mark.objects.create(
        phone_id=message.phone_id,
        message=message,
        target_wamid=message.content["message_id"],
        kind=Mark.Kind.REACTION,
        by_business=True,
        emoji=message.content["emoji"],
        provider_at=message.timestamp,
    )
