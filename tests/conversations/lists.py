"""Broadcasts with a list, made without any service."""

from collections.abc import Sequence

from django.utils import timezone

from conversations import rules
from conversations.models import Broadcast, BroadcastRecipient
from tenants.models import User
from tests.whatsapp.templates import template
from whatsapp.models import MessageTemplate, Phone

VALUES = {"body.1": "Ana", "body.2": "A-7"}


def broadcast_to(
    numbers: Sequence[str],
    *,
    phone: Phone,
    author: User | None = None,
    approved: MessageTemplate | None = None,
    **fields,
) -> Broadcast:
    """Create a draft in the current tenant whose rows are ready for these numbers."""
    broadcast = Broadcast.objects.create(
        name="News",
        phone=phone,
        template=approved or template(),
        author=author,
        total=len(numbers),
        **{"status": Broadcast.Status.DRAFT, **fields},
    )
    BroadcastRecipient.objects.bulk_create(
        BroadcastRecipient(
            broadcast=broadcast,
            position=place,
            address=f"+{number}",
            kind="WA_ID",
            value=number,
            match_key=rules.match_key(number),
            values=VALUES,
        )
        for place, number in enumerate(numbers, start=1)
    )
    return broadcast


def numbers(count: int) -> list[str]:
    return [f"55118{place:08}" for place in range(count)]


def reloaded(broadcast: Broadcast) -> Broadcast:
    return Broadcast.objects.get(pk=broadcast.pk)


def states(broadcast: Broadcast) -> list[str]:
    """Return what became of each row, in the order of the list."""
    rows = broadcast.recipients.select_related("message").order_by("position")
    return [row.message.status if row.state == "QUEUED" else row.state for row in rows]


def now():
    return timezone.now()
