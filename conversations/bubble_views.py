"""What one does with a single message of a thread, and while writing the next."""

from uuid import uuid4, uuid5

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from conversations import selectors
from conversations.forms import inbox as forms
from conversations.services import outbound, reading
from tenants.access import OperatorRequest, role_required
from tenants.errors import NotFoundError
from tenants.permissions import Permission


@never_cache
@require_safe
@role_required(Permission.REPLY)
def quote(request: OperatorRequest, pk: int, message_id: int) -> HttpResponse:
    """Put a message above the field that its answer is written in."""
    message = selectors.message_for(request.actor, message_id)
    if message.conversation_id != pk or not message.wamid:
        raise NotFoundError
    if not request.htmx:
        return redirect(f"{reverse('conversation', args=[pk])}?reply={message.pk}#composer")
    context = {"conversation": message.conversation, "answering": message}
    return render(request, "conversations/_quoting.html", context)


@never_cache
@require_POST
@role_required(Permission.REPLY)
def react(request: OperatorRequest, pk: int, message_id: int) -> HttpResponse:
    """React to a message; every page hears of the chip, this one at once."""
    message = selectors.message_for(request.actor, message_id)
    if message.conversation_id != selectors.kept_conversation_for(request.actor, pk).pk:
        raise NotFoundError
    form = forms.SendAgainForm(request.POST)
    emoji = request.POST.get("emoji")  # None is refused like any other bad one
    # One form has several emojis: the same one twice is a double click, another one is not.
    form_id = form.cleaned_data["client_id"] if form.is_valid() else uuid4()
    outbound.send_message(
        actor=request.actor,
        conversation=message.conversation,
        kind="reaction",
        content={"message_id": message.wamid, "emoji": emoji and emoji.strip()},
        client_id=uuid5(form_id, emoji or ""),
        now=timezone.now(),
    )
    if not request.htmx:
        place = reverse("conversation", args=[message.conversation_id])
        return redirect(f"{place}#message-{message.pk}")
    return HttpResponse(status=204, headers={"HX-Trigger": "inbox:behind"})


@never_cache
@require_POST
@role_required(Permission.REPLY)
def writing(request: OperatorRequest, pk: int) -> HttpResponse:
    """Let the customer see that somebody writes."""
    found = selectors.conversation_for(request.actor, pk)
    reading.note_writing(actor=request.actor, conversation=found)
    return HttpResponse(status=204)
