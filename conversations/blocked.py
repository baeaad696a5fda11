"""Who is blocked on which number: what an actor may see of it."""

from django.db.models import QuerySet

from conversations.models import Block, Contact, Conversation
from tenants.permissions import Actor, Permission

# Nothing is sent to them.
APART = (Block.State.BLOCKED, Block.State.UNBLOCKING)
_SHOWN = (Block.State.BLOCKING, Block.State.BLOCKED, Block.State.UNBLOCKING)


def block_of(conversation: Conversation) -> Block | None:
    """Return what is known of a block between a conversation's two sides. One query."""
    pair = Block.objects.filter(contact=conversation.contact_id, phone=conversation.phone_id)
    return pair.select_related("author").first()


def blocks_of(contact: Contact, *, phone_id: int | None = None) -> QuerySet[Block]:
    """Return a contact's blocks, those that WhatsApp refused too, newest first."""
    found = _listed().filter(contact=contact)
    return found if phone_id is None else found.filter(phone=phone_id)


def blocked(actor: Actor, *, phone_id: int | None = None) -> QuerySet[Block]:
    """Return everybody who is blocked, or just being blocked or unblocked, newest first.

    Raises: ForbiddenError.
    """
    actor.require(Permission.READ_CONTACTS)
    found = _listed().filter(state__in=_SHOWN)
    return found if phone_id is None else found.filter(phone=phone_id)


def _listed() -> QuerySet[Block]:
    rows = Block.objects.select_related("contact", "phone", "author")
    return rows.prefetch_related("contact__identities").order_by("-changed_at", "-id")
