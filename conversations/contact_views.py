"""What a thread's page does about the contact beside it."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from conversations import selectors
from conversations.forms import inbox as forms
from conversations.services import consent_notes, contacts
from tenants.access import OperatorRequest, role_required
from tenants.permissions import Permission

LINES_MAX = 200


@never_cache
@require_POST
@role_required(Permission.EDIT_CONTACTS)
def rename(request: OperatorRequest, pk: int) -> HttpResponse:
    """Write the name of a conversation's contact; every page hears of it, this one at once."""
    found = selectors.kept_conversation_for(request.actor, pk)
    name = request.POST.get("name", "")
    contacts.change(actor=request.actor, contact=found.contact, name=name)
    return _done(request, found.pk)


@never_cache
@require_safe
@role_required(Permission.READ_CONTACTS)
def consent(request: OperatorRequest, pk: int) -> HttpResponse:
    """Show what a conversation's contact said about marketing, newest first."""
    found = selectors.kept_conversation_for(request.actor, pk)
    context = {"conversation": found, "lines": selectors.consent_of(found.contact)[:LINES_MAX]}
    return render(request, "conversations/consent.html", context)


@never_cache
@require_POST
@role_required(Permission.EDIT_CONTACTS)
def note_consent(request: OperatorRequest, pk: int) -> HttpResponse:
    """Note that the contact told the team to stop marketing, or agreed to it."""
    found = selectors.kept_conversation_for(request.actor, pk)
    data = forms.valid(forms.ConsentForm(request.POST))
    consent_notes.note(
        actor=request.actor,
        contact=found.contact,
        stops=data["value"] == forms.ConsentForm.STOP,
        words=data["note"],
        now=timezone.now(),
    )
    return _done(request, found.pk)


def _done(request: OperatorRequest, pk: int) -> HttpResponse:
    """Lead back to the thread; a page with scripts catches up by itself."""
    if not request.htmx:
        return redirect("conversation", pk)
    return HttpResponse(status=204, headers={"HX-Trigger": "inbox:behind"})
