"""What one does with a single message of a thread, and while writing the next."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from conversations import selectors
from conversations.services import reading
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
def writing(request: OperatorRequest, pk: int) -> HttpResponse:
    """Let the customer see that somebody writes."""
    found = selectors.conversation_for(request.actor, pk)
    reading.note_writing(actor=request.actor, conversation=found)
    return HttpResponse(status=204)
