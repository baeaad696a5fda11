"""Show customers that their messages were read, and that somebody writes. Tasks only: calls Meta.

Best effort: a mark that fails is counted on its number and never tried again, since the next one
covers what it stood for.
"""

import logging
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from conversations.models import Conversation, Message
from conversations.services import claims
from whatsapp.client import CloudApiClient, marks
from whatsapp.errors import CloudApiError
from whatsapp.models import Phone

logger = logging.getLogger(__name__)

# Meta takes no marks of older messages.
REACH = timedelta(days=30)


def tell(*, conversation_id: int, up_to_id: int, typing: bool) -> None:
    """Mark the newest inbound message up to an id as read, once; with ``typing`` also again.

    In the current tenant. Many nudges of one conversation make one call: the row says what was
    told. Does nothing where the number's policy forbids it.
    """
    found = Conversation.objects.select_related("phone").filter(pk=conversation_id).first()
    if found is None or found.phone.read_policy == Phone.ReadPolicy.NEVER:
        return
    sender = claims.sender_of(found.phone)
    newest = _newest(found, up_to_id)
    if sender is None or newest is None or not (_first(found, newest) or typing):
        return
    try:
        client = CloudApiClient(settings.GRAPH_API_URL, settings.GRAPH_API_VERSION, sender.token)
        marks.mark_read(
            client,
            phone_number_id=sender.phone_number_id,
            wamid=str(newest.wamid),
            typing=typing,
        )
    except CloudApiError as error:
        logger.warning("read mark of conversation %s failed: %s", found.pk, type(error).__name__)
        Phone.objects.filter(pk=found.phone_id).update(read_marks_failed=F("read_marks_failed") + 1)


def _newest(conversation: Conversation, up_to_id: int) -> Message | None:
    inbound = Message.objects.filter(
        conversation=conversation,
        direction=Message.Direction.INBOUND,
        pk__lte=up_to_id,
        wamid__isnull=False,
        timestamp__gt=timezone.now() - REACH,
    )
    return inbound.order_by("-pk").first()


@transaction.atomic(durable=True)
def _first(conversation: Conversation, message: Message) -> bool:
    """Claim the telling, before the call: of two tasks one gets it."""
    rows = Conversation.objects.filter(pk=conversation.pk, told_read_id__lt=message.pk)
    return rows.update(told_read_id=message.pk) == 1
