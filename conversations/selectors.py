"""What an actor may see. Every list and every detail goes through ``visible_to``."""

from django.db.models import Q, QuerySet

from conversations.models import Conversation, Message
from tenants.errors import NotFoundError
from tenants.permissions import Actor, Permission


def visible_to(actor: Actor) -> QuerySet[Conversation]:
    """Return the conversations that the actor may see, newest first. Raises: ForbiddenError."""
    actor.require(Permission.READ_CONVERSATIONS)
    return (
        Conversation.objects.select_related("contact", "phone", "last_message")
        .prefetch_related("contact__identities")
        .exclude(status=Conversation.Status.ARCHIVED)
        .order_by("-last_message_at", "-id")
    )


def conversation_for(actor: Actor, pk: int) -> Conversation:
    """Return one conversation that the actor may see. Raises: NotFoundError, ForbiddenError."""
    try:
        return visible_to(actor).get(pk=pk)
    except Conversation.DoesNotExist:
        raise NotFoundError from None


def matching(conversations: QuerySet[Conversation], search: str) -> QuerySet[Conversation]:
    """Keep the conversations whose contact's name or number contains ``search``."""
    words = search.replace("\x00", "").strip()
    if not words:
        return conversations
    named = Q(contact__name__icontains=words) | Q(contact__profile_name__icontains=words)
    digits = "".join(character for character in words if character.isdigit())
    if digits:
        named |= Q(contact__identities__value__contains=digits)
    return conversations.filter(named).distinct()


def messages_of(conversation: Conversation) -> QuerySet[Message]:
    """Return a conversation's messages, newest first by Meta's time, then by arrival."""
    return (
        Message.objects.filter(conversation=conversation)
        .select_related("author", "retry_of")
        .order_by("-timestamp", "-id")
    )


def message_for(actor: Actor, pk: int) -> Message:
    """Return one message of a conversation that the actor may see. Raises: NotFoundError."""
    visible = visible_to(actor).order_by().values("pk")
    try:
        return Message.objects.select_related("conversation").get(pk=pk, conversation__in=visible)
    except Message.DoesNotExist:
        raise NotFoundError from None
