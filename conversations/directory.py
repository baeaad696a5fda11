"""Which contacts a list has, and what is kept of them."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from conversations import rules
from conversations.models import Contact, ContactAttribute, ContactIdentity
from conversations.selectors import looks_like_number
from tenants.errors import NotFoundError
from tenants.permissions import Actor, Permission


def contacts_of(
    actor: Actor, *, search: str = "", stopped: bool | None = None
) -> QuerySet[Contact]:
    """Return the contacts, newest first; by a part of a name, number or user id, and by whether
    they want no marketing. Raises: ForbiddenError.
    """
    actor.require(Permission.READ_CONTACTS)
    found = Contact.objects.filter(merged_into=None).prefetch_related("identities")
    if stopped is not None:
        found = found.filter(marketing_opted_out_at__isnull=not stopped)
    words = search.replace("\x00", "").strip()
    if words:
        found = found.filter(_matching(words))
    return found.order_by("-created_at", "-id")


def attributes_of(actor: Actor) -> QuerySet[ContactAttribute]:
    """Return what the tenant keeps of its contacts, by name. Raises: ForbiddenError."""
    actor.require(Permission.READ_CONTACTS)
    return ContactAttribute.objects.order_by("label", "pk")


def attribute_for(actor: Actor, pk: int) -> ContactAttribute:
    """Return one attribute. Raises: NotFoundError, ForbiddenError."""
    attribute = attributes_of(actor).filter(pk=pk).first()
    if attribute is None:
        raise NotFoundError
    return attribute


def _matching(words: str) -> Q:
    named = Q(name__icontains=words) | Q(profile_name__icontains=words)
    part = rules.digits_of(words) if looks_like_number(words) else words
    identities = ContactIdentity.objects.filter(contact=OuterRef("pk"), value__icontains=part)
    return named | Q(Exists(identities))
