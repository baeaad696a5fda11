"""What a thread's page does about the contact beside it."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from conversations import selectors
from conversations.services import contacts
from tenants.access import OperatorRequest, role_required
from tenants.permissions import Permission


@never_cache
@require_POST
@role_required(Permission.REPLY)
def rename(request: OperatorRequest, pk: int) -> HttpResponse:
    """Write the name of a conversation's contact; every page hears of it, this one at once."""
    found = selectors.kept_conversation_for(request.actor, pk)
    name = request.POST.get("name", "")
    contacts.rename(actor=request.actor, contact=found.contact, name=name)
    if not request.htmx:
        return redirect("conversation", found.pk)
    return HttpResponse(status=204, headers={"HX-Trigger": "inbox:behind"})
