"""Block and unblock contacts, from a thread's details and from the list of who is blocked."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from conversations import blocked, selectors
from conversations.forms import inbox as forms
from conversations.services import blocking
from tenants.access import OperatorRequest, own_path, role_required
from tenants.permissions import Permission
from whatsapp import selectors as numbers

SHOWN_MAX = 200


@never_cache
@require_POST
@role_required(Permission.BLOCK_CONTACTS)
def block(request: OperatorRequest, pk: int) -> HttpResponse:
    """Block a contact on a number."""
    data = forms.valid(forms.NumberForm(request.POST))
    blocking.block(
        actor=request.actor,
        contact=selectors.contact_for(request.actor, pk),
        phone=numbers.phone_to_send_from(request.actor, data["phone"]),
        now=timezone.now(),
    )
    return _done(request)


@never_cache
@require_POST
@role_required(Permission.BLOCK_CONTACTS)
def unblock(request: OperatorRequest, pk: int) -> HttpResponse:
    """Unblock a contact on a number."""
    data = forms.valid(forms.NumberForm(request.POST))
    blocking.unblock(
        actor=request.actor,
        contact=selectors.contact_for(request.actor, pk),
        phone=numbers.phone_to_send_from(request.actor, data["phone"]),
        now=timezone.now(),
    )
    return _done(request)


@never_cache
@require_safe
@role_required(Permission.READ_CONTACTS)
def blocks(request: OperatorRequest) -> HttpResponse:
    """List who is blocked."""
    rows = list(blocked.blocked(request.actor)[: SHOWN_MAX + 1])
    may_block = request.tenant.is_active and request.actor.may(Permission.BLOCK_CONTACTS)
    context = {
        "rows": rows[:SHOWN_MAX],
        "is_cut": len(rows) > SHOWN_MAX,
        "may_block": may_block,
        "phones": numbers.phones_to_send_from(request.actor) if may_block else [],
    }
    return render(request, "conversations/blocks.html", context)


@never_cache
@require_POST
@role_required(Permission.BLOCK_CONTACTS)
def refresh(request: OperatorRequest) -> HttpResponse:
    """Start reading from WhatsApp who is blocked on a number."""
    data = forms.valid(forms.NumberForm(request.POST))
    phone = numbers.phone_to_send_from(request.actor, data["phone"])
    blocking.refresh(actor=request.actor, phone=phone)
    messages.success(request, _("The list is being read from WhatsApp: look again in a moment."))
    return redirect("blocks")


def _done(request: OperatorRequest) -> HttpResponse:
    """Lead back to where the form stood; a thread with scripts catches up by itself."""
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Trigger": "inbox:behind"})
    return redirect(own_path(request.POST.get("next", ""), reverse("blocks")))
