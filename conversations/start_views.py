"""The page on which a conversation with somebody new is begun."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from conversations.forms import inbox as forms
from conversations.services import starting
from conversations.services.addressing import NumberInvalidError
from tenants.access import OperatorRequest, role_required
from tenants.permissions import Permission
from whatsapp import selectors as whatsapp


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Permission.REPLY)
def start(request: OperatorRequest) -> HttpResponse:
    """Ask for a number; leads to the conversation with whoever it belongs to."""
    phones = whatsapp.phones_to_send_from(request.actor)
    form = forms.StartForm(request.POST or None, phones=phones)
    if request.method != "POST":
        return _page(request, form)
    if not form.is_valid():
        return _page(request, form, status=400)
    data = form.cleaned_data
    try:
        found = starting.conversation_with(
            actor=request.actor, number=data["number"], phone=data["phone"], now=timezone.now()
        )
    except NumberInvalidError as refusal:
        form.add_error("number", str(refusal))
        return _page(request, form, status=refusal.http_status)
    return redirect("conversation", found.pk)


def _page(request: OperatorRequest, form: forms.StartForm, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {"form": form}
    return render(request, "conversations/start.html", context, status=status)
