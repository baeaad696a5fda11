"""Begin a conversation with somebody who has not written yet, or find the one there is."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from conversations.models import Conversation, Message
from conversations.rules import Lane
from conversations.services import addressing, merging, outbound, people, template_sending, threads
from tenants.feed import live
from tenants.feed.live import Draft
from tenants.feed.models import Change
from tenants.permissions import Actor
from whatsapp.models import MessageTemplate, Phone
from whatsapp.payloads import Sender

TRIES = 3


def conversation_with(*, actor: Actor, number: str, phone: Phone, now: datetime) -> Conversation:
    """Return the conversation of one of our numbers with a customer's; it is made if need be.

    The person is found under every spelling of the number. The lists show a new conversation from
    its first message on.

    Raises: ForbiddenError, PhoneInactiveError, NumberInvalidError.
    """
    with transaction.atomic():
        conversation, drafts = _begun(actor, number, phone, now)
        if drafts:
            live.publish(*drafts)
    return conversation


def send_template(
    *,
    actor: Actor,
    number: str,
    phone: Phone,
    template: MessageTemplate,
    values: Mapping[str, str],
    client_id: UUID,
    now: datetime,
    lane: Lane = Lane.REPLY,
) -> Message:
    """Queue a template to a number, whoever it belongs to; a refusal leaves nothing behind.

    Raises what ``conversation_with`` and ``template_sending.send_template`` raise.
    """
    with transaction.atomic():
        conversation, drafts = _begun(actor, number, phone, now)
        return template_sending.send_template(
            actor=actor,
            conversation=conversation,
            template=template,
            values=values,
            client_id=client_id,
            now=now,
            lane=lane,
            also=drafts,
        )


def _begun(
    actor: Actor, number: str, phone: Phone, now: datetime
) -> tuple[Conversation, list[Draft]]:
    """Return the conversation, and what is to be published of it and its contact."""
    outbound.check_place(actor=actor)
    if phone.status != Phone.Status.ACTIVE:
        raise outbound.PhoneInactiveError
    sender = Sender(addressing.wa_id_of(number, addressing.region_of(phone)), "", "", "")
    for left in reversed(range(TRIES)):
        try:
            return _begin(sender, phone, now)
        except merging.RivalMergeError:
            if not left:
                raise
    raise AssertionError


@transaction.atomic
def _begin(sender: Sender, phone: Phone, now: datetime) -> tuple[Conversation, list[Draft]]:
    with connection.cursor() as cursor:
        met = people.meet(cursor, [(sender, now)])
        (contact,) = met.contacts
        there = Conversation.objects.filter(phone=phone, contact=contact, merged_into=None)
        is_new = not there.exclude(status=Conversation.Status.ARCHIVED).exists()
        pk = threads.begin(cursor, (phone.pk, contact))
    shown = Conversation.objects.filter(pk=pk)
    shown.filter(status=Conversation.Status.ARCHIVED).update(status=Conversation.Status.OPEN)
    drafts = [*met.changes(), *([Draft(Change.Kind.OPENED, pk)] if is_new else [])]
    return shown.select_related("phone", "contact").get(), drafts
