"""Which conversations a list has, and where it goes on."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from conversations import types
from conversations.models import Conversation
from conversations.selectors import matching, reached_by, visible_to
from tenants.permissions import Actor, Permission
from whatsapp.models import Phone


@dataclass(frozen=True, slots=True)
class Choice:
    """Which conversations of a list are meant; what is not said matters not."""

    search: str = ""
    unread_only: bool = False
    statuses: tuple[str, ...] = ()  # none: all but the archived ones
    assignee: int | None = None
    unassigned: bool = False
    phone: int | None = None
    contact: int | None = None
    labels: tuple[int, ...] = ()  # all of these

    @property
    def columns(self) -> dict[str, Any]:
        """What columns have to hold."""
        wanted: dict[str, Any] = {
            "status__in": self.statuses or None,
            "assignee": self.assignee,
            "assignee__isnull": self.unassigned or None,
            "phone": self.phone,
            "contact": self.contact,
            "unread_count__gt": 0 if self.unread_only else None,
        }
        return {column: value for column, value in wanted.items() if value is not None}


def listed(actor: Actor, choice: Choice | None = None) -> QuerySet[Conversation]:
    """Return the conversations that have a message, newest first. Raises: ForbiddenError."""
    choice = choice or Choice()
    reached = reached_by(actor) if choice.statuses else visible_to(actor)
    begun = reached.filter(last_message_at__isnull=False, **choice.columns)
    for label_id in choice.labels:
        begun = begun.filter(labellings__label=label_id)
    return matching(begun, choice.search)


def conversations_after(
    conversations: QuerySet[Conversation], position: types.Position
) -> QuerySet[Conversation]:
    """Keep what stands after a position of the list. Uses the index of the newest."""
    earlier = Q(last_message_at__lt=position.at)
    return conversations.filter(earlier | Q(last_message_at=position.at, pk__lt=position.pk))


def has_number(actor: Actor) -> bool:
    """Tell whether the tenant has any number at all: without one the inbox stays empty."""
    actor.require(Permission.READ_CONVERSATIONS)
    return Phone.objects.exists()


def unread_total(actor: Actor) -> int:
    """Return how many conversations wait to be read. One query on a partial index."""
    return visible_to(actor).filter(unread_count__gt=0).count()
