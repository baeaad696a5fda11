"""What an actor may see of labels and notes."""

from django.db.models import Count, QuerySet

from conversations.models import Conversation, Label, Note
from tenants.errors import NotFoundError
from tenants.permissions import Actor, Permission, Role


def labels_of(actor: Actor) -> QuerySet[Label]:
    """Return the tenant's labels by name, each with ``used``: on how many conversations it is.

    Raises: ForbiddenError.
    """
    actor.require(Permission.READ_CONVERSATIONS)
    return Label.objects.annotate(used=Count("labellings")).order_by("name", "pk")


def label_for(actor: Actor, pk: int) -> Label:
    """Return one label. Raises: NotFoundError, ForbiddenError."""
    label = labels_of(actor).filter(pk=pk).first()
    if label is None:
        raise NotFoundError
    return label


def labels_on(conversation: Conversation) -> QuerySet[Label]:
    """Return a conversation's labels, by name."""
    return Label.objects.filter(labellings__conversation=conversation).order_by("name", "pk")


def notes_of(conversation: Conversation) -> QuerySet[Note]:
    """Return a conversation's notes, newest first, deleted ones too."""
    notes = Note.objects.filter(conversation=conversation).select_related("author", "api_key")
    return notes.order_by("-created_at", "-id")


def note_for(conversation: Conversation, pk: int) -> Note:
    """Return one of a conversation's notes. Raises: NotFoundError."""
    note = notes_of(conversation).filter(pk=pk, deleted_at=None).first()
    if note is None:
        raise NotFoundError
    return note


def may_change(actor: Actor, note: Note) -> bool:
    """Tell whether a note is the actor's to change."""
    if not actor.may(Permission.HANDLE_CONVERSATIONS):
        return False
    is_own = (note.author_id, note.api_key_id) == _ids(actor)
    return is_own or actor.is_system or actor.role == Role.ADMIN


def _ids(actor: Actor) -> tuple[int | None, int | None]:
    return (
        None if actor.user is None else actor.user.pk,
        None if actor.key is None else actor.key.pk,
    )
