"""Queue what an operator sends. Nothing here calls Meta: ``delivery`` does, in a task."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from conversations import rules
from conversations.models import Conversation, Message
from conversations.rules import Lane
from conversations.selectors import MergedError
from conversations.services import (
    blocking,
    composing,
    enclosing,
    episodes,
    inflow,
    reactions,
    reading,
)
from tenants import context, queue
from tenants.errors import DomainError, NotFoundError
from tenants.feed import live
from tenants.feed.live import Draft
from tenants.feed.models import Change
from tenants.permissions import Actor, Permission
from tenants.services import usage
from whatsapp.models import Phone


class WindowClosedError(DomainError):
    code = "window_closed"
    http_status = 409
    message = _("The 24-hour window is closed: send a template instead.")


class PhoneInactiveError(DomainError):
    code = "phone_inactive"
    http_status = 409
    message = _("This number is switched off: nothing can be sent from it.")


class ClientIdReusedError(DomainError):
    code = "client_id_reused"
    http_status = 409
    message = _("This message id already belongs to another message.")


class SendAgainError(DomainError):
    code = "send_again_refused"
    http_status = 409
    message = _("This message cannot be sent again, or it already was.")


class StaleThreadError(DomainError):
    """The thread moved on since the sender's page was drawn; ``count`` messages were not seen."""

    code = "stale_thread"
    http_status = 409

    def __init__(self, count: int) -> None:
        sentence = ngettext(
            "%(count)d new message came in meanwhile: read it, or send anyway.",
            "%(count)d new messages came in meanwhile: read them, or send anyway.",
            count,
        )
        super().__init__(sentence % {"count": count}, count=count)
        self.count = count


def send_text(*, text: str, **place: Any) -> Message:
    """Queue a text as an operator typed it; ``place`` is what ``send_message`` takes.

    Raises: composing.EmptyTextError, composing.TextTooLongError, and what ``send_message`` raises.
    """
    return send_message(kind="text", content={"body": composing.checked_text(text)}, **place)


def send_message(
    *,
    actor: Actor,
    conversation: Conversation,
    kind: str,
    content: Any,
    client_id: UUID,
    now: datetime,
    reply_to: Message | None = None,
    seen_message_id: int | None = None,
    force: bool = False,
    lane: Lane = Lane.REPLY,
) -> Message:
    """Queue a free-form message; the same ``client_id`` again returns the first one.

    ``kind`` is Meta's word for the type and ``content`` the object of that name; ``reply_to`` is
    the message of this conversation that it quotes. ``seen_message_id`` is the newest message that
    the sender's page had drawn: when others have written since, nothing is queued unless ``force``
    is set. Locks the conversation's row.

    Raises: ForbiddenError, InvalidMessageError, ReplyTargetError, WindowClosedError,
    PhoneInactiveError, StaleThreadError, ClientIdReusedError, inflow.OutboxFullError,
    usage.QuotaReachedError.
    """
    draft = _draft(
        actor=actor,
        conversation=conversation,
        kind=kind,
        content=content,
        client_id=client_id,
        now=now,
        reply_to=reply_to,
    )
    draft.lane = lane
    seen = None if force else seen_message_id
    return queue_draft(
        actor=actor, conversation_id=conversation.pk, draft=draft, now=now, seen=seen
    )


def check_message(
    *, actor: Actor, conversation: Conversation, now: datetime, **what: Any
) -> Message:
    """Return what ``send_message`` would queue, neither saved nor queued.

    Takes and raises what ``send_message`` would.
    """
    draft = _draft(actor=actor, conversation=conversation, now=now, client_id=uuid4(), **what)
    check_sendable(conversation, now)
    usage.check()
    draft.conversation, draft.phone = conversation, conversation.phone
    return draft


def _draft(*, actor: Actor, **what: Any) -> Message:
    check_place(actor=actor)
    draft = composing.draft(**what)
    enclosing.enclose(actor=actor, draft=draft)
    return draft


def check_place(*, actor: Actor, permission: Permission = Permission.REPLY) -> None:
    """An id means another row in another schema: refuse to act for a tenant anywhere else."""
    actor.require(permission)
    if context.current_schema() != actor.tenant.schema_name:
        raise NotFoundError


def queue_draft(*, draft: Message, **place: Any) -> Message:
    """Queue a draft that was checked already.

    ``place`` is actor, conversation_id, now, seen, and what is published also.
    """
    try:
        with transaction.atomic():
            return _queue(draft=draft, **place)
    except IntegrityError as error:
        if "message_client_id_unique" not in str(error):
            raise
        # Within a conversation its lock makes the second wait and find the first, so another
        # conversation took the id between our look and our insert.
        raise ClientIdReusedError from None


def _queue(
    *,
    draft: Message,
    actor: Actor,
    conversation_id: int,
    now: datetime,
    seen: int | None = None,
    also: Sequence[Draft] = (),
) -> Message:
    conversation = _locked(conversation_id)
    first = Message.objects.filter(client_id=draft.client_id).first()
    if first is not None:
        return _same(first, draft, conversation)
    if draft.retry_of_id is not None:
        _check_attempt(draft.retry_of_id, conversation)
    inflow.check(draft, conversation.phone_id)
    check_sendable(conversation, now, is_free=draft.type != Message.Type.TEMPLATE)
    if seen is not None:
        _check_seen(conversation, seen, actor)
    enclosing.hand_over(draft=draft, phone_id=conversation.phone_id, now=now)
    message = _insert(draft, actor, conversation, now)
    queue.enqueue("conversations.tasks.drain_outbox", phone_id=conversation.phone_id)
    if conversation.phone.read_policy == Phone.ReadPolicy.ON_REPLY:
        reading.show_read(conversation, up_to_id=message.pk)
    usage.take(1)
    live.publish(*also, Draft(Change.Kind.MESSAGE, conversation.pk, message.pk))
    return message


def _locked(conversation_id: int) -> Conversation:
    # Rivals: another reply (order, client ids, what was seen) and inbound messages (list columns).
    conversations = Conversation.objects.select_related("phone").select_for_update(
        of=("self",), no_key=True
    )
    try:
        conversation = conversations.get(pk=conversation_id)
    except Conversation.DoesNotExist:
        raise NotFoundError from None
    if conversation.merged_into_id is not None:
        raise MergedError(conversation.merged_into_id)
    return conversation


def _same(first: Message, draft: Message, conversation: Conversation) -> Message:
    same = (
        first.conversation_id == conversation.pk
        and first.type == draft.type
        and first.content == draft.content
        and first.extras == draft.extras
        and first.retry_of_id == draft.retry_of_id
    )
    if not same:
        raise ClientIdReusedError
    return first


def _check_attempt(root_id: int, conversation: Conversation) -> None:
    newest = (
        Message.objects.filter(conversation=conversation, direction=Message.Direction.OUTBOUND)
        .filter(Q(pk=root_id) | Q(retry_of=root_id))
        .order_by("-pk")
        .first()
    )
    if newest is None or not newest.may_send_again:
        raise SendAgainError


def check_sendable(conversation: Conversation, now: datetime, *, is_free: bool = True) -> None:
    """Pass, or raise WindowClosedError or PhoneInactiveError."""
    if is_free and not rules.window_open(conversation.window_opened_at, now):
        raise WindowClosedError
    if conversation.phone.status != Phone.Status.ACTIVE:
        raise PhoneInactiveError
    blocking.check_apart(conversation)


def _check_seen(conversation: Conversation, seen: int, actor: Actor) -> None:
    unseen = Message.objects.filter(conversation=conversation, pk__gt=seen)
    if actor.user is not None:
        # One's own quick second message is no news.
        unseen = unseen.exclude(author=actor.user)
    count = unseen.count()
    if count:
        raise StaleThreadError(count)


def _insert(draft: Message, actor: Actor, conversation: Conversation, now: datetime) -> Message:
    held = conversation.phone.health == Phone.Health.AUTH_ERROR
    draft.conversation = conversation
    draft.phone = conversation.phone
    draft.direction = Message.Direction.OUTBOUND
    draft.status = Message.Status.HELD if held else Message.Status.PENDING
    draft.rank = rules.RANKS[draft.status]
    draft.timestamp = rules.reply_timestamp(now, conversation.last_message_at)
    draft.author, draft.api_key = actor.user, actor.key
    draft.by_support = actor.support is not None
    draft.save(force_insert=True)
    if draft.type == Message.Type.REACTION:
        reactions.note(draft)
        return draft  # it belongs to the message that it is about
    conversation.last_message = draft
    conversation.last_message_at = draft.timestamp
    conversation.save(update_fields=["last_message", "last_message_at"])
    episodes.answered(conversation, by=actor, at=draft.timestamp)
    return draft
