"""Attaching files: a page of its own that works without scripts, and what the composer posts to."""

from typing import Any
from uuid import uuid4

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from conversations import selectors
from conversations.forms import inbox as forms
from conversations.models import Conversation, Message
from conversations.services import sending_files
from conversations.services.outbound import StaleThreadError
from conversations.services.sending_files import Incoming
from tenants.access import OperatorRequest, role_required
from tenants.errors import DomainError, NotFoundError
from tenants.permissions import Permission


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Permission.REPLY)
def attach(request: OperatorRequest, pk: int) -> HttpResponse:
    """Show a form for files; queue what is posted: to a script 204, which then asks for changes."""
    found = selectors.kept_conversation_for(request.actor, pk)
    if request.method != "POST":
        seen = selectors.messages_of(found).order_by("-pk").values_list("pk", flat=True).first()
        return _page(request, found, {"client_id": uuid4(), "seen": seen or 0})
    data = forms.valid(forms.FilesForm(request.POST))
    files = request.FILES.getlist("file")
    try:
        sending_files.send(
            actor=request.actor,
            conversation=found,
            incoming=[Incoming(one, one.name or "", one.content_type or "") for one in files],
            client_id=data["client_id"],
            now=timezone.now(),
            caption=data["caption"],
            as_document=data["as_document"],
            as_voice=data["voice"],
            reply_to=_answering(request, found, data["reply_to"]),
            seen_message_id=data["seen"],
            force=data["force"],
        )
    except DomainError as refusal:
        return _refused(request, found, refusal, data)
    if request.htmx:
        return HttpResponse(status=204)
    return redirect(f"{reverse('conversation', args=[found.pk])}#composer")


def _refused(
    request: OperatorRequest, found: Conversation, refusal: DomainError, data: dict[str, Any]
) -> HttpResponse:
    """Say why, beside what may be filled in again: a browser never gives a file back."""
    is_stale = isinstance(refusal, StaleThreadError)
    if not request.htmx:
        told = {**data, "refusal": refusal, "is_stale": is_stale}
        return _page(request, found, told, status=refusal.http_status)
    if not is_stale:
        raise refusal
    context = {"conversation": found, "refusal": refusal, "is_stale": True}
    response = render(request, "conversations/_sheet.html", context, status=refusal.http_status)
    response["HX-Retarget"] = f"#sheet-{found.pk}"
    response["HX-Reswap"] = "outerHTML"
    return response


def _page(
    request: OperatorRequest, found: Conversation, told: dict[str, Any], status: int = 200
) -> HttpResponse:
    context = {"conversation": found, **told}
    return render(request, "conversations/files.html", context, status=status)


def _answering(request: OperatorRequest, found: Conversation, pk: int | None) -> Message | None:
    if pk is None:
        return None
    message = selectors.message_for(request.actor, pk)
    if message.conversation_id != found.pk:
        raise NotFoundError
    return message
