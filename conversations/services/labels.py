"""Labels of a tenant, and which conversation has which."""

from collections.abc import Collection

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from conversations import rules
from conversations.models import Conversation, ConversationLabel, Label
from conversations.services import handling
from tenants import audit
from tenants.errors import DomainError, NotFoundError
from tenants.feed.models import Change
from tenants.permissions import Actor, Permission

LABELS_MAX = 200
NAME_MAX_CHARACTERS = 40


class LabelNameError(DomainError):
    code = "label_name"
    http_status = 400
    message = _("A label has a name of 1 to 40 characters.")


class LabelExistsError(DomainError):
    code = "label_exists"
    http_status = 409
    message = _("There is a label of this name already.")


class TooManyLabelsError(DomainError):
    code = "too_many_labels"
    http_status = 409
    message = _("There are 200 labels already: delete one first.")


class LabelInUseError(DomainError):
    """Deleting it takes it off conversations; whoever asks may say that this is meant."""

    code = "label_in_use"
    http_status = 409

    def __init__(self, count: int) -> None:
        sentence = ngettext(
            "%(count)d conversation has this label.",
            "%(count)d conversations have this label.",
            count,
        )
        super().__init__(sentence % {"count": count})


class LabelUnknownError(DomainError):
    code = "label_unknown"
    http_status = 400
    message = _("There is no such label.")

    def __init__(self) -> None:
        super().__init__(errors=[(["labels"], str(self.message), "not_found")])


def create(*, actor: Actor, name: str, color: str) -> Label:
    """Make a label.

    Raises: ForbiddenError, LabelNameError, LabelExistsError, TooManyLabelsError.
    """
    actor.require(Permission.MANAGE_LABELS)
    if Label.objects.count() >= LABELS_MAX:
        raise TooManyLabelsError
    label = Label(name=_cleaned(name), color=color)
    _save(label)
    return label


@transaction.atomic
def change(
    *, actor: Actor, label: Label, name: str | None = None, color: str | None = None
) -> Label:
    """Call a label otherwise, or color it anew; what is None stays. Every page draws it anew.

    Raises: ForbiddenError, LabelNameError, LabelExistsError, NotFoundError.
    """
    actor.require(Permission.MANAGE_LABELS)
    row = _held(label.pk)
    row.name = row.name if name is None else _cleaned(name)
    row.color = row.color if color is None else color
    _save(row)
    return row


def hold(label_id: int) -> None:
    """Let nobody else change or delete a label before the caller's transaction has ended.

    Raises: NotFoundError.
    """
    _held(label_id)


@transaction.atomic
def delete(*, actor: Actor, label: Label, take_off: bool = False) -> int:
    """Delete a label, and say from how many conversations it went.

    Raises: ForbiddenError, NotFoundError; LabelInUseError while some have it, unless it is to be
    taken off.
    """
    actor.require(Permission.MANAGE_LABELS)
    _held(label.pk)
    labelled = sorted(
        ConversationLabel.objects.filter(label=label).values_list("conversation", flat=True)
    )
    if labelled and not take_off:
        raise LabelInUseError(len(labelled))
    audit.record(
        actor=actor.user,
        action="label.deleted",
        target=label,
        tenant=actor.tenant,
        changes={"conversations": len(labelled)},
    )
    Label.objects.filter(pk=label.pk).delete()
    handling.publish(labelled[: handling.AT_ONCE], Change.Kind.LABELLED)
    return len(labelled)


@transaction.atomic
def set_on(*, actor: Actor, conversation: Conversation, label_ids: Collection[int]) -> None:
    """Give a conversation these labels and no other. Locks its row.

    Raises: ForbiddenError, LabelUnknownError, MergedError.
    """
    row = _locked(actor, conversation)
    wanted = set(label_ids)
    had = set(_on(row).values_list("label", flat=True))
    _change(row, added=wanted - had, dropped=had - wanted)


@transaction.atomic
def put_on(*, actor: Actor, conversation: Conversation, label: Label) -> None:
    """Give a conversation one more label; twice is no error.

    Raises: ForbiddenError, LabelUnknownError, MergedError.
    """
    row = _locked(actor, conversation)
    _change(row, added={label.pk} - set(_on(row).values_list("label", flat=True)))


@transaction.atomic
def take_off(*, actor: Actor, conversation: Conversation, label: Label) -> None:
    """Take a label off; twice is no error. Raises: ForbiddenError, MergedError."""
    row = _locked(actor, conversation)
    _change(row, dropped={label.pk} & set(_on(row).values_list("label", flat=True)))


def _held(label_id: int) -> Label:
    # Rivals: another admin, and somebody who puts it on a conversation, whose row would then have
    # nothing to point at.
    label = Label.objects.select_for_update().filter(pk=label_id).first()
    if label is None:
        raise NotFoundError
    return label


def _locked(actor: Actor, conversation: Conversation) -> Conversation:
    actor.require(Permission.HANDLE_CONVERSATIONS)
    return handling.locked(conversation)


def _change(
    row: Conversation, *, added: Collection[int] = (), dropped: Collection[int] = ()
) -> None:
    if not added and not dropped:
        return
    _on(row).filter(label__in=dropped).delete()
    # Rival: an admin who deletes one of them.
    kept = Label.objects.select_for_update(no_key=True).filter(pk__in=added).order_by("pk")
    if len(kept) < len(added):
        raise LabelUnknownError
    ConversationLabel.objects.bulk_create(
        ConversationLabel(conversation=row, label=label) for label in kept
    )
    handling.publish([row.pk], Change.Kind.LABELLED)


def _on(row: Conversation) -> QuerySet[ConversationLabel]:
    return ConversationLabel.objects.filter(conversation=row)


def _cleaned(name: str) -> str:
    cleaned = rules.one_line(name)
    if not 1 <= len(cleaned) <= NAME_MAX_CHARACTERS:
        raise LabelNameError
    return cleaned


def _save(label: Label) -> None:
    try:
        with transaction.atomic():
            label.save()
    except IntegrityError as error:
        raise LabelExistsError from error
