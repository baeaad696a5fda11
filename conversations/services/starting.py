"""Begin a conversation with somebody who has not written yet, or find the one there is."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import phonenumbers
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _
from phonenumbers import ValidationResult

from conversations import rules
from conversations.models import Conversation, Message
from conversations.rules import Lane
from conversations.services import merging, outbound, people, template_sending, threads
from tenants.errors import DomainError
from tenants.permissions import Actor
from whatsapp.models import MessageTemplate, Phone
from whatsapp.payloads import Sender

TRIES = 3


class NumberInvalidError(DomainError):
    code = "number_invalid"
    http_status = 400
    message = _("This is no telephone number. Write it with its country, as +5511912345678.")


def conversation_with(*, actor: Actor, number: str, phone: Phone, now: datetime) -> Conversation:
    """Return the conversation of one of our numbers with a customer's; it is made if need be.

    The person is found under every spelling of the number. The lists show a new conversation from
    its first message on.

    Raises: ForbiddenError, PhoneInactiveError, NumberInvalidError.
    """
    outbound.check_place(actor=actor)
    if phone.status != Phone.Status.ACTIVE:
        raise outbound.PhoneInactiveError
    sender = Sender(_wa_id(number, phone), "", "", "")
    for left in reversed(range(TRIES)):
        try:
            return _begin(sender, phone, now)
        except merging.RivalMergeError:
            if not left:
                raise
    raise AssertionError


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
        return template_sending.send_template(
            actor=actor,
            conversation=conversation_with(actor=actor, number=number, phone=phone, now=now),
            template=template,
            values=values,
            client_id=client_id,
            now=now,
            lane=lane,
        )


def _wa_id(number: str, phone: Phone) -> str:
    """Return a number as WhatsApp writes it; without its country it is of our number's."""
    try:
        home = phonenumbers.parse(phone.display_phone_number)
        region = phonenumbers.region_code_for_number(home)
    except phonenumbers.NumberParseException:
        region = None
    try:
        parsed = phonenumbers.parse(number, region)
        written = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
        wa_id = written.removeprefix("+")
        # Without the digit that WhatsApp may add, and no plan of numbers knows.
        plain = phonenumbers.parse(f"+{rules.match_key(wa_id)}")
    except phonenumbers.NumberParseException:
        raise NumberInvalidError from None
    # Possible, not valid: plans of numbers change faster than what is known of them here.
    if phonenumbers.is_possible_number_with_reason(plain) != ValidationResult.IS_POSSIBLE:
        raise NumberInvalidError
    return wa_id


@transaction.atomic
def _begin(sender: Sender, phone: Phone, now: datetime) -> Conversation:
    with connection.cursor() as cursor:
        (contact,) = people.meet(cursor, [(sender, now)]).contacts
        pk = threads.begin(cursor, (phone.pk, contact))
    shown = Conversation.objects.filter(pk=pk)
    # Nothing is published: the message that is about to come will be.
    shown.filter(status=Conversation.Status.ARCHIVED).update(status=Conversation.Status.OPEN)
    return shown.select_related("phone", "contact").get()
