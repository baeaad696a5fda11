"""What the team does with a conversation: its state, and whose it is."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from conversations.models import Conversation
from conversations.selectors import MergedError
from conversations.services import episodes
from tenants import selectors as people
from tenants.errors import DomainError
from tenants.feed import live
from tenants.feed.live import Draft
from tenants.feed.models import Change
from tenants.models import Tenant, User
from tenants.permissions import Actor, Permission

Status = Conversation.Status
SNOOZE_MAX = timedelta(days=366)
# Of conversations that woke or lost their person, in one transaction.
AT_ONCE = 200
_ENDED = frozenset({Status.CLOSED, Status.ARCHIVED})


class SnoozeError(DomainError):
    code = "snooze_until"
    http_status = 400
    message = _("Say until when: a moment to come, within a year.")

    def __init__(self) -> None:
        super().__init__(errors=[(["until"], str(self.message), "invalid")])


class AssignedAlreadyError(DomainError):
    """Somebody else has it; whoever asks may say that he takes it over."""

    code = "assigned_already"
    http_status = 409
    message = _("%(name)s has this conversation already.")

    def __init__(self, user: User) -> None:
        super().__init__(str(self.message) % {"name": user}, assigned_to=user.pk)


class AssigneeError(DomainError):
    code = "assignee_invalid"
    http_status = 400
    message = _("Conversations are given to people who work here and may answer.")

    def __init__(self) -> None:
        super().__init__(errors=[(["user"], str(self.message), "invalid")])


@transaction.atomic
def set_status(
    *,
    actor: Actor,
    conversation: Conversation,
    status: str,
    now: datetime,
    until: datetime | None = None,
) -> Conversation:
    """Bring a conversation into a state; nothing happens where it is in it already.

    ``until`` belongs to SNOOZED alone: then, or when the customer writes, it is open again. Closing
    and archiving end its episode, and opening it by hand takes that back. Locks its row.

    Raises: ForbiddenError, SnoozeError, MergedError.
    """
    actor.require(Permission.HANDLE_CONVERSATIONS)
    _check_until(status, until, now)
    row = locked(conversation)
    if (row.status, row.snoozed_until) == (status, until):
        return row
    kind = Change.Kind.CONVERSATION
    if status in _ENDED:
        kind = kind if row.status in _ENDED else Change.Kind.CLOSED
        episodes.close(row, by=actor, at=now)
    elif row.status in _ENDED:
        kind = Change.Kind.OPENED
        episodes.reopen(row)
    row.status, row.snoozed_until = status, until
    row.save(update_fields=["status", "snoozed_until"])
    publish([row.pk], kind)
    return row


@transaction.atomic
def assign(
    *, actor: Actor, conversation: Conversation, user_id: int | None, take_over: bool = False
) -> Conversation:
    """Give a conversation to somebody who may answer, or (None) to nobody. Locks its row.

    Of two who claim it at once the first has it. What somebody else has is taken from him only if
    ``take_over`` says so. Raises: ForbiddenError, AssigneeError, AssignedAlreadyError, MergedError.
    """
    actor.require(Permission.HANDLE_CONVERSATIONS)
    if user_id is not None and not may_be_given(actor.tenant, user_id):
        raise AssigneeError
    row = locked(conversation)
    if row.assignee_id == user_id:
        return row
    is_own = actor.user is not None and row.assignee_id == actor.user.pk
    if row.assignee is not None and user_id is not None and not (is_own or take_over):
        raise AssignedAlreadyError(row.assignee)
    row.assignee_id = user_id
    row.save(update_fields=["assignee"])
    publish([row.pk], Change.Kind.ASSIGNED)
    return row


def sweep(*, tenant: Tenant, now: datetime) -> int:
    """Wake what was snoozed until now, and take from those who are gone what they had; how many."""
    return _wake(now) + _take_back(tenant)


@transaction.atomic
def _wake(now: datetime) -> int:
    due = Conversation.objects.filter(status=Status.SNOOZED, snoozed_until__lte=now)
    # Rivals: whoever handles it just now, and the customer; who is there first has it.
    due = due.select_for_update(skip_locked=True, no_key=True).order_by("pk")
    ids = list(due.values_list("pk", flat=True)[:AT_ONCE])
    Conversation.objects.filter(pk__in=ids).update(status=Status.OPEN, snoozed_until=None)
    publish(ids)
    return len(ids)


@transaction.atomic
def _take_back(tenant: Tenant) -> int:
    at_work = people.who_may(tenant, Permission.HANDLE_CONVERSATIONS).order_by().values("pk")
    lost = Conversation.objects.filter(assignee__isnull=False).exclude(assignee__in=at_work)
    lost = lost.select_for_update(skip_locked=True, no_key=True).order_by("pk")
    ids = list(lost.values_list("pk", flat=True)[:AT_ONCE])
    Conversation.objects.filter(pk__in=ids).update(assignee=None)
    publish(ids, Change.Kind.ASSIGNED)
    return len(ids)


def may_be_given(tenant: Tenant, user_id: int) -> bool:
    """Tell whether somebody works here and may answer."""
    return people.who_may(tenant, Permission.HANDLE_CONVERSATIONS).filter(pk=user_id).exists()


def publish(ids: Iterable[int], kind: str = Change.Kind.CONVERSATION) -> None:
    """Number the change of conversations; the last thing before the commit."""
    drafts = [Draft(kind, pk) for pk in ids]
    if drafts:
        live.publish(*drafts)


def _check_until(status: str, until: datetime | None, now: datetime) -> None:
    if status != Status.SNOOZED:
        valid = until is None
    else:
        valid = until is not None and now < until <= now + SNOOZE_MAX
    if not valid:
        raise SnoozeError


def locked(conversation: Conversation) -> Conversation:
    """Return a conversation's row, locked. Raises: MergedError."""
    # Rivals: inbound messages, which open it, and a colleague who handles it just now.
    # (Joined with nothing: of what a rival changed PostgreSQL reads the locked row alone anew.)
    row = Conversation.objects.select_for_update(no_key=True).get(pk=conversation.pk)
    if row.merged_into_id is not None:
        raise MergedError(row.merged_into_id)
    return row
