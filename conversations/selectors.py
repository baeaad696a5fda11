"""What an actor may see. Every list and every detail goes through ``visible_to``."""

import re
from collections.abc import Iterable

from django.db.models import Exists, F, Max, OuterRef, Prefetch, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from conversations import rules, types
from conversations.models import (
    Broadcast,
    ConsentEvent,
    Contact,
    ContactIdentity,
    Conversation,
    Label,
    Mark,
    Message,
)
from tenants.errors import DomainError, NotFoundError
from tenants.permissions import Actor, Permission
from whatsapp.models import MediaFile
from whatsapp.payloads import content_reading
from whatsapp.selectors import chosen_phones

# What somebody types who looks for a number: digits, laid out in any way.
_NUMBER = re.compile(r"\+?[\s().-]*\d[\d\s().-]*")


_LABELS = Prefetch("labels", Label.objects.order_by("name", "pk"))


class MergedError(DomainError):
    """What is asked for is part of ``into`` now: two of them were one person."""

    code = "merged"
    http_status = 410
    message = _("This was merged with another one, because both are the same person.")

    def __init__(self, into: int) -> None:
        super().__init__(merged_into=into)
        self.into = into


def visible_to(actor: Actor) -> QuerySet[Conversation]:
    """Return the conversations that the actor may see, newest first. Raises: ForbiddenError."""
    return reached_by(actor).exclude(status=Conversation.Status.ARCHIVED)


def reached_by(actor: Actor) -> QuerySet[Conversation]:
    """Return the same and those that are archived. Raises: ForbiddenError."""
    actor.require(Permission.READ_CONVERSATIONS, Permission.REPLY)
    return (
        Conversation.objects.select_related(
            "contact", "phone", "assignee", "last_message__author", "last_message__api_key"
        )
        .prefetch_related("contact__identities", _LABELS)
        .filter(merged_into=None)
        .order_by("-last_message_at", "-id")
    )


def conversation_for(actor: Actor, pk: int) -> Conversation:
    """Return one conversation, also an archived one: the rows of broadcasts lead there.

    Raises: NotFoundError, ForbiddenError, MergedError.
    """
    try:
        return reached_by(actor).get(pk=pk)
    except Conversation.DoesNotExist:
        into = merged_among(actor, [pk]).get(pk)
    raise NotFoundError if into is None else MergedError(into)


def kept_conversation_for(actor: Actor, pk: int) -> Conversation:
    """Return one conversation, or the one that it was merged into: a page goes on with that.

    Raises: NotFoundError, ForbiddenError.
    """
    try:
        return conversation_for(actor, pk)
    except MergedError as merged:
        return conversation_for(actor, merged.into)


def merged_among(actor: Actor, conversation_ids: Iterable[int]) -> dict[int, int]:
    """Return which of these conversations were merged, and into which that the actor may see."""
    merged = Conversation.objects.filter(
        pk__in=conversation_ids, merged_into__in=visible_to(actor).order_by().values("pk")
    )
    return {row.pk: row.merged_into_id for row in merged if row.merged_into_id is not None}


def contact_for(actor: Actor, pk: int) -> Contact:
    """Return one contact. Raises: NotFoundError, ForbiddenError, MergedError."""
    actor.require(Permission.READ_CONTACTS)
    contact = Contact.objects.prefetch_related("identities").filter(pk=pk).first()
    if contact is None:
        raise NotFoundError
    if contact.merged_into_id is not None:
        raise MergedError(contact.merged_into_id)
    return contact


def consent_of(contact: Contact) -> QuerySet[ConsentEvent]:
    """Return what a contact said about marketing, newest first."""
    lines = ConsentEvent.objects.filter(contact=contact, kind=ConsentEvent.Kind.MARKETING)
    return lines.select_related("author").order_by("-provider_at", "-id")


def looks_like_number(words: str) -> bool:
    """Tell whether somebody who types this looks for a number."""
    return _NUMBER.fullmatch(words) is not None


def matching(conversations: QuerySet[Conversation], search: str) -> QuerySet[Conversation]:
    """Keep the conversations whose contact's name or number contains ``search``."""
    words = search.replace("\x00", "").strip()
    if not words:
        return conversations
    named = Q(contact__name__icontains=words) | Q(contact__profile_name__icontains=words)
    if looks_like_number(words):
        numbers = ContactIdentity.objects.filter(
            contact=OuterRef("contact"), value__contains=rules.digits_of(words)
        )
        named |= Q(Exists(numbers))
    return conversations.filter(named)


def conversation_with(
    actor: Actor, *, number: str, phone_id: int | None = None
) -> Conversation | None:
    """Return the conversation with a customer's number, in any of its spellings; None if none yet.

    ``phone_id`` says on which of the tenant's numbers; it may be left out when there is one only.
    Raises: ForbiddenError, NotFoundError (no such number of the tenant), SeveralPhonesError.
    """
    person = ContactIdentity.objects.filter(
        contact=OuterRef("contact"),
        kind=ContactIdentity.Kind.WA_ID,
        match_key=rules.match_key(rules.digits_of(number)),
    )
    return visible_to(actor).filter(Exists(person), phone__in=chosen_phones(phone_id)).first()


def messages_of(conversation: Conversation) -> QuerySet[Message]:
    """Return a conversation's messages, newest first by Meta's time, then by arrival."""
    return (
        Message.objects.filter(conversation=conversation)
        .select_related("author", "api_key", "retry_of", "media")
        .order_by("-timestamp", "-id")
    )


def newest_id(conversation: Conversation) -> int:
    """Return the id of a conversation's newest message; 0 where there is none."""
    newest = Message.objects.filter(conversation=conversation).aggregate(newest=Max("pk"))
    return newest["newest"] or 0


def message_for(actor: Actor, pk: int) -> Message:
    """Return one message of a conversation that the actor may see. Raises: NotFoundError."""
    visible = visible_to(actor).order_by().values("pk")
    try:
        return Message.objects.select_related("conversation").get(pk=pk, conversation__in=visible)
    except Message.DoesNotExist:
        raise NotFoundError from None


def media_for(actor: Actor, pk: int) -> MediaFile:
    """Return a file of a message or broadcast that the actor may see, or one of the actor's own.

    Raises: NotFoundError, ForbiddenError.
    """
    visible = visible_to(actor).order_by().values("pk")
    shown = Message.objects.filter(media=OuterRef("pk"), conversation__in=visible)
    sent = Exists(shown) | Exists(Broadcast.objects.filter(media=OuterRef("pk")))
    own = Q() if actor.is_system else Q(author=actor.user, api_key=actor.key)
    try:
        return MediaFile.objects.filter(sent | own).get(pk=pk)
    except MediaFile.DoesNotExist:
        raise NotFoundError from None


def thread_of(
    conversation: Conversation, before: types.Position | None = None
) -> QuerySet[Message]:
    """Return a conversation's bubbles, newest first: of several attempts only the last one."""
    later = Message.objects.filter(
        retry_of=Coalesce(OuterRef("retry_of"), OuterRef("pk")), pk__gt=OuterRef("pk")
    )
    # A reaction of ours is a chip on its message; one that failed has to say so.
    chip = Q(type=Message.Type.REACTION, direction=Message.Direction.OUTBOUND)
    loud = Q(status__in=(Message.Status.FAILED, Message.Status.UNCONFIRMED))
    messages = messages_of(conversation).filter(~chip | loud, ~Exists(later))
    if before is None:
        return messages
    earlier = Q(timestamp__lt=before.at)
    return messages.filter(earlier | Q(timestamp=before.at, pk__lt=before.pk))


def quoted_by(messages: Iterable[Message]) -> dict[int, Message]:
    """Return the messages that these answer, by the ids of those; all of them ``with_marks``."""
    listed = list(messages)
    answers = [(one, wamid) for one in listed if (wamid := _answered(one))]
    found: list[Message] = []
    if answers:
        phones, wamids = (
            {one.phone_id for one, _wamid in answers},
            {wamid for _one, wamid in answers},
        )
        found = list(Message.objects.filter(phone__in=phones, wamid__in=wamids))
    with_marks([*listed, *found])
    known = {(one.conversation_id, one.wamid): one for one in found}
    pairs = ((one.pk, known.get((one.conversation_id, wamid))) for one, wamid in answers)
    return {pk: quoted for pk, quoted in pairs if quoted is not None}


def _answered(message: Message) -> str:
    context = content_reading.context_of(message.extras)
    return context.wamid if context else ""


def with_marks(messages: Iterable[Message | None]) -> None:
    """Look up what was done to these messages. One query.

    An edited one says in memory what it says now; its row keeps what it said first.
    """
    known: dict[tuple[int, str], list[Message]] = {}
    for one in messages:
        if one is not None and one.wamid:
            known.setdefault((one.phone_id, one.wamid), []).append(one)
    if not known:
        return
    found = Mark.objects.filter(
        phone__in={phone for phone, _wamid in known},
        target_wamid__in={wamid for _phone, wamid in known},
    ).exclude(message__status__in=(Message.Status.FAILED, Message.Status.CANCELLED))
    found = found.order_by("provider_at", F("message").asc(nulls_first=True), "wamid")
    by_target: dict[tuple[int, str], list[Mark]] = {}
    for mark in found:
        by_target.setdefault((mark.phone_id, mark.target_wamid), []).append(mark)
    for key, marks in by_target.items():
        for message in known.get(key, ()):
            _mark(message, marks)


def _mark(message: Message, marks: list[Mark]) -> None:
    """Apply a message's marks, in Meta's order. Only who wrote it may edit or delete it."""
    reactions = {one.by_business: one.emoji for one in marks if one.kind == Mark.Kind.REACTION}
    own = [one for one in marks if one.by_business == message.is_outbound]
    revoked = [one.provider_at for one in own if one.kind == Mark.Kind.REVOKE]
    versions = []
    for edit in (one for one in own if one.kind == Mark.Kind.EDIT):
        versions.append(types.Version(message.text, edit.provider_at))
        message.text = edit.text
        if edit.type.upper() == message.type and edit.content is not None:
            message.content = edit.content
    message.marks = types.Marks(
        reactions=tuple(types.Reaction(emoji, by) for by, emoji in reactions.items() if emoji),
        versions=tuple(versions),
        revoked_at=min(revoked, default=None),
    )


def message_named(conversation: Conversation, wamid: str) -> Message | None:
    """Return the message of a conversation that WhatsApp calls so; None if there is none."""
    return Message.objects.filter(conversation=conversation, wamid=wamid).first()
